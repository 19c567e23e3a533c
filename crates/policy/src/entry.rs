//! The entries of a policy's list of rules.
//!
//! Refuses an empty list, and entries that could be read in two ways.

use crate::fields::{Fields, Problems, list, name};
use crate::yaml::{Node, Position};

/// An entry of `rules`.
#[derive(Debug)]
pub(crate) enum RuleEntry<'n> {
    Library {
        id: &'n str,
        at: Position,
        params: Option<&'n Node>,
        entry: &'n Node,
    },
    Inline {
        rego: &'n str,
        at: Position,
    },
}

impl RuleEntry<'_> {
    /// Where it stands.
    pub(crate) fn at(&self) -> Position {
        match self {
            Self::Library { at, .. } | Self::Inline { at, .. } => *at,
        }
    }
}

/// Reads `spec.rules`.
pub(crate) fn read_all<'n>(spec: &Fields<'n>, problems: &mut Problems) -> Vec<RuleEntry<'n>> {
    let Some(node) = spec.require("rules", problems) else {
        return Vec::new();
    };
    let Some(items) = list(node, "rules", problems) else {
        return Vec::new();
    };
    if items.is_empty() {
        problems.advise(
            node.at,
            "no_rules",
            "the policy has no rules: it would admit everything",
            "add a rule",
        );
    }
    items
        .iter()
        .filter_map(|item| read(item, problems))
        .collect()
}

fn read<'n>(node: &'n Node, problems: &mut Problems) -> Option<RuleEntry<'n>> {
    let known = ["rule", "params", "rego", "anyOf", "ruleSet"];
    let fields = Fields::open(node, "a rule entry", &known, problems)?;
    for later in ["anyOf", "ruleSet"] {
        if fields.get(later).is_some() {
            problems.report(
                fields.key(later),
                "unsupported_feature",
                format!("`{later}` is not supported yet"),
            );
            return None;
        }
    }
    match (fields.get("rule"), fields.get("rego")) {
        (Some(rule), None) => {
            let id = name(rule, "rule", problems)?;
            Some(RuleEntry::Library {
                id,
                at: rule.at,
                params: fields.get("params"),
                entry: node,
            })
        }
        (None, Some(rego)) => {
            if fields.get("params").is_some() {
                let message = "Rego inside a policy takes no params";
                problems.advise(
                    fields.key("params"),
                    "invalid_value",
                    message,
                    "write the values into the Rego",
                );
            }
            Some(RuleEntry::Inline {
                rego: name(rego, "rego", problems)?,
                at: rego.at,
            })
        }
        (Some(_), Some(_)) => {
            problems.report(
                node.at,
                "invalid_value",
                "an entry has either `rule` or `rego`, not both",
            );
            None
        }
        (None, None) => {
            problems.report(
                node.at,
                "missing_field",
                "a rule entry needs `rule` or `rego`",
            );
            None
        }
    }
}
