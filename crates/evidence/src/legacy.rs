//! cosign's older forms: what stands in the annotations of a layer beside its signature.
//!
//! Refuses an annotation that does not read: what cannot be read cannot have been meant as proof.

use std::collections::BTreeMap;

use countersign_image::{Attachment, limits};
use serde::Deserialize;

use crate::material::{Material, SignerClaim};
use crate::rejection::{Reason, Refusal};
use crate::{base64, json, log};

/// What the annotations of the layer of `attachment` bring.
pub(crate) fn material(attachment: &Attachment) -> Result<Material, Refusal> {
    let none = BTreeMap::new();
    let annotations = attachment
        .layer
        .as_ref()
        .map_or(&none, |layer| &layer.annotations);
    // cosign writes an empty text where it has nothing to say.
    let annotation = |name: &str| annotations.get(name).filter(|text| !text.is_empty());
    let signer = match (annotation(CERTIFICATE), annotation(CHAIN)) {
        (Some(leaf), chain) => SignerClaim::Certificate {
            leaf: certificate(leaf)?,
            // The root among them is as harmless as the rest: none of them is an end of a path.
            intermediates: chain.map_or(Ok(Vec::new()), |chain| certificates(chain, CHAIN))?,
        },
        (None, _) => SignerClaim::Nothing,
    };
    Ok(Material {
        signer,
        entries: annotation(BUNDLE)
            .map(|bundle| log::from_annotation(bundle))
            .transpose()?
            .into_iter()
            .collect(),
        timestamps: annotation(TIMESTAMP)
            .map(|text| timestamp(text))
            .transpose()?
            .into_iter()
            .collect(),
        promise_suffices: true,
    })
}

/// One certificate, and nothing else: a key in its place would be nobody's (GHSA-fx35-mq7g-6g98).
fn certificate(text: &str) -> Result<Vec<u8>, Refusal> {
    let mut certificates = certificates(text, CERTIFICATE)?;
    match (certificates.pop(), certificates.is_empty()) {
        (Some(leaf), true) => Ok(leaf),
        _ => Err(malformed(CERTIFICATE, "is not one certificate")),
    }
}

fn certificates(text: &str, annotation: &str) -> Result<Vec<Vec<u8>>, Refusal> {
    let blocks = pem::parse_many(text).map_err(|_| malformed(annotation, "is not PEM"))?;
    if blocks.len() > limits::CERTIFICATES {
        return Err(Refusal::new(
            Reason::TooMany,
            format!(
                "annotation {annotation} has {} certificates, at most {} are read",
                blocks.len(),
                limits::CERTIFICATES
            ),
        ));
    }
    if blocks.is_empty() || blocks.iter().any(|block| block.tag() != "CERTIFICATE") {
        return Err(malformed(
            annotation,
            "holds something else than certificates",
        ));
    }
    Ok(blocks.into_iter().map(pem::Pem::into_contents).collect())
}

fn timestamp(text: &str) -> Result<Vec<u8>, Refusal> {
    let Timestamp { token } = json::bounded_object(text.as_bytes(), "timestamp of cosign")?;
    base64::decode(&token)
        .filter(|token| !token.is_empty())
        .ok_or_else(|| malformed(TIMESTAMP, "is empty or not base64"))
}

#[derive(Deserialize)]
struct Timestamp {
    #[serde(rename = "SignedRFC3161Timestamp")]
    token: String,
}

fn malformed(annotation: &str, what: &str) -> Refusal {
    Refusal::malformed(format!("annotation {annotation} {what}"))
}

const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
const CHAIN: &str = "dev.sigstore.cosign/chain";
const BUNDLE: &str = "dev.sigstore.cosign/bundle";
const TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";

#[cfg(test)]
mod tests;
