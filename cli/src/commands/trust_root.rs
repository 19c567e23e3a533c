//! `trust-root`: what a trust root holds, and how to get a newer one.

use crate::failure::Failure;
use crate::printer::Printer;
use crate::status::ExitStatus;

mod show;
mod update;

/// Show what trust roots hold, or fetch newer ones
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Show(show::Args),
    Update(update::Args),
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    match &args.command {
        Command::Show(args) => show::run(args, printer),
        Command::Update(args) => update::run(args, printer),
    }
}
