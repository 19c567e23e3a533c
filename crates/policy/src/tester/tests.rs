use super::*;
use crate::library_files;

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

#[test]
fn every_test_of_the_shipped_rules_passes() {
    let report = run_rego_tests(&library_files()).unwrap();
    let failed: Vec<_> = report
        .tests
        .iter()
        .filter(|test| test.failure.is_some())
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(report.passed());
}

#[test]
fn every_line_of_the_shipped_rules_is_reached_by_a_test() {
    let report = run_rego_tests(&library_files()).unwrap();
    assert_eq!(report.uncovered, []);
}

#[test]
fn no_tests_at_all_is_no_success() {
    let report = run_rego_tests(&[file("a.rego", "package a\nx := 1")]).unwrap();
    assert!(report.tests.is_empty());
    assert!(!report.passed());
}

#[test]
fn a_failing_test_is_named_with_file_line_and_what_it_printed() {
    let rule = file("a.rego", "package a\ndeny contains 1 if input.x");
    let text = "package a_test\nimport data.a\n\ntest_denies if { print(\"seen\"); count(a.deny) == 1 } \
                \ntest_admits if count(a.deny) == 1 with input as {\"x\": 1}\ntest_error if to_number(\"x\") == 1\n\
                test_false := false\n";
    let report = run_rego_tests(&[rule, file("a_test.rego", text)]).unwrap();
    let outcomes: Vec<_> = report
        .tests
        .iter()
        .map(|test| (test.line, test.name.as_str(), test.failure.as_deref()))
        .collect();
    assert_eq!(
        outcomes,
        [
            (
                4,
                "data.a_test.test_denies",
                Some("an expression of it does not hold")
            ),
            (5, "data.a_test.test_admits", None),
            (
                6,
                "data.a_test.test_error",
                Some("line 6: could not parse string as number")
            ),
            (7, "data.a_test.test_false", Some("it is false, not true")),
        ]
    );
    assert_eq!(report.tests[0].file, "a_test.rego");
    assert_eq!(report.tests[0].prints, ["a_test.rego:4: seen"]);
    assert!(!report.passed());
}

#[test]
fn lines_that_no_test_reaches_are_reported() {
    let rule = file(
        "a.rego",
        "package a\nx := 1 if input.a\ny := 2 if {\n\tinput.b\n}\n",
    );
    let test = file(
        "a_test.rego",
        "package a_test\nimport data.a\ntest_x if a.x == 1 with input as {\"a\": 1}",
    );
    let report = run_rego_tests(&[rule, test]).unwrap();
    assert!(report.passed());
    assert_eq!(report.uncovered, [("a.rego".to_owned(), vec![3])]);
}

#[test]
fn a_test_file_that_does_not_compile_is_an_error_with_its_place() {
    let errors =
        run_rego_tests(&[file("a_test.rego", "package a_test\ntest_x if (\n")]).unwrap_err();
    let error = &errors.errors()[0];
    assert_eq!(
        (error.path.as_str(), error.line, error.code),
        ("a_test.rego", 3, "rego_compile")
    );
}
