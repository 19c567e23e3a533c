//! Trust roots: whose certificates, logs and timestamps count.
//!
//! Everything in it is parsed and checked once, here: verifying a signature parses no key of it again. Refuses a root that
//! could verify nothing, one that cannot be read whole, and one that contradicts itself.

mod error;
mod read;
mod summary;
mod validity;
mod wire;

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use sigstore_types::TsaAuthority;

pub use error::TrustRootError;
pub use summary::{AuthorityFacts, LogFacts, TrustRootSummary};
pub use validity::Validity;

use crate::PublicKey;
use crate::chain::Anchors;

/// The certificate authorities, logs and timestamp authorities of one Sigstore instance.
#[derive(Clone, Debug)]
pub struct TrustRoot {
    name: String,
    dated: Option<&'static str>,
    scts: usize,
    certificate_authorities: Vec<CertificateAuthority>,
    logs: Vec<TrustedLog>,
    certificate_logs: Vec<TrustedLog>,
    timestamp_authorities: Vec<TimestampAuthority>,
    unread: Vec<String>,
}

/// An authority that issues short-lived certificates.
#[derive(Clone, Debug)]
pub(crate) struct CertificateAuthority {
    pub(crate) anchors: Anchors,
    pub(crate) facts: AuthorityFacts,
}

/// A log of signatures or of certificates.
#[derive(Clone, Debug)]
pub(crate) struct TrustedLog {
    /// As written: of Rekor v1 and of certificate logs the hash of the key, of Rekor v2 the id of the checkpoint key.
    pub(crate) id: [u8; 32],
    pub(crate) key: PublicKey,
    /// Always with a start.
    pub(crate) valid: Validity,
    pub(crate) base_url: String,
    /// The host of the URL, which signs a Rekor v2 log's checkpoints.
    pub(crate) origin: String,
}

/// An authority that says when something was signed.
#[derive(Clone, Debug)]
pub(crate) struct TimestampAuthority {
    /// The same for all entries of one authority: thresholds count it once.
    pub(crate) id: String,
    pub(crate) chain: TsaAuthority,
    pub(crate) facts: AuthorityFacts,
}

impl TrustRoot {
    /// Reads a `trusted_root.json`; certificates must carry promises of `scts` distinct certificate logs.
    ///
    /// # Errors
    ///
    /// When it does not parse, holds nothing, contradicts itself, or demands what it could never find.
    pub fn from_json(name: &str, json: &[u8], scts: usize) -> Result<Self, TrustRootError> {
        let document = read::document(json)?;
        let mut unread = Vec::new();
        let root = Self {
            name: name.to_owned(),
            dated: None,
            scts,
            logs: read::logs("transparency log", document.tlogs, &mut unread)?,
            certificate_logs: read::logs("certificate log", document.ctlogs, &mut unread)?,
            certificate_authorities: read::certificate_authorities(
                document.certificate_authorities,
            )?,
            timestamp_authorities: read::timestamp_authorities(document.timestamp_authorities)?,
            unread,
        };
        let authorities = &root.certificate_authorities;
        if authorities.is_empty() && root.logs.is_empty() && root.timestamp_authorities.is_empty() {
            return Err(TrustRootError::Empty);
        }
        let found = root.certificate_logs.len();
        if !authorities.is_empty() && found < scts {
            return Err(TrustRootError::TooFewCertificateLogs {
                wanted: scts,
                found,
            });
        }
        Ok(root)
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
            let root = Self::from_json(name, built_in.json.as_bytes(), built_in.scts).ok()?;
            Some(Arc::new(Self {
                dated: Some(built_in.dated),
                ..root
            }))
        };
        parsed.get_or_init(parse).clone()
    }

    /// The name that policies use.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The day as of which it was current, if it is compiled in.
    #[must_use]
    pub fn dated(&self) -> Option<&'static str> {
        self.dated
    }

    /// Distinct transparency logs.
    #[must_use]
    pub fn log_count(&self) -> usize {
        self.logs.len()
    }

    /// Distinct timestamp authorities.
    #[must_use]
    pub fn timestamp_authority_count(&self) -> usize {
        let ids = self.timestamp_authorities.iter().map(|one| &one.id);
        ids.collect::<BTreeSet<_>>().len()
    }

    /// Distinct certificate logs that must have seen a certificate.
    #[must_use]
    pub fn scts(&self) -> usize {
        self.scts
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
