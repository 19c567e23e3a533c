//! Signed statements in the two forms that are stored: a DSSE envelope, and a Sigstore bundle around one.
//!
//! Makes both with a key alone: no certificate, no log entry, no timestamp.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_evidence::dsse_pae;
use countersign_image::media_type;
use serde::Serialize;

use crate::error::KeyError;
use crate::key::PrivateKey;

/// Signs a statement as a DSSE envelope, the layer of an `.att` manifest.
pub(crate) fn envelope(key: &PrivateKey, statement: &[u8]) -> Result<Vec<u8>, KeyError> {
    let envelope = EnvelopeWire::sign(key, statement, Some(""))?;
    serde_json::to_vec(&envelope).map_err(|_| KeyError::Backend)
}

/// Signs a statement as a Sigstore bundle v0.3 that names its key by a hint.
pub(crate) fn bundle(key: &PrivateKey, statement: &[u8]) -> Result<Vec<u8>, KeyError> {
    let bundle = BundleWire {
        media_type: media_type::BUNDLE_V03,
        verification_material: MaterialWire {
            public_key: HintWire {
                hint: key.public_key().hint(),
            },
        },
        dsse_envelope: EnvelopeWire::sign(key, statement, None)?,
    };
    serde_json::to_vec(&bundle).map_err(|_| KeyError::Backend)
}

/// Bytes as JSON and annotations carry them.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// What [`base64`] made text of.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BundleWire {
    media_type: &'static str,
    verification_material: MaterialWire,
    dsse_envelope: EnvelopeWire,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MaterialWire {
    public_key: HintWire,
}

#[derive(Serialize)]
struct HintWire {
    hint: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EnvelopeWire {
    payload: String,
    payload_type: &'static str,
    signatures: [SignatureWire; 1],
}

#[derive(Serialize)]
struct SignatureWire {
    #[serde(skip_serializing_if = "Option::is_none")]
    keyid: Option<&'static str>,
    sig: String,
}

impl EnvelopeWire {
    fn sign(
        key: &PrivateKey,
        statement: &[u8],
        keyid: Option<&'static str>,
    ) -> Result<Self, KeyError> {
        let signature = key.sign(&dsse_pae(IN_TOTO, statement))?;
        Ok(Self {
            payload: base64(statement),
            payload_type: IN_TOTO,
            signatures: [SignatureWire {
                keyid,
                sig: base64(&signature),
            }],
        })
    }
}

const IN_TOTO: &str = "application/vnd.in-toto+json";
