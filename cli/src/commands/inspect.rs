//! `inspect`: everything that is attached to an image, verified or not.

use countersign_evidence::Verifier;
use countersign_image::{Attachment, Document, Form, Platform, Reference};
use serde::Serialize;

use crate::args::{OutputArgs, StorageArgs};
use crate::claims::{self, Claim};
use crate::failure::Failure;
use crate::lookup::{self, Found, SignerOut};
use crate::printer::{Output, Printer};
use crate::run::block_on;
use crate::source::SourceArgs;
use crate::status::ExitStatus;
use crate::trust::SignerArgs;

/// Show what is attached to images, as a tree
///
/// Without --key or an identity nothing is verified, and what is shown is what the attached things claim to be.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    signer: SignerArgs,
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(args: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    let signer = args.signer.optional()?;
    let verifier = signer.as_ref().map(|signer| &signer.verifier);
    let needs = lookup::everything(args.storage.repository()?.as_ref());
    let (source, references) = args.source.open()?;
    block_on(async {
        let (mut images, mut status) = (Vec::new(), ExitStatus::Success);
        for reference in &references {
            match lookup::find(&source, reference, &needs).await {
                Ok(found) => images.push(ImageOut::new(reference, &found, verifier)),
                Err(failure) => {
                    status = status.and(printer.failure(&args.source.advise(failure)));
                }
            }
        }
        match args.output.output {
            Output::Json => printer.json(&images)?,
            Output::Text => images.iter().for_each(|image| image.print(printer)),
        }
        Ok(status)
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ImageOut {
    reference: String,
    image: String,
    digest: String,
    media_type: String,
    platforms: Vec<PlatformOut>,
    attached: Vec<AttachedOut>,
}

#[derive(Serialize)]
struct PlatformOut {
    platform: String,
    digest: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AttachedOut {
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    predicate_type: Option<String>,
    format: &'static str,
    origin: &'static str,
    manifest: String,
    /// What it speaks of, if not the whole image: a platform, else a digest. A claim, unless it is verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<String>,
    /// Whether it carries a signature of its own.
    signed: bool,
    /// Absent when nobody was named to verify by.
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<bool>,
    /// Who vouches for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    signers: Vec<SignerOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl ImageOut {
    fn new(reference: &Reference, found: &Found, verifier: Option<&Verifier>) -> Self {
        let content = &found.collected.content;
        let attached = found.collected.attachments.iter();
        Self {
            reference: reference.as_written().to_owned(),
            image: found.image.to_string(),
            digest: found.image.digest().to_string(),
            media_type: content.media_type().to_owned(),
            platforms: platforms(content),
            attached: attached
                .map(|attachment| AttachedOut::new(attachment, found, verifier))
                .collect(),
        }
    }

    fn print(&self, printer: &Printer) {
        printer.data(&self.image);
        let kind = if self.platforms.is_empty() {
            "image"
        } else {
            "index"
        };
        printer.data(&format!("│ {kind}, {}", self.media_type));
        for platform in &self.platforms {
            printer.data(&format!("│ {} {}", platform.digest, platform.platform));
        }
        if self.attached.is_empty() {
            printer.data("└─ nothing is attached");
        }
        for (position, attached) in self.attached.iter().enumerate() {
            let last = position + 1 == self.attached.len();
            let (branch, stem) = if last {
                ("└─", "  ")
            } else {
                ("├─", "│ ")
            };
            let of = attached.of.as_ref();
            let of = of.map_or_else(String::new, |part| format!(" of {part}"));
            printer.data(&format!(
                "{branch} {}: {}{of}",
                attached.verdict(),
                attached.what
            ));
            printer.data(&format!(
                "{stem}   {}, {}, {}",
                attached.format, attached.origin, attached.manifest
            ));
            for signer in &attached.signers {
                printer.data(&format!("{stem}   {}", signer.in_words()));
            }
            if let Some(detail) = &attached.detail {
                printer.data(&format!(
                    "{stem}   {detail} ({})",
                    attached.reason.unwrap_or_default()
                ));
            }
        }
    }
}

impl AttachedOut {
    fn new(attachment: &Attachment, found: &Found, verifier: Option<&Verifier>) -> Self {
        let claim = Claim::of(attachment);
        let judged = verifier.map(|verifier| found.judge(verifier, attachment));
        let verified = judged.as_ref().map(Result::is_ok);
        let (signers, rejection) = match judged {
            Some(Ok(signers)) => (signers, None),
            Some(Err(rejection)) => (Vec::new(), Some(rejection)),
            None => (Vec::new(), None),
        };
        Self {
            what: claim.in_words(),
            predicate_type: match claim {
                Claim::Attestation(kind) => Some(kind),
                Claim::Other(_) | Claim::Signature => None,
            },
            format: claims::format(attachment),
            origin: claims::origin(attachment),
            manifest: attachment.manifest.to_string(),
            of: claims::part(attachment, found.image.digest(), &found.collected.content),
            artifact_type: attachment
                .artifact_type
                .as_deref()
                .map(countersign_image::excerpt),
            signed: !matches!(attachment.form, Form::Statement | Form::UnsignedSbom),
            verified,
            signers,
            reason: rejection.as_ref().map(|rejection| rejection.reason.code()),
            detail: rejection.map(|rejection| rejection.detail),
        }
    }

    fn verdict(&self) -> &'static str {
        match self.verified {
            Some(true) => "verified",
            Some(false) => "does not verify",
            None if !self.signed => "unsigned",
            None => "not checked",
        }
    }
}

fn platforms(content: &Document) -> Vec<PlatformOut> {
    let Document::Index(index) = content else {
        return Vec::new();
    };
    let of = |platform: &Option<Platform>| {
        platform
            .as_ref()
            .map_or("unknown platform".to_owned(), ToString::to_string)
    };
    let entries = index.manifests.iter();
    entries
        .map(|entry| PlatformOut {
            platform: of(&entry.platform),
            digest: entry.digest.to_string(),
        })
        .collect()
}
