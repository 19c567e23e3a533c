//! What each rule of a policy made of one input, and why.
//!
//! Judges exactly as an evaluation does; the trace beside it decides nothing.

use serde::Serialize;

use super::{Explainer, Trace};
use crate::rule::Rule;
use crate::tester::Print;
use crate::{Input, Policy, Violation};

/// What one rule made of an input.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The id of the rule.
    pub rule: String,
    /// What it denies.
    pub violations: Vec<Violation>,
    /// What it warns of.
    pub warnings: Vec<String>,
    /// What it printed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub printed: Vec<Print>,
    /// Why `deny` and `warn` are what they are.
    pub traces: Vec<Trace>,
}

impl Policy {
    /// What each of its rules makes of `input`, in order.
    pub fn explain(&self, input: &Input<'_>) -> Vec<Explanation> {
        let rules = self.all_rules().into_iter();
        rules.map(|rule| explain(rule, input)).collect()
    }
}

fn explain(rule: &Rule, input: &Input<'_>) -> Explanation {
    let findings = rule.evaluate(input);
    let projected = input.project(&rule.reads, &rule.predicates);
    let (printed, traces) = match rule.program.rehearse(projected) {
        Some((engine, prints)) => {
            let explainer = Explainer::new(engine, rule.program.files());
            let entries = rule.program.entries();
            (
                prints,
                entries.map(|entry| explainer.trace(entry)).collect(),
            )
        }
        None => Default::default(),
    };
    Explanation {
        rule: rule.id.clone(),
        violations: findings.violations,
        warnings: findings.warnings,
        printed: printed.iter().map(|line| Print::read(line)).collect(),
        traces,
    }
}
