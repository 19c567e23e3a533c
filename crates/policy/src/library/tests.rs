use super::*;

fn rule(path: &str, package: &str, custom: &str) -> SourceFile {
    let text = format!(
        "# METADATA\n# title: A rule\n# description: It is one.\n# custom:\n{custom}package {package}\n\n\
         deny contains {{\"code\": \"a\", \"msg\": \"m\"}} if not input.now\n"
    );
    SourceFile {
        path: path.to_owned(),
        text,
    }
}

const CUSTOM: &str = "#   codes: {a: it is so}\n#   reads: [now]\n";

#[track_caller]
fn check(file: SourceFile, line: u32, code: &str, message: &str) {
    let errors = Library::load(&[file]).unwrap_err();
    let [error] = errors.errors() else {
        panic!("{errors}")
    };
    assert_eq!((error.line, error.code), (line, code), "{error}");
    assert!(error.message.contains(message), "{error}");
}

#[test]
fn the_shipped_library_loads() {
    let library = Library::shipped().unwrap();
    let ids: Vec<_> = library.rules().map(|(id, _)| id).collect();
    assert!(ids.contains(&"signature/signed"), "{ids:?}");
}

#[test]
fn each_shipped_rule_tells_its_codes_and_an_example_that_is_good() {
    for (id, rule) in Library::shipped().unwrap().rules() {
        assert_ne!(rule.metadata.codes, [], "{id}");
        let example = rule.metadata.example.as_ref().unwrap();
        let mut problems = crate::fields::Problems::new(id);
        rule.metadata
            .params
            .check(example, id, &["release"], &mut problems);
        assert_eq!(problems.into_errors(), [], "{id}");
    }
}

#[test]
fn folder_file_and_package_must_agree() {
    assert!(Library::load(&[rule("rules/c/r/r.rego", "rules.c.r", CUSTOM)]).is_ok());
    check(
        rule("rules/c/r/r.rego", "rules.c.other", CUSTOM),
        7,
        "rego_package",
        "that of this folder is `rules.c.r`",
    );
    check(
        rule("rules/c/r/other.rego", "rules.c.r", CUSTOM),
        1,
        "library",
        "the file of this folder is r.rego",
    );
    check(
        rule("rules/r.rego", "rules.r", CUSTOM),
        0,
        "library",
        "stands in",
    );
}

#[test]
fn metadata_must_be_there_and_be_understood() {
    let bare = SourceFile {
        path: "rules/c/r/r.rego".to_owned(),
        text: "package rules.c.r\ndeny contains 1 if input.now".to_owned(),
    };
    check(bare, 1, "metadata", "no METADATA");
    let custom = |text: &str| rule("rules/c/r/r.rego", "rules.c.r", text);
    check(custom("#   codes: {}\n"), 5, "missing_field", "`reads`");
    assert!(Library::load(&[custom("#   reads: [now]\n")]).is_ok());
    check(
        custom("#   codes: {}\n#   reads: [now]\n#   severity: 1\n"),
        7,
        "unknown_field",
        "`severity`",
    );
    check(
        custom("#   codes: {}\n#   reads: [evidence.signature]\n"),
        6,
        "unknown_read",
        "evidence.signature",
    );
    check(custom("#   codes: {}\n#   reads: [\n"), 6, "yaml", "");
    let params = |schema: &str| custom(&format!("{CUSTOM}#   params: {schema}\n"));
    check(
        params("{type: object, oneOf: []}"),
        7,
        "unknown_field",
        "`oneOf`",
    );
    check(params("{type: float}"), 7, "metadata", "`float`");
    check(
        params("{type: object, required: [a], properties: {}}"),
        7,
        "metadata",
        "`a` is required",
    );
}

#[test]
fn a_rule_without_deny_is_refused() {
    let mut file = rule("rules/c/r/r.rego", "rules.c.r", CUSTOM);
    file.text = file.text.replace("deny contains", "allow contains");
    check(file, 7, "rego_no_deny", "never deny");
}
