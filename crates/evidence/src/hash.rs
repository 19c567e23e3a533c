//! The hashes that proofs are made with.
//!
//! Knows none that is no longer safe.

use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512};
use countersign_image::Digest;

/// The hashes of the SHA-2 family that logs and timestamp authorities use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    pub(crate) fn of(self, bytes: &[u8]) -> digest::Digest {
        let algorithm = match self {
            Self::Sha256 => &SHA256,
            Self::Sha384 => &SHA384,
            Self::Sha512 => &SHA512,
        };
        digest::digest(algorithm, bytes)
    }

    pub(crate) fn hex_of(self, bytes: &[u8]) -> String {
        hex(self.of(bytes).as_ref())
    }

    /// Whether `digest` is of this kind and has this value; one of another kind cannot be compared.
    pub(crate) fn names(self, digest: &Digest, value: &str) -> bool {
        self.name() == digest.algorithm().as_str() && digest.hex() == value
    }

    /// The name in digests and in entries of Rekor v1.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}
