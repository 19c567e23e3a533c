//! SLSA provenance 0.2, as <https://slsa.dev/spec/v0.2/provenance> has it.
//!
//! Refuses a predicate without `builder`, which no 0.2 producer leaves out and no other version has.

use std::collections::BTreeMap;

use countersign_image::Fields;
use serde::Deserialize;
use serde_json::Value;

use crate::json;

use super::source::{source, without_credentials};
use super::{Complete, Dependency, Provenance, object_or_empty, present};

pub(super) fn read(predicate: &str) -> Result<Provenance, serde_json::Error> {
    let wire: Wire = json::object(predicate)?;
    let invocation = wire.invocation.unwrap_or_default();
    let config = invocation.config_source.unwrap_or_default();
    let metadata = wire.metadata.unwrap_or_default();
    let completeness = metadata.completeness.unwrap_or_default();
    Ok(Provenance {
        builder_id: present(wire.builder.0.id),
        build_type: present(wire.build_type),
        source: source(config.uri, config.digest.unwrap_or_default()),
        invocation_id: present(metadata.build_invocation_id),
        started_on: present(metadata.build_started_on),
        finished_on: present(metadata.build_finished_on),
        parameters: object_or_empty(invocation.parameters),
        dependencies: wire
            .materials
            .unwrap_or_default()
            .into_iter()
            .map(Dependency::from)
            .collect(),
        entry_point: present(config.entry_point),
        environment: object_or_empty(invocation.environment),
        complete: Complete {
            parameters: completeness.parameters.unwrap_or_default(),
            dependencies: completeness.materials.unwrap_or_default(),
            environment: completeness.environment.unwrap_or_default(),
        },
        reproducible: metadata.reproducible.unwrap_or_default(),
        ..Provenance::default()
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    builder: Fields<Builder>,
    build_type: Option<String>,
    invocation: Option<Invocation>,
    metadata: Option<Metadata>,
    materials: Option<Vec<Material>>,
}

#[derive(Deserialize)]
struct Builder {
    id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    config_source: Option<ConfigSource>,
    parameters: Option<Value>,
    environment: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConfigSource {
    uri: Option<String>,
    digest: Option<BTreeMap<String, String>>,
    entry_point: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    // The second spelling is that of the Go types, and so of BuildKit.
    #[serde(alias = "buildInvocationID")]
    build_invocation_id: Option<String>,
    build_started_on: Option<String>,
    build_finished_on: Option<String>,
    completeness: Option<Completeness>,
    reproducible: Option<bool>,
}

#[derive(Default, Deserialize)]
struct Completeness {
    parameters: Option<bool>,
    environment: Option<bool>,
    materials: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct Material {
    uri: Option<String>,
    digest: Option<BTreeMap<String, String>>,
}

impl From<Material> for Dependency {
    fn from(material: Material) -> Self {
        let uri = present(material.uri).map(|uri| without_credentials(&uri));
        Self {
            uri,
            digest: material.digest.unwrap_or_default(),
        }
    }
}
