//! The rule library that is compiled into the binaries.
//!
//! Refuses a library in which folder, package and METADATA of a rule do not agree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use include_dir::{Dir, include_dir};
use serde::Serialize;
use serde_json::Value as Json;

use crate::base::Base;
use crate::fields::Problems;
use crate::lint::{self, Purpose};
use crate::metadata::Metadata;
use crate::module::Module;
use crate::rego::Program;
use crate::ruleset::{self, RuleSet, set_name};
use crate::yaml::START;
use crate::{LoadError, LoadErrors, SourceFile};

/// The shipped rules and the modules that they share.
#[derive(Debug)]
pub(crate) struct Library {
    pub(crate) base: Base,
    rules: BTreeMap<String, LibraryRule>,
    sets: BTreeMap<String, RuleSet>,
}

/// What a rule of the library says of itself.
#[derive(Clone, Copy, Debug)]
pub struct RuleSummary {
    /// When it holds, in one line.
    pub title: &'static str,
    /// The same at length.
    pub description: &'static str,
}

/// The shipped rule `id`, if there is one.
pub fn rule_summary(id: &str) -> Option<RuleSummary> {
    let metadata = &Library::shipped().ok()?.rule(id)?.metadata;
    Some(RuleSummary {
        title: &metadata.title,
        description: metadata.description.trim(),
    })
}

/// A rule of the library.
#[derive(Debug)]
pub(crate) struct LibraryRule {
    pub(crate) file: SourceFile,
    pub(crate) module: Module,
    pub(crate) metadata: Metadata,
}

impl Library {
    /// The shipped library, read once.
    pub(crate) fn shipped() -> Result<&'static Self, LoadErrors> {
        static SHIPPED: LazyLock<Result<Library, LoadErrors>> =
            LazyLock::new(|| Library::load(&files()));
        SHIPPED.as_ref().map_err(Clone::clone)
    }

    /// Reads `files`: `lib/*.rego` and `rules/<category>/<id>/<id>.rego`, tests left out.
    pub(crate) fn load(files: &[SourceFile]) -> Result<Self, LoadErrors> {
        let code = || files.iter().filter(|file| is_code(file));
        let base = Base::new(code().filter(|file| file.path.starts_with(LIB)))
            .map_err(|(path, error)| LoadError::rego(&path, &error))?;
        let mut rules = BTreeMap::new();
        let mut errors = Vec::new();
        for file in code().filter(|file| file.path.starts_with(RULES)) {
            match LibraryRule::read(file, &base) {
                Ok((id, rule)) => {
                    rules.insert(id, rule);
                }
                Err(mut found) => errors.append(&mut found),
            }
        }
        let mut sets = BTreeMap::new();
        let ids = || rules.keys().map(String::as_str).collect();
        for file in files.iter().filter(|file| set_name(&file.path).is_some()) {
            ruleset::add(&mut sets, file, &ids, &mut errors);
        }
        if errors.is_empty() {
            Ok(Self { base, rules, sets })
        } else {
            Err(LoadErrors(errors))
        }
    }

    /// The rule called `id`, such as `signature/signed`.
    pub(crate) fn rule(&self, id: &str) -> Option<&LibraryRule> {
        self.rules.get(id)
    }

    /// All rules by id, in order.
    pub(crate) fn rules(&self) -> impl Iterator<Item = (&str, &LibraryRule)> {
        self.rules.iter().map(|(id, rule)| (id.as_str(), rule))
    }
}

/// The shipped rules, and those that stand beside the policies.
#[derive(Debug)]
pub(crate) struct Rules {
    shipped: &'static Library,
    own: BTreeMap<String, LibraryRule>,
    own_sets: BTreeMap<String, RuleSet>,
}

