//! The part of JSON Schema that rules may hold a document against.
//!
//! Refuses keywords that it does not check, for a schema that is half enforced promises what it does not hold, and
//! references: a schema can be no deeper than it is written.

mod builtin;
mod matching;

use std::collections::{BTreeMap, BTreeSet};

use countersign_image::excerpt;
use regex::{Regex, RegexBuilder};
use regorus::Value;

pub(crate) use builtin::{NAME as BUILTIN, register};

/// What a document must be like: all of these.
#[derive(Debug)]
pub(crate) struct JsonSchema(Vec<Check>);

/// What one keyword asks for.
#[derive(Debug)]
enum Check {
    Kinds(Vec<Kind>),
    /// `enum` and `const`.
    Values(Vec<Value>),
    Properties(BTreeMap<String, JsonSchema>),
    Required(Vec<String>),
    /// Properties that are not among the `known`: of this schema, or none.
    Others {
        known: BTreeSet<String>,
        schema: Option<JsonSchema>,
    },
    Items(JsonSchema),
    Unique,
    Count {
        of: Counted,
        bound: Bound,
        limit: usize,
    },
    Range {
        bound: Bound,
        exclusive: bool,
        /// A number.
        limit: Value,
    },
    Pattern(Regex),
    All(Vec<JsonSchema>),
    Any(Vec<JsonSchema>),
    One(Vec<JsonSchema>),
    Not(JsonSchema),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Array,
    Boolean,
    Integer,
    Null,
    Number,
    Object,
    String,
}

#[derive(Clone, Copy, Debug)]
enum Counted {
    Properties,
    Items,
    Characters,
}

#[derive(Clone, Copy, Debug)]
enum Bound {
    Least,
    Most,
}

/// Why a schema is none.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {message}")]
pub(crate) struct SchemaError {
    place: String,
    message: String,
}

impl JsonSchema {
    /// Reads a schema.
    pub(crate) fn compile(schema: &Value) -> Result<Self, SchemaError> {
        Reader {
            place: vec!["schema".to_owned()],
            left: MAX_SCHEMAS,
        }
        .schema(schema)
    }
}

/// Where reading has come to.
struct Reader {
    place: Vec<String>,
    /// How many more schemas there may be within the schema.
    left: usize,
}

impl Reader {
    fn schema(&mut self, schema: &Value) -> Result<JsonSchema, SchemaError> {
        let Value::Object(fields) = schema else {
            return Err(self.wrong("must be an object"));
        };
        self.left = match self.left.checked_sub(1) {
            Some(left) if self.place.len() <= MAX_DEPTH => left,
            _ => return Err(self.wrong("is too deep, or the schema too large")),
        };
        let mut checks = Vec::new();
        for (keyword, value) in fields.iter_sorted() {
            let Value::String(keyword) = keyword else {
                return Err(self.wrong("has a keyword that is no string"));
            };
            checks.extend(self.within(keyword, |reader| reader.keyword(keyword, value, schema))?);
        }
        Ok(JsonSchema(checks))
    }

    fn keyword(
        &mut self,
        keyword: &str,
        value: &Value,
        schema: &Value,
    ) -> Result<Option<Check>, SchemaError> {
        Ok(Some(match keyword {
            "$comment" | "$schema" | "default" | "description" | "examples" | "title" => {
                return Ok(None);
            }
            "type" => Check::Kinds(self.kinds(value)?),
            "enum" => Check::Values(self.list(value)?),
            "const" => Check::Values(vec![value.clone()]),
            "properties" => Check::Properties(self.properties(value)?),
            "required" => Check::Required(self.strings(value)?),
            "additionalProperties" => match value {
                Value::Bool(true) => return Ok(None),
                Value::Bool(false) => Check::Others {
                    known: known(schema),
                    schema: None,
                },
                other => Check::Others {
                    known: known(schema),
                    schema: Some(self.schema(other)?),
                },
            },
            "items" => Check::Items(self.schema(value)?),
            "uniqueItems" => match value {
                Value::Bool(true) => Check::Unique,
                Value::Bool(false) => return Ok(None),
                _ => return Err(self.wrong("must be a boolean")),
            },
            "minProperties" => self.count(Counted::Properties, Bound::Least, value)?,
            "maxProperties" => self.count(Counted::Properties, Bound::Most, value)?,
            "minItems" => self.count(Counted::Items, Bound::Least, value)?,
            "maxItems" => self.count(Counted::Items, Bound::Most, value)?,
            "minLength" => self.count(Counted::Characters, Bound::Least, value)?,
            "maxLength" => self.count(Counted::Characters, Bound::Most, value)?,
            "minimum" => self.range(Bound::Least, false, value)?,
            "maximum" => self.range(Bound::Most, false, value)?,
            "exclusiveMinimum" => self.range(Bound::Least, true, value)?,
            "exclusiveMaximum" => self.range(Bound::Most, true, value)?,
            "pattern" => Check::Pattern(self.pattern(value)?),
            "allOf" => Check::All(self.schemas(value)?),
            "anyOf" => Check::Any(self.schemas(value)?),
            "oneOf" => Check::One(self.schemas(value)?),
            "not" => Check::Not(self.schema(value)?),
            _ => return Err(self.wrong("is a keyword that is not supported")),
        }))
    }

