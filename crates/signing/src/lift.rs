//! What BuildKit put into an index, made ready to be signed: each statement as an attestation of the child that the index
//! says it is about.
//!
//! Signs nothing, and refuses all of it if any of it speaks of another image than the index says. Predicates are kept byte
//! for byte, but for a builder id that is asked for.
//!
//! Source: moby/buildkit `docs/attestations/attestation-storage.md`.

mod builder;
mod error;

use std::collections::BTreeMap;

use countersign_evidence::predicate::{self, Family};
use countersign_image::{
    Descriptor, Digest, Document, Fields, Index, Repository, excerpt, limits, parse_strict,
};
use countersign_registry::Client;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::predicate::Predicate;

pub use error::LiftError;

/// A statement that nobody has signed yet.
#[derive(Clone, Debug)]
pub struct Lifted {
    /// The image that it is about, as the index lists it.
    pub child: Descriptor,
    /// What it says.
    pub predicate: Predicate,
    /// Whether it is provenance that names no builder.
    pub nameless: bool,
}

/// The statements of all runnable children of `index`, each checked. With `builder_id`, provenance that names no builder
/// names that one.
///
/// # Errors
///
/// When one of them is not about its child, or does not read.
pub async fn from_buildkit(
    client: &Client,
    repository: &Repository,
    index: &Index,
    builder_id: Option<&str>,
) -> Result<Vec<Lifted>, LiftError> {
    let mut lifted = Vec::new();
    let mut announced: u64 = 0;
    for listed in index.attestation_manifests()? {
        let digest = &listed.manifest.digest;
        let missing = || LiftError::Missing {
            manifest: digest.clone(),
        };
        let found = client.manifest(repository, &digest.to_string()).await?;
        let (_, document, _) = found.ok_or_else(missing)?;
        let Document::Manifest(manifest) = document else {
            return Err(LiftError::malformed(digest, "it is an index"));
        };
        for layer in listed.statements(&manifest)? {
            announced = announced.saturating_add(layer.size);
            if announced > limits::ATTACHMENT_BYTES as u64 {
                return Err(LiftError::TooLarge);
            }
            let statement = client.blob(repository, layer).await?;
            lifted.push(lift(listed.child, layer, &statement, builder_id)?);
        }
    }
    Ok(lifted)
}

/// One statement, which stands in `layer`, about `child`.
fn lift(
    child: &Descriptor,
    layer: &Descriptor,
    statement: &[u8],
    builder_id: Option<&str>,
) -> Result<Lifted, LiftError> {
    let malformed = |detail: &str| LiftError::malformed(&layer.digest, detail);
    let Fields(wire): Fields<Wire> =
        parse_strict(statement).map_err(|error| malformed(&error.to_string()))?;
    if !STATEMENT_TYPES.contains(&wire.kind.as_str()) {
        return Err(malformed("it is no in-toto statement"));
    }
    let announced = layer.annotations.get(PREDICATE_TYPE);
    if announced.is_some_and(|announced| *announced != wire.predicate_type) {
        return Err(malformed("it is of another type than its manifest says"));
    }
    let is_child = |Fields(subject): &Fields<Subject>| subject.is(&child.digest);
    if !wire.subject.iter().any(is_child) {
        return Err(LiftError::OtherSubject {
            statement: layer.digest.clone(),
            child: child.digest.clone(),
        });
    }
    let mut content = wire.predicate;
    let is_provenance = predicate::family(&wire.predicate_type) == Some(Family::Provenance);
    if let Some(id) = builder_id.filter(|_| is_provenance) {
        let builder = builder::find(&content).ok_or_else(|| malformed("it names no builder"))?;
        content = match builder.id() {
            "" => builder.named(id)?,
            found if found == id => content,
            found => {
                let found = excerpt(found);
                return Err(LiftError::OtherBuilder { found });
            }
        };
    }
    let (predicate, nameless) = Predicate::from_statement(&wire.predicate_type, content)?;
    Ok(Lifted {
        child: child.clone(),
        predicate,
        nameless,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    #[serde(rename = "_type")]
    kind: String,
    predicate_type: String,
    #[serde(default)]
    subject: Vec<Fields<Subject>>,
    predicate: Box<RawValue>,
}

#[derive(Deserialize)]
struct Subject {
    #[serde(default)]
    digest: BTreeMap<String, String>,
}

impl Subject {
    fn is(&self, digest: &Digest) -> bool {
        self.digest
            .get(digest.algorithm().as_str())
            .map(String::as_str)
            == Some(digest.hex())
    }
}

const PREDICATE_TYPE: &str = "in-toto.io/predicate-type";
const STATEMENT_TYPES: &[&str] = &[
    "https://in-toto.io/Statement/v1",
    "https://in-toto.io/Statement/v0.1",
];

#[cfg(test)]
mod tests;
