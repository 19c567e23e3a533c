//! The commands, one file each.

use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::printer::Printer;
use crate::status::ExitStatus;

mod attest;
mod check;
mod completions;
mod download;
mod images;
mod import_key_pair;
mod inspect;
mod keygen;
mod policy;
mod public_key;
mod resolve;
mod sign;
mod trust_root;
mod verify;
mod verify_attestation;
mod verify_bundle;

/// Signs container images, says what is attached to them, and whether they may run
///
/// Exit codes: 0 it holds, 1 it does not, 2 the command line, a key, a policy or a file is wrong, 3 a registry could
/// not be looked at. Data goes to stdout, everything else to stderr.
#[derive(Debug, Parser)]
#[command(
    name = "countersign",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Keygen(keygen::Args),
    Sign(sign::Args),
    Attest(attest::Args),
    Verify(verify::Args),
    VerifyBundle(verify_bundle::Args),
    Inspect(inspect::Args),
    Download(download::Args),
    Resolve(resolve::Args),
    Check(check::Args),
    Images(images::Args),
    Policy(policy::Args),
    TrustRoot(trust_root::Args),
    Completions(completions::Args),
    #[command(hide = true)]
    ImportKeyPair(import_key_pair::Args),
    #[command(hide = true)]
    PublicKey(public_key::Args),
    #[command(hide = true)]
    VerifyAttestation(verify_attestation::Args),
}

impl Cli {
    /// Runs the command.
    pub(crate) fn run(self, printer: &Printer) -> Result<ExitStatus, Failure> {
        match self.command {
            Command::Attest(args) => attest::run(&args, printer),
            Command::Check(args) => check::run(&args, printer),
            Command::Completions(args) => completions::run(&args, printer),
            Command::Download(args) => download::run(&args, printer),
            Command::Images(args) => images::run(&args, printer),
            Command::ImportKeyPair(args) => import_key_pair::run(&args, printer),
            Command::Inspect(args) => inspect::run(&args, printer),
            Command::Keygen(args) => keygen::run(&args, printer),
            Command::Policy(args) => policy::run(&args, printer),
            Command::PublicKey(args) => public_key::run(&args, printer),
            Command::Resolve(args) => resolve::run(&args, printer),
            Command::Sign(args) => sign::run(&args, printer),
            Command::TrustRoot(args) => trust_root::run(&args, printer),
            Command::Verify(args) => verify::run(&args, printer),
            Command::VerifyBundle(args) => verify_bundle::run(&args, printer),
            Command::VerifyAttestation(args) => verify_attestation::run(args, printer),
        }
    }
}
