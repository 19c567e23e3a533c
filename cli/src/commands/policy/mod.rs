//! `policy`: what those who write rules need, and those who hand them on.

use crate::failure::Failure;
use crate::printer::Printer;
use crate::status::ExitStatus;

mod doc;
mod eval;
mod explain;
mod input;
mod lint;
mod list;
mod looking;
mod new;
mod pull;
mod push;
mod test;

/// Write rules, test them, check them, see what they do, and hand policies on through a registry
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    New(new::Args),
    Test(test::Args),
    Lint(lint::Args),
    List(list::Args),
    Doc(doc::Args),
    Input(Box<input::Args>),
    Explain(Box<explain::Args>),
    Eval(Box<eval::Args>),
    Push(Box<push::Args>),
    Pull(Box<pull::Args>),
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    match &args.command {
        Command::Doc(args) => doc::run(args, printer),
        Command::Eval(args) => eval::run(args, printer),
        Command::Explain(args) => explain::run(args, printer),
        Command::Input(args) => input::run(args, printer),
        Command::Lint(args) => lint::run(args, printer),
        Command::List(args) => list::run(args, printer),
        Command::New(args) => new::run(args, printer),
        Command::Pull(args) => pull::run(args, printer),
        Command::Push(args) => push::run(args, printer),
        Command::Test(args) => test::run(args, printer),
    }
}
