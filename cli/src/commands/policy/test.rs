//! `policy test`: runs the tests that stand beside the rules.
//!
//! Refuses to call a run without tests a success.

mod report;

use countersign_policy::{FileCoverage, RegoTest, run_rego_tests, with_shipped_lib};

use crate::failure::Failure;
use crate::printer::Printer;
use crate::rego_files::{PathArgs, Tree};
use crate::status::ExitStatus;

/// Run the tests of rules: every `test_…` in the files that end in _test.rego
///
/// A directory holds rules in rules/<category>/<id>/; what they import from lib is the shipped library's where the
/// directory has no such module. Exit codes: 0 all pass, 1 one fails or there is none, 2 a path cannot be read.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    paths: PathArgs,
    /// Only the tests whose full name has this in it; may be repeated
    #[arg(long, value_name = "TEXT")]
    run: Vec<String>,
    /// Tell which lines of the rules no test reaches
    #[arg(long, conflicts_with = "run")]
    coverage: bool,
    /// Fail unless this part of the lines is reached, in per cent
    #[arg(long, value_name = "PERCENT", requires = "coverage", value_parser = clap::value_parser!(u8).range(0..=100))]
    threshold: Option<u8>,
    /// How to write the results
    #[arg(long, short, value_enum, default_value_t = report::Output::Text)]
    output: report::Output,
}

/// What the tests of one library showed, places as they can be opened from here.
struct Outcome {
    tree: Tree,
    tests: Vec<RegoTest>,
    coverage: Vec<FileCoverage>,
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    let mut outcomes = Vec::new();
    for tree in args.paths.trees()? {
        let wanted = |file: &str, name: &str| {
            tree.names(file)
                && (args.run.is_empty() || args.run.iter().any(|text| name.contains(text)))
        };
        let found = run_rego_tests(&with_shipped_lib(tree.files()), wanted)
            .map_err(|errors| tree.refused("the Rego does not compile", &errors))?;
        let coverage = found.coverage.into_iter();
        let coverage = coverage.filter(|file| tree.names(&file.file)).collect();
        outcomes.push(Outcome {
            tests: found.tests,
            coverage,
            tree,
        });
    }
    if outcomes.iter().all(|outcome| outcome.tests.is_empty()) {
        return Err(Failure::denied("there are no tests")
            .coded("no_tests")
            .hinted("a test is a rule test_… in a file that ends in _test.rego"));
    }
    report::write(&outcomes, args.output, args.coverage, printer)?;
    let mut tests = outcomes.iter().flat_map(|outcome| &outcome.tests);
    if tests.any(|test| test.failure.is_some()) {
        return Ok(ExitStatus::Denied);
    }
    match args.threshold {
        Some(threshold) => reached(&outcomes, threshold),
        None => Ok(ExitStatus::Success),
    }
}

/// Whether enough lines are reached; a library without lines has none that is not.
fn reached(outcomes: &[Outcome], threshold: u8) -> Result<ExitStatus, Failure> {
    let (covered, all) = lines(outcomes.iter().flat_map(|outcome| &outcome.coverage));
    if covered * 100 >= all * usize::from(threshold) {
        return Ok(ExitStatus::Success);
    }
    let message = format!("the tests reach {covered} of {all} lines, wanted {threshold} %");
    Err(Failure::denied(message)
        .coded("coverage_low")
        .hinted("write tests that reach the lines above"))
}

/// Lines that tests reach, and all there are.
fn lines<'c>(files: impl Iterator<Item = &'c FileCoverage>) -> (usize, usize) {
    files.fold((0, 0), |(covered, all), file| {
        let own = file.covered + file.uncovered.len();
        (covered + file.covered, all + own)
    })
}
