//! Why a source could not look.
//!
//! Says whose fault it was, and never that something is absent.

use std::time::Duration;

use crate::{Digest, ManifestError};

/// Why a source could not look.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    // What was asked for.
    /// Something that a manifest or a list names is not there.
    #[error("{host} does not have {what}, which is attached to the image")]
    AttachmentMissing {
        /// The registry.
        host: String,
        /// What is missing.
        what: String,
    },
    /// There is no such image.
    #[error("{host} has no image {reference}")]
    ImageNotFound {
        /// The registry.
        host: String,
        /// The image, as it was asked for.
        reference: String,
    },

    // Access.
    /// Credentials are good, and not good for this.
    #[error("{host} forbids access to {repository}")]
    Forbidden {
        /// The registry.
        host: String,
        /// The repository.
        repository: String,
    },
    /// Too many requests.
    #[error("{host} limits the rate of requests")]
    RateLimited {
        /// The registry.
        host: String,
        /// When it said to come back.
        retry_after: Option<Duration>,
    },
    /// Credentials are missing or wrong.
    #[error("{host} wants credentials for {repository}: {detail}")]
    Unauthorized {
        /// The registry.
        host: String,
        /// The repository.
        repository: String,
        /// What was presented, in words without secrets.
        detail: String,
    },

    // The way there.
    /// The registry answered with a failure of its own.
    #[error("{host} failed with status {status} when asked for {what}")]
    RegistryFailed {
        /// The registry.
        host: String,
        /// The HTTP status.
        status: u16,
        /// What was asked for.
        what: String,
    },
    /// No answer in time.
    #[error("{host} did not answer in time when asked for {what}")]
    Timeout {
        /// The registry.
        host: String,
        /// What was asked for.
        what: String,
    },
    /// No secure connection.
    #[error("no secure connection to {host}: {detail}")]
    TlsFailed {
        /// The registry.
        host: String,
        /// Why.
        detail: String,
    },
    /// No connection, or one that broke.
    #[error("cannot reach {host}: {detail}")]
    Unreachable {
        /// The registry.
        host: String,
        /// Why.
        detail: String,
    },

    // The answer.
    /// Bytes that are not what their digest says.
    #[error("{host} served other content than asked for: wanted {wanted}, got {got}")]
    DigestMismatch {
        /// The registry.
        host: String,
        /// The digest asked for, or announced.
        wanted: Digest,
        /// The digest of the bytes.
        got: Digest,
    },
    /// An answer that makes no sense.
    #[error("{host} answered nonsense when asked for {what}: {detail}")]
    MalformedResponse {
        /// The registry.
        host: String,
        /// What was asked for.
        what: String,
        /// What is wrong with it.
        detail: String,
    },
    /// Another number of bytes than the descriptor says.
    #[error("{host} served {got} bytes where {wanted} were announced ({what})")]
    SizeMismatch {
        /// The registry.
        host: String,
        /// What was asked for.
        what: String,
        /// The announced size.
        wanted: u64,
        /// The size served; at least this when reading stopped early.
        got: u64,
    },
    /// More bytes than we read.
    #[error("{what} at {host} is larger than {limit} bytes")]
    TooLarge {
        /// The registry.
        host: String,
        /// What was asked for.
        what: String,
        /// The bound, in bytes.
        limit: usize,
    },
    /// More things than we look at.
    #[error("{host} lists more than {limit} {what}")]
    TooMany {
        /// The registry.
        host: String,
        /// Of what, in the plural.
        what: String,
        /// The bound.
        limit: usize,
    },
    /// Content of a type that was not asked for.
    #[error("{host} served {what} as {media_type}")]
    UnexpectedMediaType {
        /// The registry.
        host: String,
        /// What was asked for.
        what: String,
        /// The type that came.
        media_type: String,
    },

    // Refused by us.
    /// Plain HTTP to a host that was not named for it.
    #[error("{host} speaks plain HTTP, which is not allowed for it")]
    PlainHttpRefused {
        /// The registry.
        host: String,
    },
    /// A token realm that may not get the credentials.
    #[error("{host} sends for a token to {realm}, which is not known as its token service")]
    RealmRefused {
        /// The registry.
        host: String,
        /// Where it wanted the credentials sent.
        realm: String,
    },
    /// A redirect that is not followed.
    #[error("{host} redirects to {target}, which is not followed: {detail}")]
    RedirectRefused {
        /// The registry.
        host: String,
        /// Where to.
        target: String,
        /// Why not.
        detail: String,
    },
}

