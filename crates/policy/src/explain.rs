//! Why a rule came to its value: which expressions of it hold, which does not, and what each saw.
//!
//! Tells nothing that was not evaluated: an expression fails if those before it hold together and do not with it, which
//! is so whatever order the engine takes them in. What cannot be asked by itself is said to be unclear.

mod diff;
mod probe;
mod rule;
mod source;

use std::cell::RefCell;
use std::collections::BTreeSet;

use countersign_image::excerpt_within;
use regorus::{Engine, Value};
use serde::Serialize;
use serde_json::Value as Json;

pub(crate) use diff::differences;
use probe::{Answer, Prober};
pub use rule::Explanation;
pub(crate) use source::{Definition, Source, Statement};

use crate::SourceFile;

/// A rule, its value, and each of its definitions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trace {
    /// The rule in full, such as `data.rules.signature.signed.deny`.
    pub rule: String,
    /// What it came to; `None` where it is undefined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Json>,
    /// How each of its definitions fared.
    pub definitions: Vec<Attempt>,
}

/// One definition of a rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Attempt {
    /// The file that holds it.
    pub file: String,
    /// Where its head stands.
    pub line: u32,
    /// Whether everything in it holds.
    pub holds: bool,
    /// Its expressions, up to the first that does not hold.
    pub steps: Vec<Step>,
}

/// One expression.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// Where it begins.
    pub line: u32,
    /// Where it begins.
    pub column: u32,
    /// As it is written.
    pub expression: String,
    /// Whether it holds together with those before it.
    pub outcome: Outcome,
    /// What it saw.
    pub saw: Vec<Seen>,
    /// Rules that it depends on and that have no value, or none that counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<Trace>,
}

/// What came of an expression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It holds together with those before it.
    Holds,
    /// It does not.
    Fails,
    /// Evaluating it failed, and how.
    Error(String),
    /// It means nothing without those that follow.
    Unclear,
}

/// The values of a part of an expression.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Seen {
    /// As it is written.
    pub expression: String,
    /// One for each way in which what stands before holds; none where it is undefined.
    pub values: Vec<Json>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: usize,
}

/// Explains rules of some modules on one input.
pub(crate) struct Explainer {
    prober: Prober,
    sources: Vec<Source>,
    told: RefCell<BTreeSet<String>>,
}

