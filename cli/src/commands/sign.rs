//! `sign`: signs images, with a key or as somebody.

use countersign_signing::Claim;

use crate::args::AnnotationArgs;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::publishing::{self, Content, PublishArgs};
use crate::status::ExitStatus;

/// Sign images
///
/// A tag is resolved once; what is signed is the digest, which is printed. Each digest is signed once. What was pushed
/// is read back and verified. Without --key, an identity signs: that of the CI job, of --identity-token, or of who logs
/// in with --oidc-interactive; it stands in a certificate, which a public log keeps.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    annotations: AnnotationArgs,
    /// Of an index, sign every image in it too
    #[arg(long, short)]
    recursive: bool,
    #[command(flatten)]
    publish: PublishArgs,
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    let annotations = args.annotations.map()?;
    publishing::publish(&args.publish, printer, |_| {
        Ok(Content::Same {
            claim: Claim::Signature(annotations),
            recursive: args.recursive,
        })
    })
}
