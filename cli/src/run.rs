//! From arguments to an exit code.

use std::process::ExitCode;

use clap::Parser;

use crate::commands::Cli;
use crate::failure::Failure;
use crate::printer::Printer;

/// Runs the command that was asked for, and says how it ended.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let printer = Printer::default();
    if rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .is_err()
    {
        return printer
            .failure(&Failure::could_not_look("TLS cannot be set up"))
            .into();
    }
    let status = cli
        .run(&printer)
        .unwrap_or_else(|failure| printer.failure(&failure));
    status.into()
}

/// Runs the part of a command that talks to registries.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::could_not_look(format!("cannot start: {error}")))?;
    runtime.block_on(work)
}
