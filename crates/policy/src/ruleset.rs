//! Sets of rules: what many policies ask for, under one name.
//!
//! Refuses sets that hold other sets or Rego of their own, and rules that there are none of, used or not.

use std::collections::BTreeMap;

use countersign_image::excerpt;

use crate::entry::{self, RuleEntry};
use crate::fields::{Fields, Problems, name};
use crate::yaml::{self, Node, START};
use crate::{LoadError, SourceFile};

/// A list of entries, as a file says it.
#[derive(Debug)]
pub(crate) struct RuleSet {
    pub(crate) path: String,
    document: Node,
}

impl RuleSet {
    /// Its entries, which were good when it was read.
    pub(crate) fn entries(&self) -> Vec<RuleEntry<'_>> {
        read(&self.document, &mut Problems::new(&self.path)).unwrap_or_default()
    }
}

/// Adds the set in `file`; what is wrong with it is added to `errors`. `rules` are the names of all rules.
pub(crate) fn add<'k>(
    sets: &mut BTreeMap<String, RuleSet>,
    file: &SourceFile,
    rules: &impl Fn() -> Vec<&'k str>,
    errors: &mut Vec<LoadError>,
) {
    let mut problems = Problems::new(&file.path);
    if let Some((name, set)) = read_file(file, rules, &mut problems) {
        match sets.get(&name) {
            Some(first) => {
                let message = format!("the set `{name}` is defined already in {}", first.path);
                problems.report(START, "duplicate_name", message);
            }
            None => _ = sets.insert(name, set),
        }
    }
    errors.extend(problems.into_errors());
}

/// The name of the set that `path` holds, if it is the path of one: `sets/<name>.yaml`.
pub(crate) fn set_name(path: &str) -> Option<&str> {
    let (folder, file) = path.rsplit_once('/')?;
    let name = EXTENSIONS
        .iter()
        .find_map(|extension| file.strip_suffix(extension))?;
    (folder == "sets" || folder.ends_with("/sets")).then_some(name)
}

fn read_file<'k>(
    file: &SourceFile,
    rules: &impl Fn() -> Vec<&'k str>,
    problems: &mut Problems,
) -> Option<(String, RuleSet)> {
    let name = set_name(&file.path)?;
    let document = match yaml::parse(file) {
        Ok(documents) => match <[Node; 1]>::try_from(documents) {
            Ok([document]) => document,
            Err(_) => {
                problems.report(START, "invalid_value", "a set is one document");
                return None;
            }
        },
        Err(error) => {
            problems.add(error);
            return None;
        }
    };
    let before = problems.count();
    check_rules(&read(&document, problems)?, rules, problems);
    (problems.count() == before).then(|| {
        let path = file.path.clone();
        (name.to_owned(), RuleSet { path, document })
    })
}

fn read<'n>(document: &'n Node, problems: &mut Problems) -> Option<Vec<RuleEntry<'n>>> {
    let known = ["title", "description", "rules"];
    let fields = Fields::open(document, "a set of rules", &known, problems)?;
    for field in ["title", "description"] {
        name(fields.require(field, problems)?, field, problems)?;
    }
    let entries = entry::read_all(&fields, problems);
    for entry in &entries {
        check_entry(entry, problems);
    }
    Some(entries)
}

fn check_entry(entry: &RuleEntry<'_>, problems: &mut Problems) {
    let what = match entry {
        RuleEntry::Library { from: None, .. } => return,
        RuleEntry::Library { .. } => "`paramsFrom`",
        RuleEntry::AnyOf { entries, .. } => {
            return entries
                .iter()
                .for_each(|entry| check_entry(entry, problems));
        }
        RuleEntry::Inline { .. } => "`rego`",
        RuleEntry::Set { .. } => "other set",
    };
    let message = format!("a set of rules holds no {what}");
    let hint = "name rules of the library, or rules of one's own in files";
    problems.advise(entry.at(), "invalid_value", message, hint);
}

fn check_rules<'k>(
    entries: &[RuleEntry<'_>],
    rules: &impl Fn() -> Vec<&'k str>,
    problems: &mut Problems,
) {
    for entry in entries {
        match entry {
            RuleEntry::Library { id, at, .. } => {
                let known = rules();
                if !known.contains(id) {
                    let message = format!("there is no rule `{}`", excerpt(id));
                    problems.unknown(*at, "unknown_rule", message, id, known);
                }
            }
            RuleEntry::AnyOf { entries, .. } => check_rules(entries, rules, problems),
            RuleEntry::Inline { .. } | RuleEntry::Set { .. } => {}
        }
    }
}

const EXTENSIONS: [&str; 3] = [".yaml", ".yml", ".json"];
