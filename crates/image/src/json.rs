//! JSON that has one meaning only.
//!
//! Refuses duplicate keys at any depth, deep nesting, trailing data, a byte order mark, invalid UTF-8, and keys that
//! serde_json keeps to itself: readers in other languages take the first, the last or both values of a repeated key, so
//! such a document can say "signed" to one and "run" to another.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor,
};

use crate::{excerpt, limits};

/// Parses `bytes` as `T`, after [`check_strict`].
///
/// # Errors
///
/// As [`check_strict`], and [`JsonError::Shape`] when the document is JSON but no `T`.
pub fn parse_strict<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonError> {
    check_strict(bytes)?;
    serde_json::from_slice(bytes).map_err(|error| JsonError::Shape {
        detail: excerpt(&error.to_string()),
    })
}

/// Checks that `bytes` are one JSON value that every reader understands alike.
///
/// # Errors
///
/// The first thing that is ambiguous, over a limit or not JSON.
pub fn check_strict(bytes: &[u8]) -> Result<(), JsonError> {
    if bytes.starts_with(BYTE_ORDER_MARK) {
        return Err(JsonError::ByteOrderMark);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| JsonError::InvalidUtf8)?;
    let mut duplicate = None;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let mut keys = Vec::new();
    let outcome = Unambiguous {
        keys: &mut keys,
        duplicate: &mut duplicate,
    }
    .deserialize(&mut deserializer);
    let Err(error) = outcome.and_then(|()| deserializer.end()) else {
        return Ok(());
    };
    if let Some(key) = duplicate {
        return Err(JsonError::DuplicateKey {
            key,
            line: error.line(),
            column: error.column(),
        });
    }
    if nesting(bytes) >= limits::JSON_DEPTH {
        return Err(JsonError::TooDeep {
            limit: limits::JSON_DEPTH,
        });
    }
    Err(JsonError::Syntax {
        detail: excerpt(&error.to_string()),
    })
}

/// The members of the object `text`, each with its value as it is written, after [`check_strict`]: in one pass over what
/// may be large.
///
/// # Errors
///
/// As [`check_strict`], and [`JsonError::Shape`] when it is no object, or the name of a member is spelt with escapes.
pub fn strict_members(text: &str) -> Result<Vec<(&str, &str)>, JsonError> {
    let shape = |detail: &str| JsonError::Shape {
        detail: detail.to_owned(),
    };
    let inside = text.trim_matches(WHITESPACE);
    let inside = inside
        .strip_prefix('{')
        .ok_or_else(|| shape("it is not a JSON object"))?;
    let (mut names, mut duplicate, mut keys) = (Vec::new(), None, Vec::new());
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let outcome = deserializer.deserialize_map(Members {
        names: &mut names,
        inner: Unambiguous {
            keys: &mut keys,
            duplicate: &mut duplicate,
        },
    });
    if let Err(error) = outcome.and_then(|()| deserializer.end()) {
        // The same mistake, told as for any document.
        check_strict(text.as_bytes())?;
        return Err(shape(&excerpt(&error.to_string())));
    }
    let inside = inside
        .strip_suffix('}')
        .ok_or_else(|| shape("it is not a JSON object"))?;
    let place = |name: &str| (name.as_ptr() as usize).checked_sub(inside.as_ptr() as usize);
    let mut members = Vec::with_capacity(names.len());
    for (position, name) in names.iter().enumerate() {
        let value = place(name).map(|place| place + name.len() + 1);
        let end = match names.get(position + 1) {
            Some(next) => place(next).and_then(|place| place.checked_sub(1)),
            None => Some(inside.len()),
        };
        let value = value
            .zip(end)
            .and_then(|(start, end)| inside.get(start..end));
        let value = value.and_then(|value| value.trim_matches(WHITESPACE).strip_prefix(':'));
        let value = value.map(|value| value.trim_matches(WHITESPACE));
        let value = value.map(|value| value.strip_suffix(',').unwrap_or(value));
        let value = value.ok_or_else(|| shape("the name of a member is spelt with escapes"))?;
        members.push((*name, value.trim_matches(WHITESPACE)));
    }
    Ok(members)
}

