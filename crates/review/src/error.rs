//! Why an image could not be judged, kept apart from "we looked, and it is not allowed".

use countersign_image::SourceError;

/// We could not look. Never evidence of absence: a caller that fails closed denies with this code.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReviewError {
    /// The evaluation of this image crashed. A bug of ours or of a policy engine; other images are not affected.
    #[error("the evaluation stopped unexpectedly")]
    Crashed,
    /// The deadline of the review passed while the registry was asked.
    #[error("{host} did not answer before the deadline of the review")]
    DeadlineExceeded {
        /// The registry that was slow.
        host: String,
    },
    /// The policies were not evaluated before the deadline of the review.
    #[error("the policies were not evaluated before the deadline of the review")]
    EvaluationTooSlow,
    /// The registry, or what it returned, could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
}

impl ReviewError {
    /// The stable reason code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Crashed => "internal_error",
            Self::DeadlineExceeded { .. } => "deadline_exceeded",
            Self::EvaluationTooSlow => "evaluation_too_slow",
            Self::Source(error) => error.code(),
        }
    }

    /// What the reader can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Crashed => Some("report this with the log lines of the review".to_owned()),
            Self::DeadlineExceeded { .. } => {
                Some("retry; if it stays slow, look at the registry".to_owned())
            }
            Self::EvaluationTooSlow => {
                Some("retry; if it stays slow, look at the policies and at the load".to_owned())
            }
            Self::Source(error) => error.hint().map(|hint| hint.to_string()),
        }
    }
}
