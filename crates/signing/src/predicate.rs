//! What is attested: a predicate's type, and a file's content in the shape that this type asks for.
//!
//! Refuses what is not what its type says, as `countersign_evidence` judges it.

use std::fmt;
use std::str::FromStr;

use countersign_evidence::{PredicateFlaw, check_predicate, predicate};
use countersign_image::{check_strict, excerpt};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

/// The type of a predicate, by its URI or by cosign's name for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PredicateType {
    uri: String,
    shape: Shape,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Shape {
    Custom,
    Json,
    Text,
}

impl PredicateType {
    /// The URI that stands in statements.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Whether a statement of type `found` is of this type: a type without a version stands for all of its versions.
    pub fn accepts(&self, found: &str) -> bool {
        let version = |rest: &str| {
            rest.strip_prefix("/v")
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        };
        found
            .strip_prefix(&self.uri)
            .is_some_and(|rest| rest.is_empty() || version(rest))
    }
}

impl FromStr for PredicateType {
    type Err = PredicateError;

    fn from_str(written: &str) -> Result<Self, PredicateError> {
        let shape = match written {
            "custom" => Shape::Custom,
            "spdx" => Shape::Text,
            _ => Shape::Json,
        };
        let uri = match predicate::from_alias(written) {
            Some(uri) => uri.to_owned(),
            None if is_uri(written) => written.to_owned(),
            None => {
                return Err(PredicateError::UnknownType {
                    written: written.to_owned(),
                });
            }
        };
        Ok(Self { uri, shape })
    }
}

impl fmt::Display for PredicateType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.uri)
    }
}

/// A predicate ready to be put in a statement, byte for byte as it was written.
#[derive(Clone, Debug)]
pub struct Predicate {
    kind: PredicateType,
    content: Box<RawValue>,
}

impl Predicate {
    /// The predicate of type `kind` that a file holds. `now` is used by cosign's `custom` type alone.
    pub fn new(kind: PredicateType, file: &[u8], now: Timestamp) -> Result<Self, PredicateError> {
        let text =
            std::str::from_utf8(file).map_err(|_| PredicateError::malformed("it is not UTF-8"))?;
        let content = match kind.shape {
            Shape::Custom => raw(&CustomWire {
                data: text,
                timestamp: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            }),
            Shape::Text => raw(text),
            Shape::Json => {
                // Before anything is taken from it: whoever reads it differently would not know what was signed.
                check_strict(file).map_err(PredicateError::malformed)?;
                RawValue::from_string(text.trim().to_owned())
            }
        };
        let content = content.map_err(PredicateError::malformed)?;
        check_predicate(&kind.uri, &content)?;
        Ok(Self { kind, content })
    }

    /// A predicate that stood in a statement, as it stood there; and whether it is provenance that names no builder.
    pub(crate) fn from_statement(
        predicate_type: &str,
        content: Box<RawValue>,
    ) -> Result<(Self, bool), PredicateError> {
        if !is_uri(predicate_type) {
            return Err(PredicateError::UnknownType {
                written: excerpt(predicate_type),
            });
        }
        let nameless = match check_predicate(predicate_type, &content) {
            Ok(()) => false,
            Err(PredicateFlaw::NoBuilder) => true,
            Err(flaw) => return Err(flaw.into()),
        };
        let kind = PredicateType {
            uri: predicate_type.to_owned(),
            shape: Shape::Json,
        };
        Ok((Self { kind, content }, nameless))
    }

    /// The URI of its type.
    pub fn predicate_type(&self) -> &str {
        self.kind.uri()
    }

    pub(crate) fn content(&self) -> &RawValue {
        &self.content
    }
}

/// Why a predicate cannot be attested.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PredicateError {
    /// The file is not what its type says.
    #[error(transparent)]
    Flawed(#[from] PredicateFlaw),
    /// The file is not JSON, or is JSON that readers could understand in two ways.
    #[error("the predicate cannot be used: {detail}")]
    Malformed {
        /// What is wrong with it.
        detail: String,
    },
    /// Neither one of cosign's names nor a URI.
    #[error("{written:?} is no predicate type")]
    UnknownType {
        /// What was asked for.
        written: String,
    },
}

impl PredicateError {
    /// A stable name for the kind of failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Flawed(flaw) => flaw.code(),
            Self::Malformed { .. } => "predicate_malformed",
            Self::UnknownType { .. } => "predicate_type_unknown",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Flawed(flaw) => flaw.hint(),
            Self::Malformed { .. } => None,
            Self::UnknownType { .. } => Some(TYPES),
        }
    }

    pub(crate) fn malformed(detail: impl fmt::Display) -> Self {
        Self::Malformed {
            detail: detail.to_string(),
        }
    }
}

