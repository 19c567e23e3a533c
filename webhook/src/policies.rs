//! Where the policies are: a directory, or an artifact in a registry that is fetched anew in the background.
//!
//! Refuses an artifact by its tag unless somebody is named who has to sign it, and gives up the last good one for none
//! that does not verify, does not load or cannot be had.

mod follow;
mod kept;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use countersign_evidence::{
    Authority, IdentityMatcher, Pattern, PublicKey, Signers, Transparency, TrustRoot, Verifier,
};
use countersign_image::{Digest, PinnedReference, Reference};
use countersign_registry::Client;
use countersign_review::{ArtifactError, PolicyArtifact};
use jiff::Timestamp;
use tokio::time::sleep;

pub(crate) use self::follow::Policies;
use self::kept::{Kept, Recorder};
use crate::config::Settings;
use crate::files;
use crate::metrics::Metrics;
use crate::trust::{Problem, Schedule, Standing};

/// Why the artifact that holds the policies cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PoliciesError {
    /// It could not be had, and none was kept.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The settings contradict each other.
    #[error("{0}")]
    Settings(String),
}

/// An artifact that holds the policies.
pub(crate) struct Source {
    reference: Reference,
    verifier: Option<Verifier>,
    client: Arc<Client>,
    cache: PathBuf,
    schedule: Schedule,
    /// What is in force.
    current: Option<Digest>,
    failures: u32,
    standing: Arc<Standing>,
    metrics: Arc<Metrics>,
    clock: fn() -> Timestamp,
}

/// Policies that were fetched, and are not yet known to load.
pub(crate) struct Fetched {
    /// Where their files are.
    pub(crate) directory: PathBuf,
    image: PinnedReference,
    /// What is to be kept of them; none of those that were.
    keep: Option<Kept>,
}

impl Source {
    /// The artifact that the settings name; `None` if they name a directory.
    pub(crate) fn open(
        settings: &Settings,
        client: &Arc<Client>,
        standing: &Arc<Standing>,
        metrics: &Arc<Metrics>,
        clock: fn() -> Timestamp,
    ) -> Result<Option<Self>, PoliciesError> {
        let wrong = |why: &str| Err(PoliciesError::Settings(why.to_owned()));
        let verifier = verifier(settings)?;
        let name = settings.policies.to_str().unwrap_or_default();
        let Some(name) = name.strip_prefix("oci://") else {
            if verifier.is_some() {
                return wrong("it is said who signs the policies, and they are a directory");
            }
            return Ok(None);
        };
        let reference: Reference = name
            .parse()
            .map_err(|error| PoliciesError::Settings(format!("--policies: {error}")))?;
        let Some(cache) = settings.policies_cache.clone() else {
            return wrong(
                "policies from a registry need --policies-cache, a directory to keep them in",
            );
        };
        Ok(Some(Self {
            reference,
            verifier,
            client: Arc::clone(client),
            cache,
            schedule: Schedule {
                interval: settings.policies_refresh,
                retry: settings.policies_refresh.min(RETRY),
            },
            current: None,
            failures: 0,
            standing: Arc::clone(standing),
            metrics: Arc::clone(metrics),
            clock,
        }))
    }

    /// What to try at the start, in this order: what the registry has, and what was kept. Waits for a registry that
    /// cannot be looked at while nothing was kept.
    pub(crate) async fn first(&mut self) -> Result<Vec<Fetched>, PoliciesError> {
        loop {
            match self.at_hand().await {
                Err(PoliciesError::Artifact(ArtifactError::Source(_))) => {
                    sleep(self.schedule.after_failure(self.failures)).await;
                }
                found => return found,
            }
        }
    }

    async fn at_hand(&mut self) -> Result<Vec<Fetched>, PoliciesError> {
        let mut found = Vec::new();
        let failed = match self.fetch().await {
            Ok(fetched) => {
                found.push(fetched);
                None
            }
            Err(error) => {
                self.failed(Problem::from(&error));
                Some(error)
            }
        };
        match self.recall().await {
            Ok(kept) => {
                let other = |kept: &Fetched| found.iter().all(|found| found.image != kept.image);
                let kept = kept.filter(other);
                found.extend(kept);
            }
            Err(error) => tracing::warn!(%error, "the policies that were kept cannot be used"),
        }
        match failed {
            Some(error) if found.is_empty() => Err(error.into()),
            _ => Ok(found),
        }
    }

    /// Waits for policies other than those in force.
    pub(crate) async fn newer(&mut self) -> Fetched {
        loop {
            sleep(match self.failures {
                0 => self.schedule.interval.mul_f64(0.9 + fastrand::f64() * 0.1),
                failures => self.schedule.after_failure(failures),
            })
            .await;
            match self.changed().await {
                Ok(Some(fetched)) => return fetched,
                Ok(None) => self.succeeded(),
                Err(error) => self.failed(Problem::from(&error)),
            }
        }
    }

    async fn changed(&self) -> Result<Option<Fetched>, ArtifactError> {
        use countersign_image::ImageSource as _;
        let resolved = self.client.resolve(&self.reference).await?;
        if self.current.as_ref() == Some(resolved.image.digest()) {
            return Ok(None);
        }
        self.fetch().await.map(Some)
    }

    async fn fetch(&self) -> Result<Fetched, ArtifactError> {
        let recorder = Recorder::new(&self.client);
        let now = (self.clock)();
        let verifier = self.verifier.as_ref();
        let (image, artifact) =
            PolicyArtifact::fetch(&recorder, &self.reference, verifier, now).await?;
        let keep = recorder.kept(&self.reference, &image).await?;
        self.unpack(image, &artifact, Some(keep))
    }

