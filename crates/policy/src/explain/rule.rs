//! What each rule of a policy made of one input, and why.
//!
//! Judges exactly as an evaluation does; the trace beside it decides nothing.

use regorus::Value;
use serde::Serialize;
use serde_json::Value as Json;

use super::{Explainer, Trace};
use crate::input::rego;
use crate::reads::Reads;
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
        let explain = |rule: &Rule| explain(rule, input.project(&rule.reads, &rule.predicates));
        rules.map(explain).collect()
    }

    /// What each of its rules makes of an input that somebody wrote: each is given the parts that it reads.
    pub fn explain_written(&self, input: &Json) -> Vec<Explanation> {
        let rules = self.all_rules().into_iter();
        let explain = |rule: &Rule| explain(rule, rego(rule.reads.part_of(input)));
        rules.map(explain).collect()
    }

    /// What the rule called `id` is given of `input`, or without one, what its rules are given together; `None` if the
    /// policy has no such rule.
    pub fn input(&self, input: &Input<'_>, id: Option<&str>) -> Option<Json> {
        let rules = self.all_rules().into_iter();
        let mut rules = rules
            .filter(|rule| id.is_none_or(|id| rule.id == id))
            .peekable();
        rules.peek()?;
        let (reads, predicates) = rules.fold(Default::default(), |(reads, predicates), rule| {
            let reads = Reads::with(reads, &rule.reads);
            (reads, [predicates, rule.predicates.clone()].concat())
        });
        Some(super::json(&input.project(&reads, &predicates)))
    }
}

/// Why `rule` answers as it does on `input`, which is what it is given.
pub(crate) fn explain(rule: &Rule, input: Value) -> Explanation {
    let findings = rule.evaluate_given(input.clone());
    let (printed, traces) = match rule.program.rehearse(input) {
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
