//! Kubernetes objects from files, directories and stdin.
//!
//! A file that cannot be read is a failure of its own: the others are still looked at.

mod tree;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use countersign_image::excerpt;
use countersign_workload::{PodTemplate, Workload};
use serde_json::Value;

use self::tree::Node;
use crate::args;
use crate::failure::Failure;

/// An object, and where it came from.
#[derive(Debug)]
pub(crate) struct Manifest {
    /// Where it stands.
    pub(crate) origin: Origin,
    /// The object.
    pub(crate) object: Value,
}

/// Where an object stands.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// The file, as it was named.
    pub(crate) file: String,
    /// The template that it was made from, where the file says one.
    pub(crate) template: Option<String>,
    document: Rc<Node>,
    /// What stands before the paths of its fields in the document.
    prefix: String,
}

impl Origin {
    /// The line of the field at `path`, or of what is there of the way to it.
    pub(crate) fn line(&self, path: &str) -> u64 {
        self.document.line_of(&format!("{}{path}", self.prefix))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&excerpt(&self.file))?;
        match &self.template {
            Some(template) => write!(f, ", {}", excerpt(template)),
            None => Ok(()),
        }
    }
}

impl Manifest {
    /// The workloads that it is: none if it runs no images, one unless there are several pod templates in it.
    pub(crate) fn workloads(&self, files: &FileArgs) -> Result<Vec<Workload>, Failure> {
        let json = self.object.to_string();
        PodTemplate::workloads(json.as_bytes(), &files.templates).map_err(|error| {
            // The place that it names is one in our own writing of the object, not in the file.
            let text = error.to_string();
            let text = text.split(" at line ").next().unwrap_or_default();
            let failure = Failure::usage(format!("{}: {}{text}", self.origin, self.name()))
                .coded(error.code());
            match error.hint() {
                Some(hint) => failure.hinted(hint),
                None => failure,
            }
        })
    }

    /// `Kind name: `, as far as it says.
    fn name(&self) -> String {
        let text = |value: &Value| value.as_str().map(excerpt);
        let kind = text(&self.object["kind"]);
        let name = text(&self.object["metadata"]["name"]);
        match (kind, name) {
            (Some(kind), Some(name)) => format!("{kind} {name}: "),
            (Some(kind), None) => format!("{kind}: "),
            (None, _) => String::new(),
        }
    }
}

/// The files that a command is about.
#[derive(Debug, clap::Args)]
pub(crate) struct FileArgs {
    /// Manifests: YAML or JSON files, directories of them, or - for stdin; may be repeated
    #[arg(long = "filename", short, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Look into the folders of a directory too
    #[arg(long, short = 'R', requires = "files")]
    recursive: bool,
    /// Where objects of another kind have a pod template, as Rollout.argoproj.io=spec.template; may be repeated
    #[arg(
        long = "pod-template",
        value_name = "KIND.GROUP=PATH",
        requires = "files"
    )]
    templates: Vec<PodTemplate>,
}

impl FileArgs {
    /// Of files that hold no object at all.
    pub(crate) fn nothing() -> Failure {
        Failure::usage("there is no manifest in what -f names").coded("manifests_missing").hinted(
            "of a directory the files that end in .yaml, .yml or .json are read, with -R those of its folders too",
        )
    }

    /// Whether any is named.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Every object in every file, lists taken apart.
    pub(crate) fn read(&self) -> (Vec<Manifest>, Vec<Failure>) {
        let (mut manifests, mut failures) = (Vec::new(), Vec::new());
        for named in &self.files {
            match files(named, self.recursive) {
                Ok(files) => {
                    for file in files {
                        match objects(&file) {
                            Ok(objects) => manifests.extend(objects),
                            Err(failure) => failures.push(failure),
                        }
                    }
                }
                Err(failure) => failures.push(failure),
            }
        }
        (manifests, failures)
    }
}

/// The file itself, or the manifests of a directory in the order of their names.
fn files(named: &Path, recursive: bool) -> Result<Vec<PathBuf>, Failure> {
    if !named.is_dir() {
        return Ok(vec![named.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in entries(named)? {
        if entry.is_dir() {
            if recursive {
                found.extend(files(&entry, true)?);
            }
        } else if is_manifest(&entry) {
            found.push(entry);
        }
    }
    Ok(found)
}

/// What a directory holds, in the order of the names.
pub(crate) fn entries(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let read = || {
        fs::read_dir(directory)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<Vec<_>, _>>()
    };
    let mut entries = read().map_err(|error| Failure::unreadable(directory, &error))?;
    entries.sort();
    Ok(entries)
}

/// Whether the name is that of a manifest.
pub(crate) fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        ["json", "yaml", "yml"]
            .iter()
            .any(|known| extension == *known)
    })
}

fn objects(path: &Path) -> Result<Vec<Manifest>, Failure> {
    let file = if path == Path::new("-") {
        "stdin".to_owned()
    } else {
        path.display().to_string()
    };
    let malformed = |place: &str, error: &dyn fmt::Display| {
        Failure::usage(format!("{file}{place}: {error}"))
            .coded("manifest_malformed")
            .hinted("a manifest holds Kubernetes objects, as YAML or JSON")
    };
    let text = args::read(path)?;
    let mut options = serde_saphyr::Options::default();
    options.with_snippet = false;
    let documents: Vec<Node> =
        serde_saphyr::from_multiple_with_options(&text, options).map_err(|error| {
            let place = error
                .location()
                .map(|at| format!(":{}:{}", at.line(), at.column()));
            let message = error.to_string();
            // The place is told apart, and the library's advice is for whoever calls it.
            let message = [" at line ", ", set "]
                .iter()
                .fold(message.as_str(), |text, end| {
                    text.split(end).next().unwrap_or_default()
                });
            malformed(&place.unwrap_or_default(), &message)
        })?;
    let lines: Vec<&str> = text.lines().collect();
    let mut manifests = Vec::new();
    for document in documents {
        let line = document.line();
        let items = countersign_workload::objects(document.to_json())
            .map_err(|_| malformed(&format!(":{line}"), &"not a Kubernetes object"))?;
        let (document, template) = (Rc::new(document), tree::template(&lines, line));
        manifests.extend(items.into_iter().map(|item| Manifest {
            origin: Origin {
                file: file.clone(),
                template: template.clone(),
                document: Rc::clone(&document),
                prefix: item.prefix,
            },
            object: item.object,
        }));
    }
    Ok(manifests)
}