impl Explainer {
    /// `engine` holds `files` and has its input. Files that cannot be read are left out: no engine would hold them.
    pub(crate) fn new<'f>(engine: Engine, files: impl IntoIterator<Item = &'f SourceFile>) -> Self {
        Self {
            prober: Prober::new(engine),
            sources: files
                .into_iter()
                .filter_map(|file| Source::read(file).ok())
                .collect(),
            told: RefCell::default(),
        }
    }

    /// Why `rule`, in full, is what it is.
    pub(crate) fn trace(&self, rule: &str) -> Trace {
        self.trace_within(rule, 0)
    }

    fn trace_within(&self, rule: &str, depth: usize) -> Trace {
        self.told.borrow_mut().insert(rule.to_owned());
        Trace {
            rule: rule.to_owned(),
            value: self.prober.value(rule).map(|value| legible(&value)),
            definitions: self
                .definitions(rule)
                .map(|(source, definition)| self.attempt(source, definition, depth))
                .collect(),
        }
    }

    /// How one definition fares.
    pub(crate) fn attempt(
        &self,
        source: &Source,
        definition: &Definition,
        depth: usize,
    ) -> Attempt {
        let (mut steps, mut holds) = self.steps(source, &[], &definition.statements, depth);
        if let (true, Some(term)) = (holds, &definition.term) {
            let question = question(&definition.statements, &format!("__value := {}", term.text));
            let answer = self.prober.ask(source, &[question]).pop();
            let is_empty = |value: &Value| is_nothing(value);
            match answer {
                Some(Answer::Values(values)) if values.is_empty() => {
                    holds = false;
                    steps.push(Step {
                        line: term.at.line,
                        column: term.at.column,
                        expression: term.text.clone(),
                        outcome: Outcome::Fails,
                        saw: self.parts_of(source, definition),
                        because: self.because(&term.rules, depth),
                    });
                }
                Some(Answer::Values(values)) if values.iter().all(is_empty) => {
                    let outer = &definition.statements;
                    let (inner, _) = self.steps(source, outer, &definition.inner, depth);
                    steps.extend(inner);
                }
                _ => {}
            }
        }
        Attempt {
            file: source.path.clone(),
            line: definition.at.line,
            holds,
            steps,
        }
    }

    /// `statements`, which stand after `outer`, up to the first that does not hold; whether all do.
    fn steps(
        &self,
        source: &Source,
        outer: &[Statement],
        statements: &[Statement],
        depth: usize,
    ) -> (Vec<Step>, bool) {
        let all: Vec<&Statement> = outer.iter().chain(statements).collect();
        let prefixes = (outer.len()..all.len()).map(|last| {
            let lines = all.iter().take(last + 1).map(|line| line.text.as_str());
            format!("true | {}", lines.collect::<Vec<_>>().join("\n"))
        });
        let answers = self.prober.ask(source, &prefixes.collect::<Vec<_>>());
        let outcomes: Vec<Outcome> = answers.into_iter().map(Outcome::of).collect();
        let ends = |outcome: &Outcome| matches!(outcome, Outcome::Fails | Outcome::Error(_));
        let failed = outcomes.iter().position(ends);
        // The last one stands for all: whatever is unclear before it counts in it.
        let holds = outcomes.last().is_none_or(|last| *last == Outcome::Holds);
        let mut steps = Vec::new();
        for (number, (statement, outcome)) in statements.iter().zip(outcomes).enumerate() {
            if failed.is_some_and(|failed| number > failed) {
                break;
            }
            let before = all.iter().take(outer.len() + number).copied();
            // Of what holds before something that does not, nobody needs the values.
            let matters = failed.is_none_or(|failed| number == failed);
            let saw = if matters {
                self.saw(source, before, statement)
            } else {
                Vec::new()
            };
            // Behind `with` the rules of an expression see something else than we do.
            let is_asked =
                matters && statement.with.is_empty() && (ends(&outcome) != statement.is_negated);
            let rules = statement.operands.iter().flat_map(|operand| &operand.rules);
            let rules: Vec<String> = rules.cloned().collect();
            steps.push(Step {
                line: statement.at.line,
                column: statement.at.column,
                expression: statement.text.clone(),
                outcome,
                saw,
                because: if is_asked {
                    self.because(&rules, depth)
                } else {
                    Vec::new()
                },
            });
        }
        (steps, holds)
    }

    /// Those of `rules` that have no value that counts, each explained once.
    fn because(&self, rules: &[String], depth: usize) -> Vec<Trace> {
        let mut traces = Vec::new();
        for rule in rules {
            let is_known = self.told.borrow().contains(rule);
            if depth >= DEPTH || is_known || self.definitions(rule).next().is_none() {
                continue;
            }
            if self.prober.value(rule).as_ref().is_none_or(is_nothing) {
                traces.push(self.trace_within(rule, depth + 1));
            }
        }
        traces
    }

    /// The definitions of `rule`, in full, with where they stand.
    pub(crate) fn definitions<'s>(
        &'s self,
        rule: &'s str,
    ) -> impl Iterator<Item = (&'s Source, &'s Definition)> {
        self.sources.iter().flat_map(move |source| {
            let own = source.definitions.iter();
            own.filter(move |definition| source.module.full_name(&definition.name) == rule)
                .map(move |definition| (source, definition))
        })
    }

    /// The values of the parts of `statement`, where what stands before it holds.
    fn saw<'s>(
        &self,
        source: &Source,
        before: impl Iterator<Item = &'s Statement>,
        statement: &Statement,
    ) -> Vec<Seen> {
        let before: Vec<&Statement> = before.collect();
        let operands = statement.operands.iter();
        let operands = operands.map(|operand| (operand.text.as_str(), statement.with.as_str()));
        self.values(source, &before, operands)
    }

    /// What stands in the head of `definition`, where its body holds.
    fn parts_of(&self, source: &Source, definition: &Definition) -> Vec<Seen> {
        let before: Vec<&Statement> = definition.statements.iter().collect();
        let names = definition.parts.iter().map(|part| (part.as_str(), ""));
        self.values(source, &before, names)
    }

    /// The values of `expressions`, each with what stands in place of input, where `before` holds.
    fn values<'e>(
        &self,
        source: &Source,
        before: &[&Statement],
        expressions: impl Iterator<Item = (&'e str, &'e str)> + Clone,
    ) -> Vec<Seen> {
        let ask = expressions.clone().map(|(expression, with)| {
            question(
                before.iter().copied(),
                &format!("__value := {expression}{with}"),
            )
        });
        let answers = self.prober.ask(source, &ask.collect::<Vec<_>>());
        let asked = expressions.zip(answers);
        asked
            .filter_map(|((expression, _), answer)| Seen::of(expression, answer))
            .collect()
    }

    /// What stands in place of input and data in the last of `statements` that says so.
    pub(crate) fn replaced(&self, source: &Source, statements: &[Statement]) -> Vec<Seen> {
        let Some(at) = statements
            .iter()
            .rposition(|line| !line.replaced.is_empty())
        else {
            return Vec::new();
        };
        let (before, rest) = statements.split_at(at);
        let replaced = rest
            .first()
            .map(|line| line.replaced.as_slice())
            .unwrap_or_default();
        let ask = replaced
            .iter()
            .map(|(_, value)| question(before, &format!("__value := {value}")));
        let answers = self.prober.ask(source, &ask.collect::<Vec<_>>());
        let named = replaced.iter().zip(answers);
        named
            .filter_map(|((name, _), answer)| Seen::of(name, answer))
            .collect()
    }

    /// The two sides of a comparison, where each has one value.
    pub(crate) fn sides(
        &self,
        source: &Source,
        before: &[Statement],
        statement: &Statement,
    ) -> Option<[Json; 2]> {
        let sides = statement.sides.as_ref()?;
        let ask = sides
            .iter()
            .map(|side| question(before, &format!("__value := {side}{}", statement.with)));
        let answers = self.prober.ask(source, &ask.collect::<Vec<_>>());
        let mut values = answers.into_iter().filter_map(|answer| match answer {
            Answer::Values(values) => match values.as_slice() {
                [value] => Some(json(value)),
                _ => None,
            },
            _ => None,
        });
        Some([values.next()?, values.next()?])
    }
}

