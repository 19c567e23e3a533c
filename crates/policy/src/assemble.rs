//! From what a document says to a policy that can judge.
//!
//! Refuses rules and parameters that do not exist, and everything that would fail only when an image is judged.

use std::collections::BTreeSet;

use countersign_evidence::{Authority, Verifier};
use countersign_image::{Needs, excerpt};
use serde_json::Value as Json;

use crate::document::Definition;
use crate::entry::RuleEntry;
use crate::fields::Problems;
use crate::library::{LibraryRule, Rules};
use crate::lint::{self, Purpose};
use crate::reads::Reads;
use crate::rego::Program;
use crate::requirement::{self, Requirement};
use crate::rule::Rule;
use crate::shared::Shared;
use crate::yaml::{Node, Position, Value};
use crate::{Policy, SourceFile};

/// The policy that `definition` describes; `None` if something about it was or is reported.
pub(crate) fn assemble(
    definition: Definition<'_>,
    library: &Rules,
    shared: &Shared,
    problems: &mut Problems,
) -> Option<Policy> {
    let names: Vec<&str> = definition
        .authorities
        .iter()
        .map(|entry| entry.name.as_str())
        .collect();
    let mut assembler = Assembler {
        library,
        shared,
        authorities: &names,
        builders: &definition.builders,
        inline: BTreeSet::new(),
    };
    let requirements = assembler.all(&definition.rules, problems);
    if problems.count() > 0 {
        return None;
    }
    let mut needs = Needs::default();
    requirement::rules(&requirements)
        .iter()
        .for_each(|rule| rule.reads.add_needs(&mut needs));
    needs.repositories = definition
        .authorities
        .iter()
        .filter_map(|entry| entry.repository.clone())
        .collect();
    needs.repositories.sort();
    needs.repositories.dedup();
    let authorities = definition.authorities.into_iter();
    // One that is missing was reported, if not here then where its trust root stands.
    let authorities: Option<Vec<Authority>> = authorities.map(|entry| entry.authority).collect();
    let authorities = authorities?;
    let verifier = match Verifier::new(authorities) {
        Ok(verifier) => verifier,
        Err(error) => {
            problems.with_hint(
                definition.name_at,
                error.code(),
                error.to_string(),
                error.hint(),
            );
            return None;
        }
    };
    Some(Policy {
        name: definition.name,
        namespaced: definition.namespaced,
        mode: definition.mode,
        include: definition.include,
        exclude: definition.exclude,
        selector: definition.selector,
        verifier,
        needs,
        platforms: definition.platforms,
        requirements,
    })
}

/// What the entries of one policy are made into rules with.
struct Assembler<'a> {
    library: &'a Rules,
    shared: &'a Shared,
    authorities: &'a [&'a str],
    builders: &'a Json,
    /// The rules inside the policy, so far.
    inline: BTreeSet<String>,
}

impl Assembler<'_> {
    fn all(&mut self, entries: &[RuleEntry<'_>], problems: &mut Problems) -> Vec<Requirement> {
        let mut requirements = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            match entry {
                RuleEntry::Library {
                    id,
                    at,
                    params,
                    from,
                    entry,
                } => {
                    let mut params = params.map_or_else(|| nothing(entry), Clone::clone);
                    if let Some(from) = from {
                        match self.shared.merge(from, &params, problems) {
                            Some(merged) => params = merged,
                            None => continue,
                        }
                    }
                    let rule = self.library_rule(id, *at, &params, problems);
                    requirements.extend(rule.map(Requirement::Rule));
                }
                RuleEntry::Inline { rego, at } => {
                    let rule = self.inline_rule(rego, *at, problems);
                    requirements.extend(rule.map(Requirement::Rule));
                }
                RuleEntry::AnyOf { entries, .. } => {
                    let alternatives = entries.iter();
                    let alternatives =
                        alternatives.map(|entry| self.all(std::slice::from_ref(entry), problems));
                    requirements.push(Requirement::AnyOf(alternatives.collect()));
                }
                RuleEntry::Set { name, at } => {
                    let later = entries.get(index..).unwrap_or_default();
                    requirements.extend(self.set(name, *at, later, problems));
                }
            }
        }
        requirements
    }

    /// The entries of a set, but for those that a later entry replaces.
    fn set(
        &mut self,
        name: &str,
        at: Position,
        later: &[RuleEntry<'_>],
        problems: &mut Problems,
    ) -> Vec<Requirement> {
        let Some(set) = self.library.set(name) else {
            let message = format!("there is no set of rules `{}`", excerpt(name));
            let known = self.library.set_names();
            problems.unknown(at, "unknown_rule_set", message, name, known);
            return Vec::new();
        };
        let replaced = |entry: &RuleEntry<'_>| later.iter().any(|other| other.is_of(entry));
        let mut entries = set.entries();
        entries.retain(|entry| !replaced(entry));
        let mut own = Problems::new(&set.path);
        let requirements = self.all(&entries, &mut own);
        for error in own.into_errors() {
            let message = format!("in the set `{name}`, {error}");
            problems.with_hint(at, error.code, message, error.hint);
        }
        requirements
    }

    fn library_rule(
        &self,
        id: &str,
        at: Position,
        params: &Node,
        problems: &mut Problems,
    ) -> Option<Rule> {
        let library = self.library;
        let Some(LibraryRule {
            file,
            module,
            metadata,
        }) = library.rule(id)
        else {
            let message = format!("there is no rule `{}`", excerpt(id));
            problems.unknown(at, "unknown_rule", message, id, library.ids());
            return None;
        };
        let params = metadata
            .params
            .check(params, id, self.authorities, problems);
        match Program::compile(library.base(), file, module, &params, self.builders) {
            Ok(program) => Some(Rule {
                id: id.to_owned(),
                reads: metadata.reads_with(&params),
                predicates: metadata.predicates(&params),
                program,
            }),
            Err(error) => {
                problems.report(at, "rego_compile", error.to_string());
                None
            }
        }
    }

    fn inline_rule(&mut self, rego: &str, at: Position, problems: &mut Problems) -> Option<Rule> {
        // A block scalar's place is its first line that is not empty.
        let skipped = rego.chars().take_while(|letter| *letter == '\n').count() as u32;
        let origin = Position {
            line: at.line.saturating_sub(skipped),
            column: at.column,
        };
        let file = SourceFile {
            path: "rego".to_owned(),
            text: rego.to_owned(),
        };
        let base = self.library.base();
        let module = lint::check(&file, origin, Purpose::Inline, base, problems)?;
        let id = format!("{INLINE}{}", module.package.join("."));
        if !self.inline.insert(id.clone()) {
            let message = format!("the policy has two rules {id}");
            problems.report(at, "duplicate_name", message);
        }
        let params = Json::Object(Default::default());
        match Program::compile(base, &file, &module, &params, self.builders) {
            Ok(program) => Some(Rule {
                id,
                reads: Reads::everything(),
                predicates: Vec::new(),
                program,
            }),
            Err(error) => {
                let at = origin.within(error.at.line, error.at.column);
                problems.report(at, "rego_compile", error.message);
                None
            }
        }
    }
}

/// An entry without `params`: an empty mapping where the entry stands.
fn nothing(entry: &Node) -> Node {
    Node {
        at: entry.at,
        value: Value::Map(Vec::new()),
    }
}

const INLINE: &str = "inline/";
