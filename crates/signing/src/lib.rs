//! Makes signatures and attestations of images, and the keys that make them.
//!
//! Takes typed values: no file, no environment variable, no terminal is read here. Nothing that the verifier of
//! `countersign-evidence` would refuse is pushed.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod artifact;
mod claim;
mod envelope;
mod error;
mod key;
mod keyfile;
pub mod lift;
mod predicate;
mod publish;
mod services;
mod signer;
mod signing_config;
mod statement;
mod tags;
mod token;

pub use claim::{Claim, Published, Storage, Target};
pub use error::{KeyError, SigningError};
pub use key::PrivateKey;
pub use keyfile::{EncryptedKey, KeyFile};
pub use predicate::{Predicate, PredicateError, PredicateType, is_uri};
pub use publish::Publisher;
pub use services::{Login, ServiceFailure, Services, actions_token};
pub use signer::Witnesses;
pub use signing_config::{Endpoints, LogEndpoint, LogVersion, SigningConfig, SigningConfigError};
pub use statement::Annotations;
pub use token::{IdentityToken, TokenError};
