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
/// The same, with every root.
type Whole = (Keeper, Arc<PolicySet>);

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

    /// The policies to begin with, and every trust root that they name: those that were read, or those of the artifact.
    pub(crate) async fn first(&mut self, read: Option<Loaded>) -> Result<Whole, StartError> {
        let Some(mut source) = self.source.take() else {
            let read = match read {
                Some(read) => read,
                None => self.load(&self.settings.policies).await?,
            };
            return match read {
                (keeper, Some(policies)) => Ok((keeper, policies)),
                (keeper, None) => self.wait(keeper).await,
            };
        };
        let first = self.of_artifact(&mut source).await;
        self.source = Some(source);
        first
    }

    /// What the registry has, or else what was kept. A trust root that one of them lacks is waited for only where the
    /// other cannot be used.
    async fn of_artifact(&self, source: &mut Source) -> Result<Whole, StartError> {
        let (mut lacking, mut refused) = (None, None);
        for fetched in source.first().await? {
            match self.load(&fetched.directory).await {
                Ok((keeper, Some(policies))) => {
                    source.accept(fetched);
                    if let Some((newer, _)) = lacking {
                        source.reject(&newer, lacks_root());
                    }
                    return Ok((keeper, policies));
                }
                Ok((keeper, None)) => {
                    lacking.get_or_insert((fetched, keeper));
                }
                Err(error) => {
                    source.reject(&fetched, Problem::from(&error));
                    refused.get_or_insert(error);
                }
            }
        }
        if let Some((fetched, keeper)) = lacking {
            let whole = self.wait(keeper).await?;
            source.accept(fetched);
            return Ok(whole);
        }
        // Whoever found nothing has said why.
        Err(refused.unwrap_or_else(|| StartError::System(std::io::ErrorKind::NotFound.into())))
    }

    async fn wait(&self, mut keeper: Keeper) -> Result<Whole, StartError> {
        let metrics_listen = self.settings.metrics_listen;
        tracing::warn!(%metrics_listen, "not ready: trust roots that policies name have yet to be had");
        let loaded = keeper.wait().await;
        let policies = loaded.map_err(|errors| StartError::Policies {
            directory: self.settings.policies.clone(),
            errors,
        })?;
        Ok((keeper, policies))
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
    async fn replacement(&self, fetched: &Fetched) -> Result<Whole, Problem> {
        let (mut keeper, policies) = match self.load(&fetched.directory).await {
            Ok(loaded) => loaded,
            Err(error) => return Err(Problem::from(&error)),
        };
        let policies = match policies {
            Some(policies) => policies,
            None => match timeout(PATIENCE, keeper.wait()).await {
                Ok(loaded) => loaded.map_err(|errors| Problem::from(&errors))?,
                Err(_) => return Err(lacks_root()),
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

fn lacks_root() -> Problem {
    Problem {
        code: "trust_root_unavailable".to_owned(),
        message: "a trust root that the newer policies name is not to be had".to_owned(),
        hint: None,
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
