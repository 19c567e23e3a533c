//! `policy new`: a rule to begin with, and its test.
//!
//! Refuses to write over anything, and names that the library has.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use countersign_policy::library_files;

use crate::failure::Failure;
use crate::printer::Printer;
use crate::status::ExitStatus;

/// Write a rule to begin with: the rule, its METADATA and its test, which pass as they are
///
/// Exit codes: 0 written, 2 the name is no name of a rule, or something of that name is there.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The rule: CATEGORY/NAME, each in lower-case letters, digits and _
    #[arg(value_name = "CATEGORY/NAME", value_parser = id)]
    id: Id,
    /// The directory of policies or rules that it belongs to
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

/// The id of a rule, which is its folder too.
#[derive(Clone, Debug)]
struct Id {
    category: String,
    name: String,
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    let Id { category, name } = &args.id;
    let shipped = format!("rules/{category}/{name}/");
    if library_files()
        .iter()
        .any(|file| file.path.starts_with(&shipped))
    {
        return Err(
            Failure::usage(format!("the library has a rule {category}/{name}"))
                .coded("rule_exists")
                .hinted("choose another name: rules of the library cannot be replaced"),
        );
    }
    let folder = args.dir.join("rules").join(category).join(name);
    let files = [
        (
            folder.join(format!("{name}.rego")),
            include_str!("new/rule.rego"),
        ),
        (
            folder.join(format!("{name}_test.rego")),
            include_str!("new/test.rego"),
        ),
    ];
    if let Some((path, _)) = files.iter().find(|(path, _)| path.exists()) {
        return Err(exists(path));
    }
    fs::create_dir_all(&folder).map_err(|error| Failure::unwritable(&folder, &error))?;
    for (path, template) in &files {
        let text = template.replace("CATEGORY", category).replace("NAME", name);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(|error| Failure::unwritable(path, &error))?;
        file.write_all(text.as_bytes())
            .map_err(|error| Failure::unwritable(path, &error))?;
        printer.data(&path.display().to_string());
    }
    let dir = args.dir.display();
    printer.hint(&format!("run its tests: countersign policy test {dir}"));
    Ok(ExitStatus::Success)
}

fn exists(path: &Path) -> Failure {
    Failure::usage(format!("{} is there already", path.display()))
        .coded("rule_exists")
        .hinted("choose another name, or remove it")
}

fn id(text: &str) -> Result<Id, String> {
    let is_word = |word: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.bytes().all(plain)
            && !word.ends_with("_test")
            && !KEYWORDS.contains(&word)
    };
    match text.split_once('/') {
        Some((category, name)) if is_word(category) && is_word(name) => Ok(Id {
            category: category.to_owned(),
            name: name.to_owned(),
        }),
        _ => Err("a rule is called CATEGORY/NAME, such as shop/owner_label: lower-case letters, digits and _".to_owned()),
    }
}

/// What no package of Rego may be called.
const KEYWORDS: [&str; 17] = [
    "as", "contains", "data", "default", "else", "every", "false", "if", "import", "in", "input",
    "not", "null", "package", "some", "true", "with",
];
