//! What others write their policies to say can be said here, and the mistakes that they refuse are refused.

use std::fs;
use std::path::Path;

use countersign_policy::{PolicySet, SourceFile, TrustRoots};

fn fixtures(folder: &str) -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/policies");
    let files = fs::read_dir(root.join(folder)).unwrap();
    let files = files.map(|entry| {
        let path = entry.unwrap().path();
        SourceFile {
            text: fs::read_to_string(&path).unwrap(),
            path: path.file_name().unwrap().to_str().unwrap().to_owned(),
        }
    });
    files.collect()
}

#[test]
fn what_others_say_can_be_said() {
    let files = fixtures("valid");
    assert!(files.len() >= 15, "{}", files.len());
    for file in files {
        let path = file.path.clone();
        let set = PolicySet::load(&[file], &TrustRoots::default());
        let set = set.unwrap_or_else(|errors| panic!("{path}: {errors}"));
        assert_eq!(set.policies().len(), 1, "{path}");
    }
}

#[test]
fn mistakes_that_others_refuse_are_refused_with_code_and_place() {
    let files = fixtures("invalid");
    assert!(files.len() >= 12, "{}", files.len());
    let wrong: Vec<String> = files.into_iter().filter_map(not_as_expected).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What comes out in place of what the file says.
fn not_as_expected(file: SourceFile) -> Option<String> {
    let mut lines = file.text.lines();
    let expected = lines.find_map(|line| line.strip_prefix("# Refused: "));
    let expected = expected.unwrap().to_owned();
    let (code, words) = expected.split_once(": ").unwrap();
    let Err(errors) = PolicySet::load(std::slice::from_ref(&file), &TrustRoots::default()) else {
        return Some(format!("{}: it loads", file.path));
    };
    let found = errors.errors().iter().any(|error| {
        let placed = error.line > 2 && error.column > 0;
        error.code == code && error.message.contains(words) && placed
    });
    (!found).then(|| format!("{errors}, not {expected}"))
}
