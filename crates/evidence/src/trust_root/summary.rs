//! What a trust root holds, for people.

use serde::Serialize;

use super::Validity;

/// A trust root as `trust-root show` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TrustRootSummary {
    /// The name that policies use.
    pub name: String,
    /// The day as of which a built-in root was current.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dated: Option<&'static str>,
    /// Distinct certificate logs that must have seen a certificate.
    pub scts: usize,
    /// Whose certificates count.
    pub certificate_authorities: Vec<AuthorityFacts>,
    /// Whose inclusion proofs and promises count.
    pub logs: Vec<LogFacts>,
    /// Whose promises to list certificates count.
    pub certificate_logs: Vec<LogFacts>,
    /// Whose timestamps count.
    pub timestamp_authorities: Vec<AuthorityFacts>,
    /// Logs that count for nothing here, and why.
    pub unread: Vec<String>,
}

/// An authority: of certificates, or of timestamps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AuthorityFacts {
    /// Whose it is.
    pub organization: Option<String>,
    /// What it is called.
    pub common_name: Option<String>,
    /// Where it is.
    pub uri: Option<String>,
    /// When it is trusted.
    pub validity: Validity,
}

/// A log: of signatures, or of certificates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LogFacts {
    /// Where it is.
    pub base_url: String,
    /// Its id in hex, as entries name it.
    pub id: String,
    /// What kind of key it signs with.
    pub key: String,
    /// When the key is trusted.
    pub validity: Validity,
}
