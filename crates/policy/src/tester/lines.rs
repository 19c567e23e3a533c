//! Which lines of the files under test some test reached.
//!
//! Counts a file that no test reached as a whole, too: the engine says nothing of it.

use std::collections::{BTreeMap, BTreeSet};

use regorus::Engine;
use serde_json::Value as Json;

use crate::library::is_test;
use crate::module::{items, tree};
use crate::{LoadError, LoadErrors, SourceFile};

/// Which lines of a file under test some test reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileCoverage {
    /// The file.
    pub file: String,
    /// How many lines were reached.
    pub covered: usize,
    /// Lines that no test reached.
    pub uncovered: Vec<u32>,
}

/// Lines by file.
#[derive(Default)]
pub(super) struct Lines(BTreeMap<String, Of>);

/// Lines of one file.
#[derive(Default)]
struct Of {
    /// Where expressions begin, as the syntax tree has it.
    written: BTreeSet<u32>,
    /// Those that the engine reached.
    covered: BTreeSet<u32>,
    /// Those that it did not reach at some time.
    missed: BTreeSet<u32>,
}

impl Lines {
    /// Says that `file` is one whose lines count.
    pub(super) fn expect(&mut self, file: &SourceFile) -> Result<(), LoadErrors> {
        if is_test(&file.path) {
            return Ok(());
        }
        let tree = tree(file).map_err(|error| LoadError::rego(&file.path, &error))?;
        let mut written = BTreeSet::new();
        for rule in items(&tree["rules"]) {
            collect(&rule["Spec"]["bodies"], &mut written);
            let head = &rule["Spec"]["head"];
            ["Compr", "Func"]
                .iter()
                .for_each(|kind| collect(&head[kind]["assign"], &mut written));
            collect(&head["Set"]["key"], &mut written);
            collect(&rule["Default"]["value"], &mut written);
        }
        self.0.entry(file.path.clone()).or_default().written = written;
        Ok(())
    }

    /// Adds what `engine` has reached.
    pub(super) fn learn(&mut self, engine: &Engine) {
        let Ok(report) = engine.get_coverage_report() else {
            return;
        };
        for file in report.files {
            if let Some(lines) = self.0.get_mut(&file.path) {
                lines.covered.extend(file.covered);
                lines.missed.extend(file.not_covered);
            }
        }
    }

    pub(super) fn coverage(self) -> Vec<FileCoverage> {
        let files = self.0.into_iter().map(|(file, lines)| {
            let is_known = !lines.covered.is_empty() || !lines.missed.is_empty();
            let all = if is_known {
                lines.missed
            } else {
                lines.written
            };
            FileCoverage {
                file,
                uncovered: all.difference(&lines.covered).copied().collect(),
                covered: lines.covered.len(),
            }
        });
        files.collect()
    }
}

fn collect(node: &Json, lines: &mut BTreeSet<u32>) {
    match node {
        Json::Array(items) => items.iter().for_each(|item| collect(item, lines)),
        Json::Object(fields) => {
            let line = fields.get("span").and_then(|span| span["line"].as_u64());
            lines.extend(line.and_then(|line| u32::try_from(line).ok()));
            fields.values().for_each(|value| collect(value, lines));
        }
        _ => {}
    }
}
