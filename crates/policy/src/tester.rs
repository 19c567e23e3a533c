//! Runs the tests that are written in Rego beside the rules.
//!
//! Refuses to call a run without tests a success, or a test that is undefined.

mod lines;

use std::panic::{AssertUnwindSafe, catch_unwind};

use countersign_image::excerpt_within;
use regorus::{Engine, Value};
use serde::Serialize;

use crate::base::Base;
use crate::explain::{Attempt, Explainer, Seen, differences};
use crate::module::Module;
use crate::rego::RegoError;
use crate::{LoadError, LoadErrors, SourceFile};

pub use lines::FileCoverage;
use lines::Lines;

/// One rule `test_…` and how it ended.
#[derive(Clone, Debug, PartialEq)]
pub struct RegoTest {
    /// The file that holds it.
    pub file: String,
    /// Its line.
    pub line: u32,
    /// Its full name, `data.<package>.test_…`.
    pub name: String,
    /// Why it failed, if it did.
    pub failure: Option<TestFailure>,
    /// What it printed.
    pub prints: Vec<Print>,
}

/// Why a test failed.
#[derive(Clone, Debug, PartialEq)]
pub struct TestFailure {
    /// In one sentence.
    pub message: String,
    /// The expressions of each of its definitions, up to the one that does not hold.
    pub attempts: Vec<Attempt>,
    /// What stood in place of input and data.
    pub replaced: Vec<Seen>,
    /// Where the sides of the comparison that does not hold differ.
    pub differences: Vec<String>,
}

/// Something that a rule or a test printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Print {
    /// The file that holds the call.
    pub file: String,
    /// Its line.
    pub line: u32,
    /// What was printed.
    pub text: String,
}

/// What a run of tests showed.
#[derive(Clone, Debug, Default)]
pub struct TestReport {
    /// The tests, in order of file and line.
    pub tests: Vec<RegoTest>,
    /// The files under test, in order; only of a run of all tests.
    pub coverage: Vec<FileCoverage>,
}

impl TestReport {
    /// Whether there were tests and all of them passed.
    pub fn passed(&self) -> bool {
        !self.tests.is_empty() && self.tests.iter().all(|test| test.failure.is_none())
    }
}

/// Runs the `test_…` rules of `files` that are `wanted` by file and name. `files` hold the tests and everything that
/// they import.
///
/// # Errors
///
/// What does not compile.
pub fn run_rego_tests(
    files: &[SourceFile],
    wanted: impl Fn(&str, &str) -> bool,
) -> Result<TestReport, LoadErrors> {
    let rego = files.iter().filter(|file| file.path.ends_with(".rego"));
    let rego: Vec<&SourceFile> = rego.collect();
    let report =
        |(path, error): (String, RegoError)| LoadErrors::from(LoadError::rego(&path, &error));
    let base = Base::new(rego.iter().copied()).map_err(report)?;
    let mut tests = Vec::new();
    let mut lines = Lines::default();
    for file in &rego {
        let module = Module::parse(file).map_err(|error| report((file.path.clone(), error)))?;
        let mut names = Vec::new();
        for head in module
            .heads
            .iter()
            .filter(|head| head.name.starts_with("test_"))
        {
            let name = module.full_name(&head.name);
            // Several bodies of one name are one test.
            if wanted(&file.path, &name) && names.last().is_none_or(|(last, _)| *last != name) {
                names.push((name, head.at.line));
            }
        }
        lines.expect(file)?;
        if names.is_empty() {
            continue;
        }
        // Each evaluation costs something for every module that the engine holds.
        let needed = base.needed_by(&module);
        let needed = needed.map_err(|error| report((file.path.clone(), error)))?;
        let mut engine = needed.engine();
        engine.set_enable_coverage(true);
        let mut explainer = None;
        for (name, line) in names {
            let mut test = run(&mut engine, file, name, line);
            if let Some(failure) = &mut test.failure {
                let explainer =
                    explainer.get_or_insert_with(|| explainer_of(&engine, needed.files()));
                failure.explain(explainer, &test.name);
            }
            tests.push(test);
        }
        lines.learn(&engine);
    }
    Ok(TestReport {
        tests,
        coverage: lines.coverage(),
    })
}

fn run(engine: &mut Engine, file: &SourceFile, name: String, line: u32) -> RegoTest {
    engine.set_input(Value::new_object());
    let result = catch_unwind(AssertUnwindSafe(|| engine.eval_rule(name.clone())));
    let message = match result {
        Ok(Ok(Value::Bool(true))) => None,
        Ok(Ok(Value::Undefined)) => Some("an expression of it does not hold".to_owned()),
        Ok(Ok(other)) => Some(format!("it is {other}, not true")),
        Ok(Err(error)) => Some(RegoError::new(error).to_string()),
        Err(_) => Some("the engine failed on it".to_owned()),
    };
    let prints = engine.take_prints().unwrap_or_default();
    RegoTest {
        file: file.path.clone(),
        line,
        name,
        failure: message.map(|message| TestFailure {
            message,
            attempts: Vec::new(),
            replaced: Vec::new(),
            differences: Vec::new(),
        }),
        prints: prints.iter().map(|line| Print::read(line)).collect(),
    }
}

fn explainer_of<'f>(engine: &Engine, files: impl Iterator<Item = &'f SourceFile>) -> Explainer {
    let mut engine = engine.clone();
    engine.set_enable_coverage(false);
    engine.set_input(Value::new_object());
    Explainer::new(engine, files)
}

impl TestFailure {
    fn explain(&mut self, explainer: &Explainer, name: &str) {
        for (source, definition) in explainer.definitions(name) {
            let attempt = explainer.attempt(source, definition, usize::MAX);
            let failed = attempt.steps.len().saturating_sub(1);
            let (before, rest) = definition
                .statements
                .split_at(failed.min(definition.statements.len()));
            if let (false, Some(statement)) = (attempt.holds, rest.first()) {
                let reached = definition.statements.get(..=failed).unwrap_or_default();
                self.replaced.extend(explainer.replaced(source, reached));
                if let Some([left, right]) = explainer.sides(source, before, statement) {
                    self.differences.extend(differences(&left, &right));
                }
            }
            self.attempts.push(attempt);
        }
    }
}

impl Print {
    /// Takes `file:line: text` apart, which is how the engine has it.
    pub(crate) fn read(line: &str) -> Self {
        let parts = line.split_once(".rego:").and_then(|(file, rest)| {
            let (number, text) = rest.split_once(": ")?;
            Some((format!("{file}.rego"), number.parse().ok()?, text))
        });
        let (file, line, text) = parts.unwrap_or((String::new(), 0, line));
        Self {
            file,
            line,
            text: excerpt_within(text, PRINT_CHARS),
        }
    }
}

const PRINT_CHARS: usize = 4096;

#[cfg(test)]
mod tests;
