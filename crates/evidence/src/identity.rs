//! Who signed, and whom an operator accepts: issuer and subject, both whole, never a part of either.

use std::collections::BTreeMap;
use std::fmt;

use countersign_image::{excerpt, limits};
use regex::{Regex, RegexBuilder};
use schemars::JsonSchema;
use serde::Serialize;

use crate::Reason;
use crate::rejection::Refusal;

/// Who signed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
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
        /// Fulcio's extensions, by name.
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
    /// Any text that an expression matches from its first to its last character.
    Matching(Regex),
}

impl Pattern {
    /// A pattern; it is anchored at both ends whether or not it says so.
    ///
    /// # Errors
    ///
    /// When it is no regular expression, or one that is too large.
    pub fn matching(pattern: &str) -> Result<Self, PatternError> {
        let compile = |pattern: &str| {
            RegexBuilder::new(pattern)
                .size_limit(limits::IDENTITY_PATTERN_BYTES)
                .build()
        };
        // By itself first: `a)|(b` is none, and would become one between the anchors.
        compile(pattern)
            .and_then(|_| compile(&format!("{START}{pattern}{END}")))
            .map(Self::Matching)
            .map_err(|error| PatternError {
                // The lines before show the pattern and point into it.
                detail: excerpt(error.to_string().lines().last().unwrap_or_default()),
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

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(text) => formatter.write_str(&quote(text)),
            Self::Matching(pattern) => {
                let anchored = pattern.as_str();
                let written = anchored
                    .strip_prefix(START)
                    .and_then(|rest| rest.strip_suffix(END))
                    .unwrap_or(anchored);
                write!(formatter, "a match of {}", quote(written))
            }
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

impl IdentityMatcher {
    /// Checks issuer, subject and every claim; says of the first that differs what it is and what was wanted.
    pub(crate) fn check(&self, identity: &Identity) -> Result<(), Refusal> {
        let Identity::Certificate {
            issuer,
            subject,
            claims,
        } = identity
        else {
            return Err(differs(
                Reason::IdentityMismatch,
                "the signer",
                "a key",
                "a certificate",
            ));
        };
        let issuer_accepted = match (&self.issuer, issuer) {
            (Some(wanted), Some(found)) => wanted.accepts(found),
            (None, None) => true,
            _ => false,
        };
        if !issuer_accepted {
            let wanted = self
                .issuer
                .as_ref()
                .map_or("none".to_owned(), Pattern::to_string);
            let found = shown(issuer.as_ref());
            return Err(differs(Reason::IssuerMismatch, "issuer", &found, &wanted));
        }
        if !self.subject.accepts(subject) {
            let (found, wanted) = (quote(subject), self.subject.to_string());
            return Err(differs(
                Reason::IdentityMismatch,
                "subject",
                &found,
                &wanted,
            ));
        }
        for (name, wanted) in &self.claims {
            let found = claims.get(name);
            if found != Some(wanted) {
                let (found, wanted) = (shown(found), quote(wanted));
                return Err(differs(Reason::ClaimMismatch, name, &found, &wanted));
            }
        }
        Ok(())
    }
}

fn shown(found: Option<&String>) -> String {
    found.map_or("absent".to_owned(), |found| quote(found))
}

fn quote(text: &str) -> String {
    format!("\"{}\"", excerpt(text))
}

/// Its parts are cut already: where two long texts differ is what the reader needs to see.
fn differs(reason: Reason, what: &str, found: &str, wanted: &str) -> Refusal {
    Refusal {
        reason,
        detail: format!("{what} is {found}, wanted {wanted}"),
        predicate_type: None,
    }
}

const START: &str = r"\A(?:";
const END: &str = r")\z";

#[cfg(test)]
mod tests;
