//! The policies in force, and the trust roots from TUF repositories on which they stand.
//!
//! Refuses to judge by half of them: while a root that they name was never had, there are no policies; one that they
//! cannot be loaded with, or that cannot be had anew, changes nothing.

mod schedule;
mod standing;

use std::path::Path;
use std::sync::Arc;

use countersign_policy::{
    LoadErrors, PolicySet, SourceFile, TrustRootFacts, TrustRootLocation, TrustRoots,
    trust_root_sources,
};
use countersign_registry::{TufAnswer, TufLocation, TufRepository, TufSource, TufTarget};
use countersign_review::{file_trust_roots, policies_in};
use jiff::Timestamp;
use tokio::time::{Instant, sleep, sleep_until};

use crate::config::Settings;
use crate::files;
use crate::metrics::Metrics;
use crate::run::StartError;

pub(crate) use self::schedule::Schedule;
pub(crate) use self::standing::{Problem, Standing, TufStatus};

/// Loads the policies, and again whenever a trust root of theirs has changed.
pub(crate) struct Keeper {
    documents: Arc<[SourceFile]>,
    /// What was read from files, once.
    read: TrustRoots,
    roots: Vec<Root>,
    schedule: Schedule,
    standing: Arc<Standing>,
    metrics: Arc<Metrics>,
    clock: fn() -> Timestamp,
}

/// A trust root from a TUF repository.
struct Root {
    name: String,
    repository: TufRepository,
    /// The last good one.
    current: Option<TufTarget>,
    /// Since the last success.
    failures: u32,
    problem: Option<Problem>,
    due: Instant,
}

impl Keeper {
    /// Reads the directory of policies and what lies beside it. Asks nobody.
    pub(crate) fn open(
        settings: &Settings,
        directory: &Path,
        http: &countersign_registry::Settings,
        standing: Arc<Standing>,
        metrics: Arc<Metrics>,
        clock: fn() -> Timestamp,
    ) -> Result<Self, StartError> {
        let documents = policies_in(directory)?;
        let mut roots = Vec::new();
        for source in trust_root_sources(&documents) {
            let TrustRootLocation::Tuf(location) = &source.location else {
                continue;
            };
            let refused = |error| StartError::TrustRoot {
                document: source.document.clone(),
                name: source.name.clone(),
                source: error,
            };
            let place = match &location.repository {
                countersign_policy::TufRepository::Directory(path) => {
                    TufLocation::Directory(source.beside(path))
                }
                countersign_policy::TufRepository::Url(url) => url.parse().map_err(refused)?,
            };
            let root = location.root.as_deref().map(|path| source.beside(path));
            let tuf = TufSource {
                name: source.name.clone(),
                location: Some(place),
                root: root.as_deref().map(read_root).transpose()?,
                target: location.target.clone(),
                cache: settings.trust_root_cache.clone(),
            };
            roots.push(Root {
                name: source.name.clone(),
                repository: TufRepository::open(tuf, http).map_err(refused)?,
                current: None,
                failures: 0,
                problem: None,
                due: Instant::now(),
            });
        }
        Ok(Self {
            read: file_trust_roots(&documents),
            documents: documents.into(),
            roots,
            schedule: Schedule {
                interval: settings.trust_root_refresh,
                retry: settings.trust_root_retry,
            },
            standing,
            metrics,
            clock,
        })
    }

    /// The policies, as far as what is on disk suffices; `None` if a root has to be asked for first.
    ///
    /// # Errors
    ///
    /// All that is wrong with them beside that.
    pub(crate) async fn recall(&mut self) -> Result<Option<Arc<PolicySet>>, LoadErrors> {
        for root in &mut self.roots {
            root.current = root.repository.last_good().await;
        }
        self.try_load(&[]).await
    }

    /// The policies, as soon as every root that they name was had.
    ///
    /// # Errors
    ///
    /// They cannot be loaded with what was had.
    pub(crate) async fn wait(&mut self) -> Result<Arc<PolicySet>, LoadErrors> {
        let mut rounds = 0;
        loop {
            let now = (self.clock)();
            let (mut answers, mut failed) = (Vec::new(), Vec::new());
            for (index, root) in self.roots.iter().enumerate() {
                if root.current.is_none() {
                    match root.repository.ask(now).await {
                        Ok(answer) => answers.push((index, answer)),
                        Err(error) => failed.push((index, Problem::from(&error))),
                    }
                }
            }
            let loaded = self.try_load(&answers).await?;
            let mut kept = Vec::new();
            for (index, answer) in answers {
                kept.push((index, answer.keep().await));
            }
            for (index, target) in kept {
                self.succeeded(index, now, target);
            }
            for (index, problem) in failed {
                self.failed(index, now, problem);
            }
            if let Some(policies) = loaded {
                return Ok(policies);
            }
            rounds += 1;
            sleep(self.schedule.after_failure(rounds)).await;
        }
    }

    /// Refreshes every root when its time comes, and hands on the policies that are loaded with a new one. Ends when
    /// there is nothing to refresh.
    pub(crate) async fn follow(mut self, replace: impl Fn(Arc<PolicySet>)) {
        while let Some((due, index)) = self.next() {
            sleep_until(due).await;
            let now = (self.clock)();
            match self.renew(index, now).await {
                Ok((target, policies)) => {
                    if let Some(policies) = policies {
                        self.standing.load(&policies, &self.metrics);
                        replace(policies);
                    }
                    self.succeeded(index, now, target);
                }
                Err(problem) => self.failed(index, now, problem),
            }
        }
    }

