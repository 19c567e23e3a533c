//! Why bytes are refused as a manifest or index.

use crate::{Digest, DigestError, JsonError};

/// Why bytes are refused as a manifest or index.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// An attestation manifest that says it is something else.
    #[error("it is listed as an attestation manifest and says that it is {found}")]
    ArtifactType {
        /// The artifact type, shortened.
        found: String,
    },
    /// A descriptor with a bad digest.
    #[error("a descriptor has a bad digest: {0}")]
    Digest(DigestError),
    /// `manifests` beside `config` or `layers`: some readers would see an index, others a manifest.
    #[error("the document is an index and a manifest at once")]
    IndexAndManifest,
    /// Not JSON that everybody reads alike, or of another shape.
    #[error(transparent)]
    Json(JsonError),
    /// The media type inside is not the declared one, or not that of such a document.
    #[error("the document is declared as {declared} and is {found}")]
    MediaTypeMismatch {
        /// What the registry or descriptor says.
        declared: String,
        /// What the document says or looks like.
        found: String,
    },
    /// Neither manifest nor index by its media type.
    #[error("not a media type of manifests: {media_type}")]
    MediaTypeUnknown {
        /// The media type, shortened.
        media_type: String,
    },
    /// A field that every manifest has.
    #[error("the manifest has no {field}")]
    Missing {
        /// Its name.
        field: &'static str,
    },
    /// An attestation manifest of another image than the index says.
    #[error("its subject is {found}, or described otherwise, where the index says {wanted}")]
    OtherSubject {
        /// Its subject.
        found: Digest,
        /// The image that the index says it attests.
        wanted: Digest,
    },
    /// Docker's first image format, which binds no config and no size.
    #[error("the image has schema version 1, which is not supported")]
    SchemaOne,
    /// A schema version that nobody has defined.
    #[error("schema version {version} is unknown")]
    SchemaUnknown {
        /// The version.
        version: u64,
    },
    /// A size that no content has.
    #[error("a descriptor says that its content has {size} bytes")]
    Size {
        /// The size.
        size: u64,
    },
    /// More bytes than [`MANIFEST_BYTES`](crate::limits::MANIFEST_BYTES).
    #[error("the manifest is larger than {limit} bytes")]
    TooLarge {
        /// The bound.
        limit: usize,
    },
    /// More parts than we look at.
    #[error("more than {limit} {what}")]
    TooMany {
        /// Of what, in the plural.
        what: &'static str,
        /// The bound.
        limit: usize,
    },
}

impl ManifestError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ArtifactType { .. } => "manifest_artifact_type",
            Self::Digest(error) => error.code(),
            Self::IndexAndManifest => "manifest_and_index",
            Self::Json(error) => error.code(),
            Self::MediaTypeMismatch { .. } => "manifest_media_type_mismatch",
            Self::MediaTypeUnknown { .. } => "manifest_media_type_unknown",
            Self::Missing { .. } => "manifest_incomplete",
            Self::OtherSubject { .. } => "manifest_other_subject",
            Self::SchemaOne => "manifest_schema1",
            Self::SchemaUnknown { .. } => "manifest_schema_unknown",
            Self::Size { .. } => "manifest_size",
            Self::TooLarge { .. } => "manifest_too_large",
            Self::TooMany { .. } => "manifest_too_many",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::SchemaOne => Some("push the image again with a current tool"),
            _ => None,
        }
    }
}
