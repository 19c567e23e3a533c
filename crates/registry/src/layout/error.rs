//! Why a directory is not read as an image layout.

/// Why a directory is not read as an image layout.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// Something in it makes no sense.
    #[error("{path} makes no sense: {detail}")]
    Malformed {
        /// The file.
        path: String,
        /// What is wrong with it.
        detail: String,
    },
    /// It lists nothing but what is attached to other things.
    #[error("{path} holds no image")]
    NoImage {
        /// The directory.
        path: String,
    },
    /// No such directory, or one of another kind.
    #[error("{path} is no OCI image layout: it has no {missing}")]
    NotFound {
        /// The directory.
        path: String,
        /// The file that every layout has.
        missing: &'static str,
    },
    /// It lists more than one image where one was to be judged.
    #[error("{path} holds {} images", names.len())]
    SeveralImages {
        /// The directory.
        path: String,
        /// What they are called.
        names: Vec<String>,
    },
    /// More files than we look at.
    #[error("{path} holds more than {limit} files")]
    TooMany {
        /// The directory.
        path: String,
        /// The bound.
        limit: usize,
    },
    /// The system does not let us read it.
    #[error("{path} cannot be read: {detail}")]
    Unreadable {
        /// The file or directory.
        path: String,
        /// What the system says.
        detail: String,
    },
}

impl LayoutError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "layout_malformed",
            Self::NoImage { .. } => "layout_empty",
            Self::NotFound { .. } => "layout_not_found",
            Self::SeveralImages { .. } => "layout_ambiguous",
            Self::TooMany { .. } => "layout_too_many",
            Self::Unreadable { .. } => "layout_unreadable",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { .. } => Some(
                "name the directory that `cosign save`, `skopeo copy … oci:DIR` or `crane pull --format=oci` wrote"
                    .to_owned(),
            ),
            Self::SeveralImages { names, .. } => Some(format!("name one of {}", names.join(", "))),
            _ => None,
        }
    }
}
