//! What a policy says about one image.
//!
//! Words no response: that is the business of the callers.

use serde::Serialize;

use crate::Mode;

/// The outcome of one policy for one image.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// Name of the policy.
    pub policy: String,
    /// What a violation means.
    pub mode: Mode,
    /// What does not hold; empty: the image satisfies the policy.
    pub violations: Vec<Violation>,
    /// What rules warn about without denying.
    pub warnings: Vec<String>,
    /// Authorities that vouch for something the image carries, in order of name.
    pub authorities: Vec<String>,
}

/// One rule that does not hold, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Violation {
    /// The rule: `signature/signed`, or `inline/<package>` for Rego in the policy itself.
    pub rule: String,
    /// Stable code within the rule.
    pub code: String,
    /// What was wanted and what was found.
    pub message: String,
    /// The same as data, with the nearest misses; null if the rule gave none.
    pub details: serde_json::Value,
    /// A command or action that would make the rule hold.
    pub fix: Option<String>,
}
