//! From JSON to what is verified with.
//!
//! Refuses windows without a beginning, reversed windows, repeated log ids, and keys and certificates that do not read or
//! could never verify anything. Logs whose kind of key or tree is not known are left aside, by name.

use countersign_image::{Digest, Fields, excerpt, limits};
use sigstore_types::{DerCertificate, TimeRange, TsaAuthority};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use super::wire::{self, Document};
use super::{
    AuthorityFacts, CertificateAuthority, TimestampAuthority, TrustRootError, TrustedLog, Validity,
};
use crate::certificate::CaCertificate;
use crate::chain::Anchors;
use crate::{KeyAlgorithm, PublicKey, base64, json};

pub(super) fn document(bytes: &[u8]) -> Result<Document, TrustRootError> {
    if bytes.len() > limits::TRUST_ROOT_BYTES {
        return Err(TrustRootError::TooLarge);
    }
    let document: Document = json::strict_object(bytes).map_err(|error| {
        let count = documents(bytes);
        if count > 1 {
            return TrustRootError::Several { count };
        }
        TrustRootError::Malformed {
            detail: error.to_string(),
        }
    })?;
    if !MEDIA_TYPES.contains(&document.media_type.as_str()) {
        return Err(TrustRootError::MediaType {
            found: excerpt(&document.media_type),
        });
    }
    Ok(document)
}

/// How many objects there are, one in each line; none when something else is.
fn documents(bytes: &[u8]) -> usize {
    let mut count = 0;
    for line in bytes.split(|byte| *byte == b'\n') {
        if line.trim_ascii().is_empty() {
            continue;
        }
        if json::strict_object::<serde_json::Value>(line).is_err() {
            return 0;
        }
        count += 1;
    }
    count
}

/// The logs that are read, and the names of those that are not.
pub(super) fn logs(
    kind: &str,
    logs: Vec<Fields<wire::Log>>,
    unread: &mut Vec<String>,
) -> Result<Vec<TrustedLog>, TrustRootError> {
    let mut read: Vec<TrustedLog> = Vec::new();
    for Fields(log) in logs {
        let place = format!("{kind} {:?}", excerpt(&log.base_url));
        let Some(expected) = algorithm(&log.public_key.0.key_details) else {
            let details = excerpt(&log.public_key.0.key_details);
            unread.push(format!("{place}: its key is {details}"));
            continue;
        };
        if log.hash_algorithm != "SHA2_256" {
            let hash = excerpt(&log.hash_algorithm);
            unread.push(format!("{place}: its tree is hashed with {hash}"));
            continue;
        }
        let log = one_log(log, expected, &place)?;
        if read.iter().any(|known| known.id == log.id) {
            return Err(TrustRootError::DuplicateLog { place });
        }
        read.push(log);
    }
    Ok(read)
}

fn one_log(
    log: wire::Log,
    expected: KeyAlgorithm,
    place: &str,
) -> Result<TrustedLog, TrustRootError> {
    let refuse = |detail: String| TrustRootError::Key {
        place: place.to_owned(),
        detail,
    };
    let Fields(wire_key) = log.public_key;
    let raw = base64::decode(&wire_key.raw_bytes)
        .ok_or_else(|| refuse("its key is not base64".to_owned()))?;
    let key = if wire_key.key_details.starts_with("PKCS1_") {
        PublicKey::from_pkcs1_der(&raw)
    } else {
        PublicKey::from_spki_der(&raw)
    }
    .map_err(|error| refuse(error.to_string()))?;
    if key.algorithm() != expected {
        let (found, said) = (key.algorithm(), &wire_key.key_details);
        return Err(refuse(format!("its key is {found}, and said to be {said}")));
    }
    let id = log
        .log_id
        .or(log.checkpoint_key_id)
        .and_then(|Fields(id)| base64::decode(&id.key_id))
        .and_then(|id| id.try_into().ok())
        .ok_or_else(|| refuse("its logId.keyId is not the base64 of 32 bytes".to_owned()))?;
    let valid = window(wire_key.valid_for, place)?;
    // Nobody said since when: then no time that it vouches for could be judged.
    if valid.start.is_none() {
        return Err(TrustRootError::Window {
            place: place.to_owned(),
            detail: "its key has no validFor.start".to_owned(),
        });
    }
    Ok(TrustedLog {
        id,
        key,
        valid,
        origin: host(&log.base_url).to_owned(),
        base_url: log.base_url,
    })
}

/// The kind of key that a protobuf-specs `PublicKeyDetails` names, if logs with such keys are read.
fn algorithm(details: &str) -> Option<KeyAlgorithm> {
    Some(match details {
        "PKIX_ECDSA_P256_SHA_256" => KeyAlgorithm::EcdsaP256,
        "PKIX_ECDSA_P384_SHA_384" => KeyAlgorithm::EcdsaP384,
        "PKIX_ECDSA_P521_SHA_512" => KeyAlgorithm::EcdsaP521,
        "PKIX_ED25519" => KeyAlgorithm::Ed25519,
        "PKIX_RSA_PKCS1V15_2048_SHA256"
        | "PKIX_RSA_PKCS1V15_3072_SHA256"
        | "PKIX_RSA_PKCS1V15_4096_SHA256"
        | "PKIX_RSA_PKCS1V5"
        | "PKCS1_RSA_PKCS1V5" => KeyAlgorithm::Rsa,
        _ => return None,
    })
}

