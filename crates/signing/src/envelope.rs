//! Signed statements in the two forms that are stored: a DSSE envelope, and a Sigstore bundle around one.
//!
//! Signs; asks nobody. What services said about a signature is put beside it as they said it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use countersign_evidence::dsse_pae;
use countersign_image::media_type;
use serde::Serialize;
use sigstore_types::TransparencyLogEntry;

use crate::error::KeyError;
use crate::key::PrivateKey;
use crate::services::Certificate;

/// A signed statement.
pub(crate) struct Envelope {
    statement: Vec<u8>,
    pae: Vec<u8>,
    signature: Vec<u8>,
}

/// What says whose signature it is.
#[derive(Clone, Copy)]
pub(crate) enum Signatory<'a> {
    Certificate(&'a Certificate),
    Key(&'a PrivateKey),
}

/// What services said about a signature.
#[derive(Default)]
pub(crate) struct Proof {
    pub(crate) entries: Vec<TransparencyLogEntry>,
    pub(crate) timestamps: Vec<Bytes>,
}

impl Envelope {
    /// Signs `statement`.
    pub(crate) fn sign(key: &PrivateKey, statement: Vec<u8>) -> Result<Self, KeyError> {
        let pae = dsse_pae(IN_TOTO, &statement);
        let signature = key.sign(&pae)?;
        Ok(Self {
            statement,
            pae,
            signature,
        })
    }

    pub(crate) fn pae(&self) -> &[u8] {
        &self.pae
    }

    pub(crate) fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The envelope alone, the layer of an `.att` manifest.
    pub(crate) fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(&self.wire(Some("")))
    }

    /// A Sigstore bundle v0.3 around it, which names its key by a hint or holds its certificate.
    pub(crate) fn bundle(
        &self,
        signatory: Signatory<'_>,
        proof: &Proof,
    ) -> serde_json::Result<Vec<u8>> {
        let (certificate, public_key) = match signatory {
            Signatory::Certificate(certificate) => {
                let raw_bytes = base64(certificate.der());
                (Some(RawWire { raw_bytes }), None)
            }
            Signatory::Key(key) => {
                let hint = key.public_key().hint();
                (None, Some(HintWire { hint }))
            }
        };
        let stamps = proof.timestamps.iter().map(|stamp| StampWire {
            signed_timestamp: base64(stamp),
        });
        serde_json::to_vec(&BundleWire {
            media_type: media_type::BUNDLE_V03,
            verification_material: MaterialWire {
                certificate,
                public_key,
                tlog_entries: &proof.entries,
                timestamp_verification_data: StampsWire {
                    rfc3161_timestamps: stamps.collect(),
                },
            },
            dsse_envelope: self.wire(None),
        })
    }

    fn wire(&self, keyid: Option<&'static str>) -> EnvelopeWire {
        EnvelopeWire {
            payload: base64(&self.statement),
            payload_type: IN_TOTO,
            signatures: [SignatureWire {
                keyid,
                sig: base64(&self.signature),
            }],
        }
    }
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
struct BundleWire<'a> {
    media_type: &'static str,
    verification_material: MaterialWire<'a>,
    dsse_envelope: EnvelopeWire,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MaterialWire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<RawWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<HintWire>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tlog_entries: &'a [TransparencyLogEntry],
    #[serde(skip_serializing_if = "StampsWire::is_empty")]
    timestamp_verification_data: StampsWire,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RawWire {
    raw_bytes: String,
}

#[derive(Serialize)]
struct HintWire {
    hint: String,
}

#[derive(Serialize)]
struct StampsWire {
    #[serde(rename = "rfc3161Timestamps")]
    rfc3161_timestamps: Vec<StampWire>,
}

impl StampsWire {
    fn is_empty(&self) -> bool {
        self.rfc3161_timestamps.is_empty()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StampWire {
    signed_timestamp: String,
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

const IN_TOTO: &str = "application/vnd.in-toto+json";
