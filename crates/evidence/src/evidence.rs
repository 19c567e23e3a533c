//! What was verified about one image.
//!
//! A [`Verified`] value is made by the verifier only; whoever holds one need not check it again.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use countersign_image::{Algorithm, Digest, PinnedReference, Platform};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{Identity, Provenance, Rejection, Sbom, VerificationSummary};

/// Everything that is known about one pinned image.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The image that all of this speaks of.
    pub image: PinnedReference,
    /// Signatures of the image itself.
    pub signatures: Vec<Verified<Signature>>,
    /// Signed statements about the image, other than "it is signed".
    pub statements: Vec<Verified<Statement>>,
    /// Attached things that count for nothing, and why.
    pub rejected: Vec<Rejection>,
}

impl Evidence {
    /// What may speak for `child` of an index: what covers the whole image, and what covers that child. With `None`, only
    /// the former. What counts for nothing stays as it is.
    #[must_use]
    pub fn covering(&self, child: Option<&Digest>) -> Self {
        let covers = |subject: &Digest| subject == self.image.digest() || Some(subject) == child;
        Self {
            image: self.image.clone(),
            signatures: kept(&self.signatures, covers),
            statements: kept(&self.statements, covers),
            rejected: self.rejected.clone(),
        }
    }
}

fn kept<T: Clone>(all: &[Verified<T>], covers: impl Fn(&Digest) -> bool) -> Vec<Verified<T>> {
    let kept = all.iter().filter(|verified| covers(&verified.subject));
    kept.cloned().collect()
}

/// A value whose signature, key and subject were checked.
///
/// One signed thing that carries signatures of two accepted keys yields two of these, one per [`Identity`]; the same
/// signature attached twice yields two with the same identity. Thresholds count distinct identities.
///
/// Nobody else can make one:
///
/// ```compile_fail,E0451
/// use countersign_evidence::{Signature, Verified};
/// let forged = Verified { value: Signature { annotations: Default::default() } };
/// ```
///
/// ```
/// use countersign_evidence::{Signature, Verified};
/// fn annotations(signature: &Verified<Signature>) -> usize {
///     signature.value().annotations.len()
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Verified<T> {
    pub(crate) value: T,
    pub(crate) voucher: Voucher,
    pub(crate) format: Format,
    pub(crate) subject: Digest,
    pub(crate) platform: Option<Platform>,
    pub(crate) manifest: Digest,
}

impl<T> Verified<T> {
    /// What was verified.
    #[must_use]
    pub fn value(&self) -> &T {
        &self.value
    }

    /// The names of the authorities that vouch for it, at least one.
    #[must_use]
    pub fn authorities(&self) -> &[String] {
        &self.voucher.authorities
    }

    /// Who signed it.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.voucher.identity
    }

    /// How it was stored.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// The digest that it speaks of.
    #[must_use]
    pub fn subject(&self) -> &Digest {
        &self.subject
    }

    /// The platform of the child that it speaks of; absent if it speaks of the image as a whole.
    #[must_use]
    pub fn platform(&self) -> Option<&Platform> {
        self.platform.as_ref()
    }

    /// When it existed, by the word of logs and timestamp authorities, in order; empty if nobody vouches for a time.
    #[must_use]
    pub fn times(&self) -> &[Timestamp] {
        &self.voucher.times
    }

    /// Whether a trusted log holds it.
    #[must_use]
    pub fn logged(&self) -> bool {
        self.voucher.logged
    }

    /// The manifest that carries it.
    #[must_use]
    pub fn manifest(&self) -> &Digest {
        &self.manifest
    }
}

/// An identity together with the authorities that accept it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Voucher {
    pub(crate) identity: Identity,
    pub(crate) authorities: Vec<String>,
    pub(crate) times: Vec<Timestamp>,
    pub(crate) logged: bool,
}

/// How a signed thing was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Format {
    /// A Sigstore bundle.
    Bundle,
    /// A bare statement that BuildKit put into the image's index, signed through that index or its own manifest.
    #[serde(rename = "buildkit")]
    BuildKit,
    /// A simple-signing payload or a bare envelope, as cosign's `.sig` and `.att` tags hold them.
    CosignTag,
}

impl Format {
    /// The name in `input` and in messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::BuildKit => "buildkit",
            Self::CosignTag => "cosign-tag",
        }
    }
}

/// "This image is signed", and what the signer added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Signature {
    /// The signer's annotations; they are signed too.
    pub annotations: BTreeMap<String, String>,
}

/// An in-toto statement about the image.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The type of its predicate, as signed.
    pub predicate_type: String,
    /// The predicate as signed, strictly checked JSON that is parsed only where a rule asks for it.
    pub predicate: Bytes,
    /// What it says, in one shape for all producers.
    pub content: Content,
}

/// What a bundle file has to speak of.
#[derive(Clone, Copy, Debug)]
pub enum Artifact<'a> {
    /// These bytes.
    Bytes(&'a [u8]),
    /// Bytes of this digest. Ed25519 signatures cannot be judged by it, and others by the digest that was signed only.
    Digest(&'a Digest),
}

impl Artifact<'_> {
    /// Its digest: the one that was given, else its sha256.
    pub(crate) fn digest(&self) -> Digest {
        match self {
            Self::Bytes(bytes) => Digest::of(bytes),
            Self::Digest(digest) => (*digest).clone(),
        }
    }

    /// The digests by which a statement may name it.
    pub(crate) fn digests(&self) -> Vec<Digest> {
        match self {
            Self::Bytes(bytes) => vec![Digest::of(bytes), Digest::with(Algorithm::Sha512, bytes)],
            Self::Digest(digest) => vec![(*digest).clone()],
        }
    }
}

/// What a bundle file says about its artifact.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SignedContent {
    /// That somebody signed its bytes.
    Artifact,
    /// That it is signed, in a statement.
    Signature(Signature),
    /// A statement about it.
    Statement(Statement),
}

impl SignedContent {
    /// The type of the statement's predicate, if it is one.
    #[must_use]
    pub fn predicate_type(&self) -> Option<&str> {
        match self {
            Self::Artifact => None,
            Self::Signature(_) => Some(crate::predicate::COSIGN_SIGN),
            Self::Statement(statement) => Some(&statement.predicate_type),
        }
    }
}

/// The normalised content of a statement.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Content {
    /// SLSA provenance.
    Provenance(Arc<Provenance>),
    /// A software bill of materials.
    Sbom(Arc<Sbom>),
    /// An SLSA verification summary, passed or failed.
    VerificationSummary(Arc<VerificationSummary>),
    /// Any other predicate; and one that does not read as what its type says, which stands among the rejected too.
    Other,
}
