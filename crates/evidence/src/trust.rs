//! Whom the operator accepts as a voucher.
//!
//! Holds names and keys; what they signed is the verifier's matter.

use std::collections::BTreeSet;

use crate::PublicKey;

/// A named group of keys that may vouch.
#[derive(Clone, Debug)]
pub struct Authority {
    /// The name that policies use.
    pub name: String,
    /// The keys, any of which speaks for the authority.
    pub keys: Vec<PublicKey>,
    /// What a signature must prove beside the key.
    pub transparency: Transparency,
}

/// What a signature must prove beside the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transparency {
    /// That it is in a transparency log.
    Log,
    /// Nothing.
    None,
    /// That a timestamp authority saw it.
    Timestamp,
}

/// A key, and everybody who lists it.
#[derive(Clone, Debug)]
pub(crate) struct TrustedKey {
    pub(crate) key: PublicKey,
    pub(crate) authorities: Vec<String>,
}

/// Each distinct key of `authorities`, once.
pub(crate) fn trusted_keys(authorities: &[Authority]) -> Result<Vec<TrustedKey>, TrustError> {
    if authorities.is_empty() {
        return Err(TrustError::NoAuthorities);
    }
    let mut names = BTreeSet::new();
    let mut trusted: Vec<TrustedKey> = Vec::new();
    for Authority {
        name,
        keys,
        transparency,
    } in authorities
    {
        if !names.insert(name) {
            return Err(TrustError::DuplicateAuthority { name: name.clone() });
        }
        if keys.is_empty() {
            return Err(TrustError::NoKeys { name: name.clone() });
        }
        if *transparency != Transparency::None {
            return Err(TrustError::TransparencyUnsupported { name: name.clone() });
        }
        for key in keys {
            match trusted.iter_mut().find(|known| known.key == *key) {
                Some(known) if known.authorities.contains(name) => {}
                Some(known) => known.authorities.push(name.clone()),
                None => trusted.push(TrustedKey {
                    key: key.clone(),
                    authorities: vec![name.clone()],
                }),
            }
        }
    }
    Ok(trusted)
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
    /// None at all.
    #[error("no authorities: nothing could ever be verified")]
    NoAuthorities,
    /// An authority without a key.
    #[error("authority {name} has no key")]
    NoKeys {
        /// Its name.
        name: String,
    },
    /// A proof that cannot be checked.
    #[error("authority {name} wants a log entry or timestamp, which cannot be checked yet")]
    TransparencyUnsupported {
        /// Its name.
        name: String,
    },
}

impl TrustError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::DuplicateAuthority { .. } => "authority_duplicate",
            Self::NoAuthorities => "authorities_missing",
            Self::NoKeys { .. } => "authority_keys_missing",
            Self::TransparencyUnsupported { .. } => "transparency_unsupported",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::DuplicateAuthority { .. } => {
                Some("give each authority a name of its own; one may have several keys")
            }
            Self::NoAuthorities | Self::NoKeys { .. } => Some("name at least one public key"),
            Self::TransparencyUnsupported { .. } => Some("use `transparency: none`"),
        }
    }
}
