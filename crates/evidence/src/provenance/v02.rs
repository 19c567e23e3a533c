//! SLSA provenance 0.2, as <https://slsa.dev/spec/v0.2/provenance> has it.
//!
//! Refuses a predicate without `builder`, which no 0.2 producer leaves out, and one with the `recipe` of 0.1.

use std::collections::BTreeMap;

use countersign_image::Fields;
use serde::Deserialize;
use serde::de::{Error as _, IgnoredAny};
use serde_json::Value;

use crate::json;

use super::buildkit::{self, BuildKit};
use super::source::source;
use super::{Complete, Dependency, Material, Provenance, object_or_empty, present};

pub(super) fn read(predicate: &str) -> Result<Provenance, serde_json::Error> {
    let wire: Wire = json::object(predicate)?;
    if wire.recipe.is_some() {
        return Err(serde_json::Error::custom("it has the recipe of 0.1"));
    }
    let invocation = wire.invocation.unwrap_or_default().0;
    let config = invocation.config_source.unwrap_or_default().0;
    let metadata = wire.metadata.unwrap_or_default().0;
    let completeness = metadata.completeness.unwrap_or_default().0;
    let mut provenance = Provenance {
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
    };
    BuildKit {
        metadata: metadata.buildkit.map(|Fields(metadata)| metadata),
        hermetic: metadata.hermetic,
        build_config: wire.build_config.is_some(),
    }
    .complete(&mut provenance);
    Ok(provenance)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    builder: Fields<Builder>,
    build_type: Option<String>,
    invocation: Option<Fields<Invocation>>,
    build_config: Option<IgnoredAny>,
    metadata: Option<Fields<Metadata>>,
    materials: Option<Vec<Fields<Material>>>,
    recipe: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Builder {
    id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    config_source: Option<Fields<ConfigSource>>,
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
    completeness: Option<Fields<Completeness>>,
    reproducible: Option<bool>,
    #[serde(rename = "https://mobyproject.org/buildkit@v1#hermetic")]
    hermetic: Option<bool>,
    #[serde(rename = "https://mobyproject.org/buildkit@v1#metadata")]
    buildkit: Option<Fields<buildkit::Metadata>>,
}

#[derive(Default, Deserialize)]
struct Completeness {
    parameters: Option<bool>,
    environment: Option<bool>,
    materials: Option<bool>,
}
