//! cosign's simple signing: a payload that names a digest, and a signature in an annotation beside it.
//!
//! Refuses payloads of other types that the same key may have signed, and members of `critical` that are not known, as
//! their name asks for. The reference in it is never compared: the digest decides.

use std::collections::BTreeMap;

use countersign_image::{Attachment, Digest, Fields, excerpt};
use serde::Deserialize;
use serde_json::Value;

use crate::evidence::Signature;
use crate::rejection::{Reason, Refusal};
use crate::sealed::{Sealed, SignerClaim};
use crate::{base64, json, statement};

/// The payload of `attachment`, sealed with the signature that stands in the annotations of its layer.
pub(crate) fn seal(attachment: &Attachment, payload: &[u8]) -> Result<Sealed, Refusal> {
    let annotation = |name: &str| {
        attachment
            .layer
            .as_ref()
            .and_then(|layer| layer.annotations.get(name))
    };
    let signature = annotation(SIGNATURE).ok_or_else(|| {
        Refusal::malformed(
            "the signature is missing (annotation dev.cosignproject.cosign/signature)",
        )
    })?;
    let signature = base64::decode(signature)
        .filter(|signature| !signature.is_empty())
        .ok_or_else(|| Refusal::malformed("the signature is empty or not base64"))?;
    let claim = match annotation(CERTIFICATE) {
        Some(_) => SignerClaim::Certificate,
        None => SignerClaim::Nothing,
    };
    Ok(Sealed::new(payload.to_vec(), 0, vec![signature], claim))
}

/// Reads a verified payload that must speak of `image`.
pub(crate) fn read(payload: &[u8], image: &Digest) -> Result<Signature, Refusal> {
    let Payload {
        critical: Fields(critical),
        optional,
    } = json::strict_object(payload)
        .map_err(|error| Refusal::malformed(format!("it is no simple-signing payload: {error}")))?;
    if critical.kind != COSIGN_TYPE {
        let detail = format!(
            "the payload is of type \"{}\" and not \"{COSIGN_TYPE}\"",
            excerpt(&critical.kind)
        );
        return Err(Refusal::new(Reason::PayloadTypeMismatch, detail));
    }
    let Fields(CriticalImage { digest }) = critical.image;
    if digest != image.to_string() {
        return Err(statement::subject_mismatch(&[digest]));
    }
    Ok(Signature {
        annotations: text_values(optional.unwrap_or_default()),
    })
}

/// The members that are text; annotations are, whatever else stands beside them.
pub(crate) fn text_values(values: BTreeMap<String, Value>) -> BTreeMap<String, String> {
    let text = |(name, value)| match value {
        Value::String(text) => Some((name, text)),
        _ => None,
    };
    values.into_iter().filter_map(text).collect()
}

/// Whether the layer that carries an envelope says that a certificate belongs to it.
pub(crate) fn claims_certificate(attachment: &Attachment) -> bool {
    attachment
        .layer
        .as_ref()
        .is_some_and(|layer| layer.annotations.contains_key(CERTIFICATE))
}

#[derive(Deserialize)]
struct Payload {
    critical: Fields<Critical>,
    optional: Option<BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Critical {
    #[serde(rename = "identity")]
    _identity: Option<Fields<CriticalIdentity>>,
    image: Fields<CriticalImage>,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CriticalIdentity {
    #[serde(rename = "docker-reference")]
    _reference: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CriticalImage {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
}

const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
const COSIGN_TYPE: &str = "cosign container image signature";
