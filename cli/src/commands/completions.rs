//! `completions`: what a shell needs to complete our commands.

use clap::CommandFactory;

use crate::commands::Cli;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::status::ExitStatus;

/// Print the completions for a shell
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "countersign", &mut script);
    printer.bytes(&script);
    Ok(ExitStatus::Success)
}
