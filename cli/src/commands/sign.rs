//! `sign`: signs images with a key.

use countersign_signing::Claim;

use crate::args::AnnotationArgs;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::publishing::{self, PublishArgs};
use crate::status::ExitStatus;

/// Sign images
///
/// A tag is resolved once; what is signed is the digest, which is printed. Each digest is signed once. What was pushed
/// is read back and verified.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    annotations: AnnotationArgs,
    #[command(flatten)]
    publish: PublishArgs,
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    let annotations = args.annotations.map()?;
    publishing::publish(&args.publish, printer, |_| {
        Ok(Claim::Signature(annotations))
    })
}
