//! The entries of a policy's list of rules.
//!
//! Refuses an empty list, and entries that could be read in two ways.

use crate::fields::{Fields, Problems, list, name};
use crate::shared::ParamsFrom;
use crate::yaml::{Node, Position};

/// An entry of `rules`.
#[derive(Debug)]
pub(crate) enum RuleEntry<'n> {
    Library {
        id: &'n str,
        at: Position,
        params: Option<&'n Node>,
        /// Where there are more parameters.
        from: Option<ParamsFrom<'n>>,
        entry: &'n Node,
    },
    Inline {
        rego: &'n str,
        at: Position,
    },
    /// Alternatives, of which one must hold.
    AnyOf {
        entries: Vec<Self>,
        at: Position,
    },
    /// All entries of the set of this name.
    Set {
        name: &'n str,
        at: Position,
    },
}

impl RuleEntry<'_> {
    /// Whether both are the same rule of the library, whatever its parameters.
    pub(crate) fn is_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Library { id, .. }, Self::Library { id: other, .. }) => id == other,
            _ => false,
        }
    }

    /// Where it stands.
    pub(crate) fn at(&self) -> Position {
        match self {
            Self::Library { at, .. }
            | Self::Inline { at, .. }
            | Self::AnyOf { at, .. }
            | Self::Set { at, .. } => *at,
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
        .filter_map(|item| read(item, 0, problems))
        .collect()
}

/// Reads an entry that stands within so many lists of alternatives.
fn read<'n>(node: &'n Node, depth: usize, problems: &mut Problems) -> Option<RuleEntry<'n>> {
    let known = ["rule", "params", "paramsFrom", "rego", "anyOf", "ruleSet"];
    let fields = Fields::open(node, "a rule entry", &known, problems)?;
    let kinds = ["rule", "rego", "anyOf", "ruleSet"];
    let (kind, value) = fields.exactly_one(&kinds, problems)?;
    let params = ["params", "paramsFrom"];
    let given = params.into_iter().find(|name| fields.get(name).is_some());
    if kind != "rule"
        && let Some(given) = given
    {
        let message = format!("an entry with `{kind}` takes no {given}");
        let hint = match kind {
            "rego" => "write the values into the Rego",
            "ruleSet" => {
                "name the rule again after the set, with the parameters that it is to have"
            }
            _ => "give them to the alternatives",
        };
        problems.advise(fields.key(given), "invalid_value", message, hint);
    }
    let at = value.at;
    Some(match kind {
        "rule" => RuleEntry::Library {
            id: name(value, "rule", problems)?,
            at,
            params: fields.get("params"),
            from: match fields.get("paramsFrom") {
                Some(node) => Some(ParamsFrom::read(node, problems)?),
                None => None,
            },
            entry: node,
        },
        "rego" => RuleEntry::Inline {
            rego: name(value, "rego", problems)?,
            at,
        },
        "ruleSet" => RuleEntry::Set {
            name: name(value, "ruleSet", problems)?,
            at,
        },
        _ => RuleEntry::AnyOf {
            entries: alternatives(value, depth, problems)?,
            at,
        },
    })
}

fn alternatives<'n>(
    node: &'n Node,
    depth: usize,
    problems: &mut Problems,
) -> Option<Vec<RuleEntry<'n>>> {
    let items = list(node, "anyOf", problems)?;
    if items.is_empty() {
        let message = "anyOf has no alternatives: nothing could satisfy it";
        problems.report(node.at, "no_rules", message);
    }
    if depth >= MAX_DEPTH {
        let message = format!("anyOf is nested more than {MAX_DEPTH} deep");
        problems.report(node.at, "invalid_value", message);
        return None;
    }
    let entries = items.iter();
    Some(
        entries
            .filter_map(|item| read(item, depth + 1, problems))
            .collect(),
    )
}

const MAX_DEPTH: usize = 8;
