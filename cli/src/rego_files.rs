//! The Rego under a path, and the library that it belongs to.
//!
//! Follows no link to a directory; refuses files that are larger or more than any library has.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use countersign_policy::{LoadErrors, SourceFile};

use crate::args;
use crate::failure::Failure;
use crate::traces;

/// The rules that a command is about.
#[derive(Debug, clap::Args)]
pub(crate) struct PathArgs {
    /// Directories of rules, or files in them
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
}

impl PathArgs {
    /// The library of each path.
    pub(crate) fn trees(&self) -> Result<Vec<Tree>, Failure> {
        Tree::all(&self.paths)
    }
}

/// A library on disk, of which a part was named.
#[derive(Debug)]
pub(crate) struct Tree {
    root: PathBuf,
    /// With paths relative to the root.
    files: Vec<SourceFile>,
    /// What was named, relative to the root.
    within: Vec<PathBuf>,
}

impl Tree {
    /// The library of each path, each once.
    pub(crate) fn all(paths: &[PathBuf]) -> Result<Vec<Self>, Failure> {
        let mut trees: Vec<Self> = Vec::new();
        for path in paths {
            let (root, within) = root_of(path)?;
            match trees.iter_mut().find(|tree| tree.root == root) {
                Some(tree) => tree.within.push(within),
                None => trees.push(Self {
                    files: read(&root)?,
                    root,
                    within: vec![within],
                }),
            }
        }
        Ok(trees)
    }

    /// Every file, with paths relative to the root.
    pub(crate) fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The files that were named.
    pub(crate) fn named(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().filter(|file| self.names(&file.path))
    }

    /// Whether `path`, relative to the root, was named.
    pub(crate) fn names(&self, path: &str) -> bool {
        self.within
            .iter()
            .any(|within| Path::new(path).starts_with(within))
            && self.files.iter().any(|file| file.path == path)
    }

    /// `file:line:column` as it can be opened from here, as far as the numbers are known.
    pub(crate) fn place(&self, path: &str, line: u32, column: u32) -> String {
        let shown = if self.files.iter().any(|file| file.path == path) {
            self.root.join(path).display().to_string()
        } else {
            path.to_owned()
        };
        traces::place(&shown, line, column)
    }

    /// Of a tree that cannot be used.
    pub(crate) fn refused(&self, what: &str, errors: &LoadErrors) -> Failure {
        let code = errors
            .errors()
            .first()
            .map_or("rego_compile", |error| error.code());
        let lines = errors.errors().iter().map(|error| {
            let place = self.place(&error.path, error.line, error.column);
            format!("{place}: {}", error.message)
        });
        Failure::denied(what)
            .coded(code)
            .detailed(lines)
            .hinted("`countersign policy lint` says all that is wrong")
    }

    /// Of paths without Rego.
    pub(crate) fn nothing(what: &str) -> Failure {
        Failure::denied(what)
            .coded("no_rules")
            .hinted("a rule stands in rules/<category>/<id>/<id>.rego")
    }
}

/// The library that `path` is a part of, and which part: a folder above `rules` or `lib`, or the folder itself.
fn root_of(path: &Path) -> Result<(PathBuf, PathBuf), Failure> {
    let unreadable = |error| Failure::unreadable(path, &error);
    let metadata = fs::metadata(path).map_err(unreadable)?;
    let full = std::path::absolute(path).map_err(unreadable)?;
    let parts = ["rules", "lib", "sets"];
    let part = full
        .ancestors()
        .find(|folder| parts.iter().any(|part| folder.ends_with(part)));
    let root = match part.and_then(Path::parent) {
        Some(root) => root,
        None if metadata.is_dir() => &full,
        None => full.parent().unwrap_or(&full),
    };
    let within = full.strip_prefix(root).unwrap_or(Path::new("")).to_owned();
    let here = env::current_dir().unwrap_or_default();
    let shown = root.strip_prefix(&here).unwrap_or(root);
    Ok((shown.to_owned(), within))
}

/// The Rego and the sets below `root`.
fn read(root: &Path) -> Result<Vec<SourceFile>, Failure> {
    let mut files = Vec::new();
    // The root itself may be the current directory, whose name is empty.
    let start = if root.as_os_str().is_empty() {
        Path::new(".")
    } else {
        root
    };
    let mut folders = vec![start.to_owned()];
    while let Some(folder) = folders.pop() {
        let unreadable = |error| Failure::unreadable(&folder, &error);
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let path = entry.path();
            let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
            let is_folder = entry.file_type().map_err(unreadable)?.is_dir();
            if is_folder && !is_hidden {
                folders.push(path);
            } else if !is_folder && is_wanted(&path, start) {
                files.push(SourceFile {
                    path: relative(&path, start),
                    text: text(&path)?,
                });
            }
            if files.len() > FILES || folders.len() > FILES {
                return Err(Failure::usage(format!(
                    "more than {FILES} files below {}",
                    start.display()
                ))
                .coded("too_many_files")
                .hinted("name the directory of the rules"));
            }
        }
    }
    files.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(files)
}

fn is_wanted(path: &Path, root: &Path) -> bool {
    let is = |extension: &str| path.extension().is_some_and(|found| found == extension);
    is("rego")
        || is("yaml")
            && path
                .parent()
                .is_some_and(|folder| folder == root.join("sets"))
}

fn relative(path: &Path, root: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    let names: Vec<_> = path.iter().map(|name| name.to_string_lossy()).collect();
    names.join("/")
}

fn text(path: &Path) -> Result<String, Failure> {
    let bytes = args::read_bytes(path, FILE_BYTES)?;
    if bytes.len() > FILE_BYTES {
        let message = format!("{} is larger than {FILE_BYTES} bytes", path.display());
        return Err(Failure::usage(message).coded("file_too_large"));
    }
    String::from_utf8(bytes).map_err(|_| {
        Failure::usage(format!("{} is no UTF-8 text", path.display())).coded("file_unreadable")
    })
}

const FILES: usize = 4096;
const FILE_BYTES: usize = 1024 * 1024;
