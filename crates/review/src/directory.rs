//! Which files of a directory are policies, and the files that these name: one rule, so that the webhook and `check`
//! judge by the same ones.
//!
//! Judges nothing of what it reads; refuses what no directory of policies holds.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use countersign_policy::{
    SourceFile, TrustRootFacts, TrustRootLocation, TrustRootSource, TrustRoots, named_files,
    trust_root_sources,
};
use jiff::Timestamp;

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

/// Every file of `directory` itself that ends in `.json`, `.yaml` or `.yml`, in order of name, but for those that
/// trust roots among them name: a mounted ConfigMap has no folder to keep these apart. After them the Rego below its
/// folder `rules`, without tests, the sets of rules in its folder `sets`, and what policies take parameters from and
/// registries certificates.
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
    let files: Result<Vec<SourceFile>, _> = paths.into_iter().map(read_file).collect();
    let mut files = files?;
    let named: Vec<PathBuf> = trust_root_sources(&files)
        .iter()
        .filter_map(|source| Some(source.beside(named_file(source)?)))
        .collect();
    files.retain(|file| !named.iter().any(|path| path == Path::new(&file.path)));
    // Those of the directory itself are read already.
    let more = named_files(&files).into_iter();
    let more: BTreeSet<PathBuf> = more
        .filter(|path| path.exists() && !files.iter().any(|file| path == Path::new(&file.path)))
        .collect();
    for path in more {
        files.push(read_file(path)?);
    }
    let is_rule = |name: &str| name.ends_with(".rego") && !name.ends_with("_test.rego");
    let is_set = |name: &str| {
        EXTENSIONS
            .iter()
            .any(|known| name.ends_with(&format!(".{known}")))
    };
    let rules = below(&directory.join("rules"), RULE_FOLDERS, &is_rule)?;
    let sets = below(&directory.join("sets"), 0, &is_set)?;
    for path in rules.into_iter().chain(sets) {
        files.push(read_file(path)?);
    }
    Ok(files)
}

/// The files below `root` whose names are wanted, in order of path; the folder need not be there.
fn below(
    root: &Path,
    depth: usize,
    is_wanted: &impl Fn(&str) -> bool,
) -> Result<Vec<PathBuf>, DirectoryError> {
    let mut found = Vec::new();
    // No deeper than rules stand: links that lead in circles end there.
    let mut folders = vec![(root.to_owned(), depth)];
    while let Some((folder, levels)) = folders.pop() {
        let failed = |source| DirectoryError::Io {
            path: folder.clone(),
            source,
        };
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && folder == root => {
                break;
            }
            entries => entries.map_err(failed)?,
        };
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with('.') {
                continue;
            }
            if path.is_dir() && levels > 0 {
                folders.push((path, levels - 1));
            } else if is_wanted(&name) {
                found.push(path);
            }
        }
        if found.len() + folders.len() > FILES {
            return Err(DirectoryError::TooMany {
                path: root.to_owned(),
            });
        }
    }
    found.sort();
    Ok(found)
}

/// What the trust roots of `documents` name as files. Those of TUF repositories are left to be added; what cannot be
/// read is told when the policies are loaded.
#[must_use]
pub fn file_trust_roots(documents: &[SourceFile]) -> TrustRoots {
    let mut roots = TrustRoots::default();
    for source in trust_root_sources(documents) {
        let TrustRootLocation::File(path) = &source.location else {
            continue;
        };
        let path = source.beside(path);
        match read_text(&path) {
            Ok(json) => roots.provide(&source.name, json, facts(&path)),
            Err(why) => roots.unavailable(&source.name, format!("{}: {why}", path.display())),
        }
    }
    roots
}

/// The file that a trust root names: with its content, or with the root of its TUF repository.
fn named_file(source: &TrustRootSource) -> Option<&str> {
    match &source.location {
        TrustRootLocation::File(path) => Some(path),
        TrustRootLocation::Tuf(tuf) => tuf.root.as_deref(),
        _ => None,
    }
}

/// How old a file is, as far as its system tells.
fn facts(path: &Path) -> TrustRootFacts {
    let changed = fs::metadata(path).and_then(|metadata| metadata.modified());
    TrustRootFacts {
        refreshed: changed.ok().and_then(|time| Timestamp::try_from(time).ok()),
        ..TrustRootFacts::default()
    }
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
    check_size(path)?;
    fs::read_to_string(path)
}

