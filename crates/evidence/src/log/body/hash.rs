//! The hashes that log entries are made with.

use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512};
use countersign_image::Digest;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HashKind {
    Sha256,
    Sha384,
    Sha512,
}

impl HashKind {
    /// The hash of `bytes` in hex.
    pub(super) fn hex_of(self, bytes: &[u8]) -> String {
        let algorithm = match self {
            Self::Sha256 => &SHA256,
            Self::Sha384 => &SHA384,
            Self::Sha512 => &SHA512,
        };
        hex(digest::digest(algorithm, bytes).as_ref())
    }

    /// Whether `digest` is of this kind and has this value; one of another kind cannot be compared.
    pub(super) fn names(self, digest: &Digest, value: &str) -> bool {
        self.oci_name() == digest.algorithm().as_str() && digest.hex() == value
    }

    /// The name in protobuf-specs' `HashAlgorithm`.
    pub(super) fn sigstore_name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA2_256",
            Self::Sha384 => "SHA2_384",
            Self::Sha512 => "SHA2_512",
        }
    }

    /// The name in digests and in entries of Rekor v1.
    fn oci_name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            for nibble in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(nibble.into(), 16));
            }
            text
        })
}
