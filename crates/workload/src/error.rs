//! Why an object is refused.

use countersign_image::{JsonError, check_strict, excerpt};

/// Why an object cannot be read as a workload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WorkloadError {
    /// Not JSON that everybody reads alike.
    #[error(transparent)]
    Json(JsonError),
    /// The object says that it is something else than the request does.
    #[error("the request is about {requested} and its object is {found}")]
    KindMismatch {
        /// apiVersion and kind of the request.
        requested: String,
        /// apiVersion and kind of the object.
        found: String,
    },
    /// A field that every such object has.
    #[error("the object has no {field}")]
    Missing {
        /// Its path.
        field: &'static str,
    },
    /// A field of the wrong type.
    #[error("the object's {field} cannot be read: {detail}")]
    Shape {
        /// The part of the object.
        field: &'static str,
        /// What was expected there, and what was found.
        detail: String,
    },
    /// More containers or volumes than are looked at.
    #[error("the object has more than {limit} containers or volumes")]
    TooMany {
        /// The bound.
        limit: usize,
    },
}

impl WorkloadError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Json(error) => error.code(),
            Self::KindMismatch { .. } => "workload_kind_mismatch",
            Self::Missing { .. } => "workload_incomplete",
            Self::Shape { .. } => "workload_shape",
            Self::TooMany { .. } => "too_many",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Missing { .. } | Self::Shape { .. } => {
                Some("`kubectl apply --dry-run=server` names the field")
            }
            Self::Json(_) | Self::KindMismatch { .. } | Self::TooMany { .. } => None,
        }
    }

    /// Tells JSON that nobody should read from JSON of another shape; only asked once `json` is refused anyway.
    pub(crate) fn reading(field: &'static str, json: &[u8], error: &serde_json::Error) -> Self {
        match check_strict(json) {
            Err(error) => Self::Json(error),
            Ok(()) => Self::Shape {
                field,
                detail: excerpt(&error.to_string()),
            },
        }
    }
}
