//! A JSON object, and nothing else, where an object belongs.
//!
//! Refuses the list of values that derived readers of serde take for a struct as well: `["nginx"]` is no container.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// A `T` that stood in JSON as an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fields<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Fields<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_map(FieldsVisitor(PhantomData))
            .map(Self)
    }
}

struct FieldsVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for FieldsVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Container {
        image: String,
    }

    #[test]
    fn a_list_is_no_object() {
        let read = |json: &str| {
            serde_json::from_str::<Fields<Container>>(json)
                .map(|fields| fields.0)
                .ok()
        };
        assert_eq!(
            read(r#"{"image":"nginx"}"#),
            Some(Container {
                image: "nginx".to_owned()
            })
        );
        assert!(
            serde_json::from_str::<Container>(r#"["nginx"]"#).is_ok(),
            "what this type is for"
        );
        for json in [
            r#"["nginx"]"#,
            "null",
            "\"nginx\"",
            r#"{"image":"a","image":"b"}"#,
        ] {
            assert_eq!(read(json), None, "{json}");
        }
    }
}
