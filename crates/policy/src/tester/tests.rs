use super::*;
use crate::library_files;

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

fn all(files: &[SourceFile]) -> Result<TestReport, LoadErrors> {
    run_rego_tests(files, |_, _| true)
}

fn uncovered(report: TestReport) -> Vec<(String, Vec<u32>)> {
    let files = report.coverage.into_iter();
    files
        .filter(|file| !file.uncovered.is_empty())
        .map(|file| (file.file, file.uncovered))
        .collect()
}

#[test]
fn every_test_of_the_shipped_rules_passes() {
    let report = all(&library_files()).unwrap();
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
    let report = all(&library_files()).unwrap();
    assert!(!report.coverage.is_empty());
    assert_eq!(uncovered(report), []);
}

#[test]
fn no_tests_at_all_is_no_success() {
    let report = all(&[file("a.rego", "package a\nx := 1")]).unwrap();
    assert!(report.tests.is_empty());
    assert!(!report.passed());
}

#[test]
fn a_failing_test_is_named_with_file_line_and_what_it_printed() {
    let rule = file("a.rego", "package a\ndeny contains 1 if input.x");
    let text = "package a_test\nimport data.a\n\ntest_denies if { print(\"seen\"); count(a.deny) == 1 } \
                \ntest_admits if count(a.deny) == 1 with input as {\"x\": 1}\ntest_error if to_number(\"x\") == 1\n\
                test_false := false\n";
    let report = all(&[rule, file("a_test.rego", text)]).unwrap();
    let outcomes: Vec<_> = report
        .tests
        .iter()
        .map(|test| {
            let failure = test.failure.as_ref();
            let message = failure.map(|failure| failure.message.as_str());
            (test.line, test.name.as_str(), message)
        })
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
    let seen = Print {
        file: "a_test.rego".to_owned(),
        line: 4,
        text: "seen".to_owned(),
    };
    assert_eq!(report.tests[0].prints, [seen]);
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
    let report = all(&[rule, test]).unwrap();
    assert!(report.passed());
    assert_eq!(report.coverage[0].covered, 1);
    assert_eq!(uncovered(report), [("a.rego".to_owned(), vec![3, 4])]);
}

#[test]
fn a_test_file_that_does_not_compile_is_an_error_with_its_place() {
    let errors = all(&[file("a_test.rego", "package a_test\ntest_x if (\n")]).unwrap_err();
    let error = &errors.errors()[0];
    assert_eq!(
        (error.path.as_str(), error.line, error.code),
        ("a_test.rego", 3, "rego_syntax")
    );
}

#[test]
fn the_expression_that_does_not_hold_is_told_with_what_it_saw() {
    let rule = file(
        "a.rego",
        "package a\ndeny contains {\"code\": \"x\", \"n\": input.n} if input.n > 1",
    );
    let test = file(
        "a_test.rego",
        "package a_test\n\nimport data.a\n\ntest_x if {\n\tsome denial in a.deny with input as _many\n\
         \tdenial == {\"code\": \"y\", \"n\": 2}\n\tdenial.n == 7\n}\n\n_many := {\"n\": 2}\n",
    );
    let report = all(&[rule, test]).unwrap();
    let failure = report.tests[0].failure.as_ref().unwrap();
    let [attempt] = failure.attempts.as_slice() else {
        panic!("{failure:#?}")
    };
    let last = attempt.steps.last().unwrap();
    assert_eq!((attempt.steps.len(), last.line), (2, 7));
    assert_eq!(last.outcome, crate::Outcome::Fails);
    let seen: Vec<_> = last
        .saw
        .iter()
        .map(|seen| seen.expression.as_str())
        .collect();
    assert_eq!(seen, ["denial", "{\"code\": \"y\", \"n\": 2}"]);
    assert_eq!(failure.differences, [".code: \"x\" is not \"y\""]);
    let [replaced] = failure.replaced.as_slice() else {
        panic!("{failure:#?}")
    };
    assert_eq!(replaced.expression, "input");
    assert_eq!(replaced.values, [serde_json::json!({"n": 2})]);
}

#[test]
fn only_what_is_wanted_runs() {
    let tests = file(
        "a_test.rego",
        "package a_test\ntest_a if true\ntest_b if false\n",
    );
    let report = run_rego_tests(&[tests], |_, name| name.ends_with("test_a")).unwrap();
    assert!(report.passed());
    assert_eq!(report.tests.len(), 1);
}

#[test]
fn a_line_of_the_engine_is_no_place_if_it_does_not_look_like_one() {
    let print = Print::read("x.rego:7: a: b\u{1b}");
    assert_eq!((print.file.as_str(), print.line), ("x.rego", 7));
    assert_eq!(print.text, "a: b\\u{1b}");
    let print = Print::read("plain");
    assert_eq!(
        (print.file.as_str(), print.line, print.text.as_str()),
        ("", 0, "plain")
    );
}

#[test]
fn a_file_that_no_test_reaches_has_no_line_that_is_reached() {
    let rule = file("a.rego", "package a\nx := 1 if {\n\tinput.a\n}\n");
    let test = file("b_test.rego", "package b_test\ntest_b if true\n");
    let report = all(&[rule, test]).unwrap();
    assert!(report.passed());
    assert_eq!(report.coverage[0].covered, 0);
    assert_eq!(uncovered(report), [("a.rego".to_owned(), vec![2, 3])]);
}

#[test]
fn what_one_file_of_tests_does_not_reach_another_may() {
    let rule = file(
        "a.rego",
        "package a\nx := 1 if input.a == 1\ny := 2 if input.b == 1\n",
    );
    let one = "package a_test\nimport data.a\ntest_x if a.x == 1 with input as {\"a\": 1}\n";
    let other = "package b_test\nimport data.a\ntest_y if a.y == 2 with input as {\"b\": 1}\n";
    let report = all(&[rule, file("a_test.rego", one), file("b_test.rego", other)]).unwrap();
    assert!(report.passed(), "{report:#?}");
    assert_eq!(uncovered(report), []);
}