/// Why a document is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// A byte order mark, which RFC 8259 §8.1 forbids to write.
    #[error("JSON begins with a byte order mark")]
    ByteOrderMark,
    /// A key that stands twice in one object.
    #[error("JSON has the key \"{key}\" twice (line {line}, column {column})")]
    DuplicateKey {
        /// The key, shortened.
        key: String,
        /// Line of the second one.
        line: usize,
        /// Column of the second one.
        column: usize,
    },
    /// Bytes that are not UTF-8.
    #[error("JSON is not valid UTF-8")]
    InvalidUtf8,
    /// JSON, but not of the expected shape.
    #[error("JSON has another shape than expected: {detail}")]
    Shape {
        /// What was expected, and where.
        detail: String,
    },
    /// Not JSON, or something after it.
    #[error("not valid JSON: {detail}")]
    Syntax {
        /// What is wrong, and where.
        detail: String,
    },
    /// Nested too deep.
    #[error("JSON is nested {limit} deep or more")]
    TooDeep {
        /// The bound, [`limits::JSON_DEPTH`].
        limit: usize,
    },
}

impl JsonError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ByteOrderMark => "json_byte_order_mark",
            Self::DuplicateKey { .. } => "json_duplicate_key",
            Self::InvalidUtf8 => "json_invalid_utf8",
            Self::Shape { .. } => "json_shape",
            Self::Syntax { .. } => "json_syntax",
            Self::TooDeep { .. } => "json_too_deep",
        }
    }
}

/// Walks a value, keeping nothing of it but the keys of the objects that are open.
struct Unambiguous<'a, 'de> {
    /// A stack: the keys of each open object begin where those of the objects around it end.
    keys: &'a mut Vec<Cow<'de, str>>,
    duplicate: &'a mut Option<String>,
}

impl<'de> Unambiguous<'_, 'de> {
    fn inner(&mut self) -> Unambiguous<'_, 'de> {
        Unambiguous {
            keys: self.keys,
            duplicate: self.duplicate,
        }
    }

    /// Walks an object, telling `each` of every key.
    fn entries<A: MapAccess<'de>>(
        mut self,
        mut entries: A,
        mut each: impl FnMut(&Cow<'de, str>) -> Result<(), A::Error>,
    ) -> Result<(), A::Error> {
        let start = self.keys.len();
        let mut many = HashSet::new();
        while let Some(key) = entries.next_key_seed(KeyText)? {
            if key.starts_with(PRIVATE_KEYS) {
                return Err(A::Error::custom(format!("the key {key} is no name")));
            }
            let few = self.keys.get(start..).unwrap_or_default();
            if few.contains(&key) || many.contains(&key) {
                *self.duplicate = Some(excerpt(&key));
                return Err(A::Error::custom("duplicate key"));
            }
            each(&key)?;
            // A list while they are few, a set from then on, so that 10^6 keys stay linear.
            if few.len() < FEW_KEYS {
                self.keys.push(key);
            } else {
                many.insert(key);
            }
            entries.next_value_seed(self.inner())?;
        }
        self.keys.truncate(start);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Unambiguous<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unambiguous<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self.inner())?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<(), A::Error> {
        self.entries(entries, |_| Ok(()))
    }
}

/// The outermost object, of which the names are kept where they stand.
struct Members<'a, 'de> {
    names: &'a mut Vec<&'de str>,
    inner: Unambiguous<'a, 'de>,
}

impl<'de> Visitor<'de> for Members<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<(), A::Error> {
        self.inner.entries(entries, |key| match key {
            Cow::Borrowed(name) => {
                self.names.push(*name);
                Ok(())
            }
            Cow::Owned(_) => Err(A::Error::custom(
                "the name of a member is spelt with escapes",
            )),
        })
    }
}

/// A key with its escapes resolved: `"image"` and `"\u0069mage"` are one key.
struct KeyText;

impl<'de> DeserializeSeed<'de> for KeyText {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeyText {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(key.into())
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(key.to_owned().into())
    }
}