impl Rules {
    /// Reads the rules and sets in `files`, which hold nothing else; what cannot be used is added to `errors`.
    pub(crate) fn read<'f>(
        shipped: &'static Library,
        files: impl Iterator<Item = &'f SourceFile> + Clone,
        errors: &mut Vec<LoadError>,
    ) -> Self {
        let mut own: BTreeMap<String, LibraryRule> = BTreeMap::new();
        for file in files.clone().filter(|file| is_code(file)) {
            let (id, rule) = match LibraryRule::read(file, &shipped.base) {
                Ok(read) => read,
                Err(mut found) => {
                    errors.append(&mut found);
                    continue;
                }
            };
            let at = rule.module.package_at;
            let first = own.get(&id).map(|other| other.file.path.as_str());
            let taken = if shipped.rule(&id).is_some() {
                Some(format!(
                    "the library has a rule `{id}`: choose another name"
                ))
            } else {
                first.map(|first| format!("the rule `{id}` is defined already in {first}"))
            };
            if let Some(message) = taken {
                errors.push(LoadError {
                    line: at.line,
                    column: at.column,
                    ..LoadError::new(&file.path, "duplicate_name", message)
                });
            } else if let Err(error) = rule.compile(&shipped.base) {
                errors.push(error);
            } else {
                own.insert(id, rule);
            }
        }
        let mut rules = Self {
            shipped,
            own,
            own_sets: BTreeMap::new(),
        };
        rules.read_sets(files, errors);
        rules
    }

    fn read_sets<'f>(
        &mut self,
        files: impl Iterator<Item = &'f SourceFile>,
        errors: &mut Vec<LoadError>,
    ) {
        let mut sets = BTreeMap::new();
        let ids = || self.ids().collect();
        for file in files {
            let Some(name) = set_name(&file.path) else {
                continue;
            };
            if self.shipped.sets.contains_key(name) {
                let message = format!("the library has a set `{name}`: choose another name");
                errors.push(LoadError::new(&file.path, "duplicate_name", message));
                continue;
            }
            ruleset::add(&mut sets, file, &ids, errors);
        }
        self.own_sets = sets;
    }

    /// The set called `name`.
    pub(crate) fn set(&self, name: &str) -> Option<&RuleSet> {
        let own = self.own_sets.get(name);
        own.or_else(|| self.shipped.sets.get(name))
    }

    /// The names of all sets.
    pub(crate) fn set_names(&self) -> impl Iterator<Item = &str> {
        let own = self.own_sets.keys();
        own.chain(self.shipped.sets.keys()).map(String::as_str)
    }

    /// What every rule may import.
    pub(crate) fn base(&self) -> &Base {
        &self.shipped.base
    }

    /// The rule called `id`, such as `signature/signed`.
    pub(crate) fn rule(&self, id: &str) -> Option<&LibraryRule> {
        self.own.get(id).or_else(|| self.shipped.rule(id))
    }

    /// The names of all rules.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        let own = self.own.keys().map(String::as_str);
        own.chain(self.shipped.rules().map(|(id, _)| id))
    }
}

impl LibraryRule {
    /// Reads and checks the rule in `file`, which may import the modules of `base`.
    pub(crate) fn read(file: &SourceFile, base: &Base) -> Result<(String, Self), Vec<LoadError>> {
        let Some([category, id, name]) = components(&file.path) else {
            let message = "a rule stands in rules/<category>/<id>/<id>.rego";
            return Err(vec![LoadError::new(&file.path, "library", message)]);
        };
        let mut problems = Problems::new(&file.path);
        if name != format!("{id}.rego") {
            let message = format!("the file of this folder is {id}.rego, or {id}_test.rego");
            problems.report(START, "library", message);
        }
        let purpose = Purpose::Rule { category, id };
        let module = lint::check(file, START, purpose, base, &mut problems);
        let metadata = Metadata::read(file, &mut problems);
        if let (Some(module), Some(metadata)) = (&module, &metadata) {
            lint::check_reads(module, metadata, base, &mut problems);
        }
        match (module, metadata) {
            (Some(module), Some(metadata)) if problems.count() == 0 => {
                let file = file.clone();
                let rule = Self {
                    file,
                    module,
                    metadata,
                };
                Ok((format!("{category}/{id}"), rule))
            }
            _ => Err(problems.into_errors()),
        }
    }

