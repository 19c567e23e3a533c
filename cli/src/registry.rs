//! How registries are reached: flags, documents and the user's Docker configuration, made into one client.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use countersign_image::Reference;
use countersign_policy::Registry;
use countersign_registry::{Client, Settings, SettingsError};

use crate::args::host;
use crate::credentials::DockerCredentials;
use crate::failure::Failure;

/// How registries are reached.
#[derive(Debug, clap::Args)]
pub(crate) struct RegistryArgs {
    /// Speak plain HTTP to this registry; may be repeated
    #[arg(long, help_heading = HEADING, value_name = "HOST[:PORT]", value_parser = host)]
    plain_http: Vec<String>,
    /// Trust these certificate authorities too: a PEM file; may be repeated
    #[arg(long, help_heading = HEADING, value_name = "FILE")]
    registry_ca: Vec<PathBuf>,
    /// Let this token service have the registry's credentials, though it is on another host; may be repeated
    #[arg(long, help_heading = HEADING, value_name = "REGISTRY=HOST", value_parser = realm)]
    realm: Vec<(String, String)>,
    /// cosign's spelling of --plain-http with the registries of the images
    #[arg(long, hide = true, alias = "allow-http-registry")]
    allow_insecure_registry: bool,
}

impl RegistryArgs {
    /// How the servers of these images, and others, are reached: without credentials.
    pub(crate) fn settings(&self, references: &[Reference]) -> Result<Settings, Failure> {
        let mut extra_ca_pem = Vec::new();
        for path in &self.registry_ca {
            extra_ca_pem
                .push(fs::read_to_string(path).map_err(|error| Failure::unreadable(path, &error))?);
        }
        Ok(Settings {
            extra_ca_pem,
            plain_http: self.plain_http(references),
            realm_pairs: self.realm.clone(),
            ..Settings::default()
        })
    }

    /// A client for these images, with the credentials of the user.
    pub(crate) fn client(&self, references: &[Reference]) -> Result<Client, Failure> {
        self.client_with(references, &[])
    }

    /// The same, with what documents add for their hosts.
    pub(crate) fn client_with(
        &self,
        references: &[Reference],
        registries: &[Registry],
    ) -> Result<Client, Failure> {
        let mut settings = Settings {
            credentials: Arc::new(DockerCredentials::read()?),
            ..self.settings(references)?
        };
        for registry in registries {
            let ca_pem = registry.ca_pem.as_deref();
            settings.add_host(&registry.host, registry.plain_http, ca_pem);
        }
        Client::new(settings).map_err(|error| {
            let failure = Failure::usage(error.to_string()).coded(error.code());
            let failure = match &error {
                SettingsError::Certificates { .. } => failure.about("--registry-ca"),
                _ => failure,
            };
            match error.hint() {
                Some(hint) => failure.hinted(hint),
                None => failure,
            }
        })
    }

    fn plain_http(&self, references: &[Reference]) -> BTreeSet<String> {
        let mut hosts: BTreeSet<_> = self.plain_http.iter().cloned().collect();
        if self.allow_insecure_registry {
            // Never more than what was named: these hosts and no token service, mirror or redirect of theirs.
            hosts.extend(
                references
                    .iter()
                    .map(|reference| reference.repository().registry().to_owned()),
            );
        }
        hosts
    }
}

/// `REGISTRY=HOST`.
fn realm(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((registry, service)) => Ok((host(registry)?, host(service)?)),
        None => Err("expected REGISTRY=HOST".to_owned()),
    }
}

const HEADING: &str = "Registries";
