//! What `sign` and `attest` have in common: keys first, then every image, each digest once.
//!
//! Signs nothing unless every image was found: a half-signed release is harder to see than none.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use countersign_image::{Descriptor, Reference, Repository, SourceError};
use countersign_registry::Client;
use countersign_signing::{Claim, PrivateKey, Published, Publisher, Storage, Target};
use jiff::Timestamp;
use serde::Serialize;

use crate::args::{ImageArgs, OutputArgs, StorageArgs};
use crate::failure::Failure;
use crate::keys;
use crate::password::PasswordArgs;
use crate::printer::{Output, Printer};
use crate::registry::RegistryArgs;
use crate::run::block_on;
use crate::status::ExitStatus;

/// Arguments of commands that sign.
#[derive(Debug, clap::Args)]
pub(crate) struct PublishArgs {
    #[command(flatten)]
    images: ImageArgs,
    /// The private key: a file, or env://NAME
    #[arg(long, value_name = "KEY")]
    key: String,
    /// How to store it
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Write what was signed to this file, one REPOSITORY@DIGEST a line
    #[arg(long, value_name = "FILE")]
    digest_file: Option<PathBuf>,
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    password: PasswordArgs,
    #[command(flatten)]
    registry: RegistryArgs,
    /// cosign asks before it publishes; nothing is asked here
    #[arg(short = 'y', long = "yes", hide = true)]
    _yes: bool,
    /// cosign's way to say what is so here: a signature with a key goes to no log
    #[arg(long = "tlog-upload", hide = true, value_parser = ["false"])]
    _tlog_upload: Option<String>,
}

/// How signatures are stored.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
enum Format {
    /// A Sigstore bundle that refers to the image: cosign 3
    #[default]
    Bundle,
    /// The tags .sig and .att: every cosign
    Legacy,
    /// Both; cosign 2 stops at an image that has a bundle
    Both,
}

impl Format {
    fn storages(self) -> &'static [Storage] {
        match self {
            Self::Bundle => &[Storage::Bundle],
            Self::Legacy => &[Storage::Legacy],
            Self::Both => &[Storage::Bundle, Storage::Legacy],
        }
    }
}

/// Signs what `claim` says about every image. `claim` is made after the key was opened, before a registry is asked.
pub(crate) fn publish(
    args: &PublishArgs,
    printer: &Printer,
    claim: impl FnOnce(Timestamp) -> Result<Claim, Failure>,
) -> Result<ExitStatus, Failure> {
    let references = args.images.references()?;
    let repository = args.storage.repository()?;
    let key = keys::open_private(&args.key, &args.password)?;
    let now = Timestamp::now();
    let claim = claim(now)?;
    if let Some(path) = &args.digest_file {
        // Before anything is signed: that it cannot be written is known too late afterwards.
        OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .map_err(|error| Failure::unwritable(path, &error))?;
    }
    let client = args.registry.client(&references)?;
    block_on(async {
        let images = targets(&client, &references, repository.as_ref(), printer).await?;
        let work = Work {
            args,
            client: &client,
            key: &key,
            claim: &claim,
            now,
        };
        work.publish(&images, printer).await
    })
}

/// An image to sign, and how it was asked for.
struct Image {
    reference: String,
    target: Target,
}

/// Resolves every reference, once. Two that name one digest are one image.
async fn targets(
    client: &Client,
    references: &[Reference],
    repository: Option<&Repository>,
    printer: &Printer,
) -> Result<Vec<Image>, Failure> {
    let mut images: Vec<Image> = Vec::new();
    for reference in references {
        let target = target(client, reference, repository).await?;
        if reference.digest().is_none() {
            printer.note(&format!(
                "{} is {}",
                reference.as_written(),
                target.image.digest()
            ));
        }
        if images
            .iter()
            .all(|image| image.target.image != target.image)
        {
            images.push(Image {
                reference: reference.as_written().to_owned(),
                target,
            });
        }
    }
    Ok(images)
}

async fn target(
    client: &Client,
    reference: &Reference,
    repository: Option<&Repository>,
) -> Result<Target, Failure> {
    let named = reference.repository();
    let wanted = match (reference.digest(), reference.tag()) {
        (Some(digest), _) => digest.to_string(),
        (None, tag) => tag.unwrap_or_default().to_owned(),
    };
    let Some((digest, content, bytes)) = client.manifest(named, &wanted).await? else {
        let (host, reference) = (
            named.registry().to_owned(),
            reference.as_written().to_owned(),
        );
        return Err(SourceError::ImageNotFound { host, reference }.into());
    };
    Ok(Target {
        image: reference.pin(digest.clone()),
        descriptor: Descriptor::new(content.media_type(), digest, bytes.len() as u64),
        repository: repository.unwrap_or(named).clone(),
    })
}

struct Work<'a> {
    args: &'a PublishArgs,
    client: &'a Client,
    key: &'a PrivateKey,
    claim: &'a Claim,
    now: Timestamp,
}

impl Work<'_> {
    async fn publish(&self, images: &[Image], printer: &Printer) -> Result<ExitStatus, Failure> {
        let publisher = Publisher::new(self.client, self.key).map_err(Failure::from)?;
        let (mut signed, mut status) = (Vec::new(), ExitStatus::Success);
        for image in images {
            match self.publish_one(&publisher, image, printer).await {
                Ok(published) => signed.push(SignedOut::new(image, &published)),
                Err(failure) => {
                    status = status.and(printer.failure(&failure.about(&image.target.image)))
                }
            }
        }
        match self.args.output.output {
            Output::Json => printer.json(&signed)?,
            Output::Text => signed.iter().for_each(|signed| printer.data(&signed.image)),
        }
        if let Some(path) = &self.args.digest_file {
            write_digests(path, &signed)?;
        }
        Ok(status)
    }

    async fn publish_one(
        &self,
        publisher: &Publisher<'_>,
        image: &Image,
        printer: &Printer,
    ) -> Result<Vec<Published>, Failure> {
        let mut published = Vec::new();
        for storage in self.args.format.storages() {
            printer.progress(&format!("signing {}", image.target.image));
            let stored = publisher
                .publish(&image.target, self.claim, *storage, self.now)
                .await?;
            let how = stored
                .tag
                .as_ref()
                .map(|tag| format!(", tag {tag}"))
                .unwrap_or_default();
            let repository = &image.target.repository;
            printer.note(&format!(
                "stored as {} {repository}@{}{how}",
                storage.as_str(),
                stored.manifest
            ));
            published.push(stored);
        }
        Ok(published)
    }
}

fn write_digests(path: &Path, signed: &[SignedOut]) -> Result<(), Failure> {
    let lines: String = signed
        .iter()
        .map(|signed| format!("{}\n", signed.image))
        .collect();
    fs::write(path, lines).map_err(|error| Failure::unwritable(path, &error))
}

#[derive(Serialize)]
struct SignedOut {
    reference: String,
    image: String,
    digest: String,
    stored: Vec<StoredOut>,
}

#[derive(Serialize)]
struct StoredOut {
    format: &'static str,
    repository: String,
    manifest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
}

impl SignedOut {
    fn new(image: &Image, published: &[Published]) -> Self {
        let stored = published.iter().map(|stored| StoredOut {
            format: stored.storage.as_str(),
            repository: image.target.repository.to_string(),
            manifest: stored.manifest.to_string(),
            tag: stored.tag.clone(),
        });
        Self {
            reference: image.reference.clone(),
            image: image.target.image.to_string(),
            digest: image.target.image.digest().to_string(),
            stored: stored.collect(),
        }
    }
}
