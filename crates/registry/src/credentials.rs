//! Who may present what to which registry.
//!
//! A credential has no way to be printed.

use std::fmt;
use std::pin::Pin;

use countersign_image::Repository;

/// What is presented to a registry, or to its token service.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Credential {
    /// A user and a password.
    Basic {
        /// The user.
        username: String,
        /// The password.
        password: String,
    },
    /// A token that a token service exchanges for others.
    IdentityToken(String),
    /// A token that the registry takes as it is.
    RegistryToken(String),
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Basic { .. } => "Basic(…)",
            Self::IdentityToken(_) => "IdentityToken(…)",
            Self::RegistryToken(_) => "RegistryToken(…)",
        })
    }
}

/// The answer of a [`Credentials`], when it comes.
pub type Lookup<'a> =
    Pin<Box<dyn Future<Output = Result<Option<Credential>, CredentialError>> + Send + 'a>>;

/// Where credentials come from. It is asked before each request, so it remembers what takes long to find.
pub trait Credentials: Send + Sync {
    /// What may be presented for `repository`, and to nobody but its registry.
    fn lookup<'a>(&'a self, repository: &'a Repository) -> Lookup<'a>;
}

/// Presents nothing to anybody.
#[derive(Clone, Copy, Debug)]
pub struct Anonymous;

impl Credentials for Anonymous {
    fn lookup<'a>(&'a self, _repository: &'a Repository) -> Lookup<'a> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// Credentials should be there and could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct CredentialError {
    /// Why, without secrets.
    pub detail: String,
}
