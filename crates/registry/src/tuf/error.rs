//! Why a TUF repository yields nothing.

use std::io;
use std::path::PathBuf;

use countersign_image::excerpt;
use jiff::Timestamp;

use crate::settings::SettingsError;

/// Why a TUF repository yields nothing. What it yielded before is as good as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TufError {
    /// Metadata is past its time: nobody renews it, or somebody holds the newer back.
    #[error("the {role} metadata expired at {expires}")]
    Expired {
        /// Which metadata.
        role: String,
        /// When.
        expires: Timestamp,
    },
    /// Not the location of a repository.
    #[error("{location} is no TUF repository: {detail}")]
    Location {
        /// The text.
        location: String,
        /// What is wrong with it.
        detail: &'static str,
    },
    /// Metadata does not read as such.
    #[error("the metadata cannot be read: {detail}")]
    Malformed {
        /// What is wrong.
        detail: String,
    },
    /// A file is not the one that the metadata names.
    #[error("not what the metadata names: {detail}")]
    Mismatch {
        /// What differs.
        detail: String,
    },
    /// A file that the metadata names is not there.
    #[error("{file} is not in the repository")]
    Missing {
        /// The file.
        file: String,
    },
    /// A name that is not known, and no location or root given for it.
    #[error("no TUF repository is built in for {name}")]
    NoRepository {
        /// The name.
        name: String,
    },
    /// Metadata is older than what was seen before.
    #[error("the {role} metadata is older ({offered}) than what was seen before ({trusted})")]
    Rollback {
        /// Which metadata.
        role: String,
        /// The version that was seen before.
        trusted: u64,
        /// The version that is offered now.
        offered: u64,
    },
    /// The settings for HTTP cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The metadata does not list the file that is wanted.
    #[error("the repository has no {target}")]
    TargetMissing {
        /// The file.
        target: String,
    },
    /// The repository did not answer in time.
    #[error("{what} did not answer in time")]
    Timeout {
        /// What was asked, or asked for.
        what: String,
    },
    /// A file is larger than such files are.
    #[error("{file} is larger than {limit} bytes")]
    TooLarge {
        /// The file.
        file: String,
        /// How large it may be.
        limit: u64,
    },
    /// The repository could not be asked.
    #[error("{host}: {detail}")]
    Unreachable {
        /// The repository's host.
        host: String,
        /// What went wrong.
        detail: String,
    },
    /// A file of a repository in a directory could not be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Metadata is not signed by enough of the keys that must sign it.
    #[error("the metadata is not signed as it must be: {detail}")]
    Untrusted {
        /// What is missing.
        detail: String,
    },
}

impl TufError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "tuf_expired",
            Self::Location { .. } => "tuf_location",
            Self::Malformed { .. } => "tuf_malformed",
            Self::Mismatch { .. } => "tuf_mismatch",
            Self::Missing { .. } => "tuf_missing",
            Self::NoRepository { .. } => "tuf_unknown",
            Self::Rollback { .. } => "tuf_rollback",
            Self::Settings(error) => error.code(),
            Self::TargetMissing { .. } => "tuf_target_missing",
            Self::Timeout { .. } => "tuf_timeout",
            Self::TooLarge { .. } => "tuf_too_large",
            Self::Unreachable { .. } => "tuf_unreachable",
            Self::Unreadable { .. } => "tuf_unreadable",
            Self::Untrusted { .. } => "tuf_untrusted",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Expired { .. } => Some(
                "look at this machine's clock, then ask whoever runs the repository; a mirror may have stopped following",
            ),
            Self::Location { .. } => Some("name https://HOST/PATH or a directory"),
            Self::Malformed { .. } | Self::Missing { .. } | Self::TargetMissing { .. } => Some(
                "a repository holds N.root.json and timestamp.json, and its files below targets/",
            ),
            Self::NoRepository { .. } => Some(
                "built in are public-good and github; for others give a location and a root.json",
            ),
            Self::Rollback { .. } => Some(
                "a mirror may lag behind; if the repository was set up anew, remove the cache and give its new root.json",
            ),
            Self::Untrusted { .. } => Some(
                "the root.json that was given is another repository's, or the metadata was altered",
            ),
            Self::Settings(error) => error.hint(),
            Self::Timeout { .. } | Self::Unreachable { .. } => Some(
                "look at the network and the proxy; a mirror or a directory can stand in for the repository",
            ),
            Self::Mismatch { .. } => {
                Some("a mirror may be in the middle of an update; otherwise files were altered")
            }
            Self::TooLarge { .. } | Self::Unreadable { .. } => None,
        }
    }
}

impl From<sigstore_tuf::Error> for TufError {
    fn from(error: sigstore_tuf::Error) -> Self {
        use sigstore_tuf::Error;
        let detail = excerpt(&chain(&error));
        match error {
            Error::Expired { role, expires } => Self::Expired {
                role: excerpt(&role),
                expires,
            },
            Error::Rollback { role, trusted, new } => Self::Rollback {
                role: excerpt(&role),
                trusted,
                offered: new,
            },
            Error::BadRootVersion { .. }
            | Error::DuplicateSignature { .. }
            | Error::ThresholdNotMet { .. } => Self::Untrusted { detail },
            Error::IntegrityMismatch(_) => Self::Mismatch { detail },
            Error::TargetNotFound(target) => Self::TargetMissing { target },
            // Ours, come back through the library.
            Error::Transport {
                source: Some(source),
                ..
            } => match source.downcast() {
                Ok(ours) => *ours,
                Err(_) => Self::Malformed { detail },
            },
            _ => Self::Malformed { detail },
        }
    }
}

/// For the way through the library.
impl From<TufError> for sigstore_tuf::Error {
    fn from(error: TufError) -> Self {
        Self::transport_with_source(error.to_string(), error)
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
