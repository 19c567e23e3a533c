//! What is refused of Rego before it is ever run: in a directory of rules, beside policies and inside them.

use countersign_policy::{LoadError, PolicySet, SourceFile, TrustRoots, lint_files};

use crate::support::{Signer, policy};

const HEAD: &str = "# METADATA\n# title: T\n# description: D.\n# custom:\n#   params: { type: object, properties: \
                    { limit: { type: integer } } }\n#   reads: [image, evidence.rejected]\npackage rules.shop.r\n\n";
/// The line on which the body of a rule begins.
const BODY: u32 = 9;
const PATH: &str = "rules/shop/r/r.rego";
const DENY: &str = "deny contains {\"code\": \"r\", \"msg\": \"no\"} if not input.image.digest\n";

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

fn lint(files: &[SourceFile]) -> Vec<LoadError> {
    match lint_files(files) {
        Ok(()) => Vec::new(),
        Err(errors) => errors.errors().to_vec(),
    }
}

/// The mistakes in a rule of this body, after making sure that it is refused beside a policy, too.
fn mistakes(body: &str) -> Vec<LoadError> {
    let rule = file(PATH, &format!("{HEAD}{body}"));
    let errors = lint(std::slice::from_ref(&rule));
    let signer = Signer::new();
    let policy = policy(
        &[("release", &signer)],
        "  rules: [{rule: signature/signed}]\n",
    );
    let loaded = PolicySet::load(&[policy, rule], &TrustRoots::default());
    let found = loaded.err().map(|errors| errors.errors().to_vec());
    assert_eq!(found.unwrap_or_default(), errors, "{body}");
    errors
}

/// Checks that the only mistake is this, on this line of the body.
#[track_caller]
fn check(body: &str, line: u32, column: u32, code: &str, words: &str) {
    let errors = mistakes(body);
    let [error] = errors.as_slice() else {
        panic!("{body}: {errors:#?}")
    };
    let found = (error.line, error.column, error.code);
    assert_eq!(found, (BODY + line - 1, column, code), "{error}");
    let hint = error.hint.as_deref().unwrap_or_default();
    let text = format!("{} {hint}", error.message);
    assert!(text.contains(words), "{text}");
}

/// The same for a body that denies as well, two lines before.
#[track_caller]
fn check_beside(body: &str, column: u32, code: &str, words: &str) {
    check(&format!("{DENY}\n{body}\n"), 3, column, code, words);
}

#[test]
fn a_rule_without_mistakes_is_good() {
    assert_eq!(mistakes(DENY), []);
    let helper = "deny contains {\"code\": \"r\", \"msg\": m} if some m in denied\n\ndenied contains \"x\" if \
                  count(input.evidence.rejected) > data.params.limit\n";
    assert_eq!(mistakes(helper), []);
}

#[test]
fn what_does_not_parse_is_refused_where_it_stops_making_sense() {
    check("deny contains if {\n", 1, 15, "rego_syntax", "`if`");
    check("deny contains 1 if (\n", 2, 1, "rego_syntax", "");
}

#[test]
fn what_does_not_compile_is_refused_though_no_policy_uses_it() {
    check(
        "deny contains {\"code\": \"r\", \"msg\": \"no\"} if y == 1\n",
        1,
        45,
        "rego_compile",
        "unsafe",
    );
}

#[test]
fn functions_that_decide_by_more_than_the_input_are_refused() {
    for (call, words) in [
        ("http.send({})", "fetches nothing"),
        ("opa.runtime()", "the environment is no part"),
        ("rand.intn(\"x\", 2)", "the same each time"),
        ("time.now_ns()", "time.parse_rfc3339_ns(input.now)"),
        ("uuid.rfc4122(\"x\")", "the same each time"),
        ("net.lookup_ip_addr(\"x\")", "fetches nothing"),
    ] {
        check_beside(&format!("x := {call}"), 6, "rego_forbidden", words);
        let within = format!("x := input.image[{call}].y");
        check_beside(&within, 18, "rego_forbidden", words);
    }
}

#[test]
fn functions_that_there_are_none_of_are_refused() {
    check_beside(
        "x := no.such_thing(1)",
        6,
        "rego_unknown_function",
        "`no.such_thing`",
    );
    check_beside(
        "x := cuont([])",
        6,
        "rego_unknown_function",
        "did you mean `count`?",
    );
}

#[test]
fn a_rule_that_could_never_deny_is_refused() {
    let errors = mistakes("allow if true\n");
    let [error] = errors.as_slice() else {
        panic!("{errors:#?}")
    };
    assert_eq!(
        (error.line, error.column, error.code),
        (7, 9, "rego_no_deny")
    );
    assert!(error.hint.as_deref().unwrap().contains("deny contains"));
}

