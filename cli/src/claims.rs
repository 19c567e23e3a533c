//! What attached bytes claim to be, before anybody verified them: for showing, never for deciding.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_evidence::predicate;
use countersign_image::{
    Attachment, AttestationManifest, Digest, Document, Form, Origin, excerpt, parse_strict,
};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What an attachment claims to say.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Claim {
    /// A statement of this predicate type.
    Attestation(String),
    /// Something that is not signed, or that cannot be read: in words.
    Other(String),
    /// "It is signed."
    Signature,
}

impl Claim {
    /// What `attachment` claims to say.
    pub(crate) fn of(attachment: &Attachment) -> Self {
        match &attachment.form {
            Form::SimpleSigning => Self::Signature,
            Form::Bundle | Form::Envelope => match statement(attachment) {
                Some(statement) if statement.predicate_type == predicate::COSIGN_SIGN => {
                    Self::Signature
                }
                Some(statement) => Self::Attestation(excerpt(&statement.predicate_type)),
                None => Self::Other("unreadable statement".to_owned()),
            },
            Form::Statement => match bare_statement(attachment) {
                Some(statement) => Self::Attestation(excerpt(&statement.predicate_type)),
                None => Self::Other("unreadable statement".to_owned()),
            },
            Form::UnsignedSbom => Self::Other("SBOM".to_owned()),
            Form::Malformed(detail) => Self::Other(excerpt(detail)),
            Form::Unsupported(what) => Self::Other(excerpt(what)),
            _ => Self::Other("unknown".to_owned()),
        }
    }

    /// In words.
    pub(crate) fn in_words(&self) -> String {
        match self {
            Self::Attestation(kind) => format!("attestation {kind}"),
            Self::Other(what) => what.clone(),
            Self::Signature => "signature".to_owned(),
        }
    }
}

/// The statement inside a bundle or an envelope.
pub(crate) fn statement(attachment: &Attachment) -> Option<Statement> {
    let envelope: Envelope = parse_strict(envelope(attachment)?.get().as_bytes()).ok()?;
    parse_strict(&STANDARD.decode(envelope.payload).ok()?).ok()
}

/// What `attachment` claims to speak of, if that is not `image` as a whole: a platform in its index, else a digest.
pub(crate) fn part(attachment: &Attachment, image: &Digest, content: &Document) -> Option<String> {
    let index = match content {
        Document::Index(index) => Some(index),
        Document::Manifest(_) => None,
    };
    let digest = match attachment.form {
        Form::Bundle | Form::Envelope => said(statement(attachment)?, image)?,
        Form::SimpleSigning => {
            let payload: Payload = parse_strict(attachment.bytes.as_ref()?).ok()?;
            payload.critical.image.digest
        }
        Form::Statement => {
            let listed = index?.attestation_manifests().ok()?;
            let it = |known: &AttestationManifest<'_>| known.manifest.digest == attachment.manifest;
            listed.into_iter().find(it)?.child.digest.to_string()
        }
        _ => return None,
    };
    if digest == image.to_string() {
        return None;
    }
    let mut children = index.into_iter().flat_map(|index| &index.manifests);
    let child = children.find(|child| child.digest.to_string() == digest);
    let platform = child.and_then(|child| child.platform.as_ref());
    let platform = platform.filter(|platform| platform.os != "unknown");
    Some(platform.map_or_else(|| excerpt(&digest), ToString::to_string))
}

/// The subject of a statement: `image` if it is among several, else the first.
fn said(statement: Statement, image: &Digest) -> Option<String> {
    let subjects = statement.subject.into_iter();
    let mut digests = subjects.flat_map(|subject| subject.digest);
    let (first, image) = (digests.next(), image.to_string());
    let shown = |(algorithm, hex): (String, String)| format!("{algorithm}:{hex}");
    let first = shown(first?);
    Some(match digests.map(shown).any(|other| other == image) {
        true => image,
        false => first,
    })
}

fn bare_statement(attachment: &Attachment) -> Option<Statement> {
    parse_strict(attachment.bytes.as_ref()?).ok()
}

/// The DSSE envelope of a bundle, or the one that an attachment is, as it was written.
pub(crate) fn envelope(attachment: &Attachment) -> Option<Box<RawValue>> {
    let bytes = attachment.bytes.as_ref()?;
    match attachment.form {
        Form::Bundle => Some(parse_strict::<Bundle>(bytes).ok()?.dsse_envelope),
        _ => parse_strict(bytes).ok(),
    }
}

/// The road by which it was found, in words.
pub(crate) fn origin(attachment: &Attachment) -> &'static str {
    match attachment.origin {
        Origin::AttestationTag => "tag .att",
        Origin::FallbackTag => "fallback tag",
        Origin::Index => "listed in the index",
        Origin::Referrer => "referrer",
        Origin::SbomTag => "tag .sbom",
        Origin::SignatureTag => "tag .sig",
        _ => "unknown",
    }
}

/// How it is stored, in words.
pub(crate) fn format(attachment: &Attachment) -> &'static str {
    match attachment.form {
        Form::Bundle => "bundle",
        Form::Envelope => "envelope",
        Form::SimpleSigning => "simple-signing",
        Form::Statement => "buildkit",
        Form::UnsignedSbom => "unsigned",
        Form::Malformed(_) => "malformed",
        _ => "unsupported",
    }
}

/// The parts of a statement that are shown.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Statement {
    /// The type of the predicate.
    pub(crate) predicate_type: String,
    /// What it says, as it was written.
    pub(crate) predicate: Box<RawValue>,
    #[serde(default)]
    subject: Vec<Subject>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    dsse_envelope: Box<RawValue>,
}

#[derive(Debug, Deserialize)]
struct Subject {
    #[serde(default)]
    digest: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Payload {
    critical: Critical,
}

#[derive(Deserialize)]
struct Critical {
    image: Image,
}

#[derive(Deserialize)]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
}

#[derive(Deserialize)]
struct Envelope {
    payload: String,
}
