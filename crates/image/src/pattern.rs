//! Patterns over repositories, as policies name images.
//!
//! Matches whole path components of canonical names, so `registry.example.com/team/*` covers neither `…/team-x/app`
//! nor `registry.example.com.evil.org`. Refuses tags, digests and whatever could be meant in two ways.

use std::fmt;
use std::str::FromStr;

use crate::reference::{is_registry, split_port};
use crate::{Repository, excerpt, limits};

/// A pattern over repositories: `*` stands for any text within one component, `**` for any number of components.
///
/// Canonical as references are: `nginx` is `docker.io/library/nginx`. Registries match without regard to case and to
/// a written default port, since they lead to the same host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RepositoryPattern {
    components: Vec<String>,
}

impl RepositoryPattern {
    /// Whether the pattern covers `repository`.
    #[must_use]
    pub fn matches(&self, repository: &Repository) -> bool {
        let registry = canonical_registry(repository.registry());
        let name: Vec<&str> = std::iter::once(registry.as_str())
            .chain(repository.path().split('/'))
            .collect();
        let pattern: Vec<&str> = self.components.iter().map(String::as_str).collect();
        glob(
            &pattern,
            &name,
            |part| *part == ANY_COMPONENTS,
            |part, component| {
                glob(
                    part.as_bytes(),
                    component.as_bytes(),
                    |byte| *byte == b'*',
                    |left, right| left == right,
                )
            },
        )
    }
}

impl fmt::Display for RepositoryPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, component) in self.components.iter().enumerate() {
            match position {
                // Without a dot or a port only capitals tell a registry from a part of Docker Hub.
                0 if component != ANY_COMPONENTS && !is_registry(component) => {
                    formatter.write_str(&component.to_ascii_uppercase())?;
                }
                0 => formatter.write_str(component)?,
                _ => write!(formatter, "/{component}")?,
            }
        }
        Ok(())
    }
}

impl FromStr for RepositoryPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        let components = match text.split_once('/') {
            _ if text == ANY_COMPONENT => {
                return Err(PatternError::Ambiguous {
                    pattern: text.to_owned(),
                });
            }
            None if text == ANY_COMPONENTS => vec![text.to_owned()],
            None => vec![DOCKER_HUB.to_owned(), "library".to_owned(), text.to_owned()],
            Some((ANY_COMPONENTS, path)) => with_path(ANY_COMPONENTS.to_owned(), path),
            Some((first, path)) if is_registry(first) => match canonical_registry(first) {
                hub if hub == DOCKER_HUB && !path.contains('/') && path != ANY_COMPONENTS => {
                    vec![hub, "library".to_owned(), path.to_owned()]
                }
                registry => with_path(registry, path),
            },
            Some((first, _)) if first.contains('*') => {
                return Err(PatternError::Ambiguous {
                    pattern: excerpt(text),
                });
            }
            Some(_) => with_path(DOCKER_HUB.to_owned(), text),
        };
        if components.join("/").len() > limits::PATTERN_BYTES {
            return Err(PatternError::TooLong {
                limit: limits::PATTERN_BYTES,
            });
        }
        for (position, component) in components.iter().enumerate() {
            check_component(component, position == 0)?;
        }
        Ok(Self { components })
    }
}

/// Why a text is not a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// Begins with a wildcard that could be a registry or a part of Docker Hub.
    #[error("the pattern {pattern} does not say whether its first part is a registry")]
    Ambiguous {
        /// The pattern, shortened.
        pattern: String,
    },
    /// A component that no repository can have.
    #[error("no repository has the path component \"{component}\"")]
    Component {
        /// The component, shortened.
        component: String,
    },
    /// Nothing at all.
    #[error("the pattern is empty")]
    Empty,
    /// A tag or a digest.
    #[error("patterns name repositories, without tag or digest: {component}")]
    TagOrDigest {
        /// The component that has it, shortened.
        component: String,
    },
    /// More text than any pattern needs, in its canonical form.
    #[error("the pattern is longer than {limit} bytes")]
    TooLong {
        /// The bound.
        limit: usize,
    },
}

impl PatternError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Ambiguous { .. } => "pattern_ambiguous",
            Self::Component { .. } => "pattern_component",
            Self::Empty => "pattern_empty",
            Self::TagOrDigest { .. } => "pattern_tag_or_digest",
            Self::TooLong { .. } => "pattern_too_long",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Ambiguous { .. } => {
                Some("begin with a registry (`docker.io/…`), or with `**` for every registry")
            }
            Self::Component { component } if component.contains(ANY_COMPONENTS) => {
                Some("`**` stands alone between slashes; within a component write `*`")
            }
            Self::Component { .. } => Some("use lower-case letters, digits, `.`, `_`, `-` and `*`"),
            Self::TagOrDigest { .. } => Some("a policy covers every image of a repository"),
            Self::Empty | Self::TooLong { .. } => None,
        }
    }
}

fn check_component(component: &str, first: bool) -> Result<(), PatternError> {
    if component == ANY_COMPONENTS {
        return Ok(());
    }
    if component.contains('@') || (!first && component.contains(':')) {
        return Err(PatternError::TagOrDigest {
            component: excerpt(component),
        });
    }
    let known = |byte: u8| {
        byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || b"-._*".contains(&byte)
            || (first && b":[]".contains(&byte))
    };
    if component.is_empty() || component.contains(ANY_COMPONENTS) || !component.bytes().all(known) {
        return Err(PatternError::Component {
            component: excerpt(component),
        });
    }
    Ok(())
}

fn with_path(registry: String, path: &str) -> Vec<String> {
    std::iter::once(registry)
        .chain(path.split('/').map(str::to_owned))
        .collect()
}

/// The registry as DNS and TLS see it: `Example.com:0443` is `example.com`.
fn canonical_registry(registry: &str) -> String {
    let lower = registry.to_ascii_lowercase();
    let (host, port) = split_port(&lower);
    match (host, port.map(|port| port.trim_start_matches('0'))) {
        ("index.docker.io", None | Some("443")) => DOCKER_HUB.to_owned(),
        (host, None | Some("443")) => host.to_owned(),
        (host, Some(port)) => format!("{host}:{port}"),
    }
}

/// Whether `pattern` covers all of `text`, in at most `pattern * text` steps: only the last wildcard is ever retried.
fn glob<T>(
    pattern: &[T],
    text: &[T],
    is_wildcard: impl Fn(&T) -> bool,
    is_match: impl Fn(&T, &T) -> bool,
) -> bool {
    let (mut at_pattern, mut at_text) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while let Some(item) = text.get(at_text) {
        match pattern.get(at_pattern) {
            Some(part) if is_wildcard(part) => {
                at_pattern += 1;
                retry = Some((at_pattern, at_text));
            }
            Some(part) if is_match(part, item) => {
                at_pattern += 1;
                at_text += 1;
            }
            _ => {
                let Some((after_wildcard, covered)) = retry else {
                    return false;
                };
                at_pattern = after_wildcard;
                at_text = covered + 1;
                retry = Some((after_wildcard, covered + 1));
            }
        }
    }
    pattern
        .get(at_pattern..)
        .is_some_and(|rest| rest.iter().all(is_wildcard))
}

const ANY_COMPONENT: &str = "*";
const ANY_COMPONENTS: &str = "**";
const DOCKER_HUB: &str = "docker.io";

#[cfg(test)]
mod tests;
