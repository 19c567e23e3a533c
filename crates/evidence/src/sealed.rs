//! A signed thing whose payload is not read before somebody vouches for it.
//!
//! Hands out the very bytes that were verified, and no copy of them that could have been decoded another way.

use bytes::Bytes;
use countersign_image::Digest;

use crate::PublicKey;
use crate::evidence::Artifact;
use crate::log::Logged;
use crate::material::Material;

/// A signed thing, not verified.
#[derive(Debug)]
pub(crate) struct Sealed {
    message: Message,
    signatures: Vec<Vec<u8>>,
    /// What came beside it.
    pub(crate) material: Material,
}

/// What was signed.
#[derive(Debug)]
enum Message {
    /// These bytes.
    Bytes(Bytes),
    /// Bytes that are not at hand, only a hash of them.
    Digest(Digest),
    /// An envelope, of which `payload_start` is where the payload begins in what was signed.
    Envelope {
        pae: Bytes,
        payload_start: usize,
        payload_type: String,
        /// The envelope as it was stored, if it was stored by itself.
        stored: Option<Vec<u8>>,
    },
}

/// The signature of something that lies elsewhere.
#[derive(Debug)]
pub(crate) struct Detached {
    pub(crate) signature: Vec<u8>,
    pub(crate) material: Material,
}

impl Detached {
    /// With what it must be the signature of.
    pub(crate) fn of(self, artifact: &Artifact<'_>) -> Sealed {
        let message = match artifact {
            Artifact::Bytes(bytes) => Message::Bytes(Bytes::copy_from_slice(bytes)),
            Artifact::Digest(digest) => Message::Digest((*digest).clone()),
        };
        Sealed {
            message,
            signatures: vec![self.signature],
            material: self.material,
        }
    }
}

impl Sealed {
    /// A payload that was signed as it stands.
    pub(crate) fn new(payload: Vec<u8>, signature: Vec<u8>, material: Material) -> Self {
        Self {
            message: Message::Bytes(payload.into()),
            signatures: vec![signature],
            material,
        }
    }

    /// The payload of an envelope: the tail of `pae`, its pre-authentication encoding.
    pub(crate) fn envelope(
        pae: Vec<u8>,
        payload_start: usize,
        payload_type: String,
        signatures: Vec<Vec<u8>>,
        material: Material,
    ) -> Self {
        Self {
            message: Message::Envelope {
                pae: pae.into(),
                payload_start,
                payload_type,
                stored: None,
            },
            signatures,
            material,
        }
    }

    /// The same, stored byte for byte as `bytes`: some old proofs are of these. Without proofs they are not kept.
    pub(crate) fn stored_as(mut self, bytes: &[u8]) -> Self {
        let is_proved = !self.material.entries.is_empty() || !self.material.timestamps.is_empty();
        if let Message::Envelope { stored, .. } = &mut self.message
            && is_proved
        {
            *stored = Some(bytes.to_vec());
        }
        self
    }

    /// The signatures, at least one.
    pub(crate) fn signatures(&self) -> impl Iterator<Item = &[u8]> {
        self.signatures.iter().map(Vec::as_slice)
    }

    /// Whether `key` made `signature`.
    pub(crate) fn is_signed_by(&self, key: &PublicKey, signature: &[u8]) -> bool {
        match &self.message {
            Message::Bytes(bytes) => key.verify(bytes, signature).is_ok(),
            Message::Digest(digest) => key.verify_digest(digest, signature).is_ok(),
            Message::Envelope { pae, .. } => key.verify(pae, signature).is_ok(),
        }
    }

    /// What was signed, for whoever has vouchers; empty where only its hash is known.
    pub(crate) fn payload(&self) -> Bytes {
        match &self.message {
            Message::Bytes(bytes) => bytes.clone(),
            Message::Digest(_) => Bytes::new(),
            Message::Envelope {
                pae, payload_start, ..
            } => pae.slice(*payload_start..),
        }
    }

    /// What was signed, as a log would have it.
    pub(crate) fn logged(&self) -> Logged<'_> {
        match &self.message {
            Message::Bytes(bytes) => Logged::Artifact(bytes),
            Message::Digest(digest) => Logged::Digest(digest),
            Message::Envelope {
                pae,
                payload_start,
                payload_type,
                stored,
            } => Logged::Envelope {
                payload_type,
                payload: pae.get(*payload_start..).unwrap_or_default(),
                pae,
                stored: stored.as_deref(),
            },
        }
    }

    /// What a timestamp may be of: `signature`, or, as cosign 2 has it for `.att` layers, the envelope as stored.
    pub(crate) fn stamped<'a>(&'a self, signature: &'a [u8]) -> Vec<&'a [u8]> {
        let stored = match &self.message {
            Message::Envelope { stored, .. } => stored.as_deref(),
            _ => None,
        };
        [Some(signature), stored].into_iter().flatten().collect()
    }
}
