//! Where a TUF repository is.
//!
//! Refuses URLs that carry credentials, a query or a fragment: names of files are added to them.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use countersign_image::excerpt;
use url::Url;

use crate::tuf::TufError;

/// Where a TUF repository is: metadata lies there, files below `targets/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TufLocation {
    /// A copy on disk.
    Directory(PathBuf),
    /// On a server, the repository's own or a mirror.
    Url(Url),
}

impl FromStr for TufLocation {
    type Err = TufError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = |detail| {
            Err(TufError::Location {
                location: excerpt(text),
                detail,
            })
        };
        if !text.contains("://") {
            return match text {
                "" => refuse("it is empty"),
                path => Ok(Self::Directory(path.into())),
            };
        }
        let Ok(mut url) = text.parse::<Url>() else {
            return refuse("it is not a URL");
        };
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return refuse("it is neither HTTPS nor HTTP");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("it carries credentials");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("it has a query or a fragment");
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(Self::Url(url))
    }
}

impl fmt::Display for TufLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => path.display().fmt(f),
            Self::Url(url) => url.as_str().fmt(f),
        }
    }
}