/// Whether `text` is an absolute URI, as RFC 3986 §4.3 has it: a scheme, a colon, something after it, no white space.
#[must_use]
pub fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c))
        && !rest.is_empty()
        && rest.chars().all(|c| c.is_ascii_graphic())
}

fn raw<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Box<RawValue>> {
    serde_json::value::to_raw_value(value)
}

/// cosign's own predicate for anything that has no type.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CustomWire<'a> {
    data: &'a str,
    timestamp: String,
}

const TYPES: &str = "use a URI or one of: cyclonedx, custom, link, openvex, slsaprovenance02, slsaprovenance1, spdx, spdxjson, vuln";

#[cfg(test)]
mod tests {
    use super::*;

    const SPDX_TAGS: &str = "SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nDataLicense: CC0-1.0\nDocumentName: x\nDocumentNamespace: https://acme.example/x\nCreator: Tool: x\nCreated: 2026-11-20T08:00:00Z\n";

    #[test]
    fn aliases_and_uris_are_types_and_nothing_else_is() {
        for (written, uri) in [
            ("slsaprovenance1", "https://slsa.dev/provenance/v1"),
            ("slsaprovenance", "https://slsa.dev/provenance/v0.2"),
            ("spdxjson", "https://spdx.dev/Document"),
            ("custom", "https://cosign.sigstore.dev/attestation/v1"),
            (
                "https://acme.example/review/v1",
                "https://acme.example/review/v1",
            ),
            ("urn:acme:review", "urn:acme:review"),
        ] {
            assert_eq!(written.parse::<PredicateType>().unwrap().uri(), uri);
        }
        for written in ["", "slsa", "https:", "two words:x", "1a:b", "https://a b"] {
            assert_eq!(
                written.parse::<PredicateType>().unwrap_err().code(),
                "predicate_type_unknown",
                "{written}"
            );
        }
    }

    #[test]
    fn a_type_without_a_version_accepts_its_versions_and_no_look_alike() {
        let spdx: PredicateType = "spdxjson".parse().unwrap();
        assert!(
            spdx.accepts("https://spdx.dev/Document")
                && spdx.accepts("https://spdx.dev/Document/v2.3")
        );
        assert!(
            !spdx.accepts("https://spdx.dev/Documents")
                && !spdx.accepts("https://spdx.dev/Document/vandal")
        );
        let provenance: PredicateType = "slsaprovenance1".parse().unwrap();
        assert!(!provenance.accepts("https://slsa.dev/provenance/v0.2"));
    }

    #[test]
    fn json_is_kept_as_it_was_written() {
        let predicate = predicate(
            "https://acme.example/x",
            b" {\"n\": 1.0000000000000000001}\n",
        )
        .unwrap();
        assert_eq!(predicate.content().get(), "{\"n\": 1.0000000000000000001}");
    }

    #[test]
    fn text_becomes_a_string_and_custom_is_wrapped_as_cosign_does() {
        assert_eq!(
            predicate("spdx", SPDX_TAGS.as_bytes())
                .unwrap()
                .content()
                .get(),
            serde_json::to_string(SPDX_TAGS).unwrap()
        );
        let custom = predicate("custom", b"hello").unwrap();
        assert_eq!(
            custom.content().get(),
            r#"{"Data":"hello","Timestamp":"2026-11-20T08:00:00Z"}"#
        );
    }

    #[test]
    fn json_that_two_readers_could_read_in_two_ways_is_refused() {
        for file in [
            &b"{\"a\":1,\"a\":2}"[..],
            b"{} {}",
            b"",
            b"no json",
            b"\xff",
        ] {
            assert_eq!(
                predicate("slsaprovenance1", file).unwrap_err().code(),
                "predicate_malformed"
            );
        }
    }

    #[test]
    fn what_is_not_of_its_type_is_no_predicate() {
        for (kind, file, code) in [
            (
                "slsaprovenance1",
                r#"{"buildDefinition":{},"runDetails":{"builder":{"id":""}}}"#,
                "provenance_without_builder",
            ),
            ("slsaprovenance1", "{}", "provenance_malformed"),
            (
                "spdxjson",
                r#"{"bomFormat":"CycloneDX","specVersion":"1.6"}"#,
                "predicate_mismatch",
            ),
            ("cyclonedx", "[]", "sbom_malformed"),
        ] {
            let error = predicate(kind, file.as_bytes()).unwrap_err();
            assert_eq!(error.code(), code, "{error}");
        }
    }

    fn predicate(kind: &str, file: &[u8]) -> Result<Predicate, PredicateError> {
        Predicate::new(
            kind.parse()?,
            file,
            "2026-11-20T08:00:00.5Z".parse().unwrap(),
        )
    }
}
