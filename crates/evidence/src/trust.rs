//! Whom the operator accepts as a voucher, and what a signature must prove beside the key.
//!
//! Refuses authorities that could never verify anything, and those that would check less than they say.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::{CertificateChain, IdentityMatcher, PublicKey, TrustRoot};

/// A named group of signers that may vouch.
#[derive(Clone, Debug)]
pub struct Authority {
    /// The name that policies use.
    pub name: String,
    /// Who may sign.
    pub signers: Signers,
    /// Whose logs and timestamp authorities count; for keyless signers, whose certificates too.
    pub trust_root: Option<Arc<TrustRoot>>,
    /// What a signature must prove beside the key or certificate.
    pub transparency: Transparency,
}

/// Who may sign for an authority.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Signers {
    /// The holders of these keys.
    Keys(Vec<PublicKey>),
    /// Holders of short-lived certificates of the trust root's Fulcio, for one of these identities.
    Keyless(Vec<IdentityMatcher>),
    /// Holders of certificates of an X.509 authority of one's own.
    Certificates {
        /// The authority's certificates.
        chain: Arc<CertificateChain>,
        /// The identities that are accepted.
        identities: Vec<IdentityMatcher>,
    },
}

/// What a signature must prove beside the key: how many distinct logs and timestamp authorities have seen it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transparency {
    /// Distinct transparency logs that hold it.
    pub logs: u8,
    /// Distinct timestamp authorities that stamped it.
    pub timestamps: u8,
}

impl Transparency {
    /// Nothing.
    pub const NONE: Self = Self {
        logs: 0,
        timestamps: 0,
    };
    /// That it is in a transparency log.
    pub const LOG: Self = Self {
        logs: 1,
        timestamps: 0,
    };
    /// That a timestamp authority saw it.
    pub const TIMESTAMP: Self = Self {
        logs: 0,
        timestamps: 1,
    };
}

/// Checks what no single authority can tell: names, and that each demands something which can be met.
pub(crate) fn check(authorities: &[Authority]) -> Result<(), TrustError> {
    if authorities.is_empty() {
        return Err(TrustError::NoAuthorities);
    }
    let mut names = BTreeSet::new();
    for authority in authorities {
        let name = || authority.name.clone();
        if !names.insert(&authority.name) {
            return Err(TrustError::DuplicateAuthority { name: name() });
        }
        let nobody = match &authority.signers {
            Signers::Keys(keys) => keys.is_empty(),
            Signers::Keyless(identities) | Signers::Certificates { identities, .. } => {
                identities.is_empty()
            }
        };
        if nobody {
            return Err(TrustError::NoSigners { name: name() });
        }
        let keyless = matches!(authority.signers, Signers::Keyless(_));
        if keyless && authority.transparency == Transparency::NONE {
            return Err(TrustError::KeylessWithoutProof { name: name() });
        }
        match &authority.trust_root {
            None if keyless || authority.transparency != Transparency::NONE => {
                return Err(TrustError::NoTrustRoot { name: name() });
            }
            Some(root) if usize::from(authority.transparency.logs) > root.log_count() => {
                return Err(TrustError::TooFewLogs {
                    name: name(),
                    root: root.name().to_owned(),
                });
            }
            Some(root)
                if usize::from(authority.transparency.timestamps)
                    > root.timestamp_authority_count() =>
            {
                return Err(TrustError::TooFewTimestampAuthorities {
                    name: name(),
                    root: root.name().to_owned(),
                });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Why authorities cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// Two authorities of one name.
    #[error("authority {name} is defined twice")]
    DuplicateAuthority {
        /// The name.
        name: String,
    },
    /// A keyless authority that asks for no proof of when it signed.
    #[error(
        "authority {name} is keyless and asks for no proof of time: such certificates live for minutes"
    )]
    KeylessWithoutProof {
        /// Its name.
        name: String,
    },
    /// None at all.
    #[error("no authorities: nothing could ever be verified")]
    NoAuthorities,
    /// An authority without a key or an identity.
    #[error("authority {name} has no key and no identity")]
    NoSigners {
        /// Its name.
        name: String,
    },
    /// An authority that needs a trust root and has none.
    #[error("authority {name} needs a trust root")]
    NoTrustRoot {
        /// Its name.
        name: String,
    },
    /// More logs are asked for than the trust root has.
    #[error("authority {name} asks for proof from more logs than trust root {root} has")]
    TooFewLogs {
        /// The authority.
        name: String,
        /// Its trust root.
        root: String,
    },
    /// More timestamps are asked for than the trust root has authorities.
    #[error("authority {name} asks for timestamps of more authorities than trust root {root} has")]
    TooFewTimestampAuthorities {
        /// The authority.
        name: String,
        /// Its trust root.
        root: String,
    },
}

impl TrustError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::DuplicateAuthority { .. } => "authority_duplicate",
            Self::KeylessWithoutProof { .. } => "keyless_without_proof",
            Self::NoAuthorities => "authorities_missing",
            Self::NoSigners { .. } => "authority_signers_missing",
            Self::NoTrustRoot { .. } => "trust_root_missing",
            Self::TooFewLogs { .. } => "trust_root_too_few_logs",
            Self::TooFewTimestampAuthorities { .. } => "trust_root_too_few_timestamp_authorities",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::DuplicateAuthority { .. } => {
                Some("give each authority a name of its own; one may have several keys")
            }
            Self::KeylessWithoutProof { .. } => {
                Some("use `transparency: log`, or `timestamp` for signers without a log")
            }
            Self::NoAuthorities | Self::NoSigners { .. } => {
                Some("name at least one public key or identity")
            }
            Self::NoTrustRoot { .. } => {
                Some("name a trust root: public-good, github, or a TrustRoot document")
            }
            Self::TooFewLogs { .. } => {
                Some("ask for `transparency: timestamp`, or use a trust root with a log")
            }
            Self::TooFewTimestampAuthorities { .. } => {
                Some("ask for `transparency: log`, or use a trust root with a timestamp authority")
            }
        }
    }
}
