//! SLSA provenance 1.x, as <https://slsa.dev/spec/v1.2/build-provenance> has it.
//!
//! Refuses a predicate without `buildDefinition` and `runDetails.builder`.

use std::collections::BTreeMap;

use countersign_image::Fields;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::json;

use super::buildkit::{self, BuildKit};
use super::source::from_parameters;
use super::{Complete, Dependency, Material, Provenance, object_or_empty, present};

pub(super) fn read(predicate: &str) -> Result<Provenance, serde_json::Error> {
    let Wire {
        build_definition: Fields(build_definition),
        run_details: Fields(run_details),
    } = json::object(predicate)?;
    let build_type = present(build_definition.build_type);
    let dependencies = build_definition.resolved_dependencies.unwrap_or_default();
    let dependencies: Vec<_> = dependencies.into_iter().map(Dependency::from).collect();
    let parameters = object_or_empty(build_definition.external_parameters);
    let (source, entry_point) = from_parameters(build_type.as_deref(), &parameters, &dependencies);
    let (environment, build_config) =
        environment(build_type.as_deref(), build_definition.internal_parameters)?;
    let build_config = build_config || parameters.get("buildConfig").is_some();
    let Fields(builder) = run_details.builder;
    let metadata = run_details.metadata.unwrap_or_default().0;
    let completeness = metadata.completeness.unwrap_or_default().0;
    let mut provenance = Provenance {
        builder_id: present(builder.id),
        build_type,
        source,
        invocation_id: present(metadata.invocation_id),
        started_on: present(metadata.started_on),
        finished_on: present(metadata.finished_on),
        parameters,
        dependencies,
        builder_version: builder.version.unwrap_or_default(),
        entry_point,
        environment,
        complete: Complete {
            parameters: completeness.request.unwrap_or_default(),
            dependencies: completeness.resolved_dependencies.unwrap_or_default(),
            environment: false,
        },
        reproducible: metadata.reproducible.unwrap_or_default(),
        ..Provenance::default()
    };
    BuildKit {
        metadata: metadata.buildkit.map(|Fields(metadata)| metadata),
        hermetic: metadata.hermetic,
        build_config,
    }
    .complete(&mut provenance);
    Ok(provenance)
}

/// The internal parameters without the build graph that BuildKit puts there, and whether it did.
///
/// The graph is most of such provenance, and no parameter.
fn environment(
    build_type: Option<&str>,
    internal: Option<&RawValue>,
) -> Result<(Value, bool), serde_json::Error> {
    let Some(internal) = internal else {
        return Ok((object_or_empty(None), false));
    };
    if !buildkit::made(build_type) {
        let value = serde_json::from_str(internal.get())?;
        return Ok((object_or_empty(value), false));
    }
    let mut entries: BTreeMap<String, &RawValue> = json::object(internal.get())?;
    let build_config = entries.remove("buildConfig").is_some();
    let entries = entries
        .into_iter()
        .map(|(name, value)| Ok((name, serde_json::from_str(value.get())?)));
    let entries: serde_json::Result<_> = entries.collect();
    Ok((Value::Object(entries?), build_config))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow)]
    build_definition: Fields<BuildDefinition<'a>>,
    run_details: Fields<RunDetails>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BuildDefinition<'a> {
    build_type: Option<String>,
    external_parameters: Option<Value>,
    #[serde(borrow)]
    internal_parameters: Option<&'a RawValue>,
    resolved_dependencies: Option<Vec<Fields<Material>>>,
}

#[derive(Deserialize)]
struct RunDetails {
    builder: Fields<Builder>,
    metadata: Option<Fields<Metadata>>,
}

#[derive(Deserialize)]
struct Builder {
    id: Option<String>,
    version: Option<BTreeMap<String, String>>,
}

/// The `buildkit_` members are what BuildKit adds; no other builder writes them. Their other names are those of its first
/// version that wrote 1.0.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    // The second spelling is BuildKit's.
    #[serde(alias = "invocationID")]
    invocation_id: Option<String>,
    started_on: Option<String>,
    finished_on: Option<String>,
    #[serde(
        rename = "buildkit_completeness",
        alias = "https://mobyproject.org/buildkit@v1#completeness"
    )]
    completeness: Option<Fields<Completeness>>,
    #[serde(
        rename = "buildkit_hermetic",
        alias = "https://mobyproject.org/buildkit@v1#hermetic"
    )]
    hermetic: Option<bool>,
    #[serde(
        rename = "buildkit_metadata",
        alias = "https://mobyproject.org/buildkit@v1#metadata"
    )]
    buildkit: Option<Fields<buildkit::Metadata>>,
    #[serde(
        rename = "buildkit_reproducible",
        alias = "https://mobyproject.org/buildkit@v1#reproducible"
    )]
    reproducible: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Completeness {
    #[serde(alias = "parameters")]
    request: Option<bool>,
    #[serde(alias = "materials")]
    resolved_dependencies: Option<bool>,
}
