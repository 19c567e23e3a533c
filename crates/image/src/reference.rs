//! Image references, read as the container runtime reads them.
//!
//! Refuses what the runtime refuses, so that verifier and runtime never mean two images by one string.

mod error;

use std::fmt;
use std::str::FromStr;

pub use self::error::ReferenceError;
use crate::{Digest, excerpt, limits};

/// A repository in canonical form, registry included: `docker.io/library/nginx`.
///
/// Parsing normalises as the runtime does: `nginx` is `docker.io/library/nginx`, `index.docker.io` is `docker.io`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Repository {
    registry: Box<str>,
    path: Box<str>,
}

impl Repository {
    /// The registry, `host[:port]`.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The path in the registry.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The host that serves the registry's API; differs for Docker Hub only.
    #[must_use]
    pub fn api_host(&self) -> &str {
        if self.registry() == DOCKER_HUB {
            DOCKER_HUB_API
        } else {
            self.registry()
        }
    }

    fn new(registry: &str, path: &str) -> Result<Self, ReferenceError> {
        check_registry(registry)?;
        check_path(path)?;
        if registry.len() + 1 + path.len() > limits::NAME_BYTES {
            return Err(ReferenceError::NameTooLong {
                limit: limits::NAME_BYTES,
            });
        }
        Ok(Self {
            registry: registry.into(),
            path: path.into(),
        })
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.registry, self.path)
    }
}

impl FromStr for Repository {
    type Err = ReferenceError;

    /// Parses a name without tag and digest.
    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        check_text(text)?;
        let (registry, path) = split_registry(text);
        Self::new(registry, &path)
    }
}

/// A reference as somebody wrote it, understood.
///
/// Its `Display` is canonical: `nginx` shows as `docker.io/library/nginx:latest`.
///
/// Sources: distribution/reference `normalize.go`, `regexp.go`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    written: Box<str>,
    repository: Repository,
    tag: Option<Box<str>>,
    digest: Option<Digest>,
}

impl Reference {
    /// The text that was parsed.
    #[must_use]
    pub fn as_written(&self) -> &str {
        &self.written
    }

    /// The repository.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The tag; `latest` if neither tag nor digest was written. Beside a digest it is decoration and decides nothing.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        match (&self.tag, &self.digest) {
            (Some(tag), _) => Some(tag),
            (None, Some(_)) => None,
            (None, None) => Some(DEFAULT_TAG),
        }
    }

    /// The digest, if one was written; then it alone decides.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// The image in this repository that has `digest`.
    #[must_use]
    pub fn pin(&self, digest: Digest) -> PinnedReference {
        PinnedReference::new(self.repository.clone(), digest)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.repository)?;
        if let Some(tag) = self.tag() {
            write!(formatter, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(formatter, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        check_text(text)?;
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse().map_err(ReferenceError::Digest)?)),
            None => (text, None),
        };
        let (registry, rest) = split_registry(rest);
        let (path, tag) = match rest.split_once(':') {
            Some((path, tag)) => (path, Some(tag)),
            None => (rest.as_str(), None),
        };
        let repository = Repository::new(registry, path)?;
        if let Some(tag) = tag {
            check_tag(tag)?;
        }
        Ok(Self {
            written: text.into(),
            repository,
            tag: tag.map(Into::into),
            digest,
        })
    }
}

/// A repository and a digest: exactly one image. Nothing after resolving takes anything else.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PinnedReference {
    repository: Repository,
    digest: Digest,
}

impl PinnedReference {
    /// The image in `repository` that has `digest`.
    #[must_use]
    pub fn new(repository: Repository, digest: Digest) -> Self {
        Self { repository, digest }
    }

    /// The repository.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The digest.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// `repository:tag@digest`, where the tag is for people to read.
    #[must_use]
    pub fn with_tag(&self, tag: &str) -> String {
        format!("{}:{tag}@{}", self.repository, self.digest)
    }
}

impl fmt::Display for PinnedReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}", self.repository, self.digest)
    }
}

fn check_text(text: &str) -> Result<(), ReferenceError> {
    if text.is_empty() {
        return Err(ReferenceError::Empty);
    }
    if text.len() > limits::REFERENCE_BYTES {
        return Err(ReferenceError::TooLong {
            limit: limits::REFERENCE_BYTES,
        });
    }
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/:@[]".contains(&byte);
    if !text.bytes().all(known) || text.contains("://") {
        return Err(ReferenceError::Malformed {
            text: excerpt(text),
        });
    }
    if text.len() == 64
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    {
        return Err(ReferenceError::Ambiguous);
    }
    Ok(())
}

/// Splits the registry from the rest. The first component is a registry if it cannot be part of a Docker Hub path.
fn split_registry(name: &str) -> (&str, String) {
    let (registry, rest) = match name.split_once('/') {
        Some(("index.docker.io", rest)) => (DOCKER_HUB, rest),
        Some((first, rest)) if is_registry(first) => (first, rest),
        _ => (DOCKER_HUB, name),
    };
    if registry == DOCKER_HUB && !rest.contains('/') {
        (registry, format!("library/{rest}"))
    } else {
        (registry, rest.to_owned())
    }
}

/// Whether the first component of a name is a registry.
pub(crate) fn is_registry(first: &str) -> bool {
    first == "localhost"
        || first.contains(['.', ':'])
        || first.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn check_registry(registry: &str) -> Result<(), ReferenceError> {
    let (host, port) = split_port(registry);
    let is_host = match host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        Some(address) => {
            !address.is_empty()
                && address
                    .bytes()
                    .all(|byte| byte.is_ascii_hexdigit() || byte == b':')
        }
        None => host.split('.').all(is_label),
    };
    if is_host && port.is_none_or(is_port) {
        Ok(())
    } else {
        Err(ReferenceError::Registry {
            registry: excerpt(registry),
        })
    }
}

/// Splits `host[:port]`; the colons of an address in brackets belong to the host.
pub(crate) fn split_port(registry: &str) -> (&str, Option<&str>) {
    match registry.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (registry, None),
    }
}

fn is_label(label: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(is_inner)
}

/// A port that a connection can be made to; the grammar itself allows any digits.
fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

fn check_path(path: &str) -> Result<(), ReferenceError> {
    if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(ReferenceError::Uppercase {
            path: excerpt(path),
        });
    }
    if path.split('/').all(is_component) {
        Ok(())
    } else {
        Err(ReferenceError::Path {
            path: excerpt(path),
        })
    }
}

/// `[a-z0-9]+(("."|"_"|"__"|"-"+)[a-z0-9]+)*`
fn is_component(component: &str) -> bool {
    let is_word = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    let is_separator =
        |text: &str| matches!(text, "." | "_" | "__") || text.bytes().all(|byte| byte == b'-');
    component.starts_with(is_word)
        && component.ends_with(is_word)
        && component.split(is_word).all(is_separator)
}

fn check_tag(tag: &str) -> Result<(), ReferenceError> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let begins_well = tag.bytes().next().is_some_and(is_word);
    if begins_well
        && tag.len() <= limits::TAG_BYTES
        && tag
            .bytes()
            .all(|byte| is_word(byte) || b".-".contains(&byte))
    {
        Ok(())
    } else {
        Err(ReferenceError::Tag { tag: excerpt(tag) })
    }
}

const DEFAULT_TAG: &str = "latest";
const DOCKER_HUB: &str = "docker.io";
const DOCKER_HUB_API: &str = "registry-1.docker.io";

#[cfg(test)]
mod tests;
