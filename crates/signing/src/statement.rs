//! The bytes that get signed: in-toto statements, and the simple-signing payload of the older format.
//!
//! Everything names its image by digest; nothing here takes a tag.

use std::collections::BTreeMap;

use countersign_evidence::predicate;
use countersign_image::{Digest, PinnedReference};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::predicate::Predicate;

/// What the signer adds to a signature, as `key=value`.
pub type Annotations = BTreeMap<String, String>;

/// "This image is signed", as cosign 3 says it: a statement without a predicate of its own.
pub(crate) fn signature(
    image: &PinnedReference,
    annotations: &Annotations,
) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&StatementWire {
        kind: STATEMENT_V1,
        subject: [SubjectWire {
            name: None,
            digest: digest_set(image.digest()),
            annotations,
        }],
        predicate_type: predicate::COSIGN_SIGN,
        predicate: Nothing {},
    })
}

/// A predicate about an image.
pub(crate) fn attestation(
    image: &PinnedReference,
    predicate: &Predicate,
    version: Version,
) -> serde_json::Result<Vec<u8>> {
    let name = image.repository().to_string();
    serde_json::to_vec(&StatementWire::<&RawValue> {
        kind: match version {
            Version::V01 => STATEMENT_V01,
            Version::V1 => STATEMENT_V1,
        },
        subject: [SubjectWire {
            name: Some(&name),
            digest: digest_set(image.digest()),
            annotations: &Annotations::new(),
        }],
        predicate_type: predicate.predicate_type(),
        predicate: predicate.content(),
    })
}

/// "This image is signed", as cosign 1 and 2 say it.
pub(crate) fn simple_signing(
    image: &PinnedReference,
    annotations: &Annotations,
) -> serde_json::Result<Vec<u8>> {
    let optional = if annotations.is_empty() {
        None
    } else {
        Some(annotations)
    };
    serde_json::to_vec(&SimpleSigningWire {
        critical: CriticalWire {
            identity: IdentityWire {
                docker_reference: image.repository().to_string(),
            },
            image: ImageWire {
                docker_manifest_digest: image.digest(),
            },
            kind: "cosign container image signature",
        },
        optional,
    })
}

/// Which version of the statement: cosign 2 reads only the older one.
#[derive(Clone, Copy)]
pub(crate) enum Version {
    V01,
    V1,
}

fn digest_set(digest: &Digest) -> BTreeMap<&'static str, &str> {
    BTreeMap::from([(digest.algorithm().as_str(), digest.hex())])
}

#[derive(Serialize)]
struct StatementWire<'a, P> {
    #[serde(rename = "_type")]
    kind: &'static str,
    subject: [SubjectWire<'a>; 1],
    #[serde(rename = "predicateType")]
    predicate_type: &'a str,
    predicate: P,
}

#[derive(Serialize)]
struct SubjectWire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    digest: BTreeMap<&'static str, &'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'a Annotations,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct SimpleSigningWire<'a> {
    critical: CriticalWire<'a>,
    optional: Option<&'a Annotations>,
}

#[derive(Serialize)]
struct CriticalWire<'a> {
    identity: IdentityWire,
    image: ImageWire<'a>,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct IdentityWire {
    docker_reference: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ImageWire<'a> {
    docker_manifest_digest: &'a Digest,
}

const STATEMENT_V01: &str = "https://in-toto.io/Statement/v0.1";
const STATEMENT_V1: &str = "https://in-toto.io/Statement/v1";

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(made: serde_json::Result<Vec<u8>>, expected: &str) {
        let expected = expected.replace("HEX", EMPTY);
        assert_eq!(String::from_utf8(made.unwrap()).unwrap(), expected);
    }

    #[test]
    fn a_signature_is_a_statement_without_name_and_predicate() {
        check(
            signature(&image(), &annotations()),
            r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"HEX"},"annotations":{"env":"prod"}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}}"#,
        );
    }

    #[test]
    fn an_attestation_names_its_subject_and_has_the_version_that_its_readers_know() {
        let predicate = Predicate::new(
            "urn:x".parse().unwrap(),
            b"{ }",
            jiff::Timestamp::UNIX_EPOCH,
        );
        for (version, name) in [(Version::V01, "v0.1"), (Version::V1, "v1")] {
            let expected = r#"{"_type":"https://in-toto.io/Statement/VERSION","subject":[{"name":"docker.io/library/nginx","digest":{"sha256":"HEX"}}],"predicateType":"urn:x","predicate":{ }}"#;
            check(
                attestation(&image(), predicate.as_ref().unwrap(), version),
                &expected.replace("VERSION", name),
            );
        }
    }

    #[test]
    fn the_older_payload_is_what_cosign_writes() {
        let payload = r#"{"critical":{"identity":{"docker-reference":"docker.io/library/nginx"},"image":{"docker-manifest-digest":"sha256:HEX"},"type":"cosign container image signature"},"optional":OPTIONAL}"#;
        check(
            simple_signing(&image(), &Annotations::new()),
            &payload.replace("OPTIONAL", "null"),
        );
        check(
            simple_signing(&image(), &annotations()),
            &payload.replace("OPTIONAL", r#"{"env":"prod"}"#),
        );
    }

    fn image() -> PinnedReference {
        PinnedReference::new("nginx".parse().unwrap(), Digest::of(b""))
    }

    fn annotations() -> Annotations {
        Annotations::from([("env".to_owned(), "prod".to_owned())])
    }

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
}
