//! `verify-attestation`: cosign's spelling of `verify --type`.

use crate::commands::{attest, verify};
use crate::failure::Failure;
use crate::printer::Printer;
use crate::status::ExitStatus;

/// Verify that images are attested with a key
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    #[command(flatten)]
    verify: verify::Args,
}

/// Without a type it means `custom`, as in cosign, and never a signature.
pub(crate) fn run(mut args: Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    if args.verify.kind.is_none() {
        args.verify.kind = Some(attest::predicate_type("custom").map_err(Failure::usage)?);
    }
    verify::run(&args.verify, printer)
}
