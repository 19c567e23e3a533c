//! `policy`: what those who write rules need.

use crate::failure::Failure;
use crate::printer::Printer;
use crate::status::ExitStatus;

mod lint;
mod test;

/// Write rules: test and check them
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Test(test::Args),
    Lint(lint::Args),
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    match &args.command {
        Command::Lint(args) => lint::run(args, printer),
        Command::Test(args) => test::run(args, printer),
    }
}
