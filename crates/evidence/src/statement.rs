//! in-toto statements, v0.1 and v1.
//!
//! Says of which subjects a statement speaks, and leaves it to the caller which of them matter. Refuses what it cannot
//! read as a whole. A predicate that is not what its type says is never taken for it.

mod subject;

use std::sync::Arc;

use bytes::Bytes;
use countersign_image::{Digest, excerpt, strict_members};
use serde::Deserialize;

use crate::evidence::{Content, Signature, Statement};
use crate::predicate::{self, Family};
use crate::rejection::{Reason, Refusal};
use crate::{provenance, sbom, vsa};

pub(crate) use subject::{Subjects, text_values};

/// What a signed thing says about one of its subjects.
#[derive(Clone, Debug)]
pub(crate) enum Claim {
    Signature(Signature),
    Statement(Statement),
}

/// What a payload says, and about what.
#[derive(Debug)]
pub(crate) struct Read {
    said: Said,
    subjects: Subjects,
    /// Why the predicate counts for nothing: it is not what its type says.
    pub(crate) flaw: Option<Refusal>,
}

#[derive(Debug)]
enum Said {
    Signed,
    Stated(Statement),
}

/// How a statement reached us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carried {
    /// As it is, in an attestation manifest of BuildKit.
    Bare,
    /// As the payload of something that was signed.
    Signed,
}

impl Read {
    /// What "it is signed" says about the one digest of a simple-signing payload.
    pub(crate) fn signature(subjects: Subjects) -> Self {
        Self {
            said: Said::Signed,
            subjects,
            flaw: None,
        }
    }

    /// What is said about the artifact that has these digests; nothing if it is none of the subjects.
    pub(crate) fn about(&self, artifact: &[&Digest]) -> Option<Claim> {
        let subject = self.subjects.find(artifact)?;
        Some(match &self.said {
            Said::Signed => Claim::Signature(Signature {
                annotations: subject.annotations.clone(),
            }),
            Said::Stated(statement) => Claim::Statement(statement.clone()),
        })
    }

    /// The rejection of it where none of its subjects matters.
    pub(crate) fn mismatch(&self) -> Refusal {
        let refusal = self.subjects.mismatch();
        match &self.said {
            Said::Signed => refusal,
            Said::Stated(statement) => refusal.about(&statement.predicate_type),
        }
    }
}

/// Reads a payload that somebody signed.
///
/// A predicate that is not what its type says leaves a statement that was verified all the same: it comes without
/// content, and with the reason why it counts for nothing else.
pub(crate) fn read(payload: &Bytes) -> Result<Read, Refusal> {
    read_as(Carried::Signed, payload)
}

/// Refuses a large payload that nobody has vouched for yet, if it has more subjects than are read.
///
/// To verify it would cost more than to find that out; nothing else of it is looked at, and nothing is believed.
pub(crate) fn check_size(payload: &[u8]) -> Result<(), Refusal> {
    if payload.len() <= LARGE {
        return Ok(());
    }
    subject::check_count(payload).map_err(unreadable)
}

/// Reads a statement out of an attestation manifest of BuildKit, whose layer may be annotated with its predicate type.
///
/// It counts through a signature of that manifest, or of the index that lists it; none of its own makes it one.
pub(crate) fn read_bare(payload: &Bytes, annotated_type: Option<&str>) -> Result<Read, Refusal> {
    let read = read_as(Carried::Bare, payload)?;
    let Said::Stated(statement) = &read.said else {
        return Err(Refusal::new(
            Reason::PredicateMismatch,
            "it says that the image is signed, which only a signature says",
        ));
    };
    let found = &statement.predicate_type;
    if let Some(annotated) = annotated_type
        && annotated != found
    {
        let detail = format!(
            "its type is {}, but its layer is annotated as {}",
            excerpt(found),
            excerpt(annotated)
        );
        return Err(Refusal::new(Reason::PredicateMismatch, detail).about(found));
    }
    // Elsewhere an empty list means "whatever this is attached to"; what is attached can be moved.
    if read.subjects.is_empty() {
        return Err(read.mismatch());
    }
    Ok(read)
}

fn read_as(carried: Carried, payload: &Bytes) -> Result<Read, Refusal> {
    let text = std::str::from_utf8(payload).map_err(|_| malformed("it is not UTF-8"))?;
    let wire = Wire::of(strict_members(text).map_err(malformed)?)?;
    let predicate_type = wire.predicate_type.clone();
    let mut read =
        said(carried, payload, wire).map_err(|refusal| refusal.about(&predicate_type))?;
    read.flaw = read.flaw.map(|flaw| flaw.about(&predicate_type));
    Ok(read)
}

