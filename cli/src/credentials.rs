//! Credentials of the person who runs us: Docker's configuration and its credential helpers.
//!
//! A helper that hangs is killed. What a helper prints is shown to nobody.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use countersign_image::{Repository, excerpt};
use countersign_registry::{Credential, CredentialError, Credentials, DockerConfig, Lookup};
use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::failure::Failure;

/// What Docker's configuration holds, and what its helpers said so far.
pub(crate) struct DockerCredentials {
    config: DockerConfig,
    /// By server: a helper may take seconds, or ask the user for a fingerprint, and is asked before every request.
    answers: Mutex<HashMap<String, Option<Credential>>>,
}

impl DockerCredentials {
    /// Reads `$DOCKER_CONFIG/config.json`, or `~/.docker/config.json`. Without either there are no credentials.
    pub(crate) fn read() -> Result<Self, Failure> {
        let config = match path() {
            None => DockerConfig::default(),
            Some(path) => match fs::read(&path) {
                Ok(json) => DockerConfig::parse(&json).map_err(|error| {
                    let failure =
                        Failure::usage(format!("{}: {error}", path.display())).coded(error.code());
                    failure.hinted(error.hint().unwrap_or_else(|| {
                        "mend it, or name another folder with DOCKER_CONFIG".to_owned()
                    }))
                })?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => DockerConfig::default(),
                Err(error) => return Err(Failure::unreadable(&path, &error)),
            },
        };
        Ok(Self {
            config,
            answers: Mutex::default(),
        })
    }

    async fn ask(&self, helper: &str, server: &str) -> Result<Option<Credential>, CredentialError> {
        let mut answers = self.answers.lock().await;
        if let Some(answer) = answers.get(server) {
            return Ok(answer.clone());
        }
        let answer = match timeout(PATIENCE, run(helper, server)).await {
            Ok(answer) => answer?,
            Err(_) => return Err(failed(helper, "it does not answer")),
        };
        answers.insert(server.to_owned(), answer.clone());
        Ok(answer)
    }
}

impl Credentials for DockerCredentials {
    fn lookup<'a>(&'a self, repository: &'a Repository) -> Lookup<'a> {
        Box::pin(async move {
            match self.config.helper(repository) {
                Some(helper) => {
                    self.ask(helper, DockerConfig::server_address(repository))
                        .await
                }
                None => Ok(self.config.credential(repository).cloned()),
            }
        })
    }
}

fn path() -> Option<PathBuf> {
    let named = env::var_os("DOCKER_CONFIG")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from);
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".docker"));
    Some(named.or_else(home)?.join("config.json"))
}

/// Asks `docker-credential-NAME get`, by the protocol of docker/docker-credential-helpers.
async fn run(helper: &str, server: &str) -> Result<Option<Credential>, CredentialError> {
    let mut child = Command::new(format!("docker-credential-{helper}"))
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => failed(helper, "it is not installed"),
            _ => failed(helper, &error.to_string()),
        })?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that does not read to the end may answer all the same.
        _ = stdin.write_all(server.as_bytes()).await;
    }
    let output = child
        .wait_with_output()
        .await
        .map_err(|error| failed(helper, &error.to_string()))?;
    if !output.status.success() {
        let nothing = String::from_utf8_lossy(&output.stdout).contains(NOT_FOUND);
        return if nothing {
            Ok(None)
        } else {
            Err(failed(helper, "it failed"))
        };
    }
    let answer: Answer = serde_json::from_slice(&output.stdout)
        .map_err(|_| failed(helper, "its answer makes no sense"))?;
    Ok(Some(match answer.username.as_str() {
        "<token>" => Credential::IdentityToken(answer.secret),
        _ => Credential::Basic {
            username: answer.username,
            password: answer.secret,
        },
    }))
}

fn failed(helper: &str, why: &str) -> CredentialError {
    CredentialError {
        detail: format!(
            "credential helper docker-credential-{}: {why}",
            excerpt(helper)
        ),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// A helper may ask its user for a password, and should not be asked twice.
const PATIENCE: Duration = Duration::from_secs(30);
const NOT_FOUND: &str = "credentials not found";
