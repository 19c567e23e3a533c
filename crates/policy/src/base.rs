//! The modules that rules share, and which of them a rule needs.
//!
//! Gives no rule more than those: an engine prepares every expression of every module that it holds for each evaluation.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use regorus::Engine;

use crate::SourceFile;
use crate::lint::Reach;
use crate::module::Module;
use crate::rego::{RegoError, Written, add, new_engine};

/// The modules that every rule may import.
pub(crate) struct Base {
    modules: Vec<Shareable>,
    /// What rules needed so far, by the places of the modules.
    needed: Mutex<BTreeMap<BTreeSet<usize>, Arc<Shared>>>,
    /// The functions they define, in full.
    pub(crate) functions: BTreeSet<String>,
    /// The parts of the input that their rules look at.
    pub(crate) reach: Reach,
}

struct Shareable {
    file: Written,
    /// `data.<package>`.
    package: String,
    needs: BTreeSet<String>,
}

/// Some of those modules: their text, since each thread that evaluates parses its own, and an engine that holds them.
pub(crate) struct Shared {
    files: Vec<Written>,
    engine: Engine,
}

impl Base {
    /// Parses the library's shared modules; an error tells which file is wrong.
    pub(crate) fn new<'f>(
        files: impl IntoIterator<Item = &'f SourceFile>,
    ) -> Result<Self, (String, RegoError)> {
        let mut shareable = Vec::new();
        let mut modules = Vec::new();
        for file in files {
            let module = Module::parse(file).map_err(|error| (file.path.clone(), error))?;
            shareable.push(Shareable {
                file: Written::new(file, &module),
                package: format!("data.{}", module.package.join(".")),
                needs: module.mentions(),
            });
            modules.push(module);
        }
        Ok(Self {
            modules: shareable,
            needed: Mutex::default(),
            functions: modules.iter().flat_map(Module::functions).collect(),
            reach: Reach::new(&modules),
        })
    }

    /// What a rule needs, and what that needs.
    pub(crate) fn needed_by(&self, rule: &Module) -> Result<Arc<Shared>, RegoError> {
        let mut places = BTreeSet::new();
        let mut names: Vec<String> = rule.mentions().into_iter().collect();
        while let Some(name) = names.pop() {
            for (place, module) in self.modules.iter().enumerate() {
                let meant = is_within(&name, &module.package) || is_within(&module.package, &name);
                if meant && places.insert(place) {
                    names.extend(module.needs.iter().cloned());
                }
            }
        }
        let mut needed = self.needed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = needed.get(&places) {
            return Ok(Arc::clone(shared));
        }
        let modules = places.iter().filter_map(|place| self.modules.get(*place));
        let shared = Arc::new(Shared::new(
            modules.map(|module| module.file.clone()).collect(),
        )?);
        needed.insert(places, Arc::clone(&shared));
        Ok(shared)
    }
}

impl Shared {
    fn new(files: Vec<Written>) -> Result<Self, RegoError> {
        let engine = compile(&files)?;
        Ok(Self { files, engine })
    }

    /// The files as they were written.
    pub(crate) fn files(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().map(|file| &file.file)
    }

    /// An engine that shares its syntax tree with others.
    pub(crate) fn engine(&self) -> Engine {
        self.engine.clone()
    }

    /// An engine that shares nothing.
    pub(crate) fn compile(&self) -> Result<Engine, RegoError> {
        compile(&self.files)
    }
}

fn compile(files: &[Written]) -> Result<Engine, RegoError> {
    let mut engine = new_engine();
    for file in files {
        add(&mut engine, file)?;
    }
    Ok(engine)
}

fn is_within(inner: &str, outer: &str) -> bool {
    inner
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl fmt::Debug for Base {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Base")
            .field("functions", &self.functions)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_rule_is_given_what_it_needs_and_no_more() {
        let files = [
            file("a", "package lib.a\nimport data.lib.b\nf(x) := b.f(x)"),
            file("b", "package lib.b\nf(x) := data.lib.c.v"),
            file("c", "package lib.c\nv := 1"),
            file("d", "package lib.d\nv := 1"),
        ];
        let base = Base::new(&files).unwrap();
        for (rule, expected) in [
            ("x := 1", ""),
            ("import data.lib.a\nx := a.f(1)", "abc"),
            ("import data.lib.b as other\nx := other.f(1)", "bc"),
            ("x := data.lib.d.v", "d"),
            ("x := data.lib[y].v if y := input.y", "abcd"),
            ("x := data[_]", "abcd"),
            (
                "x := data.lib[y].v[z] if { y := input.y; z := input.z }",
                "abcd",
            ),
            ("x := input.x[data.lib.d.v].y", "d"),
            ("import data.lib\nx := lib.c.v", "abcd"),
            ("x if f(1) with data.lib.d.v as 2\nf(y) := y", "d"),
        ] {
            let module = Module::parse(&file("r", &format!("package r\n{rule}"))).unwrap();
            let needed = base.needed_by(&module).unwrap();
            let paths: String = needed.files().map(|file| file.path.as_str()).collect();
            assert_eq!(paths, expected, "{rule}");
            let again = base.needed_by(&module).unwrap();
            assert!(Arc::ptr_eq(&needed, &again), "{rule}");
        }
    }
}