fn said(carried: Carried, payload: &Bytes, wire: Wire<'_>) -> Result<Read, Refusal> {
    if !STATEMENT_TYPES.contains(&wire.kind.as_str()) {
        return Err(malformed(format!(
            "its _type is \"{}\"",
            excerpt(&wire.kind)
        )));
    }
    if wire.predicate_type.is_empty() {
        return Err(malformed("it has no predicateType"));
    }
    if wire.subject.is_none() && carried == Carried::Signed {
        return Err(malformed("it has no subject"));
    }
    let subjects = wire.subject.unwrap_or_default();
    let family = predicate::family(&wire.predicate_type);
    if family == Some(Family::Sign) {
        return Ok(Read::signature(subjects));
    }
    let predicate = wire.predicate;
    let read = content(carried, &wire.predicate_type, predicate.unwrap_or("null"));
    let (content, flaw) = match read {
        Ok(content) => (content, None),
        Err(flaw) => (Content::Other, Some(flaw)),
    };
    let predicate = match predicate {
        Some(predicate) => payload.slice_ref(predicate.as_bytes()),
        None => Bytes::from_static(b"null"),
    };
    Ok(Read {
        said: Said::Stated(Statement {
            predicate_type: wire.predicate_type,
            predicate,
            content,
        }),
        subjects,
        flaw,
    })
}

/// What a predicate of the type `predicate_type` says, in the shape of its family; strictly checked before.
pub(crate) fn content(
    carried: Carried,
    predicate_type: &str,
    predicate: &str,
) -> Result<Content, Refusal> {
    Ok(match predicate::family(predicate_type) {
        Some(Family::Provenance) => {
            Content::Provenance(Arc::new(provenance::read(predicate_type, predicate)?))
        }
        Some(family @ (Family::Spdx | Family::CycloneDx)) => {
            match sbom::read(family, carried, predicate_type, predicate)? {
                Some(sbom) => Content::Sbom(Arc::new(sbom)),
                None => Content::Other,
            }
        }
        Some(Family::VerificationSummary) => {
            Content::VerificationSummary(Arc::new(vsa::read(predicate_type, predicate)?))
        }
        _ => Content::Other,
    })
}

fn unreadable(error: serde_json::Error) -> Refusal {
    let message = error.to_string();
    // The position is one within the member, of which the reader knows nothing.
    let mistake = message.split(" at line ").next().unwrap_or_default();
    if subject::is_too_many(&error) {
        return Refusal::new(Reason::TooMany, format!("it has {mistake}"));
    }
    malformed(mistake)
}

fn malformed(error: impl std::fmt::Display) -> Refusal {
    Refusal::new(
        Reason::StatementMalformed,
        format!("it does not read as an in-toto statement: {error}"),
    )
}

/// A statement, with its predicate as it is written.
struct Wire<'a> {
    kind: String,
    // BuildKit leaves it out where the image has no name.
    subject: Option<Subjects>,
    predicate_type: String,
    predicate: Option<&'a str>,
}

impl<'a> Wire<'a> {
    fn of(members: Vec<(&str, &'a str)>) -> Result<Self, Refusal> {
        let (mut kind, mut subject, mut predicate_type, mut predicate) = (None, None, None, None);
        for (name, value) in members {
            match name {
                // Some write the name of the field in the protocol buffer, which its JSON form allows.
                "_type" | "type" if kind.is_some() => return Err(malformed("it has two types")),
                "_type" | "type" => kind = Some(member(value)?),
                "subject" => subject = member(value)?,
                "predicateType" => predicate_type = Some(member(value)?),
                "predicate" => predicate = Some(value),
                _ => {}
            }
        }
        let missing = |name: &str| malformed(format!("it has no {name}"));
        Ok(Self {
            kind: kind.ok_or_else(|| missing("_type"))?,
            subject,
            predicate_type: predicate_type.ok_or_else(|| missing("predicateType"))?,
            predicate,
        })
    }
}

fn member<'a, T: Deserialize<'a>>(value: &'a str) -> Result<T, Refusal> {
    serde_json::from_str(value).map_err(unreadable)
}

/// Where looking ahead is cheaper than a signature that is in vain.
const LARGE: usize = 256 * 1024;
const STATEMENT_TYPES: &[&str] = &[
    "https://in-toto.io/Statement/v1",
    "https://in-toto.io/Statement/v0.1",
];

#[cfg(test)]
mod tests;
