//! The shape of the input as a JSON schema, from the types that it is made of.

use schemars::generate::SchemaSettings;
use schemars::transform::{RestrictFormats, Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::Value as Json;

use super::VERSION;
use super::evidence::Evidence;
use super::sections::{Image, Request, Workload};

/// The input of a rule that reads everything.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Whole<'a> {
    /// The version of this contract.
    #[schemars(extend("const" = VERSION))]
    api_version: &'a str,
    image: Image<'a>,
    evidence: Evidence<'a>,
    workload: Workload<'a>,
    request: Request<'a>,
    /// The time of the decision, RFC 3339.
    now: &'a str,
}

/// The JSON schema of the input that a rule gets who reads everything.
///
/// A rule that declares less gets the same without the parts that it does not read.
pub fn input_schema() -> Json {
    let settings = SchemaSettings::draft2020_12()
        .for_serialize()
        .with(|settings| settings.inline_subschemas = true)
        .with_transform(Closed);
    let mut schema = settings
        .into_generator()
        .into_root_schema_for::<Whole<'_>>();
    schema.insert("title".to_owned(), "The input of a rule".into());
    schema.to_value()
}

/// Nothing stands in an object but what its type has, and formats that say how Rust holds a number say nothing here.
#[derive(Clone)]
struct Closed;

impl Transform for Closed {
    fn transform(&mut self, schema: &mut Schema) {
        RestrictFormats::default().transform(schema);
        close(schema);
    }
}

fn close(schema: &mut Schema) {
    let required = schema.get("required").cloned().unwrap_or_default();
    if let Some(Json::Object(fields)) = schema.get_mut("properties") {
        for (name, field) in fields {
            if let (false, Some(kinds)) = (contains(&required, name), field.get_mut("type")) {
                never_null(kinds);
            }
        }
        schema.insert("additionalProperties".to_owned(), false.into());
    }
    transform_subschemas(&mut close, schema);
}

fn contains(required: &Json, name: &str) -> bool {
    let mut names = required.as_array().into_iter().flatten();
    names.any(|required| required == name)
}

/// A field that may be left out is left out where it is not known.
fn never_null(kinds: &mut Json) {
    if let Json::Array(names) = kinds {
        names.retain(|name| name != "null");
        if let [name] = names.as_mut_slice() {
            *kinds = name.take();
        }
    }
}
