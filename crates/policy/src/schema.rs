//! The part of JSON Schema that describes the parameters of a rule.
//!
//! Refuses keywords it does not check: a schema that is half enforced promises what it does not hold.

mod check;

use countersign_image::excerpt;
use serde_json::Value as Json;

use crate::fields::{Fields, Problems, list, name, text};
use crate::yaml::{Node, Value};

/// What a value must look like.
#[derive(Clone, Debug)]
pub(crate) struct Schema {
    pub(crate) description: Option<String>,
    pub(crate) default: Option<Json>,
    pub(crate) shape: Shape,
}

#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Boolean,
    Integer {
        minimum: Option<i64>,
        maximum: Option<i64>,
    },
    Text {
        allowed: Vec<String>,
        authority: bool,
    },
    List {
        items: Box<Schema>,
        minimum: usize,
    },
    Object {
        properties: Vec<Property>,
        open: bool,
    },
}

/// A field of an object.
#[derive(Clone, Debug)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) schema: Schema,
}

impl Schema {
    /// The schema of a rule without parameters.
    pub(crate) fn empty() -> Self {
        let shape = Shape::Object {
            properties: Vec::new(),
            open: false,
        };
        Self {
            description: None,
            default: None,
            shape,
        }
    }

    /// Reads a schema from METADATA.
    pub(crate) fn read(node: &Node, problems: &mut Problems) -> Option<Self> {
        let fields = Fields::open(node, "a parameter schema", KEYWORDS, problems)?;
        let written = fields.require("type", problems)?;
        let shape = match text(written, "type", problems)? {
            "boolean" => Shape::Boolean,
            "integer" => {
                let minimum = fields.get("minimum").and_then(integer);
                Shape::Integer {
                    minimum,
                    maximum: fields.get("maximum").and_then(integer),
                }
            }
            "string" => Shape::Text {
                allowed: strings(fields.get("enum"), problems),
                authority: fields
                    .get("format")
                    .is_some_and(|node| is_text(node, "authority")),
            },
            "array" => Shape::List {
                items: Box::new(Self::read(fields.require("items", problems)?, problems)?),
                minimum: fields
                    .get("minItems")
                    .and_then(integer)
                    .map_or(0, |items| items.max(0) as usize),
            },
            "object" => Shape::Object {
                properties: properties(&fields, problems)?,
                open: fields
                    .get("additionalProperties")
                    .is_some_and(|node| matches!(node.value, Value::Bool(true))),
            },
            other => {
                problems.report(
                    written.at,
                    "metadata",
                    format!("the type `{}` is not supported", excerpt(other)),
                );
                return None;
            }
        };
        let description = fields
            .get("description")
            .and_then(|node| text(node, "description", problems));
        let default = fields.get("default").map(Node::to_json);
        Some(Self {
            description: description.map(str::to_owned),
            default,
            shape,
        })
    }

    /// The fields, if this is an object.
    pub(crate) fn properties(&self) -> &[Property] {
        match &self.shape {
            Shape::Object { properties, .. } => properties,
            _ => &[],
        }
    }

    /// What is wanted, in words.
    pub(crate) fn kind(&self) -> String {
        match &self.shape {
            Shape::Boolean => "a boolean".to_owned(),
            Shape::Integer { minimum, maximum } => match (minimum, maximum) {
                (Some(minimum), Some(maximum)) => format!("an integer from {minimum} to {maximum}"),
                (Some(minimum), None) => format!("an integer of at least {minimum}"),
                (None, Some(maximum)) => format!("an integer of at most {maximum}"),
                (None, None) => "an integer".to_owned(),
            },
            Shape::Text {
                authority: true, ..
            } => "the name of an authority".to_owned(),
            Shape::Text { allowed, .. } if allowed.is_empty() => "a string".to_owned(),
            Shape::Text { allowed, .. } => format!("one of {}", allowed.join(", ")),
            Shape::List { items, minimum: 0 } => format!("a list, each item {}", items.kind()),
            Shape::List { items, minimum } => {
                format!("a list of at least {minimum}, each item {}", items.kind())
            }
            Shape::Object { .. } => "a mapping".to_owned(),
        }
    }
}

fn properties(fields: &Fields<'_>, problems: &mut Problems) -> Option<Vec<Property>> {
    let required = strings(fields.get("required"), problems);
    let Some(node) = fields.get("properties") else {
        return Some(Vec::new());
    };
    let Value::Map(entries) = &node.value else {
        problems.report(node.at, "metadata", "properties must be a mapping");
        return None;
    };
    for name in &required {
        if !entries.iter().any(|entry| entry.key == *name) {
            problems.report(
                fields.at,
                "metadata",
                format!("`{name}` is required and not described"),
            );
        }
    }
    let mut properties = Vec::with_capacity(entries.len());
    for entry in entries {
        let schema = Schema::read(&entry.value, problems)?;
        let required = required.contains(&entry.key);
        properties.push(Property {
            name: entry.key.clone(),
            required,
            schema,
        });
    }
    Some(properties)
}

fn strings(node: Option<&Node>, problems: &mut Problems) -> Vec<String> {
    let Some(items) = node.and_then(|node| list(node, "the list", problems)) else {
        return Vec::new();
    };
    items
        .iter()
        .filter_map(|item| name(item, "an item", problems))
        .map(str::to_owned)
        .collect()
}

fn integer(node: &Node) -> Option<i64> {
    match &node.value {
        Value::Number(number) => number.as_i64(),
        _ => None,
    }
}

fn is_text(node: &Node, wanted: &str) -> bool {
    matches!(&node.value, Value::Text(text) if text == wanted)
}

const KEYWORDS: &[&str] = &[
    "additionalProperties",
    "default",
    "description",
    "enum",
    "format",
    "items",
    "maximum",
    "minItems",
    "minimum",
    "properties",
    "required",
    "type",
];
