//! The repository itself, behind the one interface that the TUF client asks through.
//!
//! Refuses every name that could lead out of the repository: names of files come from its metadata (CVE-2026-24137).

use std::sync::Arc;

use countersign_image::excerpt;
use sigstore_tuf::Repository;
use sigstore_tuf::transport::FetchFuture;

use crate::settings::Settings;
use crate::tuf::directory::Directory;
use crate::tuf::http::Http;
use crate::tuf::{TufError, TufLocation};

/// A repository; clones are the same one.
#[derive(Clone, Debug)]
pub(super) struct Remote(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    location: TufLocation,
    files: Files,
}

#[derive(Debug)]
enum Files {
    Directory(Directory),
    Http(Box<Http>),
}

impl Remote {
    pub(super) fn new(location: TufLocation, settings: &Settings) -> Result<Self, TufError> {
        let files = match &location {
            TufLocation::Directory(path) => Files::Directory(Directory::new(path)),
            TufLocation::Url(url) => Files::Http(Box::new(Http::new(url, settings)?)),
        };
        Ok(Self(Arc::new(Inner { location, files })))
    }

    pub(super) fn location(&self) -> &TufLocation {
        &self.0.location
    }

    async fn fetch(&self, file: &str, limit: u64) -> Result<Option<Vec<u8>>, TufError> {
        check_name(file)?;
        let found = match &self.0.files {
            Files::Directory(directory) => directory.read(file, limit).await?,
            Files::Http(http) => http.get(file, limit).await?,
        };
        // The next root need not exist; that is how the chain ends. Everything else is named by what was verified.
        if found.is_none() && !file.ends_with(".root.json") {
            let file = excerpt(file);
            return Err(TufError::Missing { file });
        }
        Ok(found)
    }
}

impl Repository for Remote {
    fn fetch_metadata<'a>(&'a self, name: &'a str, limit: u64) -> FetchFuture<'a> {
        Box::pin(async move { Ok(self.fetch(name, limit).await?) })
    }

    fn fetch_target<'a>(&'a self, path: &'a str, limit: u64) -> FetchFuture<'a> {
        let path = format!("targets/{path}");
        Box::pin(async move { Ok(self.fetch(&path, limit).await?) })
    }
}

/// Names of files, relative, in plain characters, and without a step upwards in any spelling.
pub(super) fn check_name(name: &str) -> Result<(), TufError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%+@=,".contains(&byte);
    let sound = |part: &str| {
        !matches!(part, "" | "." | "..")
            && part.bytes().all(plain)
            && !part.to_ascii_lowercase().contains("%2e")
    };
    if name.len() <= NAME_BYTES && name.split('/').all(sound) {
        return Ok(());
    }
    Err(TufError::Malformed {
        detail: format!("{} is no name of a file", excerpt(name)),
    })
}

/// Longer than a hash, a version and a name.
const NAME_BYTES: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_a_repository() {
        for name in [
            "",
            "/etc/passwd",
            "../root.json",
            "a/../../b",
            "a//b",
            "./a",
            "a/",
            "%2e%2e/a",
            "%2E%2e/a",
            ".%2e/a",
            "a\\..\\b",
            "https://other.example/a",
            "a?b",
            "a#b",
            "a b",
            "a\n",
            "a\0",
            "\u{202e}a",
        ] {
            let code = check_name(name).map_err(|error| error.code());
            assert_eq!(code, Err("tuf_malformed"), "{name:?}");
        }
        assert!(check_name(&"a".repeat(NAME_BYTES + 1)).is_err());
    }

    #[test]
    fn names_as_repositories_have_them_are_fine() {
        for name in [
            "timestamp.json",
            "12.root.json",
            "3.a%2Fb.json",
            "targets/0b5f.trusted_root.json",
            "signing_config.v0.2.json",
            "a/b/c..d",
        ] {
            assert!(check_name(name).is_ok(), "{name:?}");
        }
    }
}
