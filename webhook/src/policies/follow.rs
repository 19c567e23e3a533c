//! The policies in force: loaded at the start, and again whenever their artifact has changed.
//!
//! Puts nothing in force that does not load whole.

use std::future::{Future, pending};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use countersign_policy::PolicySet;
use countersign_registry::Client;
use jiff::Timestamp;
use tokio::time::timeout;

use super::{Fetched, Source};
use crate::config::Settings;
use crate::metrics::Metrics;
use crate::run::StartError;
use crate::trust::{Keeper, Problem, Standing};

/// Where policies come from, and what they are loaded with.
pub(crate) struct Policies {
    settings: Settings,
    http: countersign_registry::Settings,
    source: Option<Source>,
    standing: Arc<Standing>,
    metrics: Arc<Metrics>,
    clock: fn() -> Timestamp,
}

/// A keeper of trust roots with the policies that it loaded; without, while a root of theirs was never had.
pub(crate) type Loaded = (Keeper, Option<Arc<PolicySet>>);

impl Policies {
    /// The policies that the settings name. Asks nobody.
    pub(crate) fn open(
        settings: &Settings,
        http: &countersign_registry::Settings,
        client: &Arc<Client>,
        metrics: &Arc<Metrics>,
        clock: fn() -> Timestamp,
    ) -> Result<Self, StartError> {
        let standing = Arc::default();
        Ok(Self {
            settings: settings.clone(),
            http: http.clone(),
            source: Source::open(settings, client, &standing, metrics, clock)?,
            standing,
            metrics: Arc::clone(metrics),
            clock,
        })
    }

    /// What is told about them.
    pub(crate) fn standing(&self) -> Arc<Standing> {
        Arc::clone(&self.standing)
    }

    /// The policies of a directory; `None` if they are in a registry, which may have to be waited for.
    pub(crate) async fn of_directory(&self) -> Result<Option<Loaded>, StartError> {
        match self.source {
            Some(_) => Ok(None),
            None => self.load(&self.settings.policies).await.map(Some),
        }
    }

    /// The policies of an artifact to begin with: what the registry has, or else what was kept.
    pub(crate) async fn of_artifact(&mut self) -> Result<Loaded, StartError> {
        let Some(mut source) = self.source.take() else {
            return self.load(&self.settings.policies).await;
        };
        let mut refused = None;
        for fetched in source.first().await? {
            match self.load(&fetched.directory).await {
                Ok(loaded) => {
                    source.accept(fetched);
                    self.source = Some(source);
                    return Ok(loaded);
                }
                Err(error) => {
                    source.reject(&fetched, Problem::from(&error));
                    refused.get_or_insert(error);
                }
            }
        }
        // Whoever found nothing has said why.
        Err(refused.unwrap_or_else(|| StartError::System(std::io::ErrorKind::NotFound.into())))
    }

    /// Refreshes trust roots and the artifact, and hands on the policies that come of it.
    pub(crate) async fn follow(
        mut self,
        keeper: Keeper,
        replace: impl Fn(Arc<PolicySet>) + Clone + Send,
    ) {
        let mut keeping: Pin<Box<dyn Future<Output = ()> + Send + '_>> =
            Box::pin(keeper.follow(replace.clone()));
        let Some(mut source) = self.source.take() else {
            return keeping.await;
        };
        loop {
            let fetched = tokio::select! {
                fetched = source.newer() => fetched,
                () = &mut keeping => {
                    // There is no root that has to be refreshed.
                    keeping = Box::pin(pending());
                    continue;
                }
            };
            match self.replacement(&fetched).await {
                Ok((keeper, policies)) => {
                    source.accept(fetched);
                    replace(policies);
                    keeping = Box::pin(keeper.follow(replace.clone()));
                }
                Err(problem) => source.reject(&fetched, problem),
            }
        }
    }

    /// Newer policies with every root that they name.
    async fn replacement(&self, fetched: &Fetched) -> Result<(Keeper, Arc<PolicySet>), Problem> {
        let (mut keeper, policies) = match self.load(&fetched.directory).await {
            Ok(loaded) => loaded,
            Err(error) => return Err(Problem::from(&error)),
        };
        let policies = match policies {
            Some(policies) => policies,
            None => match timeout(PATIENCE, keeper.wait()).await {
                Ok(loaded) => loaded.map_err(|errors| Problem::from(&errors))?,
                Err(_) => {
                    return Err(Problem {
                        code: "trust_root_unavailable".to_owned(),
                        message: "a trust root that the newer policies name is not to be had"
                            .to_owned(),
                        hint: None,
                    });
                }
            },
        };
        Ok((keeper, policies))
    }

    async fn load(&self, directory: &Path) -> Result<Loaded, StartError> {
        let (standing, metrics) = (self.standing(), Arc::clone(&self.metrics));
        let settings = &self.settings;
        let mut keeper = Keeper::open(
            settings, directory, &self.http, standing, metrics, self.clock,
        )?;
        let policies = keeper.recall().await;
        let policies = policies.map_err(|errors| StartError::Policies {
            directory: directory.to_owned(),
            errors,
        })?;
        Ok((keeper, policies))
    }
}

impl From<&StartError> for Problem {
    fn from(error: &StartError) -> Self {
        match error {
            StartError::Policies { errors, .. } => errors.into(),
            other => Self {
                code: "policies_unusable".to_owned(),
                message: other.to_string(),
                hint: other.hint(),
            },
        }
    }
}

/// How long newer policies may wait for their trust roots.
const PATIENCE: Duration = Duration::from_secs(60);
