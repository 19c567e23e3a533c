//! Policy documents from a directory.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use countersign_policy::{PolicySet, SourceFile};

use crate::failure::Failure;
use crate::manifests::{entries, is_manifest};

/// Loads every policy document of a directory, or says all that is wrong with them.
pub(crate) fn load(directory: &Path) -> Result<Arc<PolicySet>, Failure> {
    if directory.is_file() {
        return Err(Failure::usage(format!(
            "{} is a file, and policies are the files of a directory",
            directory.display()
        ))
        .coded("policies_missing")
        .hinted("name the directory that it is in"));
    }
    let mut documents = Vec::new();
    for path in entries(directory)?
        .into_iter()
        .filter(|path| is_manifest(path))
    {
        let text = fs::read_to_string(&path).map_err(|error| Failure::unreadable(&path, &error))?;
        documents.push(SourceFile {
            path: path.display().to_string(),
            text,
        });
    }
    if documents.is_empty() {
        return Err(
            Failure::usage(format!("{} holds no policies", directory.display()))
                .coded("policies_missing")
                .hinted("a policy is a file that ends in .yaml, .yml or .json"),
        );
    }
    let policies = PolicySet::load(&documents).map_err(|errors| {
        let failure = Failure::usage(format!(
            "the policies in {} cannot be used",
            directory.display()
        ));
        let code = errors
            .errors()
            .first()
            .map_or("policy_invalid", |error| error.code());
        failure
            .coded(code)
            .detailed(errors.to_string().lines().map(str::to_owned))
            .hinted("docs/reference/policies.md has every field, docs/rules every rule")
    })?;
    Ok(Arc::new(policies))
}
