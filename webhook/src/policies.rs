//! Reads a directory of policies into memory.
//!
//! Judges nothing of what it reads; refuses what no directory of policies holds: huge files, endless trees.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use countersign_policy::SourceFile;

use crate::files;

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
    /// Folders nested deeper, or more files, than any directory of policies has.
    #[error("{}: more than {FILES} files, or more than {DEPTH} folders deep", path.display())]
    TooMany {
        /// Where it became too much.
        path: PathBuf,
    },
}

/// Every policy and rule file below `directory`, in order of path.
///
/// Hidden names are passed over: a mounted ConfigMap holds each file again below `..data`.
pub(crate) fn read(directory: &Path) -> Result<Vec<SourceFile>, DirectoryError> {
    let mut files = Vec::new();
    descend(directory, 0, &mut files)?;
    files.sort();
    files.iter().map(|path| read_file(path)).collect()
}

fn descend(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), DirectoryError> {
    let failed = |source| DirectoryError::Io {
        path: folder.to_owned(),
        source,
    };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = entry.path();
        if depth == DEPTH || files.len() == FILES {
            return Err(DirectoryError::TooMany { path });
        }
        // Follows links: that is what a mounted ConfigMap consists of.
        let kind = fs::metadata(&path).map_err(|source| DirectoryError::Io {
            path: path.clone(),
            source,
        })?;
        if kind.is_dir() {
            descend(&path, depth + 1, files)?;
        } else if path.extension().is_some_and(|extension| {
            EXTENSIONS
                .iter()
                .any(|known| extension.eq_ignore_ascii_case(known))
        }) {
            files.push(path);
        }
    }
    Ok(())
}

fn read_file(path: &Path) -> Result<SourceFile, DirectoryError> {
    let text = files::read_text(path, FILE_BYTES).map_err(|source| DirectoryError::Io {
        path: path.to_owned(),
        source,
    })?;
    Ok(SourceFile {
        path: path.display().to_string(),
        text,
    })
}

const EXTENSIONS: [&str; 4] = ["json", "rego", "yaml", "yml"];
const FILE_BYTES: u64 = 1024 * 1024;
const FILES: usize = 4096;
const DEPTH: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn policies_and_rules_are_read_in_order_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        for name in [
            "b.yaml",
            "a.yml",
            "rules/x/y/y.rego",
            "README.md",
            ".hidden.yaml",
        ] {
            write(&directory.path().join(name), name);
        }
        let texts: Vec<_> = read(directory.path())
            .unwrap()
            .into_iter()
            .map(|file| file.text)
            .collect();
        assert_eq!(texts, ["a.yml", "b.yaml", "rules/x/y/y.rego"]);
    }

    #[test]
    fn a_mounted_config_map_is_read_once() {
        let directory = tempfile::tempdir().unwrap();
        write(&directory.path().join("..2026/p.yaml"), "p");
        std::os::unix::fs::symlink("..2026", directory.path().join("..data")).unwrap();
        std::os::unix::fs::symlink("..data/p.yaml", directory.path().join("p.yaml")).unwrap();
        assert_eq!(read(directory.path()).unwrap().len(), 1);
    }

    #[test]
    fn a_directory_without_end_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(".", directory.path().join("self")).unwrap();
        assert!(matches!(
            read(directory.path()),
            Err(DirectoryError::TooMany { .. })
        ));
    }

    #[test]
    fn a_huge_file_is_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        let length = usize::try_from(FILE_BYTES).unwrap() + 1;
        write(&directory.path().join("huge.yaml"), &" ".repeat(length));
        let refusal = read(directory.path()).unwrap_err();
        assert!(
            refusal.to_string().contains("huge.yaml: larger than"),
            "{refusal}"
        );
    }
}