    /// What was kept, verified again: a disk is trusted no more than a registry.
    async fn recall(&self) -> Result<Option<Fetched>, ArtifactError> {
        let Some(kept) = Kept::read(&self.cache, &self.reference) else {
            return Ok(None);
        };
        let now = (self.clock)();
        let verifier = self.verifier.as_ref();
        let (image, artifact) =
            PolicyArtifact::fetch(&kept, &self.reference, verifier, now).await?;
        self.unpack(image, &artifact, None).map(Some)
    }

    fn unpack(
        &self,
        image: PinnedReference,
        artifact: &PolicyArtifact,
        keep: Option<Kept>,
    ) -> Result<Fetched, ArtifactError> {
        let directory = self.cache.join(folder(&image));
        // Files of an earlier run prove nothing: what was verified just now takes their place.
        let _ = std::fs::remove_dir_all(&directory);
        artifact.write_to(&directory)?;
        Ok(Fetched {
            directory,
            image,
            keep,
        })
    }

    /// Policies that were loaded are in force, and the last good ones from now on.
    pub(crate) fn accept(&mut self, fetched: Fetched) {
        self.current = Some(fetched.image.digest().clone());
        self.remove_others(&folder(&fetched.image));
        if let Some(kept) = &fetched.keep {
            if let Err(error) = kept.write(&self.cache) {
                let cache = self.cache.display();
                tracing::warn!(%cache, %error, "the policies cannot be kept for the next start");
            }
            self.succeeded();
        }
        let image = &fetched.image;
        self.standing.artifact(&image.to_string());
        tracing::info!(%image, "policies from the registry in force");
    }

    /// Leaves no files of other policies, those of earlier runs included.
    fn remove_others(&self, current: &str) {
        for entry in std::fs::read_dir(&self.cache)
            .into_iter()
            .flatten()
            .flatten()
        {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(FOLDER) && name != current {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
    }

    /// Policies that cannot be loaded change nothing.
    pub(crate) fn reject(&mut self, fetched: &Fetched, problem: Problem) {
        let _ = std::fs::remove_dir_all(&fetched.directory);
        self.failed(problem);
    }

    fn succeeded(&mut self) {
        self.failures = 0;
        self.standing.artifact_problem(None);
    }

    fn failed(&mut self, problem: Problem) {
        self.failures = self.failures.saturating_add(1);
        let Problem {
            code,
            message,
            hint,
        } = &problem;
        tracing::warn!(
            code,
            error = message,
            hint,
            "policies not refreshed, the last good ones stay"
        );
        self.metrics.policies_failed();
        self.standing.artifact_problem(Some(problem));
    }
}

impl From<&ArtifactError> for Problem {
    fn from(error: &ArtifactError) -> Self {
        Self {
            code: error.code().to_owned(),
            message: error.to_string(),
            hint: error.hint(),
        }
    }
}

/// Where the files of an artifact are, in the directory that keeps them.
fn folder(image: &PinnedReference) -> String {
    format!("{FOLDER}{}", image.digest().hex())
}

/// Who has to sign the policies, if anybody is named.
fn verifier(settings: &Settings) -> Result<Option<Verifier>, PoliciesError> {
    let refused = |what: &str, error: &dyn std::fmt::Display| {
        PoliciesError::Settings(format!("{what}: {error}"))
    };
    let identity = settings.policies_identity.as_ref();
    let authority = match (
        &settings.policies_key,
        identity.zip(settings.policies_issuer.as_ref()),
    ) {
        (None, None) => return Ok(None),
        (Some(path), _) => {
            let what = path.display().to_string();
            let pem = files::read_text(path, KEY_BYTES).map_err(|error| refused(&what, &error))?;
            let key = PublicKey::from_pem(&pem).map_err(|error| refused(&what, &error))?;
            Authority {
                name: "policies".to_owned(),
                signers: Signers::Keys(vec![key]),
                trust_root: None,
                transparency: Transparency::NONE,
            }
        }
        (None, Some((subject, issuer))) => {
            let root = trust_root(&settings.policies_trusted_root)?;
            let transparency = match root.log_count() {
                0 => Transparency::TIMESTAMP,
                _ => Transparency::LOG,
            };
            let identity = IdentityMatcher {
                issuer: Some(Pattern::Exact(issuer.clone())),
                subject: Pattern::Exact(subject.clone()),
                claims: std::collections::BTreeMap::new(),
            };
            Authority {
                name: "policies".to_owned(),
                signers: Signers::Keyless(vec![identity]),
                trust_root: Some(root),
                transparency,
            }
        }
    };
    let verifier = Verifier::new(vec![authority]);
    verifier
        .map(Some)
        .map_err(|error| refused("who signs the policies", &error))
}

fn trust_root(name: &str) -> Result<Arc<TrustRoot>, PoliciesError> {
    if let Some(root) = TrustRoot::built_in(name) {
        return Ok(root);
    }
    let refused = |error: &dyn std::fmt::Display| {
        PoliciesError::Settings(format!("--policies-trusted-root {name}: {error}"))
    };
    let json = files::read(Path::new(name), ROOT_BYTES).map_err(|error| refused(&error))?;
    let root = TrustRoot::from_json(name, &json, 1).map_err(|error| refused(&error))?;
    Ok(Arc::new(root))
}

const FOLDER: &str = "policies-";
const KEY_BYTES: u64 = 64 * 1024;
const ROOT_BYTES: u64 = 1024 * 1024;
/// How soon a failed refresh is tried again, at first.
const RETRY: Duration = Duration::from_secs(60);
