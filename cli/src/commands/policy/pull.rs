//! `policy pull`: the policies of an artifact, verified, as a directory.

use std::path::PathBuf;

use countersign_review::PolicyArtifact;
use jiff::Timestamp;

use crate::failure::Failure;
use crate::policies;
use crate::printer::Printer;
use crate::registry::RegistryArgs;
use crate::run::block_on;
use crate::status::ExitStatus;
use crate::trust::SignerArgs;

/// Pull policies from a registry into a directory
///
/// A tag needs a key or an identity that signed what it leads to; a digest says for itself what it is. Nothing is
/// written over: the directory is made, or is there and empty.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The artifact, by tag or digest
    #[arg(value_name = "REFERENCE")]
    reference: String,
    /// The directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    #[command(flatten)]
    signer: SignerArgs,
    #[command(flatten)]
    registry: RegistryArgs,
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    let reference = policies::reference(&args.reference)?;
    let signer = args.signer.optional()?;
    let verifier = signer.as_ref().map(|signer| &signer.verifier);
    let client = args.registry.client(std::slice::from_ref(&reference))?;
    block_on(async {
        let (image, artifact) =
            PolicyArtifact::fetch(&client, &reference, verifier, Timestamp::now())
                .await
                .map_err(policies::unusable)?;
        artifact
            .write_to(&args.directory)
            .map_err(policies::unusable)?;
        printer.data(&image.to_string());
        printer.note(&format!(
            "{} files in {}",
            artifact.files.len(),
            args.directory.display()
        ));
        Ok(ExitStatus::Success)
    })
}
