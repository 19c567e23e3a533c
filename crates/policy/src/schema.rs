//! The part of JSON Schema that describes the parameters of a rule.
//!
//! Refuses keywords it does not check: a schema that is half enforced promises what it does not hold.

use countersign_image::excerpt;
use serde_json::{Map, Value as Json};

use crate::fields::{Fields, Problems, list, name, text};
use crate::yaml::{Entry, Node, Value};

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

    /// Checks `node`, called `what` in messages, and returns it with defaults filled in.
    pub(crate) fn check(
        &self,
        node: &Node,
        what: &str,
        authorities: &[&str],
        problems: &mut Problems,
    ) -> Json {
        match (&self.shape, &node.value) {
            (Shape::Boolean, Value::Bool(_)) => {}
            (Shape::Integer { minimum, maximum }, Value::Number(_)) if integer(node).is_some() => {
                check_range(node, what, *minimum, *maximum, problems);
            }
            (Shape::Text { allowed, authority }, Value::Text(value)) => {
                check_text(
                    node,
                    value,
                    what,
                    allowed,
                    if *authority { Some(authorities) } else { None },
                    problems,
                );
            }
            (Shape::List { items, minimum }, Value::List(list)) => {
                if list.len() < *minimum {
                    let message =
                        format!("{what} has {} items, wanted at least {minimum}", list.len());
                    problems.report(node.at, "invalid_params", message);
                }
                let item_name = format!("an item of {what}");
                return list
                    .iter()
                    .map(|item| items.check(item, &item_name, authorities, problems))
                    .collect();
            }
            (Shape::Object { properties, open }, Value::Map(entries)) => {
                let mut checked =
                    check_object(node, entries, what, properties, authorities, problems);
                for entry in entries
                    .iter()
                    .filter(|entry| !properties.iter().any(|known| known.name == entry.key))
                {
                    if *open {
                        checked.insert(entry.key.clone(), entry.value.to_json());
                    } else {
                        let message = format!("{what} has no parameter `{}`", excerpt(&entry.key));
                        let known = properties.iter().map(|property| property.name.as_str());
                        problems.unknown(entry.at, "unknown_param", message, &entry.key, known);
                    }
                }
                return Json::Object(checked);
            }
            _ => {
                let message = format!("{what} is {}, wanted {}", node.kind(), self.kind());
                problems.report(node.at, "invalid_params", message);
            }
        }
        node.to_json()
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

fn check_range(
    node: &Node,
    what: &str,
    minimum: Option<i64>,
    maximum: Option<i64>,
    problems: &mut Problems,
) {
    let Some(value) = integer(node) else { return };
    if minimum.is_some_and(|minimum| value < minimum)
        || maximum.is_some_and(|maximum| value > maximum)
    {
        let wanted = Schema {
            description: None,
            default: None,
            shape: Shape::Integer { minimum, maximum },
        };
        problems.report(
            node.at,
            "invalid_params",
            format!("{what} is {value}, wanted {}", wanted.kind()),
        );
    }
}

fn check_text(
    node: &Node,
    value: &str,
    what: &str,
    allowed: &[String],
    authorities: Option<&[&str]>,
    problems: &mut Problems,
) {
    if !allowed.is_empty() && !allowed.iter().any(|one| one == value) {
        let message = format!(
            "{what} is `{}`, wanted one of {}",
            excerpt(value),
            allowed.join(", ")
        );
        problems.unknown(
            node.at,
            "invalid_params",
            message,
            value,
            allowed.iter().map(String::as_str),
        );
    }
    if let Some(authorities) = authorities
        && !authorities.contains(&value)
    {
        let message = format!("the policy has no authority `{}`", excerpt(value));
        problems.unknown(
            node.at,
            "unknown_authority",
            message,
            value,
            authorities.iter().copied(),
        );
    }
    if value.is_empty() {
        problems.report(node.at, "invalid_params", format!("{what} is empty"));
    }
}

fn check_object(
    node: &Node,
    entries: &[Entry],
    what: &str,
    properties: &[Property],
    authorities: &[&str],
    problems: &mut Problems,
) -> Map<String, Json> {
    let mut checked = Map::new();
    for property in properties {
        let written = entries.iter().find(|entry| entry.key == property.name);
        match (written, &property.schema.default) {
            (Some(entry), _) => {
                let value =
                    property
                        .schema
                        .check(&entry.value, &property.name, authorities, problems);
                checked.insert(property.name.clone(), value);
            }
            (None, Some(default)) => {
                checked.insert(property.name.clone(), default.clone());
            }
            (None, None) if property.required => {
                let message = format!(
                    "{what} needs the parameter `{}`: {}",
                    property.name,
                    property.schema.kind()
                );
                problems.report(node.at, "missing_param", message);
            }
            (None, None) => {}
        }
    }
    checked
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
