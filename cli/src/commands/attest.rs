//! `attest`: signs a statement about images: provenance, an SBOM, anything with a type.

use std::path::PathBuf;

use countersign_signing::{Claim, Predicate, PredicateError, PredicateType};

use crate::args;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::publishing::{self, PublishArgs};
use crate::status::ExitStatus;

/// Attest something about images
///
/// The statement is bound to the digest, which is printed. What its type does not allow is refused before anything is
/// pushed; what was pushed is read back and verified.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What it is: a URI, or cosign's name for one (cyclonedx, slsaprovenance1, spdxjson, …)
    #[arg(long = "type", value_name = "TYPE", default_value = "custom", value_parser = predicate_type)]
    kind: PredicateType,
    /// The file that says it; - is stdin
    #[arg(long, value_name = "FILE")]
    predicate: PathBuf,
    #[command(flatten)]
    publish: PublishArgs,
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    publishing::publish(&args.publish, printer, |now| {
        let text = args::read(&args.predicate)?;
        let predicate = Predicate::new(args.kind.clone(), text.as_bytes(), now);
        Ok(Claim::Attestation(predicate.map_err(|error| {
            Failure::from(error).about(args.predicate.display())
        })?))
    })
}

/// A predicate type, with the known ones in the message if it is none.
pub(crate) fn predicate_type(written: &str) -> Result<PredicateType, String> {
    written
        .parse()
        .map_err(|error: PredicateError| match error.hint() {
            Some(hint) => format!("{error}\nhint: {hint}"),
            None => error.to_string(),
        })
}
