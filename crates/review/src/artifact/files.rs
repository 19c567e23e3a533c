//! The files of an artifact of policies, from a directory and into one.
//!
//! Follows no link and makes none; writes into nothing but an empty directory.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use countersign_image::limits;

use super::{ArtifactError, PolicyArtifact};
use crate::directory::{FILE_BYTES, check_size};

impl PolicyArtifact {
    /// Every document and every rule below `directory`: what ends in `.json`, `.rego`, `.yaml` or `.yml`, whatever its
    /// folder. What begins with `.` is left out.
    ///
    /// # Errors
    ///
    /// A file cannot be read, is a link, has a name that not every system takes, or there are too many or too large ones.
    pub fn from_directory(directory: &Path) -> Result<Self, ArtifactError> {
        let (mut files, mut total) = (BTreeMap::new(), 0);
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            for (name, kind) in entries(&directory.join(&folder))? {
                let path = match folder.as_str() {
                    "" => name,
                    folder => format!("{folder}/{name}"),
                };
                let full = directory.join(&path);
                let refused = |why| {
                    let path = full.clone();
                    ArtifactError::Unfit { path, why }
                };
                if kind.is_dir() {
                    if path.split('/').count() >= DEPTH {
                        return Err(refused(format!("more than {DEPTH} folders deep")));
                    }
                    folders.push(path);
                    continue;
                }
                if !has_extension(&path) {
                    continue;
                }
                if !kind.is_file() {
                    return Err(refused("a link, or no file at all".to_owned()));
                }
                let bytes = read(&full)?;
                total += bytes.len() as u64;
                unfit(&path, bytes.len() as u64).map_or(Ok(()), |why| Err(refused(why)))?;
                files.insert(path, bytes);
                fits(files.len(), total).map_err(|why| ArtifactError::Unfit {
                    path: directory.to_owned(),
                    why,
                })?;
            }
        }
        Ok(Self { files })
    }

    /// Writes the files into `directory`, which is made, or is there and empty.
    ///
    /// # Errors
    ///
    /// The directory has something in it, or cannot be written.
    pub fn write_to(&self, directory: &Path) -> Result<(), ArtifactError> {
        let failed = |path: &Path, source| ArtifactError::Io {
            path: path.to_owned(),
            source,
        };
        let made = fs::create_dir_all(directory).and_then(|()| fs::read_dir(directory));
        if made
            .map_err(|error| failed(directory, error))?
            .next()
            .is_some()
        {
            return Err(ArtifactError::Unfit {
                path: directory.to_owned(),
                why: "not empty".to_owned(),
            });
        }
        for (path, bytes) in &self.files {
            let path = directory.join(path);
            let folder = path.parent().unwrap_or(directory);
            let written = fs::create_dir_all(folder).and_then(|()| {
                let mut file = OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .open(&path)?;
                file.write_all(bytes)
            });
            written.map_err(|error| failed(&path, error))?;
        }
        Ok(())
    }
}

/// What a folder holds, in order of name, without what is hidden.
fn entries(folder: &Path) -> Result<Vec<(String, fs::FileType)>, ArtifactError> {
    let list = || -> io::Result<Vec<_>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.starts_with('.') {
                found.push((name, entry.file_type()?));
            }
        }
        Ok(found)
    };
    let path = || PathBuf::from(folder);
    let mut found = list().map_err(|source| ArtifactError::Io {
        path: path(),
        source,
    })?;
    found.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(found)
}

fn read(path: &Path) -> Result<Bytes, ArtifactError> {
    let read = check_size(path).and_then(|()| fs::read(path));
    read.map(Bytes::from).map_err(|source| ArtifactError::Io {
        path: path.to_owned(),
        source,
    })
}

/// Why a file may not be among policies, if so.
pub(super) fn unfit(path: &str, size: u64) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let is_name =
        |name: &str| !name.is_empty() && !name.starts_with('.') && name.bytes().all(is_plain);
    if path.len() > PATH_BYTES || path.split('/').count() > DEPTH {
        return Some("its path is too long".to_owned());
    }
    if !path.split('/').all(is_name) {
        return Some(
            "a path is made of names of letters, digits, `-`, `_` and `.`, with `/` between them"
                .to_owned(),
        );
    }
    if !has_extension(path) {
        return Some("policies end in .json, .rego, .yaml or .yml".to_owned());
    }
    (size > FILE_BYTES).then(|| format!("larger than {FILE_BYTES} bytes"))
}

/// Whether so many files of so many bytes may be.
pub(super) fn fits(count: usize, total: u64) -> Result<(), String> {
    if count > FILES {
        return Err(format!("more than {FILES} files"));
    }
    if total > TOTAL_BYTES {
        return Err(format!("more than {TOTAL_BYTES} bytes"));
    }
    Ok(())
}

fn has_extension(path: &str) -> bool {
    let extension = Path::new(path).extension().unwrap_or_default();
    ["json", "rego", "yaml", "yml"]
        .iter()
        .any(|known| extension == *known)
}

const DEPTH: usize = 8;
/// Each is a layer, and leaves room for a layer more.
const FILES: usize = limits::MANIFEST_LAYERS / 2;
const PATH_BYTES: usize = 255;
const TOTAL_BYTES: u64 = 16 * FILE_BYTES;
