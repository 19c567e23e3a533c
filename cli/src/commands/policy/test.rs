//! `policy test`: runs the tests that stand beside the rules.
//!
//! Refuses to call a run without tests a success.

use countersign_policy::{RegoTest, run_rego_tests, with_shipped_lib};

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
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    let (mut passed, mut failed) = (0, 0);
    for tree in args.paths.trees()? {
        let report = run_rego_tests(&with_shipped_lib(tree.files()))
            .map_err(|errors| tree.refused("the Rego does not compile", &errors))?;
        for test in report.tests.iter().filter(|test| tree.names(&test.file)) {
            match &test.failure {
                None => passed += 1,
                Some(failure) => {
                    failed += 1;
                    show(&tree, test, failure, printer);
                }
            }
        }
    }
    if passed + failed == 0 {
        return Err(Failure::denied("there are no tests")
            .coded("no_tests")
            .hinted("a test is a rule test_… in a file that ends in _test.rego"));
    }
    printer.data(&format!("{passed} passed, {failed} failed"));
    Ok(if failed == 0 {
        ExitStatus::Success
    } else {
        ExitStatus::Denied
    })
}

fn show(tree: &Tree, test: &RegoTest, failure: &str, printer: &Printer) {
    let place = tree.place(&test.file, test.line, 0);
    printer.data(&format!("FAIL {place} {}: {failure}", test.name));
    for line in &test.prints {
        printer.data(&format!("  printed {line}"));
    }
}
