//! Asks what expressions of a rule come to, by rules of our own beside it.
//!
//! Changes nothing about the rule: each question goes to a copy of the engine, into a module of the same package.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use regorus::{Engine, Value};

use super::source::Source;
use crate::rego::RegoError;

/// An engine with modules, data and input, of which a limited number of questions may be asked.
pub(crate) struct Prober {
    engine: Engine,
    left: Cell<usize>,
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// One value for each way in which the body holds.
    Values(Vec<Value>),
    /// It could not be evaluated.
    Error(String),
    /// The question makes no sense by itself: a variable is bound only further down.
    Unclear,
}

impl Prober {
    pub(crate) fn new(engine: Engine) -> Self {
        Self {
            engine,
            left: Cell::new(QUESTIONS),
        }
    }

    /// The value of a rule; `None` if it is undefined or cannot be evaluated.
    pub(crate) fn value(&self, rule: &str) -> Option<Value> {
        let mut engine = self.engine.clone();
        let value = evaluate(&mut engine, rule).ok()?;
        (value != Value::Undefined).then_some(value)
    }

    /// The values of comprehensions, each `TERM | BODY`, in the package of `source`.
    pub(crate) fn ask(&self, source: &Source, questions: &[String]) -> Vec<Answer> {
        match self.left.get().checked_sub(questions.len()) {
            Some(left) => self.left.set(left),
            None => return vec![Answer::Unclear; questions.len()],
        }
        if let Some(answers) = self.ask_at_once(source, questions) {
            return answers;
        }
        // One that does not compile must not take the others with it.
        let each = questions.iter().map(|question| {
            let answer = self.ask_at_once(source, std::slice::from_ref(question));
            answer.and_then(|mut answers| answers.pop())
        });
        each.map(|answer| answer.unwrap_or(Answer::Unclear))
            .collect()
    }

    /// `None` if the questions do not compile.
    fn ask_at_once(&self, source: &Source, questions: &[String]) -> Option<Vec<Answer>> {
        let mut text = format!("{}\n{NAME} := true\n", source.header);
        for (number, question) in questions.iter().enumerate() {
            text.push_str(&format!("\n{NAME}_{number} := [{question}\n]\n"));
        }
        let mut engine = self.engine.clone();
        engine.add_policy(NAME.to_owned(), text).ok()?;
        evaluate(&mut engine, &source.module.full_name(NAME)).ok()?;
        let names = (0..questions.len()).map(|number| format!("{NAME}_{number}"));
        let answers =
            names.map(
                |name| match evaluate(&mut engine, &source.module.full_name(&name)) {
                    Ok(Value::Array(values)) => Answer::Values(values.to_vec()),
                    Ok(_) => Answer::Unclear,
                    Err(message) => Answer::Error(message),
                },
            );
        Some(answers.collect())
    }
}

fn evaluate(engine: &mut Engine, rule: &str) -> Result<Value, String> {
    let result = catch_unwind(AssertUnwindSafe(|| engine.eval_rule(rule.to_owned())));
    match result {
        Ok(result) => result.map_err(|error| RegoError::new(error).message),
        Err(_) => Err("the engine failed on it".to_owned()),
    }
}

const NAME: &str = "__countersign_probe";
/// More than any rule that a person can follow.
const QUESTIONS: usize = 2000;
