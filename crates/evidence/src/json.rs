//! JSON documents that must be objects.
//!
//! Refuses a list of the members' values, which derived readers would take as well and no other reader does.

use countersign_image::{JsonError, check_strict, excerpt};
use serde::Deserialize;
use serde::de::Error as _;

/// Reads bytes from outside, strictly.
pub(crate) fn strict_object<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, JsonError> {
    check_strict(bytes)?;
    let text = std::str::from_utf8(bytes).map_err(|_| JsonError::InvalidUtf8)?;
    object(text).map_err(|error| JsonError::Shape {
        detail: excerpt(&error.to_string()),
    })
}

/// Reads a part of something that was checked as a whole.
pub(crate) fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, serde_json::Error> {
    if !text.trim_start().starts_with('{') {
        return Err(serde_json::Error::custom("it is not a JSON object"));
    }
    serde_json::from_str(text)
}