impl SourceError {
    /// The failure of reading `what` from `host` as a manifest or index.
    #[must_use]
    pub fn manifest(host: &str, what: &str, error: &ManifestError) -> Self {
        let (host, what) = (host.to_owned(), what.to_owned());
        match error {
            ManifestError::TooLarge { limit } => Self::TooLarge {
                host,
                what,
                limit: *limit,
            },
            ManifestError::TooMany { what: which, limit } => Self::TooMany {
                host,
                what: (*which).to_owned(),
                limit: *limit,
            },
            ManifestError::MediaTypeUnknown { media_type } => Self::UnexpectedMediaType {
                host,
                what,
                media_type: media_type.clone(),
            },
            other => Self::MalformedResponse {
                host,
                what,
                detail: other.to_string(),
            },
        }
    }

    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::AttachmentMissing { .. } => "attachment_missing",
            Self::DigestMismatch { .. } => "digest_mismatch",
            Self::Forbidden { .. } => "forbidden",
            Self::ImageNotFound { .. } => "image_not_found",
            Self::MalformedResponse { .. } => "malformed_response",
            Self::PlainHttpRefused { .. } => "plain_http_refused",
            Self::RateLimited { .. } => "rate_limited",
            Self::RealmRefused { .. } => "realm_refused",
            Self::RedirectRefused { .. } => "redirect_refused",
            Self::RegistryFailed { .. } => "registry_error",
            Self::SizeMismatch { .. } => "size_mismatch",
            Self::Timeout { .. } => "timeout",
            Self::TlsFailed { .. } => "tls_failed",
            Self::TooLarge { .. } => "too_large",
            Self::TooMany { .. } => "too_many",
            Self::Unauthorized { .. } => "unauthorized",
            Self::UnexpectedMediaType { .. } => "unexpected_media_type",
            Self::Unreachable { .. } => "registry_unreachable",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Forbidden { host, .. } => Some(format!(
                "give the account used for {host} the right to pull"
            )),
            Self::ImageNotFound { .. } => {
                Some("check the name and the tag; has the image been pushed?".to_owned())
            }
            Self::PlainHttpRefused { host } => {
                Some(format!("use HTTPS, or allow plain HTTP for {host} by name"))
            }
            Self::RateLimited { host, .. } => {
                Some(format!("use an account for {host}, or try again later"))
            }
            Self::RealmRefused { host, realm } => Some(format!(
                "if {realm} is the token service of {host}, name that pair"
            )),
            Self::TlsFailed { host, .. } => {
                Some(format!("if {host} uses a private CA, name its certificate"))
            }
            Self::Unauthorized { host, .. } => {
                Some(format!("log in to {host}, or provide a pull secret for it"))
            }
            Self::RegistryFailed { .. } | Self::Timeout { .. } | Self::Unreachable { .. } => {
                Some("try again".to_owned())
            }
            _ => None,
        }
    }

    /// Whether asking again may help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Timeout { .. } | Self::Unreachable { .. } => true,
            Self::RegistryFailed { status, .. } => *status >= 500,
            _ => false,
        }
    }

    /// The registry that was asked.
    #[must_use]
    pub fn host(&self) -> &str {
        match self {
            Self::AttachmentMissing { host, .. }
            | Self::DigestMismatch { host, .. }
            | Self::Forbidden { host, .. }
            | Self::ImageNotFound { host, .. }
            | Self::MalformedResponse { host, .. }
            | Self::PlainHttpRefused { host }
            | Self::RateLimited { host, .. }
            | Self::RealmRefused { host, .. }
            | Self::RedirectRefused { host, .. }
            | Self::RegistryFailed { host, .. }
            | Self::SizeMismatch { host, .. }
            | Self::Timeout { host, .. }
            | Self::TlsFailed { host, .. }
            | Self::TooLarge { host, .. }
            | Self::TooMany { host, .. }
            | Self::Unauthorized { host, .. }
            | Self::UnexpectedMediaType { host, .. }
            | Self::Unreachable { host, .. } => host,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreadable_manifest_is_could_not_look_with_the_code_that_fits() {
        for (error, code) in [
            (ManifestError::TooLarge { limit: 1 }, "too_large"),
            (
                ManifestError::TooMany {
                    what: "layers",
                    limit: 1,
                },
                "too_many",
            ),
            (
                ManifestError::MediaTypeUnknown {
                    media_type: "text/html".to_owned(),
                },
                "unexpected_media_type",
            ),
            (ManifestError::SchemaOne, "malformed_response"),
            (ManifestError::IndexAndManifest, "malformed_response"),
        ] {
            let error = SourceError::manifest("registry.example.com", "app:1", &error);
            assert_eq!(
                (error.code(), error.host(), error.is_transient()),
                (code, "registry.example.com", false)
            );
        }
    }

    #[test]
    fn only_what_may_pass_is_transient() {
        let (host, what) = ("registry.example.com".to_owned(), "app:1".to_owned());
        let failed = |status| SourceError::RegistryFailed {
            host: host.clone(),
            status,
            what: what.clone(),
        };
        assert!(failed(503).is_transient() && !failed(418).is_transient());
        assert!(
            SourceError::Timeout {
                host: host.clone(),
                what: what.clone()
            }
            .is_transient()
        );
        assert!(
            SourceError::RateLimited {
                host: host.clone(),
                retry_after: None
            }
            .is_transient()
        );
        assert!(
            !SourceError::ImageNotFound {
                host,
                reference: what
            }
            .is_transient()
        );
    }
}
