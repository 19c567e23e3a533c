//! in-toto statements, v0.1 and v1.
//!
//! Refuses a statement that does not name the image's digest among its subjects, whatever names they have. A predicate that is
//! not what its type says is never taken for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_image::{Digest, Fields, excerpt, limits};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::evidence::{Content, Signature, Statement};
use crate::predicate::{self, Family};
use crate::rejection::{Reason, Refusal};
use crate::simple_signing::text_values;
use crate::{json, provenance, sbom};

/// What a verified payload says.
#[derive(Clone, Debug)]
pub(crate) enum Claim {
    Signature(Signature),
    Statement(Statement),
}

/// Reads a verified payload that must speak of `image`.
///
/// A predicate that is not what its type says leaves a statement that was verified all the same: it comes without
/// content, and with the reason why it counts for nothing else.
pub(crate) fn read(payload: &[u8], image: &Digest) -> Result<(Claim, Option<Refusal>), Refusal> {
    let wire: Wire<'_> = json::strict_object(payload).map_err(malformed)?;
    let predicate_type = wire.predicate_type.clone();
    let (claim, flaw) = claim(wire, image).map_err(|refusal| refusal.about(&predicate_type))?;
    Ok((claim, flaw.map(|flaw| flaw.about(&predicate_type))))
}

/// The rejection of something that speaks of `digests` only.
pub(crate) fn subject_mismatch(digests: &[String]) -> Refusal {
    let detail = match digests {
        [] => "it names no digest of an image".to_owned(),
        [digest] => format!("it is about {}, not this image", excerpt(digest)),
        [digest, others @ ..] => {
            format!(
                "it is about {} and {} more, none of them this image",
                excerpt(digest),
                others.len()
            )
        }
    };
    Refusal::new(Reason::SubjectMismatch, detail)
}

fn claim(wire: Wire<'_>, image: &Digest) -> Result<(Claim, Option<Refusal>), Refusal> {
    if !STATEMENT_TYPES.contains(&wire.kind.as_str()) {
        return Err(malformed(format!(
            "its _type is \"{}\"",
            excerpt(&wire.kind)
        )));
    }
    if wire.predicate_type.is_empty() {
        return Err(malformed("it has no predicateType"));
    }
    let subject = subject_of(wire.subject, image)?;
    let family = predicate::family(&wire.predicate_type);
    if family == Some(Family::Sign) {
        let annotations = text_values(subject.annotations.unwrap_or_default());
        return Ok((Claim::Signature(Signature { annotations }), None));
    }
    let predicate = wire.predicate.unwrap_or(RawValue::NULL);
    let (content, flaw) = match content(family, &wire.predicate_type, predicate) {
        Ok(content) => (content, None),
        Err(flaw) => (Content::Other, Some(flaw)),
    };
    let predicate = Arc::from(predicate.to_owned());
    Ok((
        Claim::Statement(Statement {
            predicate_type: wire.predicate_type,
            predicate,
            content,
        }),
        flaw,
    ))
}

fn content(
    family: Option<Family>,
    predicate_type: &str,
    predicate: &RawValue,
) -> Result<Content, Refusal> {
    match family {
        Some(Family::Provenance) => provenance::read(predicate_type, predicate)
            .map(Arc::new)
            .map(Content::Provenance),
        Some(family @ (Family::Spdx | Family::CycloneDx)) => {
            sbom::read(family, predicate_type, predicate)
                .map(Arc::new)
                .map(Content::Sbom)
        }
        _ => Ok(Content::Other),
    }
}

/// The subject that is `image`.
fn subject_of(subjects: Vec<Fields<Subject>>, image: &Digest) -> Result<Subject, Refusal> {
    if subjects.len() > limits::SUBJECTS {
        let detail = format!(
            "it has {} subjects, at most {} are read",
            subjects.len(),
            limits::SUBJECTS
        );
        return Err(Refusal::new(Reason::TooMany, detail));
    }
    let algorithm = image.algorithm().as_str();
    let mut others = Vec::new();
    for Fields(subject) in subjects {
        match subject.digest.get(algorithm) {
            Some(hex) if hex == image.hex() => return Ok(subject),
            Some(hex) => others.push(format!("{algorithm}:{hex}")),
            None => {}
        }
    }
    Err(subject_mismatch(&others))
}

fn malformed(error: impl std::fmt::Display) -> Refusal {
    Refusal::new(
        Reason::StatementMalformed,
        format!("it does not read as an in-toto statement: {error}"),
    )
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Fields<Subject>>,
    predicate_type: String,
    #[serde(borrow)]
    predicate: Option<&'a RawValue>,
}

/// Names are left unread: they never take part in matching.
#[derive(Deserialize)]
struct Subject {
    #[serde(default)]
    digest: BTreeMap<String, String>,
    annotations: Option<BTreeMap<String, Value>>,
}

const STATEMENT_TYPES: &[&str] = &[
    "https://in-toto.io/Statement/v1",
    "https://in-toto.io/Statement/v0.1",
];
