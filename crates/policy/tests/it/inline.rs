//! Rego inside a policy: what is refused when it is loaded.

use countersign_policy::LoadError;

use crate::support::{Image, Signer, codes, inline, load, policy, refused};

/// The first line of the Rego in the document that [`inline`] makes.
const FIRST: u32 = 10;

#[track_caller]
fn refusal(rego: &str) -> LoadError {
    let errors = refused(inline(rego));
    let [error] = errors.as_slice() else {
        panic!("{errors:#?}")
    };
    error.clone()
}

#[track_caller]
fn check(rego: &str, line: u32, code: &str, message: &str) {
    let error = refusal(rego);
    assert_eq!(
        (error.line, error.code),
        (FIRST + line - 1, code),
        "{error}"
    );
    assert!(error.message.contains(message), "{}", error.message);
}

#[test]
fn a_rule_that_denies_is_reported_under_its_package() {
    let set = load(inline(
        "package shop.labels\nimport rego.v1\n\
         deny contains {\"code\": \"no_owner\", \"msg\": \"pods need the label owner\"} if \
         not input.workload.labels.owner\nwarn contains {\"code\": \"old\", \"msg\": \"soon denied\"}",
    ));
    let verdict = Image::new().judge(&set);
    assert_eq!(codes(&verdict), [("inline/shop.labels", "no_owner")]);
    assert_eq!(verdict.violations[0].message, "pods need the label owner");
    assert_eq!(verdict.warnings, ["inline/shop.labels: soon denied"]);
}

#[test]
fn rego_that_does_not_parse_is_refused_where_it_stands_in_the_file() {
    let error = refusal("package a\ndeny contains 1 if (");
    assert_eq!(
        (error.line, error.column, error.code),
        (FIRST + 2, 9, "rego_syntax")
    );
    check("deny contains 1", 1, "rego_syntax", "package");
    check("package a\ndeny[x] { x := 1 }", 2, "rego_syntax", "if");
}

#[test]
fn unsafe_variables_and_recursion_are_refused() {
    check(
        "package a\ndeny contains x if y == 1",
        2,
        "rego_compile",
        "unsafe",
    );
}

#[test]
fn a_package_that_could_replace_our_data_is_refused() {
    for root in [
        "params",
        "builders",
        "lib",
        "rules",
        "lib.provenance",
        "rules.signature.signed",
    ] {
        check(
            &format!("package {root}\ndeny contains 1 if input.x"),
            1,
            "rego_package",
            "is ours",
        );
    }
    check(
        "package a[\"b.c\"]\ndeny contains 1 if input.x",
        1,
        "rego_package",
        "plain identifiers",
    );
    check(
        "package lib[\"provenance\"]\ndeny contains 1 if input.x",
        1,
        "rego_package",
        "is ours",
    );
}

#[test]
fn a_package_that_could_never_deny_is_refused() {
    check("package a\nx := 1", 1, "rego_no_deny", "never deny");
    check(
        "package a\ndefault allow := true",
        1,
        "rego_no_deny",
        "never deny",
    );
    check(
        "package a\nviolation contains 1 if input.x",
        1,
        "rego_no_deny",
        "never deny",
    );
}

#[test]
fn a_deny_that_is_no_set_is_refused() {
    for rego in [
        "deny := {1} if input.x",
        "default deny := set()",
        "deny[x] := 1 if x := input.x",
        "deny(x) := 1 if x",
        "deny.here contains 1 if input.x",
        "deny if input.x",
    ] {
        let errors = refused(inline(&format!("package a\n{rego}")));
        assert!(
            errors
                .iter()
                .any(|error| error.code == "rego_deny_shape" && error.line == FIRST + 1),
            "{errors:?}"
        );
    }
    check(
        "package a\ndeny contains 1 if input.x\nwarn := 1",
        3,
        "rego_deny_shape",
        "`warn` must be a set",
    );
}

