//! One policy: whom it trusts and which rules must hold.
//!
//! Never allows what it could not evaluate.

use countersign_evidence::Verifier;
use countersign_image::source::Needs;
use serde::Serialize;

use crate::{Input, Verdict};

/// What a violation of a policy means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The workload is denied.
    #[default]
    Enforce,
    /// The workload is admitted with a warning.
    Warn,
    /// The workload is admitted; audit annotations and metrics tell.
    Audit,
}

impl Mode {
    /// The spelling used in documents, logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Warn => "warn",
            Self::Audit => "audit",
        }
    }
}

/// One policy, ready to judge.
#[derive(Debug)]
pub struct Policy {
    name: String,
    mode: Mode,
    verifier: Verifier,
    needs: Needs,
}

impl Policy {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a violation means.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Verifies evidence against the authorities of this policy.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// What its rules need collected.
    pub fn needs(&self) -> Needs {
        self.needs.clone()
    }

    /// Judges one image. Synchronous and bounded; run it off the async executor if evidence may be large.
    pub fn evaluate(&self, _input: &Input<'_>) -> Verdict {
        unimplemented!()
    }
}
