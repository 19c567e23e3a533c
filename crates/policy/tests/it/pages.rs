//! The pages of the rules are those that the rules would write today.

use std::path::Path;
use std::{env, fs};

#[test]
fn the_page_of_each_rule_is_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    #[expect(
        clippy::disallowed_methods,
        reason = "how a test is asked to rewrite its files"
    )]
    let update = env::var_os("UPDATE").is_some();
    for page in countersign_policy::rule_pages().unwrap() {
        let path = root.join(&page.path);
        if update {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &page.text).unwrap();
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            found, page.text,
            "{} is out of date: run the tests with UPDATE=1",
            page.path
        );
    }
}
