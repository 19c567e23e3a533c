//! Which files of a directory are policies: one rule, so that the webhook and `check` judge by the same ones.
//!
//! Judges nothing of what it reads; refuses what no directory of policies holds.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use countersign_policy::SourceFile;

/// Why a directory could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// A file or folder could not be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// What was read.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// More files than any directory of policies has.
    #[error("{}: more than {FILES} files", path.display())]
    TooMany {
        /// The directory.
        path: PathBuf,
    },
}

/// Every file of `directory` itself that ends in `.json`, `.yaml` or `.yml`, in order of name.
///
/// # Errors
///
/// The directory or a file cannot be read, is no UTF-8, or is larger than policies are.
pub fn policies_in(directory: &Path) -> Result<Vec<SourceFile>, DirectoryError> {
    let failed = |source| DirectoryError::Io {
        path: directory.to_owned(),
        source,
    };
    let mut paths = Vec::new();
    // Folders have other names: a mounted ConfigMap holds each file once more below `..data`.
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let extension = path.extension().unwrap_or_default();
        if EXTENSIONS.iter().any(|known| extension == *known) {
            paths.push(path);
        }
    }
    if paths.len() > FILES {
        return Err(DirectoryError::TooMany {
            path: directory.to_owned(),
        });
    }
    paths.sort();
    paths.into_iter().map(read_file).collect()
}

fn read_file(path: PathBuf) -> Result<SourceFile, DirectoryError> {
    match read_text(&path) {
        Ok(text) => Ok(SourceFile {
            path: path.display().to_string(),
            text,
        }),
        Err(source) => Err(DirectoryError::Io { path, source }),
    }
}

fn read_text(path: &Path) -> io::Result<String> {
    if fs::metadata(path)?.len() > FILE_BYTES {
        let why = format!("larger than {FILE_BYTES} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    fs::read_to_string(path)
}

const EXTENSIONS: [&str; 3] = ["json", "yaml", "yml"];
const FILE_BYTES: u64 = 1024 * 1024;
const FILES: usize = 4096;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn policies_are_read_in_order_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["b.yaml", "a.yml", "c.json", "README.md", "yaml"] {
            fs::write(directory.path().join(name), name).unwrap();
        }
        let files = policies_in(directory.path()).unwrap();
        let texts: Vec<_> = files.iter().map(|file| file.text.as_str()).collect();
        assert_eq!(texts, ["a.yml", "b.yaml", "c.json"]);
    }

    #[test]
    fn a_mounted_config_map_is_read_once() {
        let directory = tempfile::tempdir().unwrap();
        let hidden = directory.path().join("..2026_11_20_08_00_00.123456789");
        fs::create_dir(&hidden).unwrap();
        fs::write(hidden.join("p.yaml"), "p").unwrap();
        symlink(hidden.file_name().unwrap(), directory.path().join("..data")).unwrap();
        symlink("..data/p.yaml", directory.path().join("p.yaml")).unwrap();
        assert_eq!(policies_in(directory.path()).unwrap().len(), 1);
    }

    #[test]
    fn a_file_that_cannot_be_a_policy_is_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("huge.yaml");
        fs::write(&path, " ".repeat(usize::try_from(FILE_BYTES).unwrap() + 1)).unwrap();
        let refusal = policies_in(directory.path()).unwrap_err();
        assert!(
            refusal.to_string().contains("huge.yaml: larger than"),
            "{refusal}"
        );
        fs::write(&path, b"\xff").unwrap();
        let refusal = policies_in(directory.path()).unwrap_err();
        assert!(refusal.to_string().contains("valid UTF-8"), "{refusal}");
    }
}
