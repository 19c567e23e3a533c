//! Why a text is not an image reference.

use crate::DigestError;

/// Why a text is not an image reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// 64 hexadecimal digits, which runtimes take for an image id.
    #[error("64 hexadecimal digits are an image id, not a name")]
    Ambiguous,
    /// A bad digest after the `@`.
    #[error(transparent)]
    Digest(DigestError),
    /// Nothing at all.
    #[error("the image reference is empty")]
    Empty,
    /// A character that no reference has.
    #[error("not an image reference: {text}")]
    Malformed {
        /// The text, shortened.
        text: String,
    },
    /// Registry and path are too long together.
    #[error("the repository name is longer than {limit} bytes")]
    NameTooLong {
        /// The bound.
        limit: usize,
    },
    /// A path that no repository has.
    #[error("not a repository path: {path}")]
    Path {
        /// The path, shortened.
        path: String,
    },
    /// A registry that is no `host[:port]`.
    #[error("not a registry: {registry}")]
    Registry {
        /// The registry, shortened.
        registry: String,
    },
    /// A tag that no registry has.
    #[error("not a tag: {tag}")]
    Tag {
        /// The tag, shortened.
        tag: String,
    },
    /// More text than any reference has.
    #[error("the image reference is longer than {limit} bytes")]
    TooLong {
        /// The bound.
        limit: usize,
    },
    /// Upper case in the path.
    #[error("the repository path has upper case: {path}")]
    Uppercase {
        /// The path, shortened.
        path: String,
    },
}

impl ReferenceError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Ambiguous => "reference_ambiguous",
            Self::Digest(error) => error.code(),
            Self::Empty => "reference_empty",
            Self::Malformed { .. } => "reference_malformed",
            Self::NameTooLong { .. } => "reference_name_too_long",
            Self::Path { .. } => "reference_path",
            Self::Registry { .. } => "reference_registry",
            Self::Tag { .. } => "reference_tag",
            Self::TooLong { .. } => "reference_too_long",
            Self::Uppercase { .. } => "reference_uppercase",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Ambiguous => Some("write repository@sha256:<digest>"),
            Self::Digest(error) => error.hint(),
            Self::Malformed { text } if text.contains("://") => {
                Some("write the image without a scheme")
            }
            Self::Malformed { text } if text.contains(char::is_whitespace) => {
                Some("remove the white space")
            }
            Self::Uppercase { .. } => {
                Some("write the path in lower case; only a registry or a tag may have upper case")
            }
            _ => None,
        }
    }
}
