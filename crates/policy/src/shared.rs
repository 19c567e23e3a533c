//! What documents name and others hold: parameters in files beside the policies, and in ConfigMaps among the documents;
//! certificates in files.
//!
//! Reads nothing: that is the caller's part. Refuses a name that leads out of the directory, and what is no mapping.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use countersign_image::excerpt;

use crate::fields::{Fields, Problems, name};
use crate::yaml::{self, Node, Position, Value};
use crate::{SourceFile, registry, set};

/// Where an entry takes parameters from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ParamsFrom<'n> {
    at: Position,
    source: Source<'n>,
}

#[derive(Clone, Copy, Debug)]
enum Source<'n> {
    File(&'n str),
    ConfigMap { name: &'n str, key: &'n str },
}

impl<'n> ParamsFrom<'n> {
    /// Reads `paramsFrom` of an entry.
    pub(crate) fn read(node: &'n Node, problems: &mut Problems) -> Option<Self> {
        let known = ["file", "configMap"];
        let fields = Fields::open(node, "paramsFrom", &known, problems)?;
        let source = match fields.exactly_one(&known, problems)? {
            ("file", value) => Source::File(inside(value, problems)?),
            (_, value) => {
                let fields = Fields::open(value, "configMap", &["name", "key"], problems)?;
                Source::ConfigMap {
                    name: name(fields.require("name", problems)?, "name", problems)?,
                    key: name(fields.require("key", problems)?, "key", problems)?,
                }
            }
        };
        Some(Self {
            at: node.at,
            source,
        })
    }
}

/// The files that `documents` name: policies take parameters from them, and registries certificates.
#[must_use]
pub fn named_files(documents: &[SourceFile]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for file in documents.iter().filter(|file| !set::is_part(file)) {
        for document in yaml::parse(file).unwrap_or_default() {
            find(&document, &file.path, &mut found);
            let certificates = registry::ca_file(&document).filter(|path| is_inside(path));
            found.extend(certificates.map(|path| beside(&file.path, path)));
        }
    }
    found
}

fn find(node: &Node, document: &str, found: &mut Vec<PathBuf>) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| find(item, document, found)),
        Value::Map(entries) => {
            for entry in entries {
                let mut ignored = Problems::new(document);
                if entry.key == "paramsFrom"
                    && let Some(from) = ParamsFrom::read(&entry.value, &mut ignored)
                    && let Source::File(path) = from.source
                {
                    found.push(beside(document, path));
                }
                find(&entry.value, document, found);
            }
        }
        _ => {}
    }
}

/// What entries may take parameters from.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    files: BTreeMap<PathBuf, SourceFile>,
    /// By name and key.
    config_maps: BTreeMap<(String, String), SourceFile>,
}

impl Shared {
    /// Takes a file that [`named_files`] names.
    pub(crate) fn add_file(&mut self, file: &SourceFile) {
        let path = Path::new(&file.path).components().collect();
        self.files.insert(path, file.clone());
    }

    /// The file that `document` calls `path`, if it was read.
    pub(crate) fn file(&self, document: &str, path: &str) -> Option<&SourceFile> {
        self.files.get(&beside(document, path))
    }

    /// Takes `document`, if it is a ConfigMap; whether it is.
    pub(crate) fn add_config_map(&mut self, document: &Node, problems: &mut Problems) -> bool {
        if document
            .field("apiVersion")
            .is_none_or(|node| !node.is("v1"))
            || document
                .field("kind")
                .is_none_or(|node| !node.is("ConfigMap"))
        {
            return false;
        }
        let metadata = document
            .field("metadata")
            .and_then(|node| node.field("name"));
        let Some(map) = metadata.and_then(|node| name(node, "metadata.name", problems)) else {
            problems.report(document.at, "missing_field", "a ConfigMap needs a name");
            return true;
        };
        let Some(Value::Map(data)) = document.field("data").map(|node| &node.value) else {
            return true;
        };
        for entry in data {
            let Value::Text(text) = &entry.value.value else {
                continue;
            };
            let file = SourceFile {
                path: format!("ConfigMap {map}, {}", entry.key),
                text: text.clone(),
            };
            let key = (map.to_owned(), entry.key.clone());
            if self.config_maps.insert(key, file).is_some() {
                let message = format!("the ConfigMap `{map}` is there twice");
                problems.report(entry.at, "duplicate_name", message);
            }
        }
        true
    }

    /// The parameters at `from`, but for those that are in `written` too: a mapping that stands where `written` does.
    pub(crate) fn merge(
        &self,
        from: &ParamsFrom<'_>,
        written: &Node,
        problems: &mut Problems,
    ) -> Option<Node> {
        let Value::Map(own) = &written.value else {
            // That is told by whoever checks it.
            return Some(written.clone());
        };
        let (what, file) = match from.source {
            Source::File(path) => {
                let file = self.file(problems.path(), path);
                let path = beside(problems.path(), path);
                (format!("the file {}", path.display()), file)
            }
            Source::ConfigMap { name, key } => {
                let file = self.config_maps.get(&(name.to_owned(), key.to_owned()));
                let what = format!(
                    "the key `{}` of a ConfigMap `{}`",
                    excerpt(key),
                    excerpt(name)
                );
                (what, file)
            }
        };
        let Some(file) = file else {
            let message = format!("{what} is not among what was read");
            problems.report(from.at, "params_unavailable", message);
            return None;
        };
        let documents = match yaml::parse(file) {
            Ok(documents) => documents,
            Err(error) => {
                problems.report(from.at, "invalid_params", error.to_string());
                return None;
            }
        };
        let (Some(Value::Map(shared)), 1) =
            (documents.first().map(|node| &node.value), documents.len())
        else {
            let message = format!("{what} is no mapping of parameters");
            problems.report(from.at, "invalid_params", message);
            return None;
        };
        let others = shared
            .iter()
            .filter(|entry| own.iter().all(|other| other.key != entry.key));
        let mut entries = own.clone();
        entries.extend(others.cloned().map(|mut entry| {
            // What is wrong with it is told where the policy asks for it.
            entry.at = from.at;
            entry.value.stand_at(from.at);
            entry
        }));
        Some(Node {
            at: written.at,
            value: Value::Map(entries),
        })
    }
}

/// `node` as the name of a file of the directory.
pub(crate) fn inside<'n>(node: &'n Node, problems: &mut Problems) -> Option<&'n str> {
    let path = name(node, "file", problems)?;
    if !is_inside(path) {
        let message = format!("`{}` leads out of the directory", excerpt(path));
        let hint = "name a file of the directory, relative to the document";
        problems.advise(node.at, "invalid_value", message, hint);
        return None;
    }
    Some(path)
}

fn is_inside(path: &str) -> bool {
    let mut components = Path::new(path).components();
    components.all(|component| matches!(component, Component::Normal(_) | Component::CurDir))
}

/// `path` as a document means it: relative to its own folder.
fn beside(document: &str, path: &str) -> PathBuf {
    let folder = Path::new(document).parent().unwrap_or(Path::new(""));
    folder.join(path).components().collect()
}
