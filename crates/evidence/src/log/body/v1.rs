//! The kinds of Rekor v1 (<https://github.com/sigstore/rekor/tree/main/pkg/types>).
//!
//! `envelopeHash` of `dsse` and `hash` of `intoto` 0.0.2 are over a serialisation that nobody keeps: they are not gone by,
//! since the payload and the signature are bound one by one. `intoto` 0.0.1 has no signature: see [`Intoto`].

use countersign_image::{Fields, excerpt};
use serde::Deserialize;

use super::{Logged, SignerKey, another, check_signature, mismatch};
use crate::hash::Hash;
use crate::rejection::Refusal;
use crate::{PublicKey, base64};

/// `hashedrekord` 0.0.1: commits to the hash of what was signed (an artifact, or the pre-authentication encoding of an
/// envelope), the signature and the signer.
#[derive(Debug, Deserialize)]
pub(in crate::log) struct HashedRekord {
    data: Fields<Data>,
    signature: Fields<Signature>,
}

#[derive(Debug, Deserialize)]
struct Data {
    hash: Fields<LoggedHash>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Signature {
    content: String,
    public_key: Fields<SignatureKey>,
}

#[derive(Debug, Deserialize)]
struct SignatureKey {
    content: String,
}

impl HashedRekord {
    pub(super) fn commits_to(
        &self,
        what: &Logged<'_>,
        signature: &[u8],
        signer: &SignerKey<'_>,
    ) -> Result<(), Refusal> {
        let Fields(Data { hash: Fields(hash) }) = &self.data;
        let kind = hash.kind()?;
        let is_signed = match what {
            Logged::Artifact(signed) | Logged::Envelope { pae: signed, .. } => {
                kind.hex_of(signed) == hash.value
            }
            Logged::Digest(digest) => kind.names(digest, &hash.value),
        };
        if !is_signed {
            return Err(another("payload"));
        }
        check_signature(base64::decode(&self.signature.0.content), signature)?;
        check_signer(&self.signature.0.public_key.0.content, signer)
    }
}

/// `dsse` 0.0.1: commits to the hash of the payload, and to signatures with their signers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::log) struct Dsse {
    payload_hash: Fields<LoggedHash>,
    signatures: Vec<Fields<DsseSignature>>,
}

#[derive(Debug, Deserialize)]
struct DsseSignature {
    signature: String,
    verifier: String,
}

impl Dsse {
    pub(super) fn commits_to(
        &self,
        what: &Logged<'_>,
        signature: &[u8],
        signer: &SignerKey<'_>,
    ) -> Result<(), Refusal> {
        let Logged::Envelope { payload, .. } = what else {
            return Err(no_envelope());
        };
        self.payload_hash.0.check(payload, "payload")?;
        let Fields(entry) = this_one(&self.signatures, signature, |Fields(entry)| {
            base64::decode(&entry.signature)
        })?;
        check_signer(&entry.verifier, signer)
    }
}

