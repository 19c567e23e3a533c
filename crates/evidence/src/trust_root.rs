//! Trust roots: whose certificates, logs and timestamps count.
//!
//! Everything in it is parsed and checked once, here: verifying a signature parses no key of it again. Refuses a root that
//! could verify nothing, one that cannot be read whole, and one that contradicts itself.

mod authorities;
mod error;
mod read;
mod summary;
mod validity;
mod wire;

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

pub use error::TrustRootError;
pub use summary::{AuthorityFacts, LogFacts, TrustRootSummary};
pub use validity::Validity;

use crate::PublicKey;
use crate::chain::Anchors;
use crate::timestamp::TimestampAuthority;

/// The certificate authorities, logs and timestamp authorities of one Sigstore instance.
#[derive(Clone, Debug)]
pub struct TrustRoot {
    summary: TrustRootSummary,
    certificate_authorities: Vec<CertificateAuthority>,
    logs: Vec<TrustedLog>,
    certificate_logs: Vec<TrustedLog>,
    timestamp_authorities: Vec<TimestampAuthority>,
}

/// An authority that issues short-lived certificates.
#[derive(Clone, Debug)]
pub(crate) struct CertificateAuthority {
    pub(crate) anchors: Anchors,
    pub(crate) valid: Validity,
}

/// A log of signatures or of certificates.
#[derive(Clone, Debug)]
pub(crate) struct TrustedLog {
    /// As written: of Rekor v1 and of certificate logs the hash of the key, of Rekor v2 the id of the checkpoint key.
    pub(crate) id: [u8; 32],
    pub(crate) key: PublicKey,
    /// Always with a start.
    pub(crate) valid: Validity,
    /// The host of its URL, which is the origin of a Rekor v2 log's checkpoints.
    pub(crate) origin: String,
}

impl TrustRoot {
    /// Reads a `trusted_root.json`; certificates must carry promises of `scts` distinct certificate logs.
    ///
    /// # Errors
    ///
    /// When it does not parse, holds nothing, or contradicts itself.
    pub fn from_json(name: &str, json: &[u8], scts: usize) -> Result<Self, TrustRootError> {
        read::root(name, json, scts)
    }

    /// One of the roots that are compiled in: `public-good` or `github`.
    #[must_use]
    pub fn built_in(name: &str) -> Option<Arc<Self>> {
        static PARSED: [OnceLock<Option<Arc<TrustRoot>>>; 2] = [OnceLock::new(), OnceLock::new()];
        let (built_in, parsed) = BUILT_IN
            .iter()
            .zip(&PARSED)
            .find(|(built_in, _)| built_in.name == name)?;
        let parse = || {
            let mut root = read::root(name, built_in.json.as_bytes(), built_in.scts).ok()?;
            root.summary.dated = Some(built_in.dated);
            Some(Arc::new(root))
        };
        parsed.get_or_init(parse).clone()
    }

    /// The same root, but certificates must carry promises of `scts` distinct certificate logs.
    #[must_use]
    pub fn with_scts(&self, scts: usize) -> Self {
        let mut root = self.clone();
        root.summary.scts = scts;
        root
    }

    /// What it holds, for people.
    #[must_use]
    pub fn summary(&self) -> &TrustRootSummary {
        &self.summary
    }

    /// The name that policies use.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.summary.name
    }

    /// The day as of which it was current, if it is compiled in.
    #[must_use]
    pub fn dated(&self) -> Option<&'static str> {
        self.summary.dated
    }

    /// Distinct transparency logs.
    #[must_use]
    pub fn log_count(&self) -> usize {
        self.logs.len()
    }

    /// Distinct certificate logs.
    #[must_use]
    pub fn ct_log_count(&self) -> usize {
        self.certificate_logs.len()
    }

    /// Distinct timestamp authorities.
    #[must_use]
    pub fn timestamp_authority_count(&self) -> usize {
        let names = self.timestamp_authorities.iter().map(|one| &one.name);
        names.collect::<BTreeSet<_>>().len()
    }

    /// Distinct certificate logs that must have seen a certificate.
    #[must_use]
    pub fn scts(&self) -> usize {
        self.summary.scts
    }

    pub(crate) fn certificate_authorities(&self) -> &[CertificateAuthority] {
        &self.certificate_authorities
    }

    pub(crate) fn logs(&self) -> &[TrustedLog] {
        &self.logs
    }

    pub(crate) fn certificate_logs(&self) -> &[TrustedLog] {
        &self.certificate_logs
    }

    pub(crate) fn timestamp_authorities(&self) -> &[TimestampAuthority] {
        &self.timestamp_authorities
    }
}

struct BuiltIn {
    name: &'static str,
    dated: &'static str,
    scts: usize,
    json: &'static str,
}

/// Where they come from, and how to renew them: `roots/README.md`.
const BUILT_IN: [BuiltIn; 2] = [
    BuiltIn {
        name: "public-good",
        dated: "2026-08-21",
        scts: 1,
        json: include_str!("../roots/public-good.json"),
    },
    BuiltIn {
        name: "github",
        dated: "2026-07-29",
        scts: 0,
        json: include_str!("../roots/github.json"),
    },
];

#[cfg(test)]
mod tests;
