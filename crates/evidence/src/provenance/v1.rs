//! SLSA provenance 1.x, as <https://slsa.dev/spec/v1.1/provenance> has it.
//!
//! Refuses a predicate without `buildDefinition` and `runDetails.builder`.

use std::collections::BTreeMap;

use countersign_image::Fields;
use serde::Deserialize;
use serde_json::Value;

use crate::json;

use super::source::from_parameters;
use super::v02::Material;
use super::{Dependency, Provenance, object_or_empty, present};

pub(super) fn read(predicate: &str) -> Result<Provenance, serde_json::Error> {
    let Wire {
        build_definition: Fields(build_definition),
        run_details: Fields(run_details),
    } = json::object(predicate)?;
    let dependencies = build_definition.resolved_dependencies.unwrap_or_default();
    let dependencies: Vec<_> = dependencies.into_iter().map(Dependency::from).collect();
    let parameters = object_or_empty(build_definition.external_parameters);
    let (source, entry_point) = from_parameters(&parameters, &dependencies);
    let Fields(builder) = run_details.builder;
    let metadata = run_details.metadata.unwrap_or_default();
    Ok(Provenance {
        builder_id: present(builder.id),
        build_type: present(build_definition.build_type),
        source,
        invocation_id: present(metadata.invocation_id),
        started_on: present(metadata.started_on),
        finished_on: present(metadata.finished_on),
        parameters,
        dependencies,
        builder_version: builder.version.unwrap_or_default(),
        entry_point,
        environment: object_or_empty(build_definition.internal_parameters),
        ..Provenance::default()
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    build_definition: Fields<BuildDefinition>,
    run_details: Fields<RunDetails>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BuildDefinition {
    build_type: Option<String>,
    external_parameters: Option<Value>,
    internal_parameters: Option<Value>,
    resolved_dependencies: Option<Vec<Material>>,
}

#[derive(Deserialize)]
struct RunDetails {
    builder: Fields<Builder>,
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Builder {
    id: Option<String>,
    version: Option<BTreeMap<String, String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    // The second spelling is BuildKit's.
    #[serde(alias = "invocationID")]
    invocation_id: Option<String>,
    started_on: Option<String>,
    finished_on: Option<String>,
}