/// Refuses a file that is larger than those of policies are.
pub(crate) fn check_size(path: &Path) -> io::Result<()> {
    if fs::metadata(path)?.len() > FILE_BYTES {
        let why = format!("larger than {FILE_BYTES} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(())
}

const EXTENSIONS: [&str; 3] = ["json", "yaml", "yml"];
pub(crate) const FILE_BYTES: u64 = 1024 * 1024;
const FILES: usize = 4096;
const RULE_FOLDERS: usize = 3;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// The paths below `directory` of what is read, in order.
    fn read(directory: &Path) -> Vec<String> {
        let files = policies_in(directory).unwrap().into_iter();
        files
            .map(|file| {
                let path = Path::new(&file.path).strip_prefix(directory).unwrap();
                path.display().to_string()
            })
            .collect()
    }

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
    fn rules_and_sets_of_ones_own_are_read_after_the_documents_and_tests_are_not() {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join("rules/shop/owner");
        fs::create_dir_all(&folder).unwrap();
        fs::create_dir_all(directory.path().join("rules/..data")).unwrap();
        fs::create_dir_all(folder.join("deeper/still")).unwrap();
        for name in [
            "owner.rego",
            "owner_test.rego",
            "README.md",
            "../stray.rego",
            "../../..data/x.rego",
            "deeper/still/x.rego",
        ] {
            fs::write(folder.join(name), name).unwrap();
        }
        fs::write(directory.path().join("z.yaml"), "z").unwrap();
        fs::create_dir(directory.path().join("sets")).unwrap();
        for name in ["b.yaml", "README.md"] {
            fs::write(directory.path().join("sets").join(name), name).unwrap();
        }
        // Outside of `rules` nothing is a rule.
        fs::write(directory.path().join("a.rego"), "a").unwrap();
        let wanted = [
            "z.yaml",
            "rules/shop/owner/owner.rego",
            "rules/shop/stray.rego",
            "sets/b.yaml",
        ];
        assert_eq!(read(directory.path()), wanted);
    }

    #[test]
    fn files_that_parameters_are_taken_from_are_read_wherever_they_are() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("lists")).unwrap();
        for (name, text) in [
            (
                "a.yaml",
                "spec: {rules: [{paramsFrom: {file: lists/x}}, {paramsFrom: {file: b.yaml}}, {paramsFrom: {file: none}}]}",
            ),
            ("b.yaml", "b: 1"),
            ("lists/x", "x: 1"),
            ("lists/y", "y: 1"),
        ] {
            fs::write(directory.path().join(name), text).unwrap();
        }
        assert_eq!(read(directory.path()), ["a.yaml", "b.yaml", "lists/x"]);
    }

    #[test]
    fn a_circle_of_links_among_rules_ends() {
        let directory = tempfile::tempdir().unwrap();
        let rules = directory.path().join("rules");
        fs::create_dir(&rules).unwrap();
        symlink(&rules, rules.join("again")).unwrap();
        assert!(policies_in(directory.path()).unwrap().is_empty());
    }

    fn trust_root(name: &str, file: &str) -> String {
        format!(
            "apiVersion: countersign.dev/v1alpha1\nkind: TrustRoot\nmetadata: {{name: {name}}}\nspec: {{file: {file}}}\n"
        )
    }

    #[test]
    fn a_file_that_a_trust_root_names_is_no_policy_wherever_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
        let of_tuf =
            trust_root("mirror", "x").replace("file: x", "tuf: {directory: tuf, root: tuf.json}");
        write(
            "a.yaml",
            &format!("{}---\n{of_tuf}", trust_root("lab", "./root.json")),
        );
        write("root.json", "{}");
        write("tuf.json", "{}");
        write("z.yaml", "");
        assert_eq!(read(directory.path()), ["a.yaml", "z.yaml"]);
    }

    #[test]
    fn files_are_read_relative_to_the_document_that_names_them() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("roots")).unwrap();
        fs::write(directory.path().join("roots/lab.json"), "not a root").unwrap();
        let documents = [
            ("a.yaml", trust_root("lab", "roots/lab.json")),
            ("b.yaml", trust_root("gone", "roots/gone.json")),
        ]
        .map(|(name, text)| SourceFile {
            path: directory.path().join(name).display().to_string(),
            text,
        });
        let roots = file_trust_roots(&documents);
        let errors = countersign_policy::PolicySet::load(&documents, &roots).unwrap_err();
        let codes: Vec<_> = errors
            .errors()
            .iter()
            .map(|error| (error.line, error.code))
            .collect();
        assert_eq!(
            codes,
            [(4, "trust_root_malformed"), (4, "trust_root_unavailable")]
        );
        let gone = &errors.errors()[1];
        assert!(gone.message.contains("roots/gone.json"), "{gone}");
        assert!(gone.path.ends_with("b.yaml"), "{gone}");
    }

    #[test]
    fn a_policy_that_is_named_as_a_root_by_mistake_is_not_left_out_silently() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
        write("a.yaml", &trust_root("lab", "production.yaml"));
        write("production.yaml", "kind: ClusterImagePolicy");
        let documents = policies_in(directory.path()).unwrap();
        let roots = file_trust_roots(&documents);
        let errors = countersign_policy::PolicySet::load(&documents, &roots).unwrap_err();
        assert_eq!(errors.errors()[0].code, "trust_root_malformed");
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

    #[test]
    fn what_should_hold_rules_and_cannot_be_looked_into_is_not_taken_for_empty() {
        for name in ["rules", "sets"] {
            let directory = tempfile::tempdir().unwrap();
            fs::write(directory.path().join(name), "").unwrap();
            let refusal = policies_in(directory.path()).unwrap_err();
            let path = directory.path().join(name).display().to_string();
            assert!(refusal.to_string().starts_with(&path), "{refusal}");
        }
    }

    #[test]
    fn more_files_than_policies_have_are_refused_and_not_left_out() {
        for (folder, extension) in [("", "yaml"), ("rules", "rego")] {
            let directory = tempfile::tempdir().unwrap();
            let folder = directory.path().join(folder);
            fs::create_dir_all(&folder).unwrap();
            let add = |number| fs::write(folder.join(format!("{number}.{extension}")), "").unwrap();
            (0..FILES).for_each(add);
            assert_eq!(policies_in(directory.path()).unwrap().len(), FILES);
            (FILES..FILES + 2).for_each(add);
            let refusal = policies_in(directory.path()).unwrap_err();
            assert!(
                matches!(refusal, DirectoryError::TooMany { .. }),
                "{refusal}"
            );
        }
    }
}
