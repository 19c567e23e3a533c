//! From the settings of the webhook to a registry client and a reviewer's settings.
//!
//! Runs no credential helper: a webhook has the credentials of its file, or none.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign_registry::{Client, DockerConfig, DockerConfigError, SettingsError};

use crate::config::Settings;
use crate::files;

/// Why the settings for registries make no client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// A file of credentials cannot be used.
    #[error("{}: {source}", path.display())]
    Credentials {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: DockerConfigError,
    },
    /// A file could not be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The client refuses its settings.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

/// The client that reviews ask registries with.
pub(crate) fn client(http: &countersign_registry::Settings) -> Result<Arc<Client>, RegistryError> {
    Ok(Arc::new(Client::new(http.clone())?))
}

/// How registries are reached, and TUF repositories too.
pub(crate) fn http(settings: &Settings) -> Result<countersign_registry::Settings, RegistryError> {
    let mut registry = countersign_registry::Settings {
        plain_http: settings.plain_http.iter().cloned().collect(),
        realm_pairs: settings
            .realm
            .iter()
            .map(|realm| (realm.registry.clone(), realm.host.clone()))
            .collect(),
        user_agent: concat!("countersign-webhook/", env!("CARGO_PKG_VERSION")).to_owned(),
        ..Default::default()
    };
    for path in &settings.registry_ca {
        registry.extra_ca_pem.push(read(path)?);
    }
    if let Some(path) = &settings.docker_config {
        let config = DockerConfig::parse(read(path)?.as_bytes()).map_err(|source| {
            RegistryError::Credentials {
                path: path.clone(),
                source,
            }
        })?;
        registry.credentials = Arc::new(config);
    }
    Ok(registry)
}

/// How reviews are done: the stances as set, the rest as it is by default.
pub(crate) fn review(settings: &Settings) -> countersign_review::Settings {
    countersign_review::Settings {
        unmatched: settings.unmatched,
        unpinned: settings.unpinned,
        ..Default::default()
    }
}

fn read(path: &Path) -> Result<String, RegistryError> {
    files::read_text(path, LARGEST_FILE).map_err(|source| RegistryError::Io {
        path: path.to_owned(),
        source,
    })
}

/// A bundle of all public authorities is a quarter of this.
const LARGEST_FILE: u64 = 1024 * 1024;
