//! The engine: compiles Rego and evaluates it within bounds.
//!
//! Turns whatever goes wrong into a [`Failure`], a panic included; no failure ever looks like an empty answer.

use std::fmt;
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use countersign_image::excerpt;
use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, LimitError, Value};
use serde_json::{Value as Json, json};

use crate::SourceFile;
use crate::base::{Base, Shared};
use crate::engines;
use crate::json_schema;
use crate::module::Module;
use crate::yaml::Position;

/// A rule that is ready to run, with its parameters and the builder table.
#[derive(Clone)]
pub(crate) struct Program {
    source: Arc<Source>,
}

/// What an engine for a rule is made of.
pub(crate) struct Source {
    pub(crate) shared: Arc<Shared>,
    file: Written,
    data: Json,
    deny: String,
    warn: Option<String>,
}

/// A file of Rego, and its text as the engine is given it.
#[derive(Clone)]
pub(crate) struct Written {
    pub(crate) file: SourceFile,
    for_engine: String,
}

impl Written {
    pub(crate) fn new(file: &SourceFile, module: &Module) -> Self {
        Self {
            file: file.clone(),
            for_engine: module.written_out.clone(),
        }
    }
}

/// What a rule answered, not yet looked at.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) deny: Value,
    pub(crate) warn: Value,
}

/// Why a rule has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    Error(String),
    Limit(String),
    Panic,
    Undefined(String),
}

impl Program {
    /// Compiles `file` with what every rule gets.
    pub(crate) fn compile(
        base: &Base,
        file: &SourceFile,
        module: &Module,
        params: &Json,
        builders: &Json,
    ) -> Result<Self, RegoError> {
        let source = Source {
            shared: base.needed_by(module)?,
            file: Written::new(file, module),
            data: json!({ "params": params, "builders": builders }),
            deny: module.full_name("deny"),
            warn: module.has_set("warn").then(|| module.full_name("warn")),
        };
        // For what is wrong with it: to be asked anything, an engine prepares all that it holds. The threads that evaluate
        // make their own.
        let mut engine = source.load(source.shared.engine())?;
        engine
            .eval_query("true".to_owned(), false)
            .map_err(RegoError::new)?;
        Ok(Self {
            source: Arc::new(source),
        })
    }

    /// Evaluates the rule on `input`.
    pub(crate) fn run(&self, input: Value) -> Result<Answer, Failure> {
        // The engine is this run's own and is dropped whatever happens.
        catch_unwind(AssertUnwindSafe(|| {
            let mut engine =
                engines::engine(&self.source).map_err(|error| Failure::Error(error.to_string()))?;
            engine.set_input(input);
            let deny = evaluate(&mut engine, &self.source.deny)?;
            let warn = match &self.source.warn {
                Some(entry) => evaluate(&mut engine, entry)?,
                None => Value::new_set(),
            };
            Ok(Answer { deny, warn })
        }))
        .unwrap_or(Err(Failure::Panic))
    }

    /// An engine on which further questions about `input` may be asked, and what the rule printed; `None` if the engine
    /// fails on it, which [`Program::run`] tells.
    pub(crate) fn rehearse(&self, input: Value) -> Option<(Engine, Vec<String>)> {
        let rehearsal = catch_unwind(AssertUnwindSafe(|| {
            let mut engine = engines::engine(&self.source).ok()?;
            engine.set_input(input);
            for entry in self.entries() {
                // What comes of it is known from the run.
                _ = evaluate(&mut engine, entry);
            }
            let prints = engine.take_prints().unwrap_or_default();
            Some((engine, prints))
        }));
        rehearsal.ok().flatten()
    }

    /// The rule's file and those that it needs.
    pub(crate) fn files(&self) -> impl Iterator<Item = &SourceFile> {
        let shared = self.source.shared.files();
        shared.chain(std::iter::once(&self.source.file.file))
    }

    /// `deny`, and `warn` if there is one, in full.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &str> {
        let entries = std::iter::once(&self.source.deny).chain(&self.source.warn);
        entries.map(String::as_str)
    }
}

impl Source {
    /// Adds the rule and its data to an engine that holds the shared modules.
    fn load(&self, mut engine: Engine) -> Result<Engine, RegoError> {
        add(&mut engine, &self.file)?;
        engine
            .add_data(self.data.clone().into())
            .map_err(RegoError::new)?;
        engine.set_execution_timer_config(TIMER);
        Ok(engine)
    }

    /// An engine of the rule and of the shared modules that `engine` holds, ready to be cloned for each run.
    pub(crate) fn compile(&self, engine: Engine) -> Result<Engine, RegoError> {
        let mut engine = self.load(engine)?;
        for entry in std::iter::once(&self.deny).chain(&self.warn) {
            engine
                .compile_with_entrypoint(&entry.as_str().into())
                .map_err(RegoError::new)?;
        }
        Ok(engine)
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Program")
            .field("deny", &self.source.deny)
            .finish_non_exhaustive()
    }
}

