//! From JSON to what is verified with.
//!
//! Refuses windows without a beginning, reversed windows, repeated log ids, and keys that do not read or are of another
//! kind than said. Logs whose kind of key or tree is not known are left aside, by name.

use countersign_image::{Fields, excerpt, limits};

use super::wire::{self, Document};
use super::{
    LogFacts, TrustRoot, TrustRootError, TrustRootSummary, TrustedLog, Validity, authorities,
};
use crate::{KeyAlgorithm, PublicKey, base64, json};

pub(super) fn root(name: &str, json: &[u8], scts: usize) -> Result<TrustRoot, TrustRootError> {
    let document = document(json)?;
    let mut unread = Vec::new();
    let (logs, log_facts) = logs("transparency log", document.tlogs, &mut unread)?;
    let (certificate_logs, certificate_log_facts) =
        self::logs("certificate log", document.ctlogs, &mut unread)?;
    let (certificate_authorities, authority_facts) =
        authorities::of_certificates(document.certificate_authorities)?;
    let (timestamp_authorities, timestamp_facts) =
        authorities::of_timestamps(document.timestamp_authorities)?;
    if certificate_authorities.is_empty() && logs.is_empty() && timestamp_authorities.is_empty() {
        return Err(TrustRootError::Empty);
    }
    Ok(TrustRoot {
        summary: TrustRootSummary {
            name: name.to_owned(),
            dated: None,
            scts,
            certificate_authorities: authority_facts,
            logs: log_facts,
            certificate_logs: certificate_log_facts,
            timestamp_authorities: timestamp_facts,
            unread,
        },
        certificate_authorities,
        logs,
        certificate_logs,
        timestamp_authorities,
    })
}

fn document(bytes: &[u8]) -> Result<Document, TrustRootError> {
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

/// The logs that are read; the others are named in `unread`.
fn logs(
    kind: &str,
    logs: Vec<Fields<wire::Log>>,
    unread: &mut Vec<String>,
) -> Result<(Vec<TrustedLog>, Vec<LogFacts>), TrustRootError> {
    let (mut read, mut facts) = (Vec::<TrustedLog>::new(), Vec::new());
    for Fields(log) in logs {
        let place = format!("{kind} {:?}", excerpt(&log.base_url));
        let key_details = excerpt(&log.public_key.0.key_details);
        let Some(expected) = algorithm(&log.public_key.0.key_details) else {
            unread.push(format!("{place}: its key is {key_details}"));
            continue;
        };
        if log.hash_algorithm != "SHA2_256" {
            let hash = excerpt(&log.hash_algorithm);
            unread.push(format!("{place}: its tree is hashed with {hash}"));
            continue;
        }
        let one = one_log(&log, expected, &place)?;
        if read.iter().any(|known| known.id == one.id) {
            return Err(TrustRootError::DuplicateLog { place });
        }
        facts.push(LogFacts {
            base_url: log.base_url,
            id: one.id.iter().map(|byte| format!("{byte:02x}")).collect(),
            key: expected.to_string(),
            validity: one.valid,
        });
        read.push(one);
    }
    Ok((read, facts))
}

fn one_log(
    log: &wire::Log,
    expected: KeyAlgorithm,
    place: &str,
) -> Result<TrustedLog, TrustRootError> {
    let refuse = |detail: String| TrustRootError::Key {
        place: place.to_owned(),
        detail,
    };
    let Fields(wire_key) = &log.public_key;
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
        .as_ref()
        .or(log.checkpoint_key_id.as_ref())
        .and_then(|Fields(id)| base64::decode(&id.key_id))
        .and_then(|id| id.try_into().ok())
        .ok_or_else(|| refuse("its logId.keyId is not the base64 of 32 bytes".to_owned()))?;
    let valid = window(wire_key.valid_for.as_ref(), place)?;
    // Nobody said since when: then no time that it vouches for could be judged.
    if valid.start.is_none() {
        return Err(TrustRootError::Window {
            place: place.to_owned(),
            detail: "its key has no validFor".to_owned(),
        });
    }
    Ok(TrustedLog {
        id,
        key,
        valid,
        origin: host(&log.base_url).to_owned(),
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

pub(super) fn window(
    window: Option<&Fields<wire::Window>>,
    place: &str,
) -> Result<Validity, TrustRootError> {
    let refuse = |detail: String| TrustRootError::Window {
        place: place.to_owned(),
        detail,
    };
    let Some(&Fields(wire::Window { start, end })) = window else {
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
pub(super) fn host(url: &str) -> &str {
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
