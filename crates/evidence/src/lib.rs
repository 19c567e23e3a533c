//! What is attached to an image, verified: signatures and statements, each with the key that made it and the authorities
//! that vouch for it.
//!
//! Pure: bytes and trust go in, [`Evidence`] comes out; no network, no file, no clock. What does not verify becomes a
//! [`Rejection`], never an error and never evidence. Refuses whatever no authority vouches for.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod base64;
mod bundle;
mod certificate;
mod dsse;
mod evidence;
mod identity;
mod json;
mod keys;
pub mod predicate;
mod provenance;
mod rejection;
mod sbom;
mod sealed;
mod simple_signing;
mod statement;
#[cfg(test)]
mod testing;
mod trust;
mod trust_root;
mod verifier;

pub use certificate::{CertificateChain, CertificateError};
pub use dsse::dsse_pae;
pub use evidence::{Content, Evidence, Format, Signature, Statement, Verified};
pub use identity::{Identity, IdentityMatcher, Pattern, PatternError};
pub use keys::{BadSignature, KeyAlgorithm, KeyError, PublicKey};
pub use provenance::{Complete, Dependency, Provenance, Source, Vcs};
pub use rejection::{Reason, Rejection};
pub use sbom::{Package, Sbom, SbomKind};
pub use trust::{Authority, Signers, Transparency, TrustError};
pub use trust_root::{TrustRoot, TrustRootError};
pub use verifier::Verifier;