#[test]
fn what_is_not_reproducible_is_refused_however_it_is_spelt() {
    for call in [
        "http.send({})",
        "http[\"send\"]({})",
        "opa.runtime()",
        "rand.intn(\"x\", 2) == 1",
        "time.now_ns() > 1",
        "net.lookup_ip_addr(\"a\")",
        "uuid.rfc4122(\"x\") == \"\"",
    ] {
        check(
            &format!("package a\ndeny contains 1 if {call}"),
            2,
            "rego_forbidden",
            "not allowed",
        );
        check(
            &format!("package a\ndeny contains 1 if not {call}"),
            2,
            "rego_forbidden",
            "not allowed",
        );
    }
    check(
        "package a\ndeny contains 1 if f(1) with f as time.now_ns\nf(x) := x",
        2,
        "rego_forbidden",
        "",
    );
    check(
        "package a\nimport data.http\ndeny contains 1 if http.send({})",
        3,
        "rego_forbidden",
        "",
    );
    let error = refusal("package a\ndeny contains 1 if time.now_ns() > 1");
    assert!(error.hint.unwrap().contains("input.now"));
}

#[test]
fn a_function_that_does_not_exist_is_refused_though_it_may_never_be_called() {
    check(
        "package a\ndeny contains 1 if { input.never; foo.bar(1) }",
        2,
        "rego_unknown_function",
        "foo.bar",
    );
    let error = refusal("package a\ndeny contains 1 if startwith(input.x, \"a\")");
    assert_eq!(error.hint.as_deref(), Some("did you mean `startswith`?"));
    let gone = "package a\nimport data.lib.provenance\ndeny contains 1 if provenance.levle(1) == 1";
    check(gone, 3, "rego_unknown_function", "provenance.levle");
}

#[test]
fn functions_of_the_library_and_of_the_package_itself_are_known() {
    load(inline(
        "package a\nimport data.lib.provenance as p\nimport data.lib.misses\n\
         deny contains {\"code\": \"a\", \"msg\": f(1)} if p.level({}) == 2\n\
         deny contains {\"code\": \"a\", \"msg\": misses.short(\"x\")} if data.lib.provenance.level({}) == 3\n\
         deny contains {\"code\": \"a\", \"msg\": data.a.f(1)} if input.x\nf(x) := sprintf(\"%d\", [x])",
    ));
}

#[test]
fn rego_that_costs_too_much_to_load_is_refused() {
    let nested = format!(
        "package a\ndeny contains 1 if x := {}{}",
        "[".repeat(40),
        "]".repeat(40)
    );
    check(&nested, 2, "rego_too_deep", "nested");
    let harmless = format!("# {}\n`{}`", "[".repeat(40), "{".repeat(40));
    assert_eq!(
        refusal(&format!("package a\n{harmless}")).code,
        "rego_syntax"
    );
    let many: String = (0..300)
        .map(|rule| format!("r{rule} := {rule}\n"))
        .collect();
    check(
        &format!("package a\ndeny contains 1 if input.x\n{many}"),
        1,
        "rego_too_large",
        "301 rules",
    );
    let long = format!(
        "package a\n# {}\ndeny contains 1 if input.x",
        "x".repeat(70_000)
    );
    check(&long, 1, "rego_too_large", "bytes");
}

#[test]
fn two_rules_of_one_package_are_refused() {
    let signer = Signer::new();
    let rule = "    - rego: |\n        package a\n        deny contains 1 if input.x\n";
    let errors = refused(policy(
        &[("release", &signer)],
        &format!("  rules:\n{rule}{rule}"),
    ));
    assert_eq!((errors.len(), errors[0].code), (1, "duplicate_name"));
}

#[test]
fn parameters_beside_rego_are_refused() {
    let signer = Signer::new();
    let rule = "  rules:\n    - params: {a: 1}\n      rego: |\n        package a\n        deny contains 1 if input.x\n";
    let errors = refused(policy(&[("release", &signer)], rule));
    assert_eq!((errors.len(), errors[0].code), (1, "invalid_value"));
}