/// The deepest nesting in `bytes`, valid JSON or not; only asked once a document is refused anyway.
fn nesting(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const FEW_KEYS: usize = 16;
/// What may stand between tokens (RFC 8259 §2).
const WHITESPACE: [char; 4] = [' ', '\t', '\n', '\r'];
/// Keys by which serde_json hands itself numbers and raw values: an object that has one is read as something else.
const PRIVATE_KEYS: &str = "$serde_json::private::";

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: impl AsRef<[u8]>, code: Option<&str>) {
        assert_eq!(
            check_strict(json.as_ref()).err().map(|error| error.code()),
            code
        );
    }

    #[test]
    fn accepts_plain_json() {
        for json in [
            "null",
            " [1, -2.5, \"a\", true] ",
            r#"{"a":{"b":1},"c":{"b":1}}"#,
            r#"{"":0," ":0}"#,
            "\"😀\"",
        ] {
            check(json, None);
        }
    }

    #[test]
    fn the_members_of_an_object_are_what_stands_between_their_names() {
        let text = " { \"a\" : [1, {\"b\": \"},\"}] ,\n\"c\":\"x,\\\"y\" , \"d\": null} ";
        let members = strict_members(text).unwrap();
        assert_eq!(
            members,
            [
                ("a", "[1, {\"b\": \"},\"}]"),
                ("c", "\"x,\\\"y\""),
                ("d", "null")
            ]
        );
        assert_eq!(strict_members("{}").unwrap(), []);
        for (bad, code) in [
            ("[]", "json_shape"),
            ("{\"a\":1,\"a\":2}", "json_duplicate_key"),
            ("{\"a\":{\"b\":1,\"b\":2}}", "json_duplicate_key"),
            ("{\"\\u0061\":1}", "json_shape"),
            ("{\"a\":1} 2", "json_syntax"),
            ("{\"a\":1", "json_syntax"),
        ] {
            assert_eq!(strict_members(bad).unwrap_err().code(), code, "{bad}");
        }
    }

    #[test]
    fn members_may_be_very_many() {
        let many: String = (0..200_000).map(|name| format!("\"{name}\":0,")).collect();
        let members = |last: &str| {
            let text = format!("{{{many}\"{last}\":0}}");
            strict_members(&text)
                .map(|members| members.len())
                .map_err(|error| error.code())
        };
        assert_eq!(members("a"), Ok(200_001));
        assert_eq!(members("150000"), Err("json_duplicate_key"));
    }

    #[test]
    fn refuses_a_key_that_stands_twice_however_deep_or_spelt() {
        check(r#"{"a":1,"a":1}"#, Some("json_duplicate_key"));
        check(r#"{"a":1,"\u0061":1}"#, Some("json_duplicate_key"));
        check(
            r#"[{"a":[{"b":{},"c":0,"b":{}}]}]"#,
            Some("json_duplicate_key"),
        );
        let many: String = (0..100).map(|number| format!("\"{number}\":0,")).collect();
        check(format!("{{{many}\"a\":0}}"), None);
        check(format!("{{{many}\"3\":0}}"), Some("json_duplicate_key"));
        check(format!("{{{many}\"73\":0}}"), Some("json_duplicate_key"));
    }

    #[test]
    fn keys_that_differ_in_case_are_two_keys() {
        check(r#"{"image":1,"Image":1}"#, None);
    }

    #[test]
    fn refuses_keys_that_our_own_reader_takes_for_something_else() {
        let json = r#"{"$serde_json::private::RawValue":"{\"a\":1,\"a\":2}"}"#;
        assert_eq!(
            serde_json::from_str(json).ok(),
            Some(serde_json::json!({"a": 2})),
            "what this refusal is for"
        );
        check(json, Some("json_syntax"));
        check(
            r#"[{"a":{"$serde_json::private::Number":"1"}}]"#,
            Some("json_syntax"),
        );
        check(r#"{"\u0024serde_json::private::X":0}"#, Some("json_syntax"));
        check(r#"{"$serde_json":0,"a":"$serde_json::private::X"}"#, None);
    }

    #[test]
    fn refuses_what_is_not_one_json_value() {
        for json in [
            "",
            "{",
            "{}{}",
            "{} x",
            "[1,]",
            "{'a':1}",
            "NaN",
            "01",
            "1e309",
            r#""\ud800""#,
            "\"\n\"",
            "// a\n1",
        ] {
            check(json, Some("json_syntax"));
        }
        check("\u{feff}{}", Some("json_byte_order_mark"));
        check(b"\"\xff\"", Some("json_invalid_utf8"));
        check(b"{\"\xc0\xaf\":1}", Some("json_invalid_utf8"));
    }

    #[test]
    fn refuses_deep_nesting_without_following_it() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        check(nested(limits::JSON_DEPTH - 1), None);
        check(nested(limits::JSON_DEPTH), Some("json_too_deep"));
        check("{\"a\":".repeat(1_000_000), Some("json_too_deep"));
        check(format!("[\"{}\" 1]", "[".repeat(200)), Some("json_syntax"));
    }

    #[test]
    fn a_wrong_shape_is_told_from_wrong_json() {
        assert_eq!(parse_strict::<Vec<u8>>(b"[1,2]"), Ok(vec![1, 2]));
        assert_eq!(
            parse_strict::<Vec<u8>>(b"[1,-2]").map_err(|error| error.code()),
            Err("json_shape")
        );
        let long = format!("\"{}\"", "x\\u0000".repeat(10_000));
        let Err(error) = parse_strict::<Vec<u8>>(long.as_bytes()) else {
            panic!("a string is no list")
        };
        assert!(error.to_string().len() < 2_000);
    }
}
