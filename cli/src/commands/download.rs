//! `download`: the attached things themselves, to stdout.
//!
//! Says on stderr of each whether anybody vouches for it; with `--verified-only` nothing else is written.

use countersign_evidence::{Verifier, predicate};
use countersign_image::{
    Attachment, Descriptor, Document, Form, ImageSource, Needs, PinnedReference, Reference,
    Repository, Resolved,
};
use countersign_registry::Client;
use countersign_review::wording;
use countersign_signing::PredicateType;
use serde_json::json;

use crate::args::{self, StorageArgs};
use crate::claims::{self, Claim};
use crate::commands::attest::predicate_type;
use crate::failure::Failure;
use crate::lookup::{self, Found};
use crate::printer::Printer;
use crate::registry::RegistryArgs;
use crate::run::block_on;
use crate::status::ExitStatus;
use crate::trust::SignerArgs;

/// Download what is attached to an image: its attestations, SBOMs or signatures
///
/// Attestations come as DSSE envelopes, SBOMs as the documents that were attested, signatures as bundles or as payload
/// and signature. What nobody vouches for is marked on stderr.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to download
    #[arg(value_enum)]
    what: What,
    /// The image, by tag or digest
    #[arg(value_name = "IMAGE")]
    image: String,
    /// Only attestations of this type: a URI, or cosign's name for one
    #[arg(long = "type", alias = "predicate-type", value_name = "TYPE", value_parser = predicate_type)]
    kind: Option<PredicateType>,
    /// Of the image for this platform, in place of the index
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    platform: Option<String>,
    /// Only what verifies, with --key or as this identity
    #[arg(long)]
    verified_only: bool,
    #[command(flatten)]
    signer: SignerArgs,
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    registry: RegistryArgs,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum What {
    Attestation,
    Sbom,
    Signature,
}

impl Args {
    /// What is asked for, in words.
    fn in_words(&self) -> String {
        let what = match self.what {
            What::Attestation => "attestation",
            What::Sbom => "SBOM",
            What::Signature => "signature",
        };
        match &self.kind {
            Some(kind) => format!("{what} of type {kind}"),
            None => what.to_owned(),
        }
    }
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    let reference = args::reference(&args.image)?;
    let signer = if args.verified_only {
        Some(args.signer.required()?)
    } else {
        args.signer.optional()?
    };
    let needs = lookup::everything(args.storage.repository()?.as_ref());
    let client = args.registry.client(std::slice::from_ref(&reference))?;
    block_on(async {
        let found = match &args.platform {
            None => lookup::find(&client, &reference, &needs).await?,
            Some(platform) => {
                let child = child(&client, &reference, platform).await?;
                let resolved = Resolved {
                    image: child.clone(),
                    content: None,
                };
                let collected = client.collect(&resolved, &needs).await?;
                Found {
                    image: child,
                    collected,
                }
            }
        };
        let download = Download {
            args,
            client: &client,
            verifier: signer.as_ref().map(|signer| &signer.verifier),
            found: &found,
        };
        download.write(printer).await
    })
}

/// The image of an index for one platform.
async fn child(
    client: &Client,
    reference: &Reference,
    platform: &str,
) -> Result<PinnedReference, Failure> {
    let resolved = client.resolve(reference).await?;
    let collected = client.collect(&resolved, &Needs::default()).await?;
    let Document::Index(index) = &collected.content else {
        return Err(Failure::usage(format!(
            "{}: --platform needs an index, and this is one image",
            resolved.image
        ))
        .hinted("leave out --platform"));
    };
    let names = |entry: &Descriptor| entry.platform.as_ref().map(ToString::to_string);
    let Some(entry) = index
        .manifests
        .iter()
        .find(|entry| names(entry).as_deref() == Some(platform))
    else {
        let known: Vec<_> = index.manifests.iter().filter_map(names).collect();
        return Err(
            Failure::usage(format!("{}: no image for {platform}", resolved.image))
                .hinted(format!("there is: {}", known.join(", "))),
        );
    };
    Ok(PinnedReference::new(
        reference.repository().clone(),
        entry.digest.clone(),
    ))
}

struct Download<'a> {
    args: &'a Args,
    client: &'a Client,
    verifier: Option<&'a Verifier>,
    found: &'a Found,
}

