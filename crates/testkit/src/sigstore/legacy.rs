//! Layers of `.sig` and `.att` tags, which carry everything beside the signature in annotations.
//!
//! The format is that of cosign's `specs/SIGNATURE_SPEC.md` and `specs/ATTESTATION_SPEC.md`.

use serde_json::{Value, json};

use super::key::pem;
use super::signing::Signing;
use super::{base64, hex};
use crate::Layer;

impl Signing {
    /// The layer: an envelope for `.att`, or the payload itself for `.sig`.
    pub fn layer(&self) -> Layer {
        let signed = self.sign();
        // A stamp is over the signature of a payload, and over all of an envelope.
        let (mut layer, stamped) = if self.content.payload_type.is_some() {
            let envelope = self.envelope(&signed).to_string().into_bytes();
            let layer = Layer::new("application/vnd.dsse.envelope.v1+json", envelope.clone());
            (layer.annotated(SIGNATURE, ""), envelope)
        } else {
            let payload = self.content.payload.clone();
            let layer = Layer::new("application/vnd.dev.cosign.simplesigning.v1+json", payload);
            let signature = base64(&signed.signature);
            (
                layer.annotated(SIGNATURE, &signature),
                signed.signature.clone(),
            )
        };
        if let Some(issued) = &signed.issued {
            let chain: String = issued
                .above
                .iter()
                .map(|der| pem("CERTIFICATE", der))
                .collect();
            layer = layer
                .annotated(
                    "dev.sigstore.cosign/certificate",
                    &pem("CERTIFICATE", &issued.certificate),
                )
                .annotated("dev.sigstore.cosign/chain", &chain);
        }
        if let Some(entry) = signed.entries.first() {
            layer = layer.annotated("dev.sigstore.cosign/bundle", &promise(entry).to_string());
        }
        if let Some(token) = self.tokens(&stamped).first() {
            let stamp = json!({"SignedRFC3161Timestamp": base64(token)}).to_string();
            layer = layer.annotated("dev.sigstore.cosign/rfc3161timestamp", &stamp);
        }
        layer
    }
}

/// An entry as annotations hold it: what the log promised, and no proof.
fn promise(entry: &Value) -> Value {
    let number = |name: &str| {
        entry[name]
            .as_str()
            .and_then(|text| text.parse::<i64>().ok())
    };
    let key_id = entry["logId"]["keyId"].as_str().unwrap();
    let key_id = ::base64::Engine::decode(&super::STANDARD, key_id).unwrap();
    json!({
        "SignedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"],
        "Payload": {
            "body": entry["canonicalizedBody"],
            "integratedTime": number("integratedTime"),
            "logIndex": number("logIndex"),
            "logID": hex(key_id),
        },
    })
}

const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
