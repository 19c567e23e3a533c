//! Why BuildKit's statements cannot be signed.

use countersign_image::{Digest, ManifestError, SourceError, excerpt, limits};

use crate::predicate::PredicateError;

/// Why BuildKit's statements cannot be signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LiftError {
    /// It does not read as what the index says it is.
    #[error("BuildKit's statement {statement} cannot be used: {detail}")]
    Malformed {
        /// The statement, or the manifest that holds it.
        statement: Digest,
        /// What is wrong with it.
        detail: String,
    },
    /// An attestation manifest contradicts the index, or there are too many.
    #[error("the index and its attestation manifests contradict each other: {0}")]
    Manifest(#[from] ManifestError),
    /// The index lists it, and the registry does not have it.
    #[error("the index lists the attestation manifest {manifest}, which is not there")]
    Missing {
        /// The manifest.
        manifest: Digest,
    },
    /// The provenance names another builder than is asked for.
    #[error("the provenance names the builder {found:?} already")]
    OtherBuilder {
        /// Which.
        found: String,
    },
    /// It is about something else.
    #[error("BuildKit's statement {statement} is not about {child}, which the index says it is")]
    OtherSubject {
        /// The statement.
        statement: Digest,
        /// The child.
        child: Digest,
    },
    /// It is not of the shape of its type.
    #[error(transparent)]
    Predicate(#[from] PredicateError),
    /// The registry failed.
    #[error(transparent)]
    Registry(#[from] SourceError),
    /// All statements together are more than is read of one image.
    #[error(
        "BuildKit's statements are larger than {} bytes together",
        limits::ATTACHMENT_BYTES
    )]
    TooLarge,
}

impl LiftError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "statement_malformed",
            Self::Manifest(error) => error.code(),
            Self::Missing { .. } => "attachment_missing",
            Self::OtherBuilder { .. } => "builder_mismatch",
            Self::OtherSubject { .. } => "subject_mismatch",
            Self::Predicate(error) => error.code(),
            Self::Registry(error) => error.code(),
            Self::TooLarge => "too_large",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::OtherBuilder { .. } => Some("leave out --builder-id".to_owned()),
            Self::OtherSubject { .. } => Some(
                "nothing was signed; was the image copied or rewritten after BuildKit wrote it?"
                    .to_owned(),
            ),
            Self::Predicate(error) => error.hint().map(str::to_owned),
            Self::Registry(error) => error.hint(),
            _ => Some("nothing was signed; build and push the image again".to_owned()),
        }
    }

    pub(super) fn malformed(statement: &Digest, detail: &str) -> Self {
        Self::Malformed {
            statement: statement.clone(),
            detail: excerpt(detail),
        }
    }
}
