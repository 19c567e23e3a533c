//! Which parts of the input a rule looks at, by itself and through what it imports.
//!
//! Refuses what it did not declare, for that would be undefined on every input, and parameters that it does not have.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::Base;
use crate::fields::Problems;
use crate::metadata::Metadata;
use crate::module::Module;
use crate::reads;
use crate::references::{Reference, Root};
use crate::yaml::Position;

/// The parts of the input that the rules of some modules look at, whatever they reach among themselves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reach(BTreeMap<String, BTreeSet<Vec<String>>>);

impl Reach {
    pub(crate) fn new(modules: &[Module]) -> Self {
        let mut parts: BTreeMap<String, BTreeSet<Vec<String>>> = BTreeMap::new();
        for module in modules {
            for head in &module.heads {
                parts.entry(module.full_name(&head.name)).or_default();
            }
            for reference in input(module) {
                let parts = parts.entry(reference.from.clone()).or_default();
                parts.insert(part(reference));
            }
        }
        let links = modules.iter().flat_map(|module| &module.links);
        let links: Vec<(&str, String)> = links
            .flat_map(|link| {
                let reached = parts.keys().filter(|name| link.reaches(name));
                reached.map(|name| (link.from.as_str(), name.clone()))
            })
            .collect();
        // Each round goes one step further; there are no more steps than rules.
        loop {
            let mut grown = false;
            for (from, to) in &links {
                let reached = parts.get(to).cloned().unwrap_or_default();
                let known = parts.entry((*from).to_owned()).or_default();
                let before = known.len();
                known.extend(reached);
                grown |= known.len() > before;
            }
            if !grown {
                return Self(parts);
            }
        }
    }

    /// The full names of the rules.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// Checks that the rule looks at nothing but what its METADATA says.
pub(crate) fn check_reads(
    module: &Module,
    metadata: &Metadata,
    base: &Base,
    problems: &mut Problems,
) {
    let mut told = BTreeSet::new();
    for reference in input(module) {
        let part = part(reference);
        if !metadata.reads.covers(&part) && told.insert(part.clone()) {
            undeclared(reference.at, "the rule", &part, problems);
        }
    }
    for link in &module.links {
        let reached = base.reach.0.iter().filter(|(name, _)| link.reaches(name));
        for (name, parts) in reached {
            for part in parts {
                if !metadata.reads.covers(part) && told.insert(part.clone()) {
                    undeclared(link.at, &format!("`{name}`"), part, problems);
                }
            }
        }
    }
    check_params(module, metadata, problems);
}

fn undeclared(at: Position, who: &str, part: &[String], problems: &mut Problems) {
    let named = part.join(".");
    if !part.is_empty() && !reads::is_known(&named) {
        let known: Vec<String> = reads::all_paths().collect();
        let known = known.iter().map(String::as_str);
        let message = format!("the input has no part `{named}`");
        return problems.unknown_quietly(at, "unknown_read", message, &named, known);
    }
    let (whole, hint) = match part {
        [] => {
            let hint = "name the parts one by one, such as `input.image`";
            ("`input` as a whole".to_owned(), hint.to_owned())
        }
        _ => {
            let hint = format!("add `{named}` to `reads`");
            (format!("`input.{named}`"), hint)
        }
    };
    let message = format!("{who} looks at {whole}, which the rule's `reads` do not declare");
    problems.advise(at, "undeclared_read", message, hint);
}

/// Parameters that nobody can set are undefined for ever.
fn check_params(module: &Module, metadata: &Metadata, problems: &mut Problems) {
    if metadata.params.is_open() {
        return;
    }
    for reference in &module.references {
        let (Root::Data, [root, name, ..]) = (reference.root, reference.path.as_slice()) else {
            continue;
        };
        let known: Vec<&str> = metadata
            .params
            .properties()
            .iter()
            .map(|property| property.name.as_str())
            .collect();
        if root == "params" && !known.contains(&name.as_str()) {
            let message = format!("the rule has no parameter `{name}`");
            problems.unknown(reference.at, "unknown_param", message, name, known);
        }
    }
}

fn input(module: &Module) -> impl Iterator<Item = &Reference> {
    let references = module.references.iter();
    references.filter(|reference| reference.root == Root::Input)
}

/// The part of the input that something belongs to: a section, or one of its keys.
fn part(reference: &Reference) -> Vec<String> {
    reference.path.iter().take(2).cloned().collect()
}
