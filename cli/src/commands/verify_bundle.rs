//! `verify-bundle`: whether one Sigstore bundle file speaks for one artifact, without a registry.
//!
//! A bundle that does not parse is refused like one that does not verify: exit 1, with a code.

use std::fs;
use std::path::PathBuf;

use countersign_evidence::{Artifact, Reason, Refusal, SignedContent, Verified};
use countersign_image::{Digest, limits};
use jiff::Timestamp;
use serde::Serialize;

use crate::args::{self, OutputArgs};
use crate::failure::{Failure, signer_hint};
use crate::lookup::SignerOut;
use crate::printer::{Output, Printer};
use crate::status::ExitStatus;
use crate::trust::SignerArgs;

/// Verify a Sigstore bundle file, without a registry
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The bundle
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,
    #[command(flatten)]
    artifact: ArtifactArgs,
    #[command(flatten)]
    signer: SignerArgs,
    /// Judge as of this time, as 2026-11-20T08:00:00Z, in place of now
    #[arg(long, value_name = "TIME")]
    time: Option<Timestamp>,
    #[command(flatten)]
    output: OutputArgs,
}

/// What the bundle has to speak of.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct ArtifactArgs {
    /// The digest of what was signed, as sha256:HEX
    #[arg(long, value_name = "ALG:HEX")]
    digest: Option<Digest>,
    /// The file that was signed
    #[arg(long, value_name = "FILE")]
    artifact: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Args, printer: &Printer) -> Result<ExitStatus, Failure> {
    let signer = arguments.signer.required()?;
    let content = match &arguments.artifact.artifact {
        Some(path) => fs::read(path).map_err(|error| Failure::unreadable(path, &error))?,
        None => Vec::new(),
    };
    let artifact = match &arguments.artifact.digest {
        Some(digest) => Artifact::Digest(digest),
        None => Artifact::Bytes(&content),
    };
    let bundle = args::read_bytes(&arguments.bundle, limits::STATEMENT_BYTES)?;
    let now = arguments.time.unwrap_or_else(Timestamp::now);
    let verdict = signer.verifier.verify_bundle(&bundle, &artifact, now);
    let result = ResultOut::new(&verdict);
    match (arguments.output.output, &verdict) {
        (Output::Json, _) => printer.json(&result)?,
        (Output::Text, Ok(_)) => result.print(printer),
        (Output::Text, Err(_)) => {}
    }
    match verdict {
        Ok(_) => Ok(ExitStatus::Success),
        Err(rejection) => Err(Failure::denied(format!(
            "{}: {}",
            arguments.bundle.display(),
            rejection.detail
        ))
        .coded(rejection.reason.code())
        .hinted(hint(rejection.reason, signer.words == "key"))),
    }
}

/// What to look at, by why the bundle is refused.
fn hint(reason: Reason, by_key: bool) -> &'static str {
    match reason {
        Reason::KeyMismatch if by_key => {
            "is --key the public key of who signed it, and --digest or --artifact what was signed?"
        }
        Reason::LogEntryMismatch | Reason::SignatureInvalid | Reason::SubjectMismatch => {
            "is --digest or --artifact what was signed? if it is, do not trust the bundle"
        }
        Reason::Malformed | Reason::TooMany | Reason::UnsupportedFormat => {
            "one whole Sigstore bundle of version 0.1, 0.2 or 0.3 is meant, as cosign, gh or sigstore-python write it"
        }
        _ => signer_hint(reason, by_key).unwrap_or(
            "ask who gave you the bundle for one that verifies; nothing in it can be relied on",
        ),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultOut {
    verified: bool,
    /// Why it is refused, as a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    predicate_type: Option<String>,
    signers: Vec<SignerOut>,
}

impl ResultOut {
    fn new(verdict: &Result<Vec<Verified<SignedContent>>, Refusal>) -> Self {
        let (signers, rejection) = match verdict {
            Ok(signers) => (signers.as_slice(), None),
            Err(rejection) => (Default::default(), Some(rejection)),
        };
        let content = signers.first().map(Verified::value);
        Self {
            verified: rejection.is_none(),
            code: rejection.map(|rejection| rejection.reason.code()),
            detail: rejection.map(|rejection| rejection.detail.clone()),
            predicate_type: content.and_then(|content| content.predicate_type().map(str::to_owned)),
            signers: signers.iter().map(SignerOut::new).collect(),
        }
    }

    fn print(&self, printer: &Printer) {
        let what = self.predicate_type.as_deref().unwrap_or("signature");
        for signer in &self.signers {
            printer.data(&format!("verified: {what}, {}", signer.in_words()));
        }
    }
}
