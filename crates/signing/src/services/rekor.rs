//! Entries of transparency logs: Rekor v1 (sigstore/rekor `openapi.yaml`) and v2 (sigstore/rekor-tiles `rekor_service.proto`).
//!
//! What a log answers is put into the form of a bundle and otherwise left as it is: the verifier says whether it commits
//! to this signature.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512};
use countersign_evidence::{KeyAlgorithm, PublicKey};
use countersign_image::{Fields, parse_strict};
use countersign_registry::{ServiceClient, ServiceRequest, ServiceResponse};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sigstore_rekor::LogEntry;
use sigstore_types::{KindVersion, TransparencyLogEntry};

use super::error::{LOG, ServiceFailure};
use super::{Certificate, below, json};
use crate::envelope::base64;
use crate::signing_config::{LogEndpoint, LogVersion};

/// What a log is shown.
pub(crate) struct Entry<'a> {
    /// The DSSE envelope as JSON.
    pub(crate) envelope: &'a str,
    /// What was signed.
    pub(crate) pae: &'a [u8],
    pub(crate) signature: &'a [u8],
    pub(crate) key: &'a PublicKey,
    /// The certificate of the key, where it has one.
    pub(crate) certificate: Option<&'a Certificate>,
}

pub(super) async fn log(
    client: &ServiceClient,
    log: &LogEndpoint,
    entry: &Entry<'_>,
) -> Result<TransparencyLogEntry, ServiceFailure> {
    match log.version {
        LogVersion::V1 => v1(client, log, entry).await,
        LogVersion::V2 => v2(client, log, entry).await,
    }
}

async fn v1(
    client: &ServiceClient,
    log: &LogEndpoint,
    entry: &Entry<'_>,
) -> Result<TransparencyLogEntry, ServiceFailure> {
    let verifier = match entry.certificate {
        Some(certificate) => certificate.pem(),
        None => entry.key.to_pem(),
    };
    let question = V1Wire {
        api_version: "0.0.1",
        kind: "dsse",
        spec: V1SpecWire {
            proposed_content: V1ContentWire {
                envelope: entry.envelope,
                verifiers: [base64(verifier.as_bytes())],
            },
        },
    };
    let request = json(below(&log.url, "api/v1/log/entries"), &question, TIMEOUT)?;
    let mut response = ask(client, request).await?;
    if let (409, Some(place)) = (response.status, &response.location) {
        // It has the entry: a deterministic signature over the same bytes was logged before.
        let uuid = place.rsplit('/').next().unwrap_or_default().to_owned();
        if uuid.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let url = below(&log.url, &format!("api/v1/log/entries/{uuid}"));
            response = ask(
                client,
                ServiceRequest {
                    content: None,
                    ..json(url, &(), TIMEOUT)?
                },
            )
            .await?;
        }
    }
    let entries: BTreeMap<String, Fields<LogEntry>> = answer(log, &response)?;
    let Some((_, Fields(logged))) = entries.into_iter().next() else {
        return Err(malformed(log, "there is no entry in it"));
    };
    logged
        .to_bundle_entry(KindVersion::DsseV001)
        .map_err(|error| malformed(log, error))
}

async fn v2(
    client: &ServiceClient,
    log: &LogEndpoint,
    entry: &Entry<'_>,
) -> Result<TransparencyLogEntry, ServiceFailure> {
    let (algorithm, key_details) = details(entry.key)?;
    let raw = |bytes| RawWire {
        raw_bytes: base64(bytes),
    };
    let question = V2Wire {
        hashed_rekord_request_v002: V2EntryWire {
            digest: base64(digest::digest(algorithm, entry.pae).as_ref()),
            signature: V2SignatureWire {
                content: base64(entry.signature),
                verifier: V2VerifierWire {
                    key_details,
                    public_key: entry
                        .certificate
                        .is_none()
                        .then(|| raw(entry.key.spki_der())),
                    x509_certificate: entry.certificate.map(|certificate| raw(certificate.der())),
                },
            },
        },
    };
    let request = json(below(&log.url, "api/v2/log/entries"), &question, TIMEOUT)?;
    let response = ask(client, request).await?;
    let Fields(logged) = answer(log, &response)?;
    Ok(logged)
}

/// The hash that goes with a key, and what Rekor v2 calls the pair (sigstore/protobuf-specs `PublicKeyDetails`).
fn details(key: &PublicKey) -> Result<(&'static digest::Algorithm, &'static str), ServiceFailure> {
    Ok(match (key.algorithm(), key.spki_der().len()) {
        (KeyAlgorithm::EcdsaP256, _) => (&SHA256, "PKIX_ECDSA_P256_SHA_256"),
        (KeyAlgorithm::EcdsaP384, _) => (&SHA384, "PKIX_ECDSA_P384_SHA_384"),
        (KeyAlgorithm::EcdsaP521, _) => (&SHA512, "PKIX_ECDSA_P521_SHA_512"),
        (KeyAlgorithm::Rsa, ..=RSA_2048_SPKI) => (&SHA256, "PKIX_RSA_PKCS1V15_2048_SHA256"),
        (KeyAlgorithm::Rsa, ..=RSA_3072_SPKI) => (&SHA256, "PKIX_RSA_PKCS1V15_3072_SHA256"),
        (KeyAlgorithm::Rsa, _) => (&SHA256, "PKIX_RSA_PKCS1V15_4096_SHA256"),
        // Such a log is shown a hash, and plain Ed25519 signs no hash.
        (other, _) => {
            let kind = other.to_string();
            return Err(ServiceFailure::UnsupportedKey { kind });
        }
    })
}

async fn ask(
    client: &ServiceClient,
    request: ServiceRequest,
) -> Result<ServiceResponse, ServiceFailure> {
    let asked = client.ask(request).await;
    asked.map_err(|error| ServiceFailure::Unanswered { what: LOG, error })
}

fn answer<T: DeserializeOwned>(
    log: &LogEndpoint,
    response: &ServiceResponse,
) -> Result<T, ServiceFailure> {
    if !(200..300).contains(&response.status) {
        return Err(ServiceFailure::refused(LOG, log.url.authority(), response));
    }
    parse_strict(&response.body).map_err(|error| malformed(log, error))
}

fn malformed(log: &LogEndpoint, detail: impl ToString) -> ServiceFailure {
    ServiceFailure::malformed(LOG, log.url.authority(), detail)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct V1Wire<'a> {
    api_version: &'static str,
    kind: &'static str,
    spec: V1SpecWire<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct V1SpecWire<'a> {
    proposed_content: V1ContentWire<'a>,
}

#[derive(Serialize)]
struct V1ContentWire<'a> {
    envelope: &'a str,
    verifiers: [String; 1],
}

#[derive(Serialize)]
struct V2Wire {
    #[serde(rename = "hashedRekordRequestV002")]
    hashed_rekord_request_v002: V2EntryWire,
}

#[derive(Serialize)]
struct V2EntryWire {
    digest: String,
    signature: V2SignatureWire,
}

#[derive(Serialize)]
struct V2SignatureWire {
    content: String,
    verifier: V2VerifierWire,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct V2VerifierWire {
    key_details: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<RawWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x509_certificate: Option<RawWire>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RawWire {
    raw_bytes: String,
}

/// Lengths of an SPKI around RSA keys of these sizes with the usual exponent.
const RSA_2048_SPKI: usize = 294;
const RSA_3072_SPKI: usize = 422;

/// A log waits until it has included the entry.
const TIMEOUT: Duration = Duration::from_secs(90);
