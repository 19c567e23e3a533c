//! `resolve`: what digest a reference means now.

use countersign_image::{ImageSource, PinnedReference, Reference};
use serde::Serialize;

use crate::args::{ImageArgs, OutputArgs};
use crate::failure::Failure;
use crate::printer::{Output, Printer};
use crate::registry::RegistryArgs;
use crate::run::block_on;
use crate::status::ExitStatus;

/// Print images by digest
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    images: ImageArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    registry: RegistryArgs,
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    let references = args.images.references()?;
    let client = args.registry.client(&references)?;
    block_on(async {
        let (mut resolved, mut status) = (Vec::new(), ExitStatus::Success);
        for reference in &references {
            match client.resolve(reference).await {
                Ok(found) => resolved.push(ResolvedOut::new(reference, &found.image)),
                Err(error) => status = status.and(printer.failure(&error.into())),
            }
        }
        match args.output.output {
            Output::Json => printer.json(&resolved)?,
            Output::Text => resolved
                .iter()
                .for_each(|resolved| printer.data(&resolved.image)),
        }
        Ok(status)
    })
}

#[derive(Serialize)]
struct ResolvedOut {
    reference: String,
    image: String,
    registry: String,
    repository: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    digest: String,
}

impl ResolvedOut {
    fn new(reference: &Reference, image: &PinnedReference) -> Self {
        Self {
            reference: reference.as_written().to_owned(),
            image: image.to_string(),
            registry: image.repository().registry().to_owned(),
            repository: image.repository().path().to_owned(),
            tag: reference.tag().map(str::to_owned),
            digest: image.digest().to_string(),
        }
    }
}
