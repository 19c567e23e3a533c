//! `attest`: signs a statement about images: provenance, an SBOM, anything with a type, or what BuildKit wrote.

use std::path::PathBuf;

use countersign_signing::{Claim, Predicate, PredicateError, PredicateType, is_uri};

use crate::args;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::publishing::{self, Content, PublishArgs};
use crate::status::ExitStatus;

/// Attest something about images
///
/// The statement is bound to the digest, which is printed. What its type does not allow is refused before anything is
/// pushed; what was pushed is read back and verified. Without --key, an identity signs, as with `sign`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What it is: a URI, or cosign's name for one (cyclonedx, slsaprovenance1, spdxjson, …); custom if not named
    #[arg(long = "type", value_name = "TYPE", value_parser = predicate_type)]
    kind: Option<PredicateType>,
    /// The file that says it; - is stdin
    #[arg(long, value_name = "FILE", required_unless_present = "from_buildkit")]
    predicate: Option<PathBuf>,
    /// Attest what BuildKit says in the index: of each image in it, every statement, or those of --type
    #[arg(long, conflicts_with_all = ["predicate", "recursive"])]
    from_buildkit: bool,
    /// The builder to name where BuildKit's provenance names none
    #[arg(long, value_name = "URI", requires = "from_buildkit", value_parser = uri)]
    builder_id: Option<String>,
    /// Of an index, attest the same about every image in it too
    #[arg(long, short)]
    recursive: bool,
    #[command(flatten)]
    publish: PublishArgs,
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    publishing::publish(&args.publish, printer, |now| {
        let Some(path) = &args.predicate else {
            return Ok(Content::BuildKit {
                kind: args.kind.clone(),
                builder_id: args.builder_id.clone(),
            });
        };
        let kind = match &args.kind {
            Some(kind) => kind.clone(),
            None => CUSTOM.parse()?,
        };
        let text = args::read(path)?;
        let predicate = Predicate::new(kind, text.as_bytes(), now);
        let predicate = predicate.map_err(|error| Failure::from(error).about(path.display()))?;
        Ok(Content::Same {
            claim: Claim::Attestation(predicate),
            recursive: args.recursive,
        })
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

fn uri(written: &str) -> Result<String, String> {
    if is_uri(written) {
        Ok(written.to_owned())
    } else {
        Err("expected an absolute URI, as https://builder.acme.example/v1".to_owned())
    }
}

/// What cosign takes a predicate for that has no type.
const CUSTOM: &str = "custom";
