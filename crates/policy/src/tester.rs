//! Runs the tests that are written in Rego beside the rules.
//!
//! Refuses to call a run without tests a success, or a test that is undefined.

use std::panic::{AssertUnwindSafe, catch_unwind};

use regorus::{Engine, Value};

use crate::library::is_test;
use crate::module::Module;
use crate::rego::{Base, RegoError};
use crate::{LoadError, LoadErrors, SourceFile};

/// One rule `test_…` and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegoTest {
    /// The file that holds it.
    pub file: String,
    /// Its line.
    pub line: u32,
    /// Its full name, `data.<package>.test_…`.
    pub name: String,
    /// Why it failed, if it did.
    pub failure: Option<String>,
    /// What it printed.
    pub prints: Vec<String>,
}

/// What a run of tests showed.
#[derive(Clone, Debug, Default)]
pub struct TestReport {
    /// The tests, in order of file and line.
    pub tests: Vec<RegoTest>,
    /// Lines of files under test that no test reached.
    pub uncovered: Vec<(String, Vec<u32>)>,
}

impl TestReport {
    /// Whether there were tests and all of them passed.
    pub fn passed(&self) -> bool {
        !self.tests.is_empty() && self.tests.iter().all(|test| test.failure.is_none())
    }
}

/// Runs every `test_…` rule of `files`, which hold the tests and everything that they import.
///
/// # Errors
///
/// What does not compile.
pub fn run_rego_tests(files: &[SourceFile]) -> Result<TestReport, LoadErrors> {
    let rego = || files.iter().filter(|file| file.path.ends_with(".rego"));
    let report =
        |(path, error): (String, RegoError)| LoadErrors::from(LoadError::rego(&path, &error));
    let mut engine = Base::new(rego()).map_err(report)?.into_engine();
    engine.set_enable_coverage(true);
    let mut tests = Vec::new();
    for file in rego() {
        let module = Module::parse(file).map_err(|error| report((file.path.clone(), error)))?;
        let mut last = None;
        for head in module
            .heads
            .iter()
            .filter(|head| head.name.starts_with("test_"))
        {
            // Several bodies of one name are one test.
            if last.replace(&head.name) != Some(&head.name) {
                tests.push(run(
                    &mut engine,
                    file,
                    module.full_name(&head.name),
                    head.at.line,
                ));
            }
        }
    }
    Ok(TestReport {
        tests,
        uncovered: uncovered(&engine),
    })
}

fn run(engine: &mut Engine, file: &SourceFile, name: String, line: u32) -> RegoTest {
    engine.set_input(Value::new_object());
    let result = catch_unwind(AssertUnwindSafe(|| engine.eval_rule(name.clone())));
    let failure = match result {
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
        failure,
        prints,
    }
}

fn uncovered(engine: &Engine) -> Vec<(String, Vec<u32>)> {
    let Ok(report) = engine.get_coverage_report() else {
        return Vec::new();
    };
    let files = report
        .files
        .into_iter()
        .filter(|file| !is_test(&file.path) && !file.not_covered.is_empty());
    files
        .map(|file| (file.path, file.not_covered.into_iter().collect()))
        .collect()
}

#[cfg(test)]
mod tests;
