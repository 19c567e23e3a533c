//! The part of JSON Schema that describes the parameters of a rule.
//!
//! Refuses keywords it does not check: a schema that is half enforced promises what it does not hold.

mod check;

use countersign_evidence::Pattern;
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
        format: Option<TextFormat>,
        /// What the whole text must match.
        pattern: Option<Pattern>,
    },
    List {
        items: Box<Schema>,
        minimum: usize,
    },
    Object {
        properties: Vec<Property>,
        open: bool,
    },
    /// A schema in its turn, for `json.match_schema`.
    JsonSchema,
}

/// What a text must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextFormat {
    /// The name of an authority of the policy.
    Authority,
    /// A regular expression.
    Regex,
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
        let before = problems.count();
        let keywords: Vec<&str> = EVERYWHERE
            .iter()
            .chain(KEYWORDS.iter().flat_map(|(_, keywords)| *keywords))
            .copied()
            .collect();
        let fields = Fields::open(node, "a parameter schema", &keywords, problems)?;
        let shape = Shape::read(&fields, problems)?;
        let description = fields
            .get("description")
            .and_then(|node| text(node, "description", problems));
        let mut schema = Self {
            description: description.map(str::to_owned),
            default: None,
            shape,
        };
        schema.default = fields
            .get("default")
            .map(|node| schema.check(node, "the default", &[], problems));
        (problems.count() == before).then_some(schema)
    }

    /// The fields, if this is an object.
    pub(crate) fn properties(&self) -> &[Property] {
        match &self.shape {
            Shape::Object { properties, .. } => properties,
            _ => &[],
        }
    }

    /// Whether there may be other fields than those.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.shape, Shape::Object { open: true, .. })
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
                format: Some(TextFormat::Authority),
                ..
            } => "the name of an authority".to_owned(),
            Shape::Text {
                format: Some(TextFormat::Regex),
                ..
            } => "a regular expression".to_owned(),
            Shape::Text { allowed, .. } if !allowed.is_empty() => {
                format!("one of {}", allowed.join(", "))
            }
            Shape::Text {
                pattern: Some(pattern),
                ..
            } => pattern.to_string(),
            Shape::Text { .. } => "a string".to_owned(),
            Shape::List { items, minimum: 0 } => format!("a list, each item {}", items.kind()),
            Shape::List { items, minimum } => {
                format!("a list of at least {minimum}, each item {}", items.kind())
            }
            Shape::Object { .. } => "a mapping".to_owned(),
            Shape::JsonSchema => "a JSON schema".to_owned(),
        }
    }
}

impl Shape {
    fn read(fields: &Fields<'_>, problems: &mut Problems) -> Option<Self> {
        let written = fields.require("type", problems)?;
        let kind = text(written, "type", problems)?;
        let Some((_, keywords)) = KEYWORDS.iter().find(|(known, _)| *known == kind) else {
            let message = format!("the type `{}` is not supported", excerpt(kind));
            let known = KEYWORDS.iter().map(|(kind, _)| *kind);
            problems.unknown(written.at, "metadata", message, kind, known);
            return None;
        };
        for (_, others) in KEYWORDS {
            for keyword in others.iter().filter(|other| !keywords.contains(other)) {
                if fields.get(keyword).is_some() {
                    let message = format!("`{keyword}` does not belong to the type {kind}");
                    problems.report(fields.key(keyword), "metadata", message);
                    return None;
                }
            }
        }
        Some(match kind {
            "boolean" => Self::Boolean,
            "integer" => Self::Integer {
                minimum: integer(fields, "minimum", problems),
                maximum: integer(fields, "maximum", problems),
            },
            "string" => Self::Text {
                allowed: strings(fields.get("enum"), problems),
                format: match format(fields, &["authority", "regex"], problems)? {
                    Some("authority") => Some(TextFormat::Authority),
                    Some(_) => Some(TextFormat::Regex),
                    None => None,
                },
                pattern: fields
                    .get("pattern")
                    .and_then(|node| pattern(node, problems)),
            },
            "array" => Self::List {
                items: Box::new(Schema::read(fields.require("items", problems)?, problems)?),
                minimum: integer(fields, "minItems", problems)
                    .map_or(0, |items| items.max(0) as usize),
            },
            _ if format(fields, &["json-schema"], problems)?.is_some() => Self::JsonSchema,
            _ => Self::Object {
                properties: properties(fields, problems)?,
                open: open(fields, problems)?,
            },
        })
    }
}

/// The format, one of those that the type may have; `None` if another was written.
fn format<'n>(
    fields: &Fields<'n>,
    known: &[&str],
    problems: &mut Problems,
) -> Option<Option<&'n str>> {
    let Some(node) = fields.get("format") else {
        return Some(None);
    };
    let written = text(node, "format", problems)?;
    if !known.contains(&written) {
        let message = format!("the format `{}` is not supported here", excerpt(written));
        problems.unknown(node.at, "metadata", message, written, known.iter().copied());
        return None;
    }
    Some(Some(written))
}

fn pattern(node: &Node, problems: &mut Problems) -> Option<Pattern> {
    match Pattern::matching(text(node, "pattern", problems)?) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            problems.report(node.at, "metadata", format!("pattern: {error}"));
            None
        }
    }
}

/// Whether other properties than those described may be there.
fn open(fields: &Fields<'_>, problems: &mut Problems) -> Option<bool> {
    match fields.get("additionalProperties") {
        None => Some(false),
        Some(Node {
            value: Value::Bool(open),
            ..
        }) => Some(*open),
        Some(node) => {
            let message = "additionalProperties must be true or false";
            problems.report(node.at, "metadata", message);
            None
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

fn integer(fields: &Fields<'_>, keyword: &str, problems: &mut Problems) -> Option<i64> {
    let node = fields.get(keyword)?;
    let value = as_integer(node);
    if value.is_none() {
        problems.report(node.at, "metadata", format!("{keyword} must be an integer"));
    }
    value
}

fn as_integer(node: &Node) -> Option<i64> {
    match &node.value {
        Value::Number(number) => number.as_i64(),
        _ => None,
    }
}

const EVERYWHERE: &[&str] = &["default", "description", "type"];
/// What else may stand in a schema of each type.
const KEYWORDS: &[(&str, &[&str])] = &[
    ("array", &["items", "minItems"]),
    ("boolean", &[]),
    ("integer", &["maximum", "minimum"]),
    (
        "object",
        &["additionalProperties", "format", "properties", "required"],
    ),
    ("string", &["enum", "format", "pattern"]),
];
