//! SLSA provenance 0.1, as <https://slsa.dev/provenance/v0.1> has it and Google Cloud Build writes it.
//!
//! Refuses a predicate without `builder` and `recipe`, which no other version has both of.

use countersign_image::Fields;
use serde::Deserialize;
use serde_json::Value;

use crate::json;

use super::source::source;
use super::{Complete, Dependency, Material, Provenance, object_or_empty, present};

pub(super) fn read(predicate: &str) -> Result<Provenance, serde_json::Error> {
    let wire: Wire = json::object(predicate)?;
    let Fields(recipe) = wire.recipe;
    let metadata = wire.metadata.unwrap_or_default().0;
    let completeness = metadata.completeness.unwrap_or_default().0;
    let materials = wire.materials.unwrap_or_default();
    let defined_in = recipe.defined_in_material();
    let from = defined_in.and_then(|index| materials.get(index));
    Ok(Provenance {
        source: from.and_then(|Fields(from)| source(from.uri.clone(), from.digest())),
        builder_id: present(wire.builder.0.id),
        build_type: present(recipe.kind),
        invocation_id: present(metadata.build_invocation_id),
        started_on: present(metadata.build_started_on),
        finished_on: present(metadata.build_finished_on),
        parameters: object_or_empty(recipe.arguments),
        dependencies: materials.into_iter().map(Dependency::from).collect(),
        entry_point: present(recipe.entry_point),
        environment: object_or_empty(recipe.environment),
        complete: Complete {
            parameters: completeness.arguments.unwrap_or_default(),
            dependencies: completeness.materials.unwrap_or_default(),
            environment: completeness.environment.unwrap_or_default(),
        },
        reproducible: metadata.reproducible.unwrap_or_default(),
        ..Provenance::default()
    })
}

impl Recipe {
    /// Which of the materials the recipe, and with it the source, is defined in.
    fn defined_in_material(&self) -> Option<usize> {
        match &self.defined_in_material {
            Some(Index::Number(number)) => usize::try_from(*number).ok(),
            Some(Index::Text(number)) => number.parse().ok(),
            // The messages of Cloud Build are protocol buffers, whose JSON leaves out a zero: it writes -1 for "none".
            // https://cloud.google.com/container-analysis/docs/reference/rest/v1/projects.occurrences#recipe
            None if self
                .kind
                .as_deref()
                .is_some_and(|kind| kind.starts_with(CLOUD_BUILD)) =>
            {
                Some(0)
            }
            None => None,
        }
    }
}

#[derive(Deserialize)]
struct Wire {
    builder: Fields<Builder>,
    recipe: Fields<Recipe>,
    metadata: Option<Fields<Metadata>>,
    materials: Option<Vec<Fields<Material>>>,
}

#[derive(Deserialize)]
struct Builder {
    id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipe {
    #[serde(rename = "type")]
    kind: Option<String>,
    defined_in_material: Option<Index>,
    entry_point: Option<String>,
    arguments: Option<Value>,
    environment: Option<Value>,
}

/// A number, or as protocol buffers write one of 64 bits, its digits.
#[derive(Deserialize)]
#[serde(untagged)]
enum Index {
    Number(i64),
    Text(String),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    build_invocation_id: Option<String>,
    build_started_on: Option<String>,
    build_finished_on: Option<String>,
    completeness: Option<Fields<Completeness>>,
    reproducible: Option<bool>,
}

#[derive(Default, Deserialize)]
struct Completeness {
    arguments: Option<bool>,
    environment: Option<bool>,
    materials: Option<bool>,
}

const CLOUD_BUILD: &str = "https://cloudbuild.googleapis.com/";
