//! What holds of every shipped rule.

use countersign_policy::{PolicySet, SourceFile, library_files};

use crate::support::{Image, Signer, load, policy};

/// The shipped rules with the parameters of their examples, as YAML that follows `params:` in an entry of `rules`.
fn rules() -> Vec<(String, String)> {
    let files = library_files();
    let rules = files
        .iter()
        .filter(|file| !file.path.ends_with("_test.rego"));
    rules
        .filter_map(|file| {
            let id = file.path.strip_prefix("rules/")?.rsplit_once('/')?.0;
            Some((id.to_owned(), example(&file.text)))
        })
        .collect()
}

fn example(rule: &str) -> String {
    let Some((_, rest)) = rule.split_once("\n#   example:") else {
        return " {}".to_owned();
    };
    let mut lines = rest.lines();
    let first = lines.next().unwrap_or_default().to_owned();
    lines
        .map_while(|line| line.strip_prefix("#     "))
        .fold(first, |example, line| format!("{example}\n        {line}"))
}

/// Rules that want evidence, whatever their parameters.
fn rules_on_evidence() -> impl Iterator<Item = (String, String)> {
    let rules = rules().into_iter();
    rules.filter(|(id, _)| !id.starts_with("image/"))
}

fn set(id: &str, params: &str, signer: &Signer) -> PolicySet {
    load(policy(
        &[("release", signer)],
        &format!("  rules:\n    - rule: {id}\n      params:{params}\n"),
    ))
}

#[test]
fn no_evidence_satisfies_no_rule_however_little_it_asks_for() {
    assert!(rules_on_evidence().count() >= 5);
    for (id, params) in rules_on_evidence() {
        let verdict = Image::new().judge(&set(&id, &params, &Signer::new()));
        assert!(!verdict.violations.is_empty(), "{id}");
        assert!(
            verdict
                .violations
                .iter()
                .all(|violation| !violation.code.starts_with("rule_")),
            "{verdict:?}"
        );
    }
}

#[test]
fn a_stranger_satisfies_no_rule() {
    let stranger = Signer::new();
    for (id, params) in rules_on_evidence() {
        let image = Image::new()
            .signed_by(&stranger)
            .built_by(&stranger, "https://builder.acme.example/v1")
            .described_by(&stranger, &["api", "lib"])
            .summarised_by(&stranger, "PASSED");
        let verdict = image.judge(&set(&id, &params, &Signer::new()));
        assert_eq!(verdict.violations.len(), 1, "{id}");
    }
}

#[test]
fn rules_are_satisfied_by_what_is_really_signed() {
    let signer = Signer::new();
    let rules = [
        ("signature/signed", "{}"),
        (
            "provenance/builder_id",
            "{allow: [\"https://builder.acme.example/v1\"]}",
        ),
        ("provenance/slsa_level", "{minimum: 1}"),
        ("sbom/required", "{min_packages: 0}"),
        (
            "verdict/vsa",
            "{verifiers: [\"https://verify.acme.example/gate\"]}",
        ),
    ];
    for (id, params) in rules {
        let params = format!(" {params}");
        let image = Image::new()
            .signed_by(&signer)
            .built_by(&signer, "https://builder.acme.example/v1")
            .described_by(&signer, &["api", "lib"])
            .summarised_by(&signer, "PASSED");
        let verdict = image.judge(&set(id, &params, &signer));
        assert!(verdict.violations.is_empty(), "{id}: {verdict:?}");
    }
}

#[test]
fn every_denial_carries_what_was_wanted_found_and_near_and_a_fix() {
    for (id, params) in rules() {
        let verdict = Image::new().judge(&set(&id, &params, &Signer::new()));
        for violation in verdict.violations {
            assert_eq!(violation.rule, id);
            assert!(violation.details["wanted"].is_string(), "{id}");
            assert!(violation.details["found"].is_array(), "{id}");
            assert!(violation.details["nearest"].is_array(), "{id}");
            assert!(violation.fix.is_some(), "{id}");
        }
    }
}

#[test]
fn every_rule_has_tests_of_its_own() {
    let files = library_files();
    for (id, _) in rules() {
        let name = id.rsplit('/').next().unwrap();
        let path = format!("rules/{id}/{name}_test.rego");
        let tests = files
            .iter()
            .find(|file| file.path == path)
            .unwrap_or_else(|| panic!("{path}"));
        assert!(
            tests.text.contains("test_admits") && tests.text.contains("test_denies"),
            "{path}"
        );
    }
}

#[test]
fn every_code_of_a_rule_is_described_and_every_described_code_is_used() {
    let files = library_files();
    let rules = files.iter().filter(|file| file.path.starts_with("rules/"));
    for file in rules.filter(|file| !file.path.ends_with("_test.rego")) {
        let (metadata, rule) = file.text.split_once("\npackage ").unwrap();
        let described = metadata.split_once("#   codes:\n").unwrap().1;
        let described: Vec<&str> = described
            .lines()
            .map_while(|line| line.strip_prefix("#     "))
            .filter_map(|line| line.split_once(':'))
            .map(|(code, _)| code)
            .collect();
        assert!(!described.is_empty(), "{}", file.path);
        for code in &described {
            let says = |text: &str| text.contains(&format!("\"{code}\""));
            let imported = |module: &SourceFile| {
                let name = module.path.strip_prefix("lib/");
                let name = name.and_then(|name| name.strip_suffix(".rego"));
                name.is_some_and(|name| rule.contains(&format!("\nimport data.lib.{name}\n")))
            };
            let by_module = files.iter().any(|file| imported(file) && says(&file.text));
            assert!(says(rule) || by_module, "{}: {code}", file.path);
        }
        let used = rule
            .split("\"code\": \"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        for code in used {
            assert!(described.contains(&code), "{}: {code}", file.path);
        }
    }
}

#[test]
fn rego_is_indented_with_tabs_and_short_enough_to_read() {
    for file in library_files()
        .iter()
        .filter(|file| file.path.ends_with(".rego"))
    {
        for (number, line) in file.text.lines().enumerate() {
            let place = format!("{}:{}", file.path, number + 1);
            assert!(!line.starts_with(' '), "{place}: spaces");
            assert!(line.trim_end() == line, "{place}: blanks at the end");
            assert!(line.chars().count() <= 140, "{place}: long");
        }
    }
}
