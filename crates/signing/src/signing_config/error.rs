//! Why a signing config cannot be used.

/// Why a signing config cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SigningConfigError {
    /// Nothing that a signature could be shown to.
    #[error("the signing config names neither a log nor a timestamp authority")]
    Empty,
    /// Plain HTTP to another machine, for something that carries an identity token.
    #[error("the signing config names {url}, and an identity token is sent over TLS only")]
    Insecure {
        /// The service, without path.
        url: String,
    },
    /// It does not read as one.
    #[error("it does not read as a signing config: {detail}")]
    Malformed {
        /// What is wrong.
        detail: String,
    },
    /// There are services, and none that can be used now.
    #[error("the signing config names no {what} that can be used now: {detail}")]
    NoneUsable {
        /// Of which kind.
        what: &'static str,
        /// What is wrong with those that it names.
        detail: String,
    },
    /// Certificates live for minutes, and nothing would say that this one was used meanwhile.
    #[error(
        "the signing config names no timestamp authority, without which its log proves no time"
    )]
    NoTime,
    /// The services to use are not enough.
    #[error("the signing config wants {wanted} of {what}, and names {found} that can be used now")]
    TooFew {
        /// Of which kind.
        what: &'static str,
        /// How many it wants.
        wanted: usize,
        /// How many there are, one for each operator.
        found: usize,
    },
    /// It does not say which of several to use.
    #[error("the signing config does not say how many of its {what} to use")]
    Undefined {
        /// Of which kind.
        what: &'static str,
    },
    /// Another version.
    #[error("it is no signing config v0.2 but {found:?}")]
    Version {
        /// Its media type.
        found: String,
    },
}

impl SigningConfigError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "signing_config_empty",
            Self::Insecure { .. } => "signing_config_insecure",
            Self::Malformed { .. } => "signing_config_malformed",
            Self::NoTime => "signing_config_without_time",
            Self::NoneUsable { .. } => "signing_config_none_usable",
            Self::TooFew { .. } => "signing_config_too_few",
            Self::Undefined { .. } => "signing_config_undefined",
            Self::Version { .. } => "signing_config_version",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Malformed { .. } | Self::Version { .. } => Some(
                "`cosign signing-config create` writes one; the older media type v0.1 is not read",
            ),
            Self::Insecure { .. } => Some("give the service a certificate and an https:// URL"),
            Self::NoTime => Some("add a timestamp authority, or use a log of major version 1"),
            Self::NoneUsable { .. } | Self::TooFew { .. } => {
                Some("is it out of date? ask whoever runs the services for their current one")
            }
            Self::Undefined { .. } => Some("set its selector to ANY, ALL or EXACT"),
            Self::Empty => Some("leave it out: then a signature by a key is shown to nobody"),
        }
    }
}
