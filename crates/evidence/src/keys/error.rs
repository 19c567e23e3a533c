//! Why a key or a signature is refused, and what to do about it.
//!
//! Repeats nothing of the key: it may be a private one.

/// A signature that does not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify with this key")]
pub struct BadSignature;

/// Why a key is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A certificate.
    #[error("this is a certificate, not a public key")]
    Certificate,
    /// Not a SubjectPublicKeyInfo.
    #[error("not a public key in DER (SubjectPublicKeyInfo)")]
    Malformed,
    /// No PEM at all.
    #[error("not a public key in PEM")]
    NotPem,
    /// A private key.
    #[error("this is a private key; a public key is wanted")]
    PrivateKey,
    /// Several PEM blocks.
    #[error("more than one PEM block; one public key is wanted")]
    SeveralBlocks,
    /// A PEM block of another kind.
    #[error("PEM block {tag:?} is not a public key")]
    UnknownBlock {
        /// Its label.
        tag: String,
    },
    /// A kind of key that is not accepted.
    #[error("keys of this kind are not supported ({algorithm})")]
    UnsupportedAlgorithm {
        /// Its name or object identifier.
        algorithm: String,
    },
    /// A key that is too weak or has a needless size.
    #[error("the key is not safe to use: {detail}")]
    Weak {
        /// Why.
        detail: String,
    },
}

impl KeyError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Certificate => "key_is_certificate",
            Self::Malformed => "key_malformed",
            Self::NotPem => "key_not_pem",
            Self::PrivateKey => "key_is_private",
            Self::SeveralBlocks => "key_several",
            Self::UnknownBlock { .. } => "key_unknown_block",
            Self::UnsupportedAlgorithm { .. } => "key_unsupported",
            Self::Weak { .. } => "key_weak",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Certificate => Some("extract the key: openssl x509 -pubkey -noout -in FILE"),
            Self::Malformed => None,
            Self::NotPem | Self::UnknownBlock { .. } => Some(
                "a public key begins with -----BEGIN PUBLIC KEY-----, as in the .pub file that belongs to the private key",
            ),
            Self::PrivateKey => Some(
                "keep it secret, and use the .pub file that belongs to it (`countersign public-key` prints it)",
            ),
            Self::SeveralBlocks => Some("list the keys one by one"),
            Self::UnsupportedAlgorithm { .. } | Self::Weak { .. } => {
                Some("use ECDSA P-256, P-384 or P-521, RSA of 2048 to 4096 bits, or Ed25519")
            }
        }
    }
}
