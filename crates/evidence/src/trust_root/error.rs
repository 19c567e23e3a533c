//! Why a trust root cannot be used, and what to do about it.

use countersign_image::limits;

/// Why a trust root cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustRootError {
    /// A certificate that does not read, or that its authority cannot be known by.
    #[error("{place}: {detail}")]
    Certificate {
        /// Whose.
        place: String,
        /// What is wrong.
        detail: String,
    },
    /// Two logs of one id.
    #[error("{place} has the id of another log")]
    DuplicateLog {
        /// The second one.
        place: String,
    },
    /// No authority and no log.
    #[error("the trust root holds no authority and no log: nothing could ever be verified with it")]
    Empty,
    /// A key that does not read, or is of another kind than said.
    #[error("{place}: {detail}")]
    Key {
        /// Whose.
        place: String,
        /// What is wrong.
        detail: String,
    },
    /// It is not JSON, or not of this shape.
    #[error("it does not read as a trusted_root.json: {detail}")]
    Malformed {
        /// What is wrong.
        detail: String,
    },
    /// Another kind of document, or a later version.
    #[error("its mediaType is {found:?}, which is none of a trust root that is read")]
    MediaType {
        /// What it says; empty when it says nothing.
        found: String,
    },
    /// One document in each line.
    #[error("it holds {count} trust roots, one in each line")]
    Several {
        /// How many.
        count: usize,
    },
    /// Over the limit.
    #[error("it has more than {} bytes", limits::TRUST_ROOT_BYTES)]
    TooLarge,
    /// A time window without a beginning, or that ends before it begins.
    #[error("{place}: {detail}")]
    Window {
        /// Whose.
        place: String,
        /// What is wrong.
        detail: String,
    },
}

impl TrustRootError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Certificate { .. } => "trust_root_certificate",
            Self::DuplicateLog { .. } => "trust_root_duplicate_log",
            Self::Empty => "trust_root_empty",
            Self::Key { .. } => "trust_root_key",
            Self::Malformed { .. } => "trust_root_malformed",
            Self::MediaType { .. } => "trust_root_media_type",
            Self::Several { .. } => "trust_root_several",
            Self::TooLarge => "trust_root_too_large",
            Self::Window { .. } => "trust_root_window",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Certificate { .. } => Some(
                "an authority lists its intermediates and, last, the certificate that they lead to",
            ),
            Self::DuplicateLog { .. } => {
                Some("a log id stands for one key: list each log once, with all of its time window")
            }
            Self::Empty => Some("add certificateAuthorities, tlogs or timestampAuthorities"),
            Self::Key { .. } => {
                Some("rawBytes is the base64 of the key in the form that keyDetails names")
            }
            Self::Malformed { .. } | Self::MediaType { .. } => Some(
                "a trust root is the trusted_root.json of a Sigstore instance; its mediaType is application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            ),
            Self::Several { .. } => Some(
                "make a file of each line, as `gh attestation trusted-root | sed -n 2p` does, and name both",
            ),
            Self::TooLarge => None,
            Self::Window { .. } => Some(
                "validFor says since when something is trusted, and until when; a log needs at least its start",
            ),
        }
    }
}
