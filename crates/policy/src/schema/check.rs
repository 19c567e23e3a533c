//! Checking parameters against a schema.
//!
//! Fills in what has a default, and refuses what the schema does not know.

use countersign_evidence::Pattern;
use countersign_image::excerpt;
use serde_json::{Map, Value as Json};

use super::{Property, Schema, Shape, TextFormat, as_integer};
use crate::fields::Problems;
use crate::json_schema::JsonSchema;
use crate::yaml::{Entry, Node, Value};

impl Schema {
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
            (Shape::Integer { minimum, maximum }, Value::Number(_))
                if as_integer(node).is_some() =>
            {
                check_range(node, what, *minimum, *maximum, problems);
            }
            (
                Shape::Text {
                    allowed,
                    format,
                    pattern,
                },
                Value::Text(value),
            ) => {
                if value.is_empty() {
                    problems.report(node.at, "invalid_params", format!("{what} is empty"));
                } else if pattern
                    .as_ref()
                    .is_some_and(|pattern| !pattern.accepts(value))
                {
                    let message = format!("{what} is `{}`, wanted {}", excerpt(value), self.kind());
                    problems.report(node.at, "invalid_params", message);
                }
                check_enum(node, value, what, allowed, problems);
                match format {
                    Some(TextFormat::Authority) => {
                        check_authority(node, value, authorities, problems);
                    }
                    Some(TextFormat::Regex) => check_regex(node, value, what, problems),
                    None => {}
                }
            }
            (Shape::JsonSchema, Value::Map(_)) => {
                if let Err(error) = JsonSchema::compile(&node.to_json().into()) {
                    let message = format!("{what} is no JSON schema: {error}");
                    problems.report(node.at, "invalid_params", message);
                }
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
                checked.extend(others(entries, what, properties, *open, problems));
                return Json::Object(checked);
            }
            _ => {
                let message = format!("{what} is {}, wanted {}", node.kind(), self.kind());
                problems.report(node.at, "invalid_params", message);
            }
        }
        node.to_json()
    }
}

fn check_range(
    node: &Node,
    what: &str,
    minimum: Option<i64>,
    maximum: Option<i64>,
    problems: &mut Problems,
) {
    let Some(value) = as_integer(node) else {
        return;
    };
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

fn check_enum(node: &Node, value: &str, what: &str, allowed: &[String], problems: &mut Problems) {
    if !allowed.is_empty() && !allowed.iter().any(|one| one == value) {
        let message = format!(
            "{what} is `{}`, wanted one of {}",
            excerpt(value),
            allowed.join(", ")
        );
        let known = allowed.iter().map(String::as_str);
        problems.unknown(node.at, "invalid_params", message, value, known);
    }
}

fn check_authority(node: &Node, value: &str, authorities: &[&str], problems: &mut Problems) {
    if !authorities.contains(&value) {
        let message = format!("the policy has no authority `{}`", excerpt(value));
        let known = authorities.iter().copied();
        problems.unknown(node.at, "unknown_authority", message, value, known);
    }
}

fn check_regex(node: &Node, value: &str, what: &str, problems: &mut Problems) {
    if let Err(error) = Pattern::matching(value) {
        let message = format!("{what}: {error}");
        problems.report(node.at, "invalid_params", message);
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

/// The fields that no property describes; mistakes unless the object is open.
fn others(
    entries: &[Entry],
    what: &str,
    properties: &[Property],
    open: bool,
    problems: &mut Problems,
) -> Vec<(String, Json)> {
    let mut others = Vec::new();
    for entry in entries {
        if properties.iter().any(|known| known.name == entry.key) {
            continue;
        }
        if open {
            others.push((entry.key.clone(), entry.value.to_json()));
        } else {
            let message = format!("{what} has no parameter `{}`", excerpt(&entry.key));
            let known = properties.iter().map(|property| property.name.as_str());
            problems.unknown(entry.at, "unknown_param", message, &entry.key, known);
        }
    }
    others
}