#[test]
fn allowing_by_default_is_refused() {
    check_beside(
        "default allow := true",
        9,
        "rego_default_allow",
        "deny contains",
    );
}

#[test]
fn what_looks_like_an_entry_point_and_is_none_is_refused() {
    for name in ["Deny", "dney", "denies", "denied", "violation", "reject"] {
        let body = format!("{name} contains {{\"code\": \"r\", \"msg\": \"no\"}}");
        check_beside(&body, 1, "rego_misspelt_entry", "did you mean `deny`?");
    }
    let body = "warning contains {\"code\": \"r\", \"msg\": \"no\"}";
    check_beside(body, 1, "rego_misspelt_entry", "did you mean `warn`?");
}

#[test]
fn an_entry_point_that_is_no_set_is_refused() {
    check_beside("warn := [1]", 1, "rego_deny_shape", "`warn` must be a set");
    check(
        "deny if not input.image\n",
        1,
        1,
        "rego_deny_shape",
        "deny contains",
    );
}

#[test]
fn one_name_must_be_one_kind_of_thing() {
    for (body, words) in [
        (
            "x := 1\nx contains 2",
            "`x` is a set, and on line 11 it is a value",
        ),
        (
            "x contains 2\nx := 1",
            "`x` is a value, and on line 11 it is a set",
        ),
        (
            "x(a) := a\nx := 1",
            "`x` is a value, and on line 11 it is a function",
        ),
        (
            "default x := 1\nx contains 2",
            "`x` is a set, and on line 11 it is a default",
        ),
    ] {
        check(&format!("{DENY}\n{body}\n"), 4, 1, "rego_conflict", words);
    }
    let good = "default x := 1\n\nx := 2 if input.image\n\nx := 3 if not input.image\n";
    assert_eq!(mistakes(&format!("{DENY}\n{good}")), []);
}

#[test]
fn recursion_is_refused() {
    check_beside("a if b\nb if a", 6, "rego_recursion", "recursion");
}

#[test]
fn reading_what_was_not_declared_is_refused_however_it_is_written() {
    for (body, column, words) in [
        (
            "x := count(input.evidence.sboms)",
            12,
            "add `evidence.sboms` to `reads`",
        ),
        (
            "x := input[\"evidence\"][\"sboms\"]",
            6,
            "add `evidence.sboms` to `reads`",
        ),
        (
            "x := y.sboms if y := input.evidence",
            22,
            "add `evidence` to `reads`",
        ),
        ("x := y.evidence if y := input", 25, "`input` as a whole"),
        ("x := input[\"evi\"]", 6, "the input has no part `evi`"),
        ("x := [v | some k; v := input[k]]", 24, "`input` as a whole"),
        (
            "x := object.get(input, [\"now\"], 1)",
            17,
            "add `now` to `reads`",
        ),
        (
            "x if count([]) == 0 with input.image as input.workload.labels",
            41,
            "add `workload.labels` to `reads`",
        ),
        ("x := input.imgae.digest", 6, "did you mean `image.digest`?"),
    ] {
        let errors = mistakes(&format!("{DENY}\n{body}\n"));
        let [error] = errors.as_slice() else {
            panic!("{body}: {errors:#?}")
        };
        let found = (error.line, error.column);
        assert_eq!(found, (BODY + 2, column), "{body}: {error}");
        assert!(
            ["undeclared_read", "unknown_read"].contains(&error.code),
            "{error}"
        );
        let hint = error.hint.as_deref().unwrap_or_default();
        assert!(
            format!("{} {hint}", error.message).contains(words),
            "{body}: {error} {hint}"
        );
    }
}

#[test]
fn reading_through_what_is_imported_must_be_declared_as_well() {
    let imported = |name: &str| {
        let text = HEAD.replace(
            "package rules.shop.r\n",
            "package rules.shop.r\n\nimport data.lib.misses\n",
        );
        let deny = format!("deny contains {{\"code\": \"r\", \"msg\": \"no\"}} if {name} == []\n");
        lint(&[file(PATH, &format!("{text}{deny}"))])
    };
    assert_eq!(imported("misses.signatures"), []);
    let library = "package lib.misses\n\nsignatures := [1 | _signed]\n\n_signed if input.evidence.signatures\n";
    let text = format!(
        "{HEAD}{}",
        DENY.replace("not input.image.digest", "data.lib.misses.signatures")
    );
    let errors = lint(&[file("lib/misses.rego", library), file(PATH, &text)]);
    let [error] = errors.as_slice() else {
        panic!("{errors:#?}")
    };
    assert_eq!(
        (error.path.as_str(), error.line, error.code),
        (PATH, BODY, "undeclared_read")
    );
    let message = "`data.lib.misses.signatures` looks at `input.evidence.signatures`, which the rule's `reads` do not declare";
    assert_eq!(error.message, message);
}

