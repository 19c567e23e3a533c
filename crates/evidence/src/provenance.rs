//! SLSA provenance in one shape, whatever version and producer wrote it.
//!
//! Takes over what the predicate says and judges none of it: a builder id is a claim of whoever signed, and a level is
//! nowhere in here. Refuses a predicate that is not of the version that its type names.

pub(crate) mod buildkit;
pub(crate) mod repository;
pub(crate) mod source;
mod v01;
mod v02;
mod v1;

use std::collections::BTreeMap;

use countersign_image::Fields;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::predicate;
use crate::rejection::{Reason, Refusal};

/// What provenance says. What a producer left out or empty is left out of the JSON, unless a field says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// The builder, as it calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub builder_id: Option<String>,
    /// How to read the parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_type: Option<String>,
    /// What was built, where the build type says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// This very build.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invocation_id: Option<String>,
    /// When it began, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_on: Option<String>,
    /// When it ended, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_on: Option<String>,
    /// What the caller could set; an empty object if nothing.
    pub parameters: Value,
    /// What went into the build.
    pub dependencies: Vec<Dependency>,
    /// Versions of the builder's parts.
    pub builder_version: BTreeMap<String, String>,
    /// The file in the source that began the build.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_point: Option<String>,
    /// What the builder set; an empty object if nothing. BuildKit's build graph is left out.
    pub environment: Value,
    /// What the build client found in the working tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vcs: Option<Vcs>,
    /// What the builder says is complete.
    pub complete: Complete,
    /// Whether the builder says that building again gives the same.
    pub reproducible: bool,
    /// Whether the builder says that the build had no network; `null` for builders that never say.
    pub hermetic: Option<bool>,
    /// How much a BuildKit builder recorded, `min` or `max`; `null` for other builders.
    pub detail: Option<String>,
}

/// The source of a build.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Source {
    /// Where it is, without the ref and without credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// What it was; a commit is always `gitCommit`.
    pub digest: BTreeMap<String, String>,
    /// The ref that was asked for.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// Something that went into a build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Dependency {
    /// Where it is, without credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// What it was.
    pub digest: BTreeMap<String, String>,
}

/// The state of a working tree; filled for BuildKit builders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Vcs {
    /// The repository it is a checkout of, without credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Whether it had changes that are in no commit.
    pub dirty: bool,
    /// The Dockerfile, relative to the repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dockerfile: Option<String>,
}

/// What a builder says is complete; `false` where it says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Complete {
    /// The parameters.
    pub parameters: bool,
    /// The dependencies.
    pub dependencies: bool,
    /// The environment.
    pub environment: bool,
}

/// Reads a predicate of the type `predicate_type`, one of those of [`predicate::Family::Provenance`].
pub(crate) fn read(predicate_type: &str, predicate: &str) -> Result<Provenance, Refusal> {
    let (read, version): (Reader, _) = match predicate_type {
        predicate::SLSA_PROVENANCE_V01 => (v01::read, "0.1"),
        predicate::SLSA_PROVENANCE_V02 => (v02::read, "0.2"),
        _ => (v1::read, "1"),
    };
    let mut provenance = read(predicate).map_err(|error| {
        let detail = format!("it is not SLSA provenance {version} as its type says: {error}");
        Refusal::new(Reason::ProvenanceMalformed, detail)
    })?;
    redact(&mut provenance.parameters);
    redact(&mut provenance.environment);
    Ok(provenance)
}

type Reader = fn(&str) -> Result<Provenance, serde_json::Error>;

/// Takes credentials out of the URLs in all texts: what was built is no secret, how it was fetched is.
fn redact(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(redacted) = source::redacted(text) {
                *text = redacted;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::Object(members) => members.values_mut().for_each(redact),
        _ => {}
    }
}

/// Something that went into a build, or an attestation that a verifier read, as written.
#[derive(Deserialize)]
pub(crate) struct Material {
    uri: Option<String>,
    digest: Option<BTreeMap<String, String>>,
}

impl Material {
    fn digest(&self) -> BTreeMap<String, String> {
        self.digest.clone().unwrap_or_default()
    }
}

impl From<Fields<Material>> for Dependency {
    fn from(Fields(material): Fields<Material>) -> Self {
        let uri = present(material.uri).map(|uri| source::without_credentials(&uri));
        Self {
            uri,
            digest: material.digest.unwrap_or_default(),
        }
    }
}

/// Empty is what several producers write for "not known".
pub(crate) fn present(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// A member of an object; `null` where there is none.
pub(crate) fn member<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(&Value::Null)
}

fn object_or_empty(value: Option<Value>) -> Value {
    value
        .filter(|value| !value.is_null())
        .unwrap_or_else(|| Value::Object(Map::new()))
}

#[cfg(test)]
mod tests;