    fn next(&self) -> Option<(Instant, usize)> {
        let due = self
            .roots
            .iter()
            .enumerate()
            .map(|(index, root)| (root.due, index));
        due.min()
    }

    /// The newest of one root, and the policies with it if it differs.
    async fn renew(
        &self,
        index: usize,
        now: Timestamp,
    ) -> Result<(TufTarget, Option<Arc<PolicySet>>), Problem> {
        let Some(root) = self.roots.get(index) else {
            return Err(Problem::default());
        };
        let answer = root
            .repository
            .ask(now)
            .await
            .map_err(|error| Problem::from(&error))?;
        let known = root.current.as_ref().map(|current| &current.bytes);
        if known == Some(&answer.target().bytes) {
            return Ok((answer.keep().await, None));
        }
        let newer = [(index, answer)];
        // Not kept before the policies are known to load with it: a restart would be left with it alone.
        let loaded = self
            .load(&newer)
            .await
            .map_err(|errors| Problem::from(&errors))?;
        let [(_, answer)] = newer;
        Ok((answer.keep().await, Some(loaded)))
    }

    fn succeeded(&mut self, index: usize, now: Timestamp, target: TufTarget) {
        let Some(root) = self.roots.get_mut(index) else {
            return;
        };
        tracing::info!(trust_root = root.name, version = target.version, expires = %target.expires, "trust root refreshed");
        root.due = Instant::now() + self.schedule.after_success(now, target.expires);
        (root.failures, root.problem) = (0, None);
        root.current = Some(target);
        self.publish();
    }

    fn failed(&mut self, index: usize, now: Timestamp, problem: Problem) {
        let Some(root) = self.roots.get_mut(index) else {
            return;
        };
        let expired = root.current.as_ref().map(|current| current.expires < now);
        tracing::warn!(
            trust_root = root.name,
            code = problem.code,
            error = problem.message,
            hint = problem.hint,
            expired,
            "{}",
            match expired {
                Some(_) => "trust root not refreshed, the last good one stays",
                None => "trust root not to be had, and no policy is in force without it",
            }
        );
        self.metrics.trust_root_failed(&root.name);
        root.failures = root.failures.saturating_add(1);
        root.due = Instant::now() + self.schedule.after_failure(root.failures);
        root.problem = Some(problem);
        self.publish();
    }

    fn publish(&self) {
        let status = |root: &Root| TufStatus {
            name: root.name.clone(),
            location: root.repository.location().to_string(),
            facts: root.current.as_ref().map(facts),
            problem: root.problem.clone(),
        };
        self.standing.note(self.roots.iter().map(status).collect());
    }

    /// The policies, unless a root is missing.
    async fn try_load(
        &self,
        newer: &[(usize, TufAnswer<'_>)],
    ) -> Result<Option<Arc<PolicySet>>, LoadErrors> {
        self.publish();
        match self.load(newer).await {
            Ok(policies) => {
                self.standing.load(&policies, &self.metrics);
                Ok(Some(policies))
            }
            Err(errors) if self.lacks_only(&errors, newer) => Ok(None),
            Err(errors) => Err(errors),
        }
    }

    async fn load(&self, newer: &[(usize, TufAnswer<'_>)]) -> Result<Arc<PolicySet>, LoadErrors> {
        let mut read = self.read.clone();
        for (index, root) in self.roots.iter().enumerate() {
            let newer = newer.iter().find(|(of, _)| *of == index);
            let target = newer
                .map(|(_, answer)| answer.target())
                .or(root.current.as_ref());
            match (target, &root.problem) {
                (Some(target), _) => read.provide(&root.name, target.bytes.clone(), facts(target)),
                (None, Some(problem)) => read.unavailable(&root.name, &problem.message),
                (None, None) => read.unavailable(&root.name, "its repository was not asked yet"),
            }
        }
        let documents = Arc::clone(&self.documents);
        // Rego is compiled: nothing for a thread that serves.
        let load = tokio::task::spawn_blocking(move || PolicySet::load(&documents, &read));
        match load.await {
            Ok(loaded) => loaded.map(Arc::new),
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }

    /// Whether nothing is wrong but that roots were not had.
    fn lacks_only(&self, errors: &LoadErrors, newer: &[(usize, TufAnswer<'_>)]) -> bool {
        let had = |index: &usize| newer.iter().any(|(of, _)| of == index);
        let without = self.roots.iter().enumerate();
        let without = without
            .filter(|(index, root)| root.current.is_none() && !had(index))
            .count();
        let unavailable = |code| code == UNAVAILABLE;
        without > 0
            && errors.errors().len() <= without
            && errors
                .errors()
                .iter()
                .all(|error| unavailable(error.code()))
    }
}

fn facts(target: &TufTarget) -> TrustRootFacts {
    TrustRootFacts {
        expires: Some(target.expires),
        refreshed: Some(target.refreshed),
        version: Some(target.version),
    }
}

fn read_root(path: &Path) -> Result<Vec<u8>, StartError> {
    files::read(path, ROOT_BYTES).map_err(|source| StartError::Root {
        path: path.to_owned(),
        source,
    })
}

/// The code of a trust root that was not read.
const UNAVAILABLE: &str = "trust_root_unavailable";
/// As large as a root may be that a repository serves.
const ROOT_BYTES: u64 = 512_000;
