//! JSON documents that must be objects, and what stands in them as protobuf writes it.
//!
//! Refuses a list of the members' values, which derived readers would take as well and no other reader does; and lists and
//! texts that are too long, where they become so: before the rest of a document is looked at, and before anything is kept.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use countersign_image::{JsonError, check_strict, excerpt, limits};
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

use crate::rejection::{Reason, Refusal};

/// Reads bytes from outside, strictly.
pub(crate) fn strict_object<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, JsonError> {
    check_strict(bytes)?;
    let text = std::str::from_utf8(bytes).map_err(|_| JsonError::InvalidUtf8)?;
    object(text).map_err(shape)
}

/// Reads bytes from outside that have [`Bounded`] lists and texts, strictly, as `what`.
///
/// The bounds come first: to check a document for repeated keys is to read all of it.
pub(crate) fn bounded_object<'a, T: Deserialize<'a>>(
    bytes: &'a [u8],
    what: &str,
) -> Result<T, Refusal> {
    let malformed =
        |error: JsonError| Refusal::malformed(format!("it does not read as a {what}: {error}"));
    let text = std::str::from_utf8(bytes).map_err(|_| malformed(JsonError::InvalidUtf8))?;
    let value = object(text);
    if let Err(error) = &value {
        let message = error.to_string();
        if message.starts_with(OVER_LIST) || message.starts_with(OVER_TEXT) {
            let over = message.split(" at line ").next().unwrap_or_default();
            return Err(Refusal::new(
                Reason::TooMany,
                format!("the {what} has {over}"),
            ));
        }
    }
    check_strict(bytes).map_err(malformed)?;
    value.map_err(shape).map_err(malformed)
}

/// Reads a part of something that was checked as a whole.
pub(crate) fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, serde_json::Error> {
    if !text.trim_start().starts_with('{') {
        return Err(serde_json::Error::custom("it is not a JSON object"));
    }
    serde_json::from_str(text)
}

fn shape(error: serde_json::Error) -> JsonError {
    JsonError::Shape {
        detail: excerpt(&error.to_string()),
    }
}

/// A list of at most `N` elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bounded<T, const N: usize>(pub(crate) Vec<T>);

impl<T, const N: usize> Default for Bounded<T, N> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>, const N: usize> Deserialize<'de> for Bounded<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_seq(BoundedVisitor::<T, N>(PhantomData))
            .map(Self)
    }
}

struct BoundedVisitor<T, const N: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const N: usize> Visitor<'de> for BoundedVisitor<T, N> {
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a list of at most {N}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element()? {
            if list.len() == N {
                return Err(A::Error::custom(format!(
                    "{OVER_LIST} {N} elements, which is the most that is read"
                )));
            }
            list.push(element);
        }
        Ok(list)
    }
}

/// A text of at most [`limits::PROOF_BYTES`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor).map(Self)
    }
}

struct TextVisitor;

impl TextVisitor {
    fn check<E: Error>(text: &str) -> Result<(), E> {
        if text.len() > limits::PROOF_BYTES {
            let limit = limits::PROOF_BYTES;
            let detail = format!("{OVER_TEXT} {limit} bytes, which is the most that is read");
            return Err(E::custom(detail));
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Self::check(text).map(|()| Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Self::check(text).map(|()| Cow::Owned(text.to_owned()))
    }
}

/// A 64-bit number as protobuf writes it: in a string, or bare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Int64(pub(crate) i64);

impl<'de> Deserialize<'de> for Int64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Int64Visitor).map(Self)
    }
}

struct Int64Visitor;

impl Visitor<'_> for Int64Visitor {
    type Value = i64;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a whole number of 64 bits")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<i64, E> {
        Ok(number)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<i64, E> {
        number
            .try_into()
            .map_err(|_| E::custom("a number of more than 64 bits"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<i64, E> {
        text.parse::<i64>()
            .ok()
            .filter(|number| number.to_string() == text)
            .ok_or_else(|| E::custom("a string that is no number"))
    }
}

/// What marks the error of something too long; nothing that comes from a document stands first in a message.
const OVER_LIST: &str = "a list of more than";
const OVER_TEXT: &str = "a text of more than";
