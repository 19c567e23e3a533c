//! What is said about which image, and how it is stored.

use countersign_evidence::{Identity, predicate};
use countersign_image::{Descriptor, Digest, PinnedReference, Repository};

use crate::predicate::Predicate;
use crate::statement::Annotations;

/// How a signature is stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Storage {
    /// As a Sigstore bundle that refers to the image: what cosign 3 reads and writes.
    Bundle,
    /// Behind the tags `.sig` and `.att`: what every cosign reads.
    Legacy,
}

impl Storage {
    /// The name in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Legacy => "legacy",
        }
    }
}

/// What is said about an image.
#[derive(Clone, Debug)]
pub enum Claim {
    /// That it is signed, with what the signer adds.
    Signature(Annotations),
    /// A predicate about it.
    Attestation(Predicate),
}

impl Claim {
    /// The predicate type that it is stored under.
    pub fn predicate_type(&self) -> &str {
        match self {
            Self::Attestation(predicate) => predicate.predicate_type(),
            Self::Signature(_) => predicate::COSIGN_SIGN,
        }
    }
}

/// An image that is there to be signed.
#[derive(Clone, Debug)]
pub struct Target {
    /// The image.
    pub image: PinnedReference,
    /// Its descriptor: media type, digest and size.
    pub descriptor: Descriptor,
    /// Where its signatures are stored: mostly its own repository.
    pub repository: Repository,
}

/// What was published.
#[derive(Clone, Debug)]
pub struct Published {
    /// In which form.
    pub storage: Storage,
    /// Whose signature it is.
    pub identity: Identity,
    /// The manifest that carries it.
    pub manifest: Digest,
    /// The tag that leads to it, where one does.
    pub tag: Option<String>,
}
