//! Why a key could not be used, and why something signed could not be published.
//!
//! Carries no secrets: neither key material nor passwords reach a message.

use countersign_evidence::{PatternError, TrustError};
use countersign_image::{Digest, SourceError};

use crate::services::ServiceFailure;

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
            Self::NotPrivate { .. } => {
                Some("signing needs the private key, the file that ends in .key")
            }
            Self::Unsupported { .. } => {
                Some("use ECDSA P-256, P-384 or P-521, RSA 2048, 3072 or 4096, or Ed25519")
            }
            Self::WrongPassword => Some(
                "the password is that given when the key was made; COSIGN_PASSWORD holds it, if set",
            ),
        }
    }

    pub(crate) fn malformed(detail: &'static str) -> Self {
        Self::Malformed { detail }
    }
}

/// Why something could not be signed or published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SigningError {
    /// The registry takes images but not the manifest of a bundle.
    #[error("{host} refuses the artifact manifest, with status {status}")]
    ArtifactRefused {
        /// The registry.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// The key failed.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The older form, for a signature that needs more than a key to verify.
    #[error("the form of cosign 1 and 2 is written for signatures by a key that no service saw")]
    LegacyWitnessed,
    /// The registry has it, but does not list it among the image's referrers.
    #[error("{manifest} was pushed, but the registry does not list it as attached to the image")]
    NotListed {
        /// The manifest.
        manifest: Digest,
    },
    /// Other writers keep replacing the tag.
    #[error("other writers keep replacing the tag {tag}")]
    Overwritten {
        /// The tag.
        tag: String,
    },
    /// Nobody can be named as signer.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// What would be signed, or what was read back, is not what a verifier accepts.
    #[error("it would not verify: {detail}")]
    Refused {
        /// The verifier's reason.
        code: &'static str,
        /// The same in words.
        detail: String,
    },
    /// The registry failed.
    #[error(transparent)]
    Registry(#[from] SourceError),
    /// A service did not do its part.
    #[error(transparent)]
    Service(#[from] ServiceFailure),
    /// The tag holds something of another kind.
    #[error("the tag {tag} exists and is not {wanted}")]
    TagTaken {
        /// The tag.
        tag: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// One more would make all of them unreadable.
    #[error("{what} has {limit} signatures and attestations already, as many as a verifier reads")]
    TooMany {
        /// The image or the tag.
        what: String,
        /// The bound.
        limit: usize,
    },
    /// The key cannot be an authority.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// JSON could not be written.
    #[error("cannot write JSON")]
    Unwritable(#[from] serde_json::Error),
}

impl SigningError {
    /// A stable name for the kind of failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ArtifactRefused { .. } => "artifact_refused",
            Self::Key(error) => error.code(),
            Self::LegacyWitnessed => "legacy_witnessed",
            Self::NotListed { .. } => "not_listed",
            Self::Overwritten { .. } => "tag_overwritten",
            Self::Pattern(_) => "pattern_malformed",
            Self::Refused { code, .. } => code,
            Self::Registry(error) => error.code(),
            Self::Service(error) => error.code(),
            Self::TagTaken { .. } => "tag_taken",
            Self::TooMany { .. } => "too_many",
            Self::Trust(error) => error.code(),
            Self::Unwritable(_) => "unwritable",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::ArtifactRefused { .. } => {
                Some("the registry may take the older form: --format legacy".to_owned())
            }
            Self::Key(error) => error.hint().map(str::to_owned),
            Self::LegacyWitnessed => {
                Some("leave out --format, or sign with a key alone".to_owned())
            }
            Self::NotListed { .. } | Self::Overwritten { .. } => Some("try again".to_owned()),
            Self::Registry(error) => error.hint(),
            Self::Service(error) => error.hint().map(str::to_owned),
            Self::TooMany { .. } => {
                Some("delete what is no longer needed, then sign again".to_owned())
            }
            _ => None,
        }
    }

    /// The failure to push a manifest with a subject: a plain "no" is about the artifact, anything else about the registry.
    pub(crate) fn artifact(error: SourceError) -> Self {
        match error {
            SourceError::RegistryFailed {
                host,
                status: status @ 400..=499,
                ..
            } => Self::ArtifactRefused { host, status },
            other => Self::Registry(other),
        }
    }
}
