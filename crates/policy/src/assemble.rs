//! From what a document says to a policy that can judge.
//!
//! Refuses rules and parameters that do not exist, and everything that would fail only when an image is judged.

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
use crate::rule::Rule;
use crate::yaml::{Node, Position, Value};
use crate::{Policy, SourceFile};

/// The policy that `definition` describes; `None` if something about it was or is reported.
pub(crate) fn assemble(
    definition: Definition<'_>,
    library: &Rules,
    problems: &mut Problems,
) -> Option<Policy> {
    let names: Vec<&str> = definition
        .authorities
        .iter()
        .map(|entry| entry.name.as_str())
        .collect();
    let mut rules: Vec<Rule> = Vec::with_capacity(definition.rules.len());
    for entry in &definition.rules {
        let rule = match entry {
            RuleEntry::Library {
                id,
                at,
                params,
                entry,
            } => {
                let params = params.map_or_else(|| nothing(entry), Clone::clone);
                library_rule(
                    library,
                    id,
                    *at,
                    &params,
                    &names,
                    &definition.builders,
                    problems,
                )
            }
            RuleEntry::Inline { rego, at } => {
                inline_rule(library, rego, *at, &definition.builders, problems)
            }
        };
        let Some(rule) = rule else { continue };
        if rule.id.starts_with(INLINE) && rules.iter().any(|other| other.id == rule.id) {
            problems.report(
                entry.at(),
                "duplicate_name",
                format!("the policy has two rules {}", rule.id),
            );
        }
        rules.push(rule);
    }
    if problems.count() > 0 {
        return None;
    }
    let mut needs = Needs::default();
    rules
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
        name: definition.name.to_owned(),
        mode: definition.mode,
        include: definition.include,
        exclude: definition.exclude,
        selector: definition.selector,
        verifier,
        needs,
        platforms: definition.platforms,
        rules,
    })
}

fn library_rule(
    library: &Rules,
    id: &str,
    at: Position,
    params: &Node,
    authorities: &[&str],
    builders: &Json,
    problems: &mut Problems,
) -> Option<Rule> {
    let Some(LibraryRule {
        file,
        module,
        metadata,
    }) = library.rule(id)
    else {
        let known = library.ids();
        problems.unknown(
            at,
            "unknown_rule",
            format!("there is no rule `{}`", excerpt(id)),
            id,
            known,
        );
        return None;
    };
    let params = metadata.params.check(params, id, authorities, problems);
    match Program::compile(library.base(), file, module, &params, builders) {
        Ok(program) => Some(Rule {
            id: id.to_owned(),
            reads: metadata.reads.clone(),
            predicates: metadata.predicates(&params),
            program,
        }),
        Err(error) => {
            problems.report(at, "rego_compile", error.to_string());
            None
        }
    }
}

fn inline_rule(
    library: &Rules,
    rego: &str,
    at: Position,
    builders: &Json,
    problems: &mut Problems,
) -> Option<Rule> {
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
    let module = lint::check(&file, origin, Purpose::Inline, library.base(), problems)?;
    let params = Json::Object(Default::default());
    match Program::compile(library.base(), &file, &module, &params, builders) {
        Ok(program) => Some(Rule {
            id: format!("{INLINE}{}", module.package.join(".")),
            reads: Reads::everything(),
            predicates: Vec::new(),
            program,
        }),
        Err(error) => {
            problems.report(
                origin.within(error.at.line, error.at.column),
                "rego_compile",
                error.message,
            );
            None
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
