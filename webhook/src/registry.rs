//! From the settings of the webhook, and what documents say of hosts, to registry clients and a reviewer's settings.
//!
//! Runs no credential helper: a webhook has the credentials of its file, or none.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use countersign_image::{Collected, ImageSource, Needs, Reference, Resolved, SourceError};
use countersign_policy::{PolicySet, Registry};
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

/// The client for what the settings name: nothing that a document says is in it.
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

/// What reviews ask registries with: as the settings say, and what the documents in force add for their hosts.
#[derive(Debug)]
pub(crate) struct Registries {
    http: countersign_registry::Settings,
    by_settings: Arc<Client>,
    in_use: ArcSwap<InUse>,
}

#[derive(Debug, Default)]
struct InUse {
    registries: Vec<Registry>,
    /// `None` if it is the one by the settings.
    client: Option<Client>,
}

impl Registries {
    /// By the settings, and `client` that was made of them.
    pub(crate) fn new(http: countersign_registry::Settings, client: Arc<Client>) -> Self {
        Self {
            http,
            by_settings: client,
            in_use: ArcSwap::default(),
        }
    }

    /// Asks as these policies say from now on. What they do not change keeps its connections.
    ///
    /// # Errors
    ///
    /// No client can be made; it is asked as the settings say, and not as earlier documents did.
    pub(crate) fn follow(&self, policies: &PolicySet) -> Result<(), RegistryError> {
        let registries = policies.registries();
        if self.in_use.load().registries == registries {
            return Ok(());
        }
        let made = self.with(registries);
        let (registries, client, failed) = match made {
            Ok(client) => (registries.to_vec(), client, None),
            Err(error) => (Vec::new(), None, Some(error)),
        };
        self.in_use.store(Arc::new(InUse { registries, client }));
        failed.map_or(Ok(()), |error| Err(error.into()))
    }

    fn with(&self, registries: &[Registry]) -> Result<Option<Client>, SettingsError> {
        if registries.is_empty() {
            return Ok(None);
        }
        let mut http = self.http.clone();
        for registry in registries {
            let ca_pem = registry.ca_pem.as_deref();
            http.add_host(&registry.host, registry.plain_http, ca_pem);
        }
        Client::new(http).map(Some)
    }
}

impl InUse {
    fn client<'a>(&'a self, by_settings: &'a Client) -> &'a Client {
        self.client.as_ref().unwrap_or(by_settings)
    }
}

impl ImageSource for Registries {
    async fn resolve(&self, reference: &Reference) -> Result<Resolved, SourceError> {
        let in_use = self.in_use.load_full();
        in_use.client(&self.by_settings).resolve(reference).await
    }

    async fn collect(&self, image: &Resolved, needs: &Needs) -> Result<Collected, SourceError> {
        let in_use = self.in_use.load_full();
        in_use.client(&self.by_settings).collect(image, needs).await
    }
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
