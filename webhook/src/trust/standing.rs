//! What is told of the policies in force and of the trust roots on which they stand: to probes, to metrics.
//!
//! Tells codes and messages, never the content of a root.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use countersign_policy::{
    LoadErrors, NamedTrustRoot, PolicySet, TrustRootFacts, TrustRootLocation, TrustRootOrigin,
};
use countersign_registry::TufError;
use jiff::Timestamp;
use serde::Serialize;

use crate::metrics::Metrics;

/// The policies in force, and how their roots fare.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    policies: ArcSwapOption<PolicySet>,
    tuf: Mutex<Vec<TufStatus>>,
    artifact: Mutex<Option<ArtifactDetail>>,
}

/// The artifact that the policies are from, as `/readyz` shows it.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ArtifactDetail {
    /// What is in force, by its digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image: Option<String>,
    /// Why nothing newer is, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<Problem>,
}

/// How a trust root from a TUF repository fares.
#[derive(Clone, Debug)]
pub(crate) struct TufStatus {
    pub(crate) name: String,
    pub(crate) location: String,
    /// Of the last good one.
    pub(crate) facts: Option<TrustRootFacts>,
    /// Why the last refresh failed, if it did.
    pub(crate) problem: Option<Problem>,
}

/// Why a refresh failed.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Problem {
    pub(crate) code: String,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
}

/// A trust root, as `/readyz` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RootDetail {
    pub(crate) name: String,
    origin: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    /// Since it was confirmed, or made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) age_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<Timestamp>,
    expired: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<Problem>,
}

impl Standing {
    /// New policies are in force.
    pub(crate) fn load(&self, policies: &Arc<PolicySet>, metrics: &Metrics) {
        metrics.policies(policies.policies().len(), policies.revision());
        self.policies.store(Some(Arc::clone(policies)));
    }

    /// Something happened to the roots from TUF repositories.
    pub(crate) fn note(&self, tuf: Vec<TufStatus>) {
        *self.tuf.lock().unwrap_or_else(PoisonError::into_inner) = tuf;
    }

    /// The policies of this artifact are in force.
    pub(crate) fn artifact(&self, image: &str) {
        self.detail().get_or_insert_default().image = Some(image.to_owned());
    }

    /// How the last look at the artifact of the policies ended.
    pub(crate) fn artifact_problem(&self, problem: Option<Problem>) {
        self.detail().get_or_insert_default().last_error = problem;
    }

    /// The artifact of the policies, if they are from one.
    pub(crate) fn artifact_detail(&self) -> Option<ArtifactDetail> {
        self.detail().clone()
    }

    fn detail(&self) -> MutexGuard<'_, Option<ArtifactDetail>> {
        self.artifact.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The policies in force; none while a root of theirs was never had.
    pub(crate) fn policies(&self) -> Option<Arc<PolicySet>> {
        self.policies.load_full()
    }

    /// Every trust root, as of `now`.
    pub(crate) fn trust_roots(&self, now: Timestamp) -> Vec<RootDetail> {
        let tuf = self
            .tuf
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let policies = self.policies();
        let loaded = policies.iter().flat_map(|policies| policies.trust_roots());
        let others = loaded.filter(|root| tuf.iter().all(|status| status.name != root.root.name()));
        let mut roots: Vec<_> = others.map(|root| RootDetail::of(root, now)).collect();
        roots.extend(
            tuf.into_iter()
                .map(|status| RootDetail::of_tuf(status, now)),
        );
        roots.sort_by(|one, other| one.name.cmp(&other.name));
        roots
    }
}

impl RootDetail {
    fn of(root: &NamedTrustRoot, now: Timestamp) -> Self {
        let (origin, location) = match &root.origin {
            TrustRootOrigin::BuiltIn => ("builtIn", None),
            TrustRootOrigin::Inline => ("inline", None),
            TrustRootOrigin::Read(TrustRootLocation::File(path)) => ("file", Some(path.clone())),
            _ => ("other", None),
        };
        let midnight = |date| format!("{date}T00:00:00Z").parse().ok();
        let facts = TrustRootFacts {
            refreshed: root
                .facts
                .refreshed
                .or_else(|| midnight(root.root.dated()?)),
            ..root.facts
        };
        Self {
            origin,
            location,
            ..Self::new(root.root.name(), Some(facts), now)
        }
    }

    fn of_tuf(status: TufStatus, now: Timestamp) -> Self {
        Self {
            origin: "tuf",
            location: Some(status.location),
            last_error: status.problem,
            ..Self::new(&status.name, status.facts, now)
        }
    }

    fn new(name: &str, facts: Option<TrustRootFacts>, now: Timestamp) -> Self {
        let facts = facts.unwrap_or_default();
        Self {
            name: name.to_owned(),
            origin: "other",
            location: None,
            // A clock that was set back makes nothing younger than new.
            age_seconds: facts
                .refreshed
                .map(|then| now.duration_since(then).as_secs().max(0)),
            version: facts.version,
            expires: facts.expires,
            expired: facts.expires.is_some_and(|expires| expires < now),
            last_error: None,
        }
    }
}

impl From<&TufError> for Problem {
    fn from(error: &TufError) -> Self {
        Self {
            code: error.code().to_owned(),
            message: error.to_string(),
            hint: error.hint().map(str::to_owned),
        }
    }
}

impl From<&LoadErrors> for Problem {
    fn from(errors: &LoadErrors) -> Self {
        let Some(first) = errors.errors().first() else {
            return Self::default();
        };
        Self {
            code: first.code().to_owned(),
            message: first.to_string(),
            hint: first.hint().map(str::to_owned),
        }
    }
}
