//! What attached bytes claim to be, before anybody verified them: for showing, never for deciding.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_evidence::predicate;
use countersign_image::{Attachment, Form, Origin, excerpt, parse_strict};
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
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    dsse_envelope: Box<RawValue>,
}

#[derive(Deserialize)]
struct Envelope {
    payload: String,
}
