//! Docker's `config.json`, and the secrets of the same shape that Kubernetes keeps.
//!
//! Runs no credential helper: it only says which one to ask. Matches whole hosts and whole path components, never a
//! prefix of either.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use countersign_image::{Repository, excerpt};
use serde::Deserialize;

use crate::credentials::{Credential, Credentials, Lookup};

/// Credentials by registry.
#[derive(Clone, Default)]
pub struct DockerConfig {
    entries: Vec<Entry>,
    /// Names of helpers by the registry that they are for.
    helpers: BTreeMap<String, String>,
    /// The name of the helper for all other registries.
    store: Option<String>,
}

#[derive(Clone)]
struct Entry {
    registry: String,
    path: String,
    credential: Credential,
}

impl DockerConfig {
    /// Parses `config.json`.
    ///
    /// # Errors
    ///
    /// A [`DockerConfigError`] when it is not JSON of that shape, or an entry is no credential.
    pub fn parse(json: &[u8]) -> Result<Self, DockerConfigError> {
        let wire: Wire = serde_json::from_slice(json).map_err(|error| DockerConfigError::Json {
            line: error.line(),
            column: error.column(),
        })?;
        let mut entries = Vec::new();
        for (key, auth) in wire.auths {
            let (registry, path) = split_key(&key);
            if let Some(credential) = auth.credential(&key)? {
                entries.push(Entry {
                    registry,
                    path,
                    credential,
                });
            }
        }
        // The longest path is the most specific; sorting is stable, so that the rest is in order of name.
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.path.len()));
        let helpers = wire
            .cred_helpers
            .into_iter()
            .map(|(key, name)| (split_key(&key).0, name));
        Ok(Self {
            entries,
            helpers: helpers.collect(),
            store: wire.creds_store.filter(|name| !name.is_empty()),
        })
    }

    /// What the file itself holds for `repository`.
    #[must_use]
    pub fn credential(&self, repository: &Repository) -> Option<&Credential> {
        let matches = |entry: &&Entry| {
            entry.registry == repository.registry() && is_under(repository.path(), &entry.path)
        };
        self.entries
            .iter()
            .find(matches)
            .map(|entry| &entry.credential)
    }

    /// The name of the helper, as in `docker-credential-NAME`, that is to be asked for `repository` first.
    #[must_use]
    pub fn helper(&self, repository: &Repository) -> Option<&str> {
        self.helpers
            .get(repository.registry())
            .or(self.store.as_ref())
            .map(String::as_str)
    }

    /// What a helper is asked for: the registry, by the name under which Docker stores its credentials.
    #[must_use]
    pub fn server_address(repository: &Repository) -> &str {
        if repository.registry() == DOCKER_HUB {
            DOCKER_HUB_KEY
        } else {
            repository.registry()
        }
    }
}

impl Credentials for DockerConfig {
    fn lookup<'a>(&'a self, repository: &'a Repository) -> Lookup<'a> {
        Box::pin(std::future::ready(Ok(self.credential(repository).cloned())))
    }
}

impl fmt::Debug for DockerConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let registries = self.entries.iter().map(|entry| &entry.registry);
        formatter.debug_list().entries(registries).finish()
    }
}

/// Why a file is no Docker configuration. Repeats nothing of it but the names of registries.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DockerConfigError {
    /// An entry whose `auth` is not the base64 of user, colon and password.
    #[error("the entry for {registry} is no credential")]
    Entry {
        /// Its key.
        registry: String,
    },
    /// Not JSON, or of another shape.
    #[error("not a Docker configuration: line {line}, column {column}")]
    Json {
        /// Where.
        line: usize,
        /// Where in it.
        column: usize,
    },
}

impl DockerConfigError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Entry { .. } => "docker_config_entry",
            Self::Json { .. } => "docker_config_malformed",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Entry { registry } => Some(format!("log in to {registry} again")),
            Self::Json { .. } => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    #[serde(default)]
    auths: BTreeMap<String, Auth>,
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Auth {
    auth: String,
    username: String,
    password: String,
    identitytoken: String,
    registrytoken: String,
}

impl Auth {
    /// An entry may be empty: Docker leaves it so when a helper keeps the secret.
    fn credential(self, key: &str) -> Result<Option<Credential>, DockerConfigError> {
        if !self.identitytoken.is_empty() {
            return Ok(Some(Credential::IdentityToken(self.identitytoken)));
        }
        if !self.registrytoken.is_empty() {
            return Ok(Some(Credential::RegistryToken(self.registrytoken)));
        }
        let (username, password) = if self.auth.is_empty() {
            (self.username, self.password)
        } else {
            decode(&self.auth).ok_or_else(|| DockerConfigError::Entry {
                registry: excerpt(key),
            })?
        };
        let is_empty = username.is_empty() && password.is_empty();
        Ok((!is_empty).then_some(Credential::Basic { username, password }))
    }
}

fn decode(auth: &str) -> Option<(String, String)> {
    let text = String::from_utf8(LENIENT.decode(auth.trim()).ok()?).ok()?;
    // The first colon: a password may have others.
    let (username, password) = text.split_once(':')?;
    Some((username.to_owned(), password.trim_matches('\0').to_owned()))
}

/// `https://host:port/v2/team` is the registry `host:port` and the path `team`.
fn split_key(key: &str) -> (String, String) {
    let bare = key
        .trim_start_matches("https://")
        .trim_start_matches("http://");
    let (host, path) = bare.split_once('/').unwrap_or((bare, ""));
    let path = path.trim_matches('/');
    let path = match path.split_once('/') {
        Some(("v1" | "v2", rest)) => rest,
        None if matches!(path, "v1" | "v2") => "",
        _ => path,
    };
    let host = match host {
        "index.docker.io" | "registry-1.docker.io" => DOCKER_HUB,
        host => host,
    };
    (host.to_owned(), path.to_owned())
}

/// By whole components, so that a secret for `team` is not shown to `team2`.
fn is_under(path: &str, prefix: &str) -> bool {
    match path.strip_prefix(prefix) {
        Some(rest) => prefix.is_empty() || rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}

const DOCKER_HUB: &str = "docker.io";
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";
/// Some tools write no padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[cfg(test)]
#[path = "docker_config_tests.rs"]
mod tests;