impl Download<'_> {
    async fn write(&self, printer: &Printer) -> Result<ExitStatus, Failure> {
        let mut written = 0;
        for attachment in self
            .found
            .collected
            .attachments
            .iter()
            .filter(|attachment| self.is_wanted(attachment))
        {
            let doubt = self.doubt(attachment);
            if self.args.verified_only && doubt.is_some() {
                continue;
            }
            if let Some(doubt) = doubt {
                printer.warning(&format!(
                    "{} {}: {doubt}",
                    claims::format(attachment),
                    attachment.manifest
                ));
            }
            match self.content(attachment).await? {
                Some(content) => printer.data(&content),
                None => printer.warning(&format!("{}: cannot be read", attachment.manifest)),
            }
            written += 1;
        }
        if written > 0 {
            return Ok(ExitStatus::Success);
        }
        let image = &self.found.image;
        let which = if self.args.verified_only {
            " that verifies"
        } else {
            ""
        };
        Err(Failure::denied(format!(
            "{image}: no {} is attached{which}",
            self.args.in_words()
        ))
        .coded("not_found")
        .hinted(format!(
            "`countersign inspect {image}` shows what is attached"
        )))
    }

    fn is_wanted(&self, attachment: &Attachment) -> bool {
        use predicate::Family::{CycloneDx, Spdx};
        let claim = Claim::of(attachment);
        match (self.args.what, &claim) {
            (What::Signature, Claim::Signature) => true,
            (What::Attestation, Claim::Attestation(kind)) => self.is_of_type(kind),
            (What::Sbom, Claim::Attestation(kind)) => {
                matches!(predicate::family(kind), Some(CycloneDx | Spdx)) && self.is_of_type(kind)
            }
            (What::Sbom, Claim::Other(_)) => {
                attachment.form == Form::UnsignedSbom && self.args.kind.is_none()
            }
            _ => false,
        }
    }

    fn is_of_type(&self, kind: &str) -> bool {
        self.args
            .kind
            .as_ref()
            .is_none_or(|wanted| wanted.accepts(kind))
    }

    /// Why nobody can be held to this, if so.
    fn doubt(&self, attachment: &Attachment) -> Option<String> {
        if attachment.form == Form::UnsignedSbom {
            return Some("nobody signed this (unsigned)".to_owned());
        }
        let Some(verifier) = self.verifier else {
            return Some("not verified; --key KEY would, or an identity".to_owned());
        };
        let rejection = self.found.doubt(verifier, attachment)?;
        Some(wording::why(&rejection))
    }

    async fn content(&self, attachment: &Attachment) -> Result<Option<String>, Failure> {
        if attachment.form == Form::UnsignedSbom {
            return self.unsigned(attachment).await;
        }
        Ok(match self.args.what {
            What::Attestation => {
                claims::envelope(attachment).map(|envelope| envelope.get().to_owned())
            }
            What::Sbom => {
                claims::statement(attachment).map(|statement| text(statement.predicate.get()))
            }
            What::Signature => signature(attachment),
        })
    }

    async fn unsigned(&self, attachment: &Attachment) -> Result<Option<String>, Failure> {
        let Some(layer) = &attachment.layer else {
            return Ok(None);
        };
        let repository: &Repository = self.found.image.repository();
        let bytes = self.client.blob(repository, layer).await?;
        Ok(Some(String::from_utf8_lossy(&bytes).trim_end().to_owned()))
    }
}

/// A document as it is; one that had to be wrapped into a JSON string, unwrapped.
fn text(predicate: &str) -> String {
    serde_json::from_str(predicate).unwrap_or_else(|_| predicate.to_owned())
}

/// A bundle as it is; a payload with its signature under the names that cosign prints.
fn signature(attachment: &Attachment) -> Option<String> {
    let bytes = std::str::from_utf8(attachment.bytes.as_ref()?).ok()?;
    if attachment.form == Form::Bundle {
        return Some(bytes.trim_end().to_owned());
    }
    let signature = attachment
        .layer
        .as_ref()?
        .annotations
        .get("dev.cosignproject.cosign/signature")?;
    Some(json!({"Base64Signature": signature, "Payload": bytes}).to_string())
}
