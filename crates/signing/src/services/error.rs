//! Why a service did not do its part.

use countersign_image::{excerpt, parse_strict};
use countersign_registry::{ServiceError, ServiceResponse};
use serde::Deserialize;

/// Why a service did not do its part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceFailure {
    /// Plain HTTP to another machine, for something that carries a secret.
    #[error("nothing secret is sent to {url}: it is not https")]
    Insecure {
        /// Where to, without path.
        url: String,
    },
    /// The answer makes no sense.
    #[error("{what} at {host} answered nonsense: {detail}")]
    Malformed {
        /// Which kind of service.
        what: &'static str,
        /// The service.
        host: String,
        /// What is wrong.
        detail: String,
    },
    /// Nobody who could issue a certificate.
    #[error("no certificate authority is known")]
    NoCertificateAuthority,
    /// It said no.
    #[error("{what} at {host} refuses, with status {status}{}", said(.detail))]
    Refused {
        /// Which kind of service.
        what: &'static str,
        /// The service.
        host: String,
        /// The HTTP status.
        status: u16,
        /// What it says.
        detail: String,
    },
    /// No answer.
    #[error("{what}: {error}")]
    Unanswered {
        /// Which kind of service.
        what: &'static str,
        /// Why there is none.
        error: ServiceError,
    },
    /// A key that a log does not take.
    #[error("a Rekor v2 log takes no {kind} keys")]
    UnsupportedKey {
        /// Which kind.
        kind: String,
    },
    /// JSON could not be written.
    #[error("cannot write JSON")]
    Unwritable,
}

impl ServiceFailure {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Insecure { .. } => "service_insecure",
            Self::Malformed { .. } => "service_malformed",
            Self::NoCertificateAuthority => "certificate_authority_missing",
            Self::Refused { .. } => "service_refused",
            Self::Unanswered { error, .. } => error.code(),
            Self::UnsupportedKey { .. } => "key_unsupported",
            Self::Unwritable => "unwritable",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Malformed { .. } => {
                Some("is the URL in the signing config that of such a service?")
            }
            Self::Insecure { .. } => Some("give the service a certificate and an https:// URL"),
            Self::NoCertificateAuthority | Self::Unwritable => None,
            Self::Refused {
                what,
                status: 400..=403,
                ..
            } if *what == CERTIFICATE_AUTHORITY => Some(
                "is the token new, for the audience sigstore, and from an issuer that this authority knows?",
            ),
            Self::Refused { .. } | Self::Unanswered { .. } => Some("nothing was pushed; try again"),
            Self::UnsupportedKey { .. } => Some("use an ECDSA or RSA key, or a log of Rekor v1"),
        }
    }

    pub(super) fn malformed(what: &'static str, host: &str, detail: impl ToString) -> Self {
        Self::Malformed {
            what,
            host: host.to_owned(),
            detail: excerpt(&detail.to_string()),
        }
    }

    pub(super) fn refused(what: &'static str, host: &str, response: &ServiceResponse) -> Self {
        let text = String::from_utf8_lossy(&response.body);
        let message = parse_strict::<Message>(&response.body).map(|said| said.message);
        Self::Refused {
            what,
            host: host.to_owned(),
            status: response.status,
            detail: excerpt(message.as_deref().unwrap_or(text.trim())),
        }
    }
}

/// How Fulcio and Rekor say what is wrong.
#[derive(Deserialize)]
struct Message {
    message: String,
}

fn said(detail: &str) -> String {
    if detail.is_empty() {
        String::new()
    } else {
        format!(": {detail}")
    }
}

pub(super) const CERTIFICATE_AUTHORITY: &str = "the certificate authority";
pub(super) const IDENTITY_PROVIDER: &str = "the identity provider";
pub(super) const LOG: &str = "the transparency log";
pub(super) const TIMESTAMP_AUTHORITY: &str = "the timestamp authority";
