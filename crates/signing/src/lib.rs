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
mod predicate;
mod publish;
mod statement;
mod tags;

pub use claim::{Claim, Published, Storage, Target};
pub use error::{KeyError, SigningError};
pub use key::PrivateKey;
pub use keyfile::{EncryptedKey, KeyFile};
pub use predicate::{Predicate, PredicateError, PredicateType};
pub use publish::Publisher;
pub use statement::Annotations;