/// An engine that holds nothing yet.
pub(crate) fn new_engine() -> Engine {
    let mut engine = Engine::new();
    engine.set_strict_builtin_errors(true);
    // Without this, `print` would write to the standard error of whoever links us.
    engine.set_gather_prints(true);
    json_schema::register(&mut engine);
    #[cfg(test)]
    engine
        .add_extension("test.burst".to_owned(), 0, Box::new(|_| panic!("burst")))
        .unwrap();
    engine
}

pub(crate) fn add(engine: &mut Engine, file: &Written) -> Result<(), RegoError> {
    let added = engine.add_policy(file.file.path.clone(), file.for_engine.clone());
    added.map(drop).map_err(RegoError::new)
}

fn evaluate(engine: &mut Engine, entry: &str) -> Result<Value, Failure> {
    match engine.eval_rule(entry.to_owned()) {
        Ok(Value::Undefined) => Err(Failure::Undefined(entry.to_owned())),
        Ok(value) => Ok(value),
        Err(error) => {
            let text = error.to_string();
            // What goes wrong inside a function arrives as text.
            if error.is::<LimitError>() || text.contains("execution exceeded time limit") {
                return Err(Failure::Limit(text));
            }
            Err(Failure::Error(RegoError::new(text).to_string()))
        }
    }
}

/// An error of the engine, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RegoError {
    pub(crate) at: Position,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl RegoError {
    /// Takes `--> file:line:column … error: message` apart; the engine has no other form for places.
    pub(crate) fn new(error: impl fmt::Display) -> Self {
        let text = error.to_string();
        let arrow = text
            .lines()
            .find_map(|line| line.trim_start().strip_prefix("--> "));
        let mut numbers = arrow
            .unwrap_or_default()
            .rsplit(':')
            .map(|part| part.parse().unwrap_or(0));
        let column = numbers.next().unwrap_or(0);
        let line = numbers.next().unwrap_or(0);
        let message = text.split("error: ").nth(1).unwrap_or(&text);
        let message = message.lines().next().unwrap_or_default();
        Self {
            at: Position { line, column },
            code: "rego_compile",
            message: excerpt(message),
        }
    }
}

impl fmt::Display for RegoError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at.line > 0 {
            write!(formatter, "line {}: ", self.at.line)?;
        }
        formatter.write_str(&self.message)
    }
}

const TIMER: ExecutionTimerConfig = ExecutionTimerConfig {
    limit: Duration::from_secs(1),
    // Every time: a dozen steps that double something are enough to fill the memory.
    check_interval: NonZeroU32::MIN,
};

#[cfg(test)]
mod compliance;

#[cfg(test)]
mod tests {
    use super::*;

    fn program(rego: &str) -> Program {
        let file = SourceFile {
            path: "a.rego".to_owned(),
            text: rego.to_owned(),
        };
        let base = Base::new([]).unwrap();
        let module = Module::parse(&file).unwrap();
        Program::compile(&base, &file, &module, &json!({}), &json!([])).unwrap()
    }

    fn input(text: &str) -> Value {
        Value::from_json_str(text).unwrap()
    }

    #[test]
    fn a_panic_on_one_input_is_a_failure_of_that_one_alone() {
        let program = program("package a\ndeny contains 1 if { input.x; test.burst() }");
        assert_eq!(
            program.run(input("{\"x\": 1}")).unwrap_err(),
            Failure::Panic
        );
        assert_eq!(program.run(input("{}")).unwrap().deny, Value::new_set());
        assert_eq!(
            program.run(input("{\"x\": 1}")).unwrap_err(),
            Failure::Panic
        );
    }

    #[test]
    fn undefined_is_a_failure_and_no_empty_answer() {
        let program = program("package a\ndeny := {1} if input.x");
        assert_eq!(
            program.run(input("{}")).unwrap_err(),
            Failure::Undefined("data.a.deny".to_owned())
        );
        assert!(program.run(input("{\"x\": 1}")).is_ok());
    }

    #[test]
    fn nothing_of_one_evaluation_is_seen_by_the_next() {
        let program = program("package a\ndeny contains input.x if input.x");
        assert_ne!(
            program.run(input("{\"x\": 1}")).unwrap().deny,
            Value::new_set()
        );
        assert_eq!(program.run(input("{}")).unwrap().deny, Value::new_set());
    }

    #[test]
    fn an_error_of_the_engine_is_taken_apart() {
        let error =
            RegoError::new("\n--> a:b.rego:12:5\n  |\n12 | x\n  | ^\nerror: no such thing\nmore");
        assert_eq!(
            error.at,
            Position {
                line: 12,
                column: 5
            }
        );
        assert_eq!(error.to_string(), "line 12: no such thing");
        let error = RegoError::new("not a valid rule path");
        assert_eq!(error.to_string(), "not a valid rule path");
    }
}
