//! What the documents claim about the code is so.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Files whose `code()` names the codes that users see.
const CODES: &[&str] = &[
    "crates/image/src/reference",
    "crates/image/src/reference.rs",
    "crates/image/src/source",
    "crates/image/src/source.rs",
    "crates/review/src/error.rs",
    "crates/workload/src/error.rs",
    "webhook/src/admission.rs",
];

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What is written for readers.
pub(crate) fn pages() -> Vec<PathBuf> {
    let names = ["README", "CHANGELOG", "CONTRIBUTING", "SECURITY"];
    let mut pages: Vec<_> = names
        .iter()
        .map(|name| root().join(name).with_extension("md"))
        .collect();
    for folder in ["charts", "docs", "kind-e2e"] {
        pages.extend(files(&root().join(folder), "md"));
    }
    pages
}

/// The rows of the table of docs/reference/policies.md whose head is this, each as its cells.
pub(crate) fn table(head: &str) -> Vec<Vec<String>> {
    let page = read("docs/reference/policies.md");
    let (_, rest) = page.split_once(&format!("\n{head}\n")).unwrap();
    let rows = rest
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    })
    .collect()
}

#[test]
fn every_reason_code_is_explained() {
    let page = read("docs/reference/reason-codes.md");
    let mut codes = BTreeSet::new();
    for path in CODES {
        for file in rust_files(&root().join(path)) {
            codes.extend(codes_in(&fs::read_to_string(file).unwrap()));
        }
    }
    assert!(
        codes.len() > 30,
        "only {} codes found: {codes:?}",
        codes.len()
    );

    let missing: Vec<_> = codes
        .iter()
        .filter(|code| !page.contains(&format!("`{code}`")))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/reference/reason-codes.md lacks {missing:?}"
    );
}

#[test]
fn every_reason_why_a_trust_root_is_not_fresh_is_explained() {
    let codes = codes_in(&read("crates/registry/src/tuf/error.rs"));
    assert!(codes.len() > 10, "{codes:?}");
    let page = read("docs/reference/trust-roots.md");
    for code in codes {
        assert!(
            page.contains(&format!("| `{code}` |")),
            "docs/reference/trust-roots.md lacks {code}"
        );
    }
}

#[test]
fn every_reason_of_a_rejection_is_explained_and_produced_by_a_test() {
    let codes: BTreeSet<_> = codes_in(&read("crates/evidence/src/rejection.rs"))
        .into_iter()
        .collect();
    let page = read("docs/reference/evidence.md");
    let (_, reasons) = page.split_once("\n## Reasons").unwrap();
    let rows = reasons.lines().filter(|line| line.starts_with("| `"));
    let mut explained = BTreeSet::new();
    for row in rows {
        let [code, test] = [1, 3].map(|column| row.split('`').nth(column).unwrap());
        let (path, test) = test.split_once(": ").unwrap();
        let source = read(path);
        let (_, body) = source
            .split_once(&format!("fn {test}("))
            .unwrap_or_else(|| panic!("{path} has no test {test}"));
        let body = body.split("\n}").next().unwrap();
        assert!(body.contains(code), "{test} does not speak of {code}");
        explained.insert(code.to_owned());
    }
    assert_eq!(explained, codes);
}

/// Match arms that yield a snake-case word.
fn codes_in(source: &str) -> Vec<String> {
    source
        .lines()
        .filter_map(|line| line.trim().strip_suffix("\",")?.rsplit_once("=> \""))
        .map(|(_, code)| code.to_owned())
        .filter(|code| {
            code.chars()
                .all(|letter| letter.is_ascii_lowercase() || letter == '_')
        })
        .collect()
}

#[test]
fn every_invariant_names_tests_that_exist() {
    let page = read("docs/architecture.md");
    let (_, invariants) = page.split_once("## Invariants").unwrap();
    let (invariants, _) = invariants.split_once("\n## ").unwrap();
    let mut names = 0;
    for row in invariants
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(1)
    {
        let held_by = row.trim_end_matches(" |").rsplit_once(" | ").unwrap().1;
        for reference in held_by.split('`').skip(1).step_by(2) {
            // `path::to::file.rs` alone, or `file.rs: name of a test`.
            let Some((path, test)) = reference.split_once(": ") else {
                assert!(root().join(reference).exists(), "{reference} is not there");
                continue;
            };
            assert!(
                read(path).contains(&format!("fn {test}(")),
                "{path} has no test {test}"
            );
            names += 1;
        }
        assert!(held_by.contains('`'), "nothing holds: {row}");
    }
    assert!(names > 8, "only {names} tests named");
}

#[test]
fn links_between_documents_lead_somewhere() {
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let path = link.split('#').next().unwrap();
            if path.is_empty() || path.contains("://") {
                continue;
            }
            let target = page.parent().unwrap().join(path);
            assert!(target.exists(), "{}: {link} leads nowhere", page.display());
        }
    }
}

#[test]
fn decisions_have_numbers_of_their_own_and_are_listed_in_order() {
    let mut decisions = files(&root().join("docs/decisions"), "md");
    decisions.retain(|path| !path.ends_with("README.md"));
    decisions.sort();
    let lines: Vec<_> = decisions
        .iter()
        .enumerate()
        .map(|(index, path)| {
            let name = path.file_name().unwrap().to_str().unwrap();
            let number = format!("{:04}", index + 1);
            assert!(name.starts_with(&format!("{number}-")), "{name}");
            let page = fs::read_to_string(path).unwrap();
            let title = page.lines().next().unwrap().strip_prefix("# ").unwrap();
            assert!(title.starts_with(&format!("{number} ")), "{name}: {title}");
            format!("- [{title}]({name})")
        })
        .collect();
    let index = read("docs/decisions/README.md");
    let listed: Vec<_> = index
        .lines()
        .filter(|line| line.starts_with("- "))
        .collect();
    assert_eq!(listed, lines);
}

fn rust_files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        vec![path.to_owned()]
    } else {
        files(path, "rs")
    }
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found
}
