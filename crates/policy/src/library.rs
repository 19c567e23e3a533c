//! The rule library that is compiled into the binaries.
//!
//! Refuses a library in which folder, package and METADATA of a rule do not agree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use include_dir::{Dir, include_dir};

use crate::metadata::Metadata;
use crate::module::Module;
use crate::rego::Base;
use crate::{LoadError, LoadErrors, SourceFile};

/// The shipped rules and the modules that they share.
#[derive(Debug)]
pub(crate) struct Library {
    pub(crate) base: Base,
    rules: BTreeMap<String, LibraryRule>,
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
            match LibraryRule::read(file) {
                Ok((id, rule)) => {
                    rules.insert(id, rule);
                }
                Err(mut found) => errors.append(&mut found),
            }
        }
        if errors.is_empty() {
            Ok(Self { base, rules })
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

impl LibraryRule {
    pub(crate) fn read(file: &SourceFile) -> Result<(String, Self), Vec<LoadError>> {
        let wrong = |message: &str| vec![LoadError::new(&file.path, "library", message)];
        let Some([category, folder, name]) = components(&file.path) else {
            return Err(wrong("a rule stands in rules/<category>/<id>/<id>.rego"));
        };
        let module =
            Module::parse(file).map_err(|error| vec![LoadError::rego(&file.path, &error)])?;
        if name != format!("{folder}.rego") || module.package != ["rules", category, folder] {
            return Err(wrong(
                "folder, file and package of a rule must have one name",
            ));
        }
        if !module.has_set("deny") {
            return Err(wrong("a rule must define `deny contains …`"));
        }
        let metadata = Metadata::read(file)?;
        Ok((
            format!("{category}/{folder}"),
            Self {
                file: file.clone(),
                module,
                metadata,
            },
        ))
    }
}

/// The files of the shipped library, tests of rules included, with paths relative to `policies/`.
pub fn files() -> Vec<SourceFile> {
    let mut files = Vec::new();
    collect(&POLICIES, &mut files);
    files.sort_by(|left, right| left.path.cmp(&right.path));
    files
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

fn components(path: &str) -> Option<[&str; 3]> {
    path.strip_prefix(RULES)?
        .split('/')
        .collect::<Vec<_>>()
        .try_into()
        .ok()
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
