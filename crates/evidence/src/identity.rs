//! Who signed, and whom an operator accepts: issuer and subject, both whole, never a part of either.

use std::collections::BTreeMap;

use countersign_image::excerpt;
use regex::Regex;
use serde::Serialize;

/// Who signed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Identity {
    /// The holder of a certificate.
    Certificate {
        /// Who vouched for the holder to the certificate authority: Fulcio's OIDC issuer; absent without Fulcio.
        #[serde(skip_serializing_if = "Option::is_none")]
        issuer: Option<String>,
        /// The subject alternative name: a URI, an email address or a user name.
        subject: String,
        /// Fulcio's extensions by the names of [`Claim`].
        claims: BTreeMap<&'static str, String>,
    },
    /// The holder of a configured key.
    Key {
        /// `sha256:` and the hex hash of the key's SPKI.
        #[serde(rename = "subject")]
        fingerprint: String,
    },
}

impl Identity {
    /// The subject: a key's fingerprint, or a certificate's alternative name.
    #[must_use]
    pub fn subject(&self) -> &str {
        match self {
            Self::Certificate { subject, .. } => subject,
            Self::Key { fingerprint } => fingerprint,
        }
    }
}

/// A text, or a pattern that a whole text must match.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// This text.
    Exact(String),
    /// Any text that this expression matches from its first to its last character.
    Matching(Regex),
}

impl Pattern {
    /// A pattern; it is anchored at both ends whether or not it says so.
    ///
    /// # Errors
    ///
    /// When it is no regular expression, or one that is too large.
    pub fn matching(pattern: &str) -> Result<Self, PatternError> {
        // As a group of its own first, so that the anchors bind no single alternative.
        Regex::new(pattern)
            .and_then(|_| Regex::new(&format!(r"\A(?:{pattern})\z")))
            .map(Self::Matching)
            .map_err(|error| PatternError {
                detail: excerpt(&error.to_string()),
            })
    }

    /// Whether `text`, all of it, is accepted.
    #[must_use]
    pub fn accepts(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == text,
            Self::Matching(pattern) => pattern.is_match(text),
        }
    }
}

/// Why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no regular expression: {detail}")]
pub struct PatternError {
    detail: String,
}

/// Which certificates an authority accepts.
#[derive(Clone, Debug)]
pub struct IdentityMatcher {
    /// The issuer; required for keyless signers, absent for certificates without one.
    pub issuer: Option<Pattern>,
    /// The subject.
    pub subject: Pattern,
    /// Fulcio extensions that must be there with these very values.
    pub claims: BTreeMap<&'static str, String>,
}