/// `intoto` 0.0.2: commits to the type and the hash of the payload, and to signatures with their signers.
#[derive(Debug, Deserialize)]
pub(in crate::log) struct IntotoV2 {
    content: Fields<IntotoV2Content>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct IntotoV2Content {
    envelope: Fields<IntotoV2Envelope>,
    payload_hash: Fields<LoggedHash>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct IntotoV2Envelope {
    payload_type: String,
    signatures: Vec<Fields<IntotoV2Signature>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct IntotoV2Signature {
    sig: String,
    public_key: String,
}

impl IntotoV2 {
    pub(super) fn commits_to(
        &self,
        what: &Logged<'_>,
        signature: &[u8],
        signer: &SignerKey<'_>,
    ) -> Result<(), Refusal> {
        let Logged::Envelope {
            payload_type,
            payload,
            ..
        } = what
        else {
            return Err(no_envelope());
        };
        let Fields(content) = &self.content;
        let Fields(envelope) = &content.envelope;
        if envelope.payload_type != *payload_type {
            return Err(another("payload type"));
        }
        content.payload_hash.0.check(payload, "payload")?;
        let Fields(entry) = this_one(&envelope.signatures, signature, |Fields(entry)| {
            twice_decoded(&entry.sig)
        })?;
        check_signer(&entry.public_key, signer)
    }
}

/// The log takes the base64 text of the envelope for the signature, and encodes it once more.
fn twice_decoded(text: &str) -> Option<Vec<u8>> {
    let inner = base64::decode(text)?;
    base64::decode(std::str::from_utf8(&inner).ok()?)
}

/// `intoto` 0.0.1: commits to the hash of the envelope as it was uploaded, its signature included, and to the signer.
///
/// There is no signature in it. So it counts only beside an envelope that is stored byte for byte as uploaded, as cosign's
/// `.att` layers are; in a bundle, which stores the parts, it would commit to the payload and the signer only.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::log) struct Intoto {
    content: Fields<IntotoContent>,
    public_key: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct IntotoContent {
    hash: Fields<LoggedHash>,
    payload_hash: Option<Fields<LoggedHash>>,
}

impl Intoto {
    pub(super) fn commits_to(
        &self,
        what: &Logged<'_>,
        signer: &SignerKey<'_>,
    ) -> Result<(), Refusal> {
        let Logged::Envelope {
            payload, stored, ..
        } = what
        else {
            return Err(no_envelope());
        };
        let stored = stored.ok_or_else(|| {
            mismatch(
                "the log entry (intoto 0.0.1) names no signature, and the envelope that it hashes is not at hand",
            )
        })?;
        self.content.0.hash.0.check(stored, "envelope")?;
        if let Some(Fields(hash)) = &self.content.0.payload_hash {
            hash.check(payload, "payload")?;
        }
        check_signer(&self.public_key, signer)
    }
}

/// A hash in hex.
#[derive(Debug, Deserialize)]
struct LoggedHash {
    algorithm: String,
    value: String,
}

impl LoggedHash {
    fn kind(&self) -> Result<Hash, Refusal> {
        match self.algorithm.as_str() {
            "sha256" => Ok(Hash::Sha256),
            "sha384" => Ok(Hash::Sha384),
            "sha512" => Ok(Hash::Sha512),
            other => Err(mismatch(format!(
                "the log entry hashes with {}, which is not known",
                excerpt(other)
            ))),
        }
    }

    fn check(&self, bytes: &[u8], what: &str) -> Result<(), Refusal> {
        if self.kind()?.hex_of(bytes) == self.value {
            Ok(())
        } else {
            Err(another(what))
        }
    }
}

fn no_envelope() -> Refusal {
    mismatch("the log entry is of an envelope, and none was signed")
}

/// The entry of `signatures` that is `signature`.
fn this_one<'a, T>(
    signatures: &'a [T],
    signature: &[u8],
    decode: impl Fn(&T) -> Option<Vec<u8>>,
) -> Result<&'a T, Refusal> {
    signatures
        .iter()
        .find(|entry| decode(entry).is_some_and(|logged| logged == signature))
        .ok_or_else(|| another("signature"))
}

/// Checks that `verifier`, base64 of PEM, is the certificate of `signer`, or its key if it has none.
fn check_signer(verifier: &str, signer: &SignerKey<'_>) -> Result<(), Refusal> {
    let text = base64::decode(verifier).and_then(|bytes| String::from_utf8(bytes).ok());
    let (is_signer, what) = match (text, signer.certificate) {
        (Some(text), Some(certificate)) => (is_certificate(&text, certificate), "certificate"),
        (Some(text), None) => (
            PublicKey::from_pem(&text).is_ok_and(|key| key == *signer.key),
            "key",
        ),
        (None, _) => (false, "signer"),
    };
    if is_signer {
        Ok(())
    } else {
        Err(another(what))
    }
}

fn is_certificate(text: &str, der: &[u8]) -> bool {
    let Ok(blocks) = pem::parse_many(text) else {
        return false;
    };
    matches!(blocks.as_slice(), [block] if block.tag() == "CERTIFICATE" && block.contents() == der)
}