#[test]
fn what_is_named_of_data_must_be_there() {
    assert_eq!(
        mistakes(&format!(
            "{DENY}\nx := data.params.limit\n\ny := data.rules.shop.r.x\n\nz := data.builders\n"
        )),
        []
    );
    check_beside(
        "x := data.lib.imgae.name",
        6,
        "rego_unknown_data",
        "there is nothing at",
    );
    check_beside(
        "x := data.lib.misses.signatrues",
        6,
        "rego_unknown_data",
        "did you mean `data.lib.misses.signatures`?",
    );
    check_beside(
        "x := data.parmas",
        6,
        "rego_unknown_data",
        "did you mean `data.params`?",
    );
    let errors = mistakes(&format!(
        "{DENY}
x := [y | some y in data]
"
    ));
    assert_eq!((errors[0].line, errors[0].column), (11, 21));
    assert_eq!(errors[0].code, "rego_unknown_data");
    assert!(errors[0].message.contains("as a whole"));
    for whole in [
        "data.lib.misses",
        "data.lib",
        "data.lib[input.image.tag].signatures",
    ] {
        check_beside(
            &format!("x := {whole}"),
            6,
            "rego_unknown_data",
            "as a whole",
        );
    }
    check_beside(
        "x := data.params.limt",
        6,
        "unknown_param",
        "did you mean `limit`?",
    );
}

#[test]
fn a_package_that_is_not_that_of_its_folder_is_refused() {
    let text =
        "package rules.shop.other\n\ndeny contains {\"code\": \"r\", \"msg\": \"no\"} if false\n";
    let errors = lint(&[file(PATH, text)]);
    let codes: Vec<_> = errors
        .iter()
        .map(|error| (error.line, error.column, error.code))
        .collect();
    assert_eq!(codes, [(1, 1, "metadata"), (1, 9, "rego_package")]);
    assert!(errors[1].message.contains("rules.shop.r`"), "{}", errors[1]);
    assert_eq!(
        errors[1].hint.as_deref(),
        Some("write `package rules.shop.r`")
    );
    let errors = lint(&[file("lib/a.rego", "package rules.shop.r\n")]);
    assert_eq!((errors[0].line, errors[0].code), (1, "rego_package"));
}

#[test]
fn brackets_beyond_measure_are_refused_at_once_wherever_they_are() {
    let mountain = format!("x := {}{}\n", "[".repeat(2000), "]".repeat(2000));
    check_beside(&mountain, 1, "rego_too_deep", "nested more than 12 deep");
    for path in [
        "rules/shop/r/r_test.rego",
        "lib/a.rego",
        "lib/a_test.rego",
        "a.rego",
    ] {
        let errors = lint(&[file(path, &format!("package lib.a\n\n{mountain}"))]);
        let [error] = errors.as_slice() else {
            panic!("{path}: {errors:#?}")
        };
        assert_eq!(
            (error.path.as_str(), error.line, error.code),
            (path, 3, "rego_too_deep")
        );
    }
}

#[test]
fn rego_that_is_too_large_is_refused() {
    let long = format!("{DENY}# {}\n", "x".repeat(64 * 1024));
    let errors = mistakes(&long);
    assert_eq!(errors[0].code, "rego_too_large");
    let many: String = (0..201).map(|number| format!("x{number} := 1\n")).collect();
    let errors = mistakes(&format!("{DENY}{many}"));
    assert_eq!((errors.len(), errors[0].code), (1, "rego_too_large"));
}

#[test]
fn shared_modules_are_held_to_the_same_but_for_deny() {
    let lint = |body: &str| lint(&[file("lib/a.rego", &format!("package lib.a\n\n{body}\n"))]);
    assert_eq!(
        lint("x(y) := y + data.params.z\n\nallow if input.image"),
        []
    );
    assert_eq!(lint("x := time.now_ns()")[0].code, "rego_forbidden");
    assert_eq!(lint("x := no.such(1)")[0].code, "rego_unknown_function");
    assert_eq!(lint("x if x")[0].code, "rego_recursion");
    assert_eq!(lint("x := data.lib.b.y")[0].code, "rego_unknown_data");
}

#[test]
fn one_module_that_does_not_parse_hides_no_other_mistake() {
    let broken = file("lib/a.rego", "package lib.a\n\nx if (\n");
    let rule = file(
        PATH,
        &format!("{HEAD}{}", DENY.replace("input.image.digest", "input.now")),
    );
    let errors = lint(&[rule, broken]);
    let found: Vec<_> = errors
        .iter()
        .map(|error| (error.path.as_str(), error.code))
        .collect();
    assert_eq!(
        found,
        [("lib/a.rego", "rego_syntax"), (PATH, "undeclared_read")]
    );
}
