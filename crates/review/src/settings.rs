//! What a caller decides about a review: who asks, and what to do where no policy speaks.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

use countersign_policy::Namespace;

/// Who asked for the workload and where it is to run: the parts of an admission request that policies may read.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `CREATE` or `UPDATE`, as `admission.k8s.io/v1` spells it.
    pub operation: String,
    /// Who asked.
    pub user: User,
    /// Whether nothing will be stored.
    pub dry_run: bool,
    /// The namespace and what is known of its labels.
    pub namespace: Namespace,
}

/// The user of a request (`userInfo` of `admission.k8s.io/v1`).
#[derive(Clone, Debug, Default)]
pub struct User {
    /// The user's name.
    pub name: String,
    /// The groups the user is in.
    pub groups: Vec<String>,
}

/// What to do where no rule of a policy decides.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stance {
    /// Let it pass silently.
    Allow,
    /// Refuse it.
    Deny,
    /// Let it pass and say so.
    Warn,
}

/// A word that is no [`Stance`].
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is none of allow, warn, deny")]
pub struct UnknownStance(String);

impl FromStr for Stance {
    type Err = UnknownStance;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "allow" => Ok(Self::Allow),
            "deny" => Ok(Self::Deny),
            "warn" => Ok(Self::Warn),
            other => Err(UnknownStance(other.to_owned())),
        }
    }
}

impl fmt::Display for Stance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Warn => "warn",
        })
    }
}

/// The settings of a [`Reviewer`](crate::Reviewer).
#[derive(Clone, Debug)]
pub struct Settings {
    /// What to do with an image that no policy covers.
    pub unmatched: Stance,
    /// What to do with an image that is still a tag: the kubelet will ask for it again.
    pub unpinned: Stance,
    /// How many distinct images of one workload are looked at at once.
    pub concurrency: NonZeroUsize,
    /// How many threads verify and evaluate.
    pub workers: NonZeroUsize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            unmatched: Stance::Deny,
            unpinned: Stance::Warn,
            concurrency: CONCURRENCY,
            workers: WORKERS,
        }
    }
}

const CONCURRENCY: NonZeroUsize = NonZeroUsize::MIN.saturating_add(7);
const WORKERS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);
