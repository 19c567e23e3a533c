//! What a policy asks for: rules that must hold, and lists of alternatives of which one must.
//!
//! Takes no alternative for held that could not be evaluated: whatever goes wrong in a rule is a violation of it.

use serde_json::json;

use crate::Violation;
use crate::rule::{Findings, Rule};

/// One entry of a policy's rules.
#[derive(Debug)]
pub(crate) enum Requirement {
    Rule(Rule),
    /// Alternatives, each of which is what must hold together.
    AnyOf(Vec<Vec<Self>>),
}

/// All rules of `requirements`, those of alternatives included.
pub(crate) fn rules(requirements: &[Requirement]) -> Vec<&Rule> {
    let mut found = Vec::new();
    for requirement in requirements {
        match requirement {
            Requirement::Rule(rule) => found.push(rule),
            Requirement::AnyOf(alternatives) => {
                alternatives.iter().for_each(|all| found.extend(rules(all)));
            }
        }
    }
    found
}

/// What `judge` finds of all of `requirements`.
pub(crate) fn evaluate(
    requirements: &[Requirement],
    judge: &impl Fn(&Rule) -> Findings,
) -> Findings {
    let mut all = Findings::default();
    for requirement in requirements {
        let mut found = match requirement {
            Requirement::Rule(rule) => judge(rule),
            Requirement::AnyOf(alternatives) => any_of(alternatives, judge),
        };
        all.violations.append(&mut found.violations);
        all.warnings.append(&mut found.warnings);
    }
    all
}

/// What is found of the first alternative that holds, or what all of them lack.
fn any_of(alternatives: &[Vec<Requirement>], judge: &impl Fn(&Rule) -> Findings) -> Findings {
    let mut lacking = Vec::with_capacity(alternatives.len());
    for alternative in alternatives {
        let found = evaluate(alternative, judge);
        if found.violations.is_empty() {
            return found;
        }
        lacking.push(found.violations);
    }
    Findings {
        violations: vec![none_holds(&lacking)],
        warnings: Vec::new(),
    }
}

fn none_holds(alternatives: &[Vec<Violation>]) -> Violation {
    let said: Vec<String> = alternatives.iter().map(|lacks| said(lacks)).collect();
    let fixes = alternatives
        .iter()
        .filter_map(|lacks| lacks.iter().find_map(|violation| violation.fix.as_deref()));
    let fixes: Vec<&str> = fixes.collect();
    Violation {
        rule: ANY_OF.to_owned(),
        code: "none_holds".to_owned(),
        message: format!(
            "wanted one of {} alternatives, found none that holds: {}",
            alternatives.len(),
            said.join("; or ")
        ),
        details: json!({ "alternatives": alternatives }),
        fix: (!fixes.is_empty()).then(|| fixes.join("; or ")),
        platforms: Vec::new(),
    }
}

fn said(violations: &[Violation]) -> String {
    let said = violations.iter().map(|violation| {
        let Violation {
            rule,
            code,
            message,
            ..
        } = violation;
        format!("{rule}:{code}: {message}")
    });
    said.collect::<Vec<_>>().join(", and ")
}

/// What stands for the rule in a violation of alternatives.
pub(crate) const ANY_OF: &str = "anyOf";