    fn kinds(&self, value: &Value) -> Result<Vec<Kind>, SchemaError> {
        let one = |value: &Value| {
            let name = value.as_string().ok()?;
            Kind::ALL.into_iter().find(|kind| kind.as_str() == &**name)
        };
        let kinds: Option<Vec<Kind>> = match value {
            Value::Array(names) => names.iter().map(one).collect(),
            name => one(name).map(|kind| vec![kind]),
        };
        kinds
            .filter(|kinds| !kinds.is_empty())
            .ok_or_else(|| self.wrong("must name types of JSON"))
    }

    fn properties(&mut self, value: &Value) -> Result<BTreeMap<String, JsonSchema>, SchemaError> {
        let Value::Object(fields) = value else {
            return Err(self.wrong("must be an object"));
        };
        let mut properties = BTreeMap::new();
        for (name, schema) in fields.iter_sorted() {
            let Value::String(name) = name else {
                return Err(self.wrong("has a name that is no string"));
            };
            let schema = self.within(name, |reader| reader.schema(schema))?;
            properties.insert(name.to_string(), schema);
        }
        Ok(properties)
    }

    fn schemas(&mut self, value: &Value) -> Result<Vec<JsonSchema>, SchemaError> {
        let mut schemas = Vec::new();
        for (index, schema) in self.list(value)?.iter().enumerate() {
            schemas.push(self.within(&index.to_string(), |reader| reader.schema(schema))?);
        }
        Ok(schemas)
    }

    fn strings(&self, value: &Value) -> Result<Vec<String>, SchemaError> {
        let wrong = || self.wrong("must be a list of strings");
        let items = value.as_array().map_err(|_| wrong())?.iter();
        let strings = items.map(|item| Some(item.as_string().ok()?.to_string()));
        strings.collect::<Option<_>>().ok_or_else(wrong)
    }

    /// A list that must not be empty.
    fn list(&self, value: &Value) -> Result<Vec<Value>, SchemaError> {
        match value {
            Value::Array(items) if !items.is_empty() => Ok(items.to_vec()),
            _ => Err(self.wrong("must be a list that is not empty")),
        }
    }

    fn count(&self, of: Counted, bound: Bound, value: &Value) -> Result<Check, SchemaError> {
        let limit = value.as_u64().ok();
        let limit = limit.and_then(|limit| usize::try_from(limit).ok());
        let limit = limit.ok_or_else(|| self.wrong("must be an integer that is not negative"))?;
        Ok(Check::Count { of, bound, limit })
    }

    fn range(&self, bound: Bound, exclusive: bool, value: &Value) -> Result<Check, SchemaError> {
        let Value::Number(_) = value else {
            return Err(self.wrong("must be a number"));
        };
        Ok(Check::Range {
            bound,
            exclusive,
            limit: value.clone(),
        })
    }

    fn pattern(&self, value: &Value) -> Result<Regex, SchemaError> {
        let text = value.as_string().ok();
        let compile = |text| RegexBuilder::new(text).size_limit(PATTERN_BYTES).build();
        let pattern = text.and_then(|text| compile(text).ok());
        pattern.ok_or_else(|| self.wrong("must be a regular expression"))
    }

    fn within<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Self) -> Result<T, SchemaError>,
    ) -> Result<T, SchemaError> {
        self.place.push(excerpt(name));
        let result = read(self);
        self.place.pop();
        result
    }

    fn wrong(&self, message: &str) -> SchemaError {
        SchemaError {
            place: self.place.join("."),
            message: message.to_owned(),
        }
    }
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::Array,
        Self::Boolean,
        Self::Integer,
        Self::Null,
        Self::Number,
        Self::Object,
        Self::String,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Array => "array",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Null => "null",
            Self::Number => "number",
            Self::Object => "object",
            Self::String => "string",
        }
    }
}

/// The names that `properties` of `schema` describes.
fn known(schema: &Value) -> BTreeSet<String> {
    match &schema["properties"] {
        Value::Object(properties) => properties
            .keys()
            .filter_map(|name| Some(name.as_string().ok()?.to_string()))
            .collect(),
        _ => BTreeSet::new(),
    }
}

/// Each keyword and each name takes one level.
const MAX_DEPTH: usize = 64;
const MAX_SCHEMAS: usize = 1000;
const PATTERN_BYTES: usize = 1024 * 1024;

#[cfg(test)]
mod tests;
