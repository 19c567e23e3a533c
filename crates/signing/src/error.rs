//! Why a key could not be used, and why something signed could not be published.
//!
//! Carries no secrets: neither key material nor passwords reach a message.

use countersign_evidence::Rejection;
use countersign_image::Digest;
use countersign_registry::PushError;

/// Why a key could not be opened, made or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The cryptographic library failed, for instance for want of randomness.
    #[error("the cryptographic library failed")]
    Backend,
    /// The key file asks for a scrypt cost that cosign never writes.
    #[error("the key file asks for scrypt N={n}, r={r}, p={p}, which cosign never writes")]
    Cost {
        /// CPU and memory cost.
        n: u64,
        /// Block size.
        r: u32,
        /// Parallelism.
        p: u32,
    },
    /// The bytes are not a key of the format that they claim.
    #[error("the key cannot be read: {detail}")]
    Malformed {
        /// What is wrong with it.
        detail: &'static str,
    },
    /// The PEM block is something else than a private key.
    #[error("the PEM block is a {label}, not a private key")]
    NotPrivate {
        /// Its label.
        label: String,
    },
    /// A key of a kind that is not used for signing images.
    #[error("{kind} keys are not supported")]
    Unsupported {
        /// Which kind.
        kind: String,
    },
    /// The password is not that of the key file, or the file was changed.
    #[error("the password does not open the key")]
    WrongPassword,
}

impl KeyError {
    /// A stable name for the kind of failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Backend => "crypto_failed",
            Self::Cost { .. } => "key_cost_refused",
            Self::Malformed { .. } => "key_malformed",
            Self::NotPrivate { .. } => "key_not_private",
            Self::Unsupported { .. } => "key_unsupported",
            Self::WrongPassword => "wrong_password",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Backend | Self::Cost { .. } | Self::Malformed { .. } => None,
            Self::NotPrivate { .. } => Some("signing needs the private key, the file that ends in .key"),
            Self::Unsupported { .. } => Some("use ECDSA P-256, P-384 or P-521, RSA 2048, 3072 or 4096, or Ed25519"),
            Self::WrongPassword => Some("the password is that given when the key was made; COSIGN_PASSWORD holds it, if set"),
        }
    }

    pub(crate) fn malformed(detail: &'static str) -> Self {
        Self::Malformed { detail }
    }
}
