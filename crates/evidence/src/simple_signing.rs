//! cosign's simple signing: a payload that names a digest, and a signature in an annotation beside it.
//!
//! Refuses payloads of other types that the same key may have signed, and members of `critical` that are not known, as
//! their name asks for. The reference in it is never compared: the digest decides.

use std::collections::BTreeMap;

use countersign_image::{Attachment, Fields, excerpt};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::rejection::{Reason, Refusal};
use crate::sealed::Sealed;
use crate::statement::{Read, Subjects, text_values};
use crate::{base64, json, legacy};

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
    let material = legacy::material(attachment)?;
    Ok(Sealed::new(payload.to_vec(), signature, material))
}

/// Reads a verified payload: it says of one digest that it is signed.
pub(crate) fn read(payload: &[u8]) -> Result<Read, Refusal> {
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
    let annotations = text_values(optional.unwrap_or_default());
    Ok(Read::signature(Subjects::one(&digest, annotations)))
}

#[derive(Deserialize)]
struct Payload<'a> {
    critical: Fields<Critical>,
    #[serde(borrow)]
    optional: Option<BTreeMap<String, &'a RawValue>>,
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
const COSIGN_TYPE: &str = "cosign container image signature";
