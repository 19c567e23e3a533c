//! What is attached to an image, verified: signatures and statements, each with the key that made it and the authorities
//! that vouch for it.
//!
//! Pure: bytes and trust go in, [`Evidence`] comes out; no network, no file, no clock. What does not verify becomes a
//! [`Rejection`], never an error and never evidence. Refuses whatever no authority vouches for.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod base64;
mod bundle;
mod certificate;
mod chain;
mod contradiction;
mod dsse;
mod evidence;
mod hash;
mod identity;
mod json;
mod keys;
mod legacy;
mod log;
mod material;
pub mod predicate;
mod provenance;
mod rejection;
mod sbom;
mod sct;
mod sealed;
mod simple_signing;
mod statement;
#[cfg(test)]
mod testing;
mod timestamp;
mod trust;
mod trust_root;
mod verifier;
mod vouch;
mod vsa;

pub use certificate::{
    CertificateChain, CertificateError, check_tls_authorities, claim_named, claim_names,
};
pub use dsse::dsse_pae;
pub use evidence::{
    Artifact, Content, Evidence, Format, Signature, SignedContent, Statement, Verified,
};
pub use identity::{Identity, IdentityMatcher, Pattern, PatternError};
pub use keys::{BadSignature, KeyAlgorithm, KeyError, PublicKey};
pub use predicate::{PredicateFlaw, check_predicate};
pub use provenance::{Complete, Dependency, Provenance, Source, Vcs};
pub use rejection::{Reason, Refusal, Rejection};
pub use sbom::{Package, Sbom, SbomKind, SbomScope};
pub use trust::{Authority, Signers, Transparency, TrustError};
pub use trust_root::{
    AuthorityFacts, LogFacts, TrustRoot, TrustRootError, TrustRootSummary, Validity,
};
pub use verifier::Verifier;
pub use vsa::{SummaryPolicy, SummaryResult, SummaryVerifier, VerificationSummary};