pub(super) fn certificate_authorities(
    authorities: Vec<Fields<wire::Authority>>,
) -> Result<Vec<CertificateAuthority>, TrustRootError> {
    let read = |(index, Fields(authority)): (usize, Fields<wire::Authority>)| {
        let place = format!("certificate authority {}", index + 1);
        let refuse = |detail: String| TrustRootError::Certificate {
            place: place.clone(),
            detail,
        };
        let certificates = chain(&authority.cert_chain)
            .map_err(refuse)?
            .iter()
            .map(|der| CaCertificate::parse(der))
            .collect::<Result<Vec<_>, _>>()
            .map_err(refuse)?;
        Ok(CertificateAuthority {
            anchors: Anchors::of_chain(&certificates).map_err(refuse)?,
            facts: facts(authority, &place)?,
        })
    };
    authorities.into_iter().enumerate().map(read).collect()
}

pub(super) fn timestamp_authorities(
    authorities: Vec<Fields<wire::Authority>>,
) -> Result<Vec<TimestampAuthority>, TrustRootError> {
    let read = |(index, Fields(authority)): (usize, Fields<wire::Authority>)| {
        let place = format!("timestamp authority {}", index + 1);
        let refuse = |detail: String| TrustRootError::Certificate {
            place: place.clone(),
            detail,
        };
        let chain = chain(&authority.cert_chain).map_err(refuse)?;
        for der in &chain {
            Certificate::from_der(der)
                .map_err(|error| refuse(format!("it does not read as a certificate: {error}")))?;
        }
        let (leaf, between, root) = match chain.as_slice() {
            [] => return Err(refuse("it has no certificate".to_owned())),
            [only] => (only, &[][..], only),
            [leaf, between @ .., root] => (leaf, between, root),
        };
        let facts = facts(authority, &place)?;
        let range = facts.validity.start.map(|start| TimeRange {
            start,
            end: facts.validity.end,
        });
        let der = |der: &Vec<u8>| DerCertificate::from_bytes(der);
        Ok(TimestampAuthority {
            id: facts
                .uri
                .clone()
                .unwrap_or_else(|| Digest::of(leaf).to_string()),
            chain: TsaAuthority::new(
                der(leaf),
                between.iter().map(der).collect(),
                der(root),
                range,
            ),
            facts,
        })
    };
    authorities.into_iter().enumerate().map(read).collect()
}

fn facts(authority: wire::Authority, place: &str) -> Result<AuthorityFacts, TrustRootError> {
    let subject = authority.subject.map(|Fields(subject)| subject);
    let (organization, common_name) = subject
        .map(|subject| (subject.organization, subject.common_name))
        .unwrap_or_default();
    Ok(AuthorityFacts {
        organization,
        common_name,
        uri: authority.uri.filter(|uri| !uri.is_empty()),
        validity: window(authority.valid_for, place)?,
    })
}

fn chain(chain: &Fields<wire::Chain>) -> Result<Vec<Vec<u8>>, String> {
    let certificates = &chain.0.certificates;
    if certificates.is_empty() {
        return Err("it has no certificate".to_owned());
    }
    if certificates.len() > limits::CERTIFICATES {
        let (count, limit) = (certificates.len(), limits::CERTIFICATES);
        return Err(format!(
            "it has {count} certificates, where {limit} are allowed"
        ));
    }
    certificates
        .iter()
        .map(|Fields(certificate)| base64::decode(&certificate.raw_bytes))
        .collect::<Option<_>>()
        .ok_or_else(|| "a certificate of it is not base64".to_owned())
}

fn window(window: Option<Fields<wire::Window>>, place: &str) -> Result<Validity, TrustRootError> {
    let refuse = |detail: String| TrustRootError::Window {
        place: place.to_owned(),
        detail,
    };
    let Some(Fields(wire::Window { start, end })) = window else {
        return Ok(Validity::default());
    };
    let Some(begin) = start else {
        return Err(refuse("its validFor has no start".to_owned()));
    };
    if let Some(end) = end.filter(|end| *end < begin) {
        return Err(refuse(format!(
            "its validFor ends ({end}) before it starts ({begin})"
        )));
    }
    Ok(Validity { start, end })
}

/// The host of a URL, without port: the origin of a Rekor v2 log's checkpoints.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split_once(':').map_or(host, |(host, _)| host),
    }
}

const MEDIA_TYPES: [&str; 3] = [
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "application/vnd.dev.sigstore.trustedroot.v0.1+json",
    "application/vnd.dev.sigstore.trustedroot.v0.2+json",
];
