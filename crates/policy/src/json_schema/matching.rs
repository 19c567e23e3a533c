//! Whether a document is as a schema says.
//!
//! Takes time in proportion to the document times the schema, and stops after the first mismatches.

use std::collections::BTreeSet;

use countersign_image::excerpt;
use regorus::Value;

use super::{Bound, Check, Counted, JsonSchema, Kind};

/// What of a document is not as its schema says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    /// Names and numbers from the root, such as `(root).packages.0.name`.
    pub(crate) field: String,
    pub(crate) keyword: &'static str,
    pub(crate) message: String,
}

impl JsonSchema {
    /// The first mismatches of `document`; none if it is as the schema says.
    pub(crate) fn mismatches(&self, document: &Value) -> Vec<Mismatch> {
        let mut matcher = Matcher {
            field: vec!["(root)".to_owned()],
            found: Vec::new(),
            limit: MISMATCHES,
        };
        matcher.schema(self, document);
        matcher.found
    }

    fn matches(&self, value: &Value) -> bool {
        let mut matcher = Matcher {
            field: Vec::new(),
            found: Vec::new(),
            limit: 1,
        };
        matcher.schema(self, value);
        matcher.found.is_empty()
    }
}

struct Matcher {
    field: Vec<String>,
    found: Vec<Mismatch>,
    limit: usize,
}

impl Matcher {
    fn schema(&mut self, schema: &JsonSchema, value: &Value) {
        for check in &schema.0 {
            if self.found.len() >= self.limit {
                return;
            }
            self.check(check, value);
        }
    }

    fn check(&mut self, check: &Check, value: &Value) {
        match (check, value) {
            (Check::Kinds(kinds), _) if !kinds.iter().any(|kind| kind.is_of(value)) => {
                let names: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
                self.report("type", format!("wanted {}", names.join(" or ")));
            }
            (Check::Values(values), _) if !values.contains(value) => {
                self.report("enum", "is none of the values that are allowed".to_owned());
            }
            (Check::Properties(properties), Value::Object(fields)) => {
                for (name, schema) in properties {
                    if let Some(value) = fields.get(&name.as_str().into()) {
                        self.inside(name, schema, value);
                    }
                }
            }
            (Check::Required(names), Value::Object(fields)) => {
                for name in names {
                    if !fields.contains_key(&name.as_str().into()) {
                        self.report("required", format!("`{}` is missing", excerpt(name)));
                    }
                }
            }
            (Check::Others { known, schema }, Value::Object(fields)) => {
                for (name, value) in fields.iter_sorted() {
                    let Ok(name) = name.as_string() else { continue };
                    match schema {
                        _ if known.contains(&**name) => {}
                        Some(schema) => self.inside(name, schema, value),
                        None => {
                            let message = format!("`{}` is not allowed", excerpt(name));
                            self.report("additionalProperties", message);
                        }
                    }
                }
            }
            (Check::Items(schema), Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.inside(&index.to_string(), schema, item);
                }
            }
            (Check::Unique, Value::Array(items)) => {
                let mut seen = BTreeSet::new();
                if !items.iter().all(|item| seen.insert(item)) {
                    self.report("uniqueItems", "has an item twice".to_owned());
                }
            }
            (Check::Count { of, bound, limit }, _) => {
                if let Some(count) = of.count(value)
                    && !bound.holds(&count, limit, false)
                {
                    let wanted = bound.in_words();
                    let message = format!("has {count} {}, wanted {wanted} {limit}", of.in_words());
                    self.report("count", message);
                }
            }
            (
                Check::Range {
                    bound,
                    exclusive,
                    limit,
                },
                Value::Number(_),
            ) if !bound.holds(value, limit, *exclusive) => {
                self.report("range", "is out of range".to_owned());
            }
            (Check::Pattern(pattern), Value::String(text)) if !pattern.is_match(text) => {
                let message = format!("does not match `{}`", excerpt(pattern.as_str()));
                self.report("pattern", message);
            }
            (Check::All(schemas), _) => {
                for schema in schemas {
                    self.schema(schema, value);
                }
            }
            (Check::Any(schemas), _) if !schemas.iter().any(|schema| schema.matches(value)) => {
                self.report("anyOf", "is like none of the alternatives".to_owned());
            }
            (Check::One(schemas), _) => {
                let matching = schemas.iter().filter(|schema| schema.matches(value));
                if matching.count() != 1 {
                    let message = "is not like exactly one of the alternatives";
                    self.report("oneOf", message.to_owned());
                }
            }
            (Check::Not(schema), _) if schema.matches(value) => {
                self.report("not", "is like what it must not be".to_owned());
            }
            // It holds, or asks for nothing of values of this type.
            _ => {}
        }
    }

    fn inside(&mut self, name: &str, schema: &JsonSchema, value: &Value) {
        if self.found.len() >= self.limit {
            return;
        }
        self.field.push(excerpt(name));
        self.schema(schema, value);
        self.field.pop();
    }

    fn report(&mut self, keyword: &'static str, message: String) {
        if self.found.len() < self.limit {
            self.found.push(Mismatch {
                field: self.field.join("."),
                keyword,
                message,
            });
        }
    }
}

impl Kind {
    fn is_of(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Array, Value::Array(_))
            | (Self::Boolean, Value::Bool(_))
            | (Self::Null, Value::Null)
            | (Self::Number, Value::Number(_))
            | (Self::Object, Value::Object(_))
            | (Self::String, Value::String(_)) => true,
            (Self::Integer, Value::Number(number)) => number.is_integer(),
            _ => false,
        }
    }
}

impl Counted {
    /// How many `value` has; `None` if it is of a type that has none.
    fn count(self, value: &Value) -> Option<usize> {
        match (self, value) {
            (Self::Properties, Value::Object(fields)) => Some(fields.len()),
            (Self::Items, Value::Array(items)) => Some(items.len()),
            (Self::Characters, Value::String(text)) => Some(text.chars().count()),
            _ => None,
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Properties => "properties",
            Self::Items => "items",
            Self::Characters => "characters",
        }
    }
}

impl Bound {
    fn holds<T: Ord>(self, value: &T, limit: &T, exclusive: bool) -> bool {
        if value == limit {
            return !exclusive;
        }
        match self {
            Self::Least => value > limit,
            Self::Most => value < limit,
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Least => "at least",
            Self::Most => "at most",
        }
    }
}

const MISMATCHES: usize = 16;