/// `__value | …`, with everything before it.
fn question<'s>(before: impl IntoIterator<Item = &'s Statement>, bind: &str) -> String {
    let mut text = "__value | ".to_owned();
    for statement in before {
        text.push_str(&statement.text);
        text.push('\n');
    }
    text + bind
}

impl Outcome {
    fn of(answer: Answer) -> Self {
        match answer {
            Answer::Values(values) if values.is_empty() => Self::Fails,
            Answer::Values(_) => Self::Holds,
            Answer::Error(message) => Self::Error(message),
            Answer::Unclear => Self::Unclear,
        }
    }
}

impl Seen {
    fn of(expression: &str, answer: Answer) -> Option<Self> {
        let Answer::Values(values) = answer else {
            return None;
        };
        let mut distinct: Vec<Json> = Vec::new();
        for value in values.iter().map(legible) {
            if !distinct.contains(&value) {
                distinct.push(value);
            }
        }
        let more = distinct.len().saturating_sub(VALUES);
        distinct.truncate(VALUES);
        Some(Self {
            expression: expression.to_owned(),
            values: distinct,
            more,
        })
    }
}

/// Whether a value is as good as none: false, or an empty collection.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Undefined | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Set(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn json(value: &Value) -> Json {
    let text = value.to_json_str().unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// A value as it is shown: whole where it is short, its beginning as text where it is not.
fn legible(value: &Value) -> Json {
    let json = json(value);
    let text = json.to_string();
    if text.len() > BYTES {
        Json::String(excerpt_within(&text, BYTES))
    } else {
        json
    }
}

// The parameter is what serde asks for.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// How far rules are followed into those that they use.
const DEPTH: usize = 6;
/// How many values of one expression are told.
const VALUES: usize = 3;
/// How long a value may be.
const BYTES: usize = 4096;

#[cfg(test)]
mod tests;
