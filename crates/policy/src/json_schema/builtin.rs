//! `json.match_schema`, as rules call it.
//!
//! Answers as OPA does, `[matches, errors]`; a schema that is none is an error, and so a denial.

use std::collections::BTreeMap;

use regorus::{Engine, Value};

use super::matching::Mismatch;
use super::{JsonSchema, SchemaError};

/// What rules call it.
pub(crate) const NAME: &str = "json.match_schema";

/// Adds it to an engine that has no such extension yet.
pub(crate) fn register(engine: &mut Engine) {
    // Only a second extension of one name fails.
    _ = engine.add_extension(NAME.to_owned(), 2, Box::new(|args| Ok(call(&args)?)));
}

fn call(args: &[Value]) -> Result<Value, SchemaError> {
    let (Some(document), Some(schema)) = (args.first(), args.get(1)) else {
        return Ok(Value::Undefined);
    };
    let mismatches = JsonSchema::compile(schema)?.mismatches(document);
    let matches = mismatches.is_empty();
    let errors: Vec<Value> = mismatches.iter().map(error).collect();
    Ok(vec![matches.into(), errors.into()].into())
}

fn error(mismatch: &Mismatch) -> Value {
    let Mismatch {
        field,
        keyword,
        message,
    } = mismatch;
    let fields = [
        ("desc", message.clone()),
        ("error", format!("{field}: {message}")),
        ("field", field.clone()),
        ("type", (*keyword).to_owned()),
    ];
    let fields: BTreeMap<Value, Value> = fields
        .into_iter()
        .map(|(key, value)| (key.into(), value.into()))
        .collect();
    fields.into()
}