    /// What the engine has against it, whatever its parameters are.
    pub(crate) fn compile(&self, base: &Base) -> Result<(), LoadError> {
        let nothing = Json::Object(Default::default());
        Program::compile(
            base,
            &self.file,
            &self.module,
            &nothing,
            &Json::Array(Vec::new()),
        )
        .map(drop)
        .map_err(|error| LoadError::rego(&self.file.path, &error))
    }
}

/// The files of the shipped library, tests of rules included, with paths relative to `policies/`.
pub fn files() -> Vec<SourceFile> {
    let mut files = Vec::new();
    collect(&POLICIES, &mut files);
    files.sort_by(|left, right| left.path.cmp(&right.path));
    files
}

/// What a rule says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleInfo {
    /// `<category>/<id>`.
    pub id: String,
    /// The file that holds it.
    pub file: String,
    /// What holds where it admits, in one line.
    pub title: String,
    /// The same in full.
    pub description: String,
    /// The names of its parameters.
    pub params: Vec<String>,
    /// Which parts of the input it is given.
    pub reads: Vec<String>,
}

/// The rules among `files`, in order of id.
///
/// # Errors
///
/// A rule that cannot be used.
pub fn rules(files: &[SourceFile]) -> Result<Vec<RuleInfo>, LoadErrors> {
    let library = Library::load(&with_shipped_lib(files))?;
    let rules = library.rules().map(|(id, rule)| {
        let metadata = &rule.metadata;
        let params = metadata.params.properties();
        let params = params.iter().map(|property| property.name.clone());
        RuleInfo {
            id: id.to_owned(),
            file: rule.file.path.clone(),
            title: metadata.title.clone(),
            description: metadata.description.trim().to_owned(),
            params: params.collect(),
            reads: metadata.reads.paths().map(str::to_owned).collect(),
        }
    });
    Ok(rules.collect())
}

/// `files` with the shipped modules for rules to import, but for those whose package `files` define themselves.
pub fn with_shipped_lib(files: &[SourceFile]) -> Vec<SourceFile> {
    // Not parsed: nothing has been said yet about what these files may cost to parse.
    let package = |file: &SourceFile| {
        let mut lines = file.text.lines();
        lines.find_map(|line| Some(line.strip_prefix("package ")?.trim().to_owned()))
    };
    let own: BTreeSet<String> = files.iter().filter_map(package).collect();
    let shipped = self::files()
        .into_iter()
        .filter(|file| is_code(file) && file.path.starts_with(LIB))
        .filter(|file| package(file).is_none_or(|package| !own.contains(&package)));
    files.iter().cloned().chain(shipped).collect()
}

fn collect(folder: &Dir<'_>, files: &mut Vec<SourceFile>) {
    files.extend(folder.files().filter_map(|file| {
        let path = file.path().to_str()?.to_owned();
        Some(SourceFile {
            path,
            text: file.contents_utf8()?.to_owned(),
        })
    }));
    folder.dirs().for_each(|inner| collect(inner, files));
}

/// Category, folder and file name of a rule: the end of its path, wherever the directory of the policies is.
fn components(path: &str) -> Option<[&str; 3]> {
    let mut names = path.rsplit('/');
    let [name, folder, category, above] =
        [names.next()?, names.next()?, names.next()?, names.next()?];
    (above == RULES.trim_end_matches('/')).then_some([category, folder, name])
}

/// The name of the rule that `file` holds, by where it stands.
pub(crate) fn rule_id(file: &SourceFile) -> Option<String> {
    let [category, id, _] = components(&file.path).filter(|_| is_code(file))?;
    Some(format!("{category}/{id}"))
}

pub(crate) fn is_code(file: &SourceFile) -> bool {
    file.path.ends_with(".rego") && !is_test(&file.path)
}

/// Whether a file holds tests of rules.
pub(crate) fn is_test(path: &str) -> bool {
    path.ends_with("_test.rego")
}

static POLICIES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../policies");
pub(crate) const LIB: &str = "lib/";
pub(crate) const RULES: &str = "rules/";

#[cfg(test)]
mod tests;
