//! The results of tests for people, for programs and for CI servers.

use std::collections::BTreeMap;

use countersign_policy::{RegoTest, TestFailure};
use serde_json::{Value, json};

use super::{Outcome, lines};
use crate::failure::Failure;
use crate::junit::{self, Case, Kind, Problem, Suite};
use crate::printer::Printer;
use crate::traces;

/// How results are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Text,
    /// For programs: one JSON document.
    Json,
    /// For CI servers: JUnit XML.
    Junit,
}

pub(super) fn write(
    outcomes: &[Outcome],
    output: Output,
    coverage: bool,
    printer: &Printer,
) -> Result<(), Failure> {
    match output {
        Output::Text => write_text(outcomes, coverage, printer),
        Output::Json => printer.json(&document(outcomes, coverage))?,
        Output::Junit => {
            printer.bytes(junit::render("countersign policy test", &suites(outcomes)).as_bytes())
        }
    }
    Ok(())
}

fn write_text(outcomes: &[Outcome], coverage: bool, printer: &Printer) {
    let (mut passed, mut failed) = (0, 0);
    for outcome in outcomes {
        for (file, tests) in by_file(&outcome.tests) {
            let failures = tests.iter().filter(|test| test.failure.is_some()).count();
            passed += tests.len() - failures;
            failed += failures;
            let place = outcome.tree.place(file, 0, 0);
            let mark = if failures == 0 { "ok  " } else { "FAIL" };
            printer.data(&format!(
                "{mark} {:>4}  {place}",
                count(tests.len() - failures, failures)
            ));
            for test in tests {
                if test.failure.is_some() || !test.prints.is_empty() {
                    detail(outcome, test)
                        .iter()
                        .for_each(|line| printer.data(&format!("  {line}")));
                }
            }
        }
    }
    if coverage {
        write_coverage(outcomes, printer);
    }
    printer.data(&format!("{passed} passed, {failed} failed"));
}

fn count(passed: usize, failed: usize) -> String {
    if failed == 0 {
        passed.to_string()
    } else {
        format!("{passed}/{}", passed + failed)
    }
}

fn write_coverage(outcomes: &[Outcome], printer: &Printer) {
    for outcome in outcomes {
        for file in outcome
            .coverage
            .iter()
            .filter(|file| !file.uncovered.is_empty())
        {
            let place = outcome.tree.place(&file.file, 0, 0);
            let missed: Vec<String> = file.uncovered.iter().map(u32::to_string).collect();
            printer.data(&format!("not reached: {place}: {}", missed.join(", ")));
        }
    }
    let (covered, all) = lines(outcomes.iter().flat_map(|outcome| &outcome.coverage));
    printer.data(&format!("{covered} of {all} lines reached"));
}

/// A test with why it failed and what it printed.
fn detail(outcome: &Outcome, test: &RegoTest) -> Vec<String> {
    let place = outcome.tree.place(&test.file, test.line, 0);
    let mut lines = match &test.failure {
        Some(failure) => {
            let mut lines = vec![format!("{place} {}: {}", short(test), failure.message)];
            lines.extend(
                why(outcome, failure)
                    .into_iter()
                    .map(|line| format!("  {line}")),
            );
            lines
        }
        None => vec![format!("{place} {}", short(test))],
    };
    let prints = test.prints.iter().map(|print| {
        let place = outcome.tree.place(&print.file, print.line, 0);
        format!("  printed at {place}: {}", print.text)
    });
    lines.extend(prints);
    lines
}

fn why(outcome: &Outcome, failure: &TestFailure) -> Vec<String> {
    let place = |file: &str, line, column| outcome.tree.place(file, line, column);
    let mut lines = Vec::new();
    for attempt in &failure.attempts {
        if let Some(step) = attempt.steps.last().filter(|_| !attempt.holds) {
            traces::step(&attempt.file, step, &place, &mut lines);
        }
    }
    let differences = failure.differences.iter();
    lines.extend(differences.map(|line| format!("  differs {line}")));
    for seen in &failure.replaced {
        lines.push(format!("  with {}", traces::seen(seen)));
    }
    lines
}

/// The name without `data.`.
fn short(test: &RegoTest) -> &str {
    test.name.strip_prefix("data.").unwrap_or(&test.name)
}

fn by_file(tests: &[RegoTest]) -> BTreeMap<&str, Vec<&RegoTest>> {
    let mut files: BTreeMap<&str, Vec<&RegoTest>> = BTreeMap::new();
    for test in tests {
        files.entry(&test.file).or_default().push(test);
    }
    files
}

fn document(outcomes: &[Outcome], coverage: bool) -> Value {
    let tests = outcomes.iter().flat_map(|outcome| {
        outcome.tests.iter().map(|test| {
            let mut entry = json!({
                "file": outcome.tree.place(&test.file, 0, 0),
                "line": test.line,
                "name": short(test),
                "passed": test.failure.is_none(),
                "printed": test.prints,
            });
            if let Some(failure) = &test.failure {
                let mut attempts = failure.attempts.clone();
                for attempt in &mut attempts {
                    attempt.file = outcome.tree.place(&attempt.file, 0, 0);
                }
                entry["failure"] = json!({
                    "message": failure.message,
                    "definitions": attempts,
                    "differences": failure.differences,
                    "with": failure.replaced,
                });
            }
            entry
        })
    });
    let tests: Vec<Value> = tests.collect();
    let failed = tests.iter().filter(|test| test["passed"] == false).count();
    let mut document = json!({ "passed": tests.len() - failed, "failed": failed, "tests": tests });
    if coverage {
        let files = outcomes.iter().flat_map(|outcome| {
            outcome.coverage.iter().map(|file| {
                json!({
                    "file": outcome.tree.place(&file.file, 0, 0),
                    "reached": file.covered,
                    "notReached": file.uncovered,
                })
            })
        });
        document["coverage"] = files.collect();
    }
    document
}

fn suites(outcomes: &[Outcome]) -> Vec<Suite> {
    let suites = outcomes.iter().flat_map(|outcome| {
        by_file(&outcome.tests)
            .into_iter()
            .map(|(file, tests)| Suite {
                name: outcome.tree.place(file, 0, 0),
                cases: tests.into_iter().map(|test| case(outcome, test)).collect(),
            })
    });
    suites.collect()
}

fn case(outcome: &Outcome, test: &RegoTest) -> Case {
    let (class, name) = short(test).rsplit_once('.').unwrap_or(("", short(test)));
    let printed: Vec<&str> = test
        .prints
        .iter()
        .map(|print| print.text.as_str())
        .collect();
    Case {
        class: class.to_owned(),
        name: name.to_owned(),
        file: Some(outcome.tree.place(&test.file, 0, 0)),
        line: Some(test.line.into()),
        problem: test.failure.as_ref().map(|failure| Problem {
            kind: Kind::Failure,
            code: "test_failed".to_owned(),
            summary: failure.message.clone(),
            detail: detail(outcome, test).join("\n"),
        }),
        output: printed.join("\n"),
    }
}
