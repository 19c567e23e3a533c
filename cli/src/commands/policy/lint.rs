//! `policy lint`: what loading would refuse, before anything loads it.

use crate::failure::Failure;
use crate::printer::Printer;
use crate::rego_files::{PathArgs, Tree};
use crate::status::ExitStatus;

use countersign_policy::lint_files;

/// Check rules as loading them would: that they compile, use nothing that is forbidden, and declare what they read
///
/// Exit codes: 0 nothing is wrong, 1 something is, 2 a path cannot be read.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    paths: PathArgs,
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    let mut checked = 0;
    let mut mistakes = 0;
    for tree in args.paths.trees()? {
        checked += tree.named().count();
        let Err(errors) = lint_files(tree.files()) else {
            continue;
        };
        for error in errors
            .errors()
            .iter()
            .filter(|error| tree.names(&error.path))
        {
            mistakes += 1;
            let place = tree.place(&error.path, error.line, error.column);
            printer.data(&format!("{place}: {} ({})", error.message, error.code()));
            if let Some(hint) = error.hint() {
                printer.data(&format!("  hint: {hint}"));
            }
        }
    }
    if checked == 0 {
        return Err(Tree::nothing("there is no Rego to check"));
    }
    let files = if checked == 1 { "file" } else { "files" };
    printer.note(&match mistakes {
        0 => format!("{checked} {files}, nothing wrong"),
        1 => format!("{checked} {files}, 1 mistake"),
        _ => format!("{checked} {files}, {mistakes} mistakes"),
    });
    Ok(if mistakes == 0 {
        ExitStatus::Success
    } else {
        ExitStatus::Denied
    })
}
