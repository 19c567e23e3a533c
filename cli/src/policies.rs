//! Policy documents from a directory.

use std::path::Path;
use std::sync::Arc;

use countersign_policy::PolicySet;
use countersign_review::{DirectoryError, file_trust_roots, policies_in};

use crate::failure::Failure;
use crate::printer::Printer;
use crate::registry::RegistryArgs;
use crate::tuf;

/// Loads every policy document of a directory with the trust roots that they name, or says all that is wrong with them.
pub(crate) fn load(
    directory: &Path,
    registry: &RegistryArgs,
    printer: &Printer,
) -> Result<Arc<PolicySet>, Failure> {
    if directory.is_file() {
        return Err(Failure::usage(format!(
            "{} is a file, and policies are the files of a directory",
            directory.display()
        ))
        .coded("policies_missing")
        .hinted("name the directory that it is in"));
    }
    let documents = policies_in(directory).map_err(|error| match error {
        DirectoryError::Io { path, source } => Failure::unreadable(&path, &source),
        other => Failure::usage(other.to_string()).coded("policies_missing"),
    })?;
    if documents.is_empty() {
        return Err(
            Failure::usage(format!("{} holds no policies", directory.display()))
                .coded("policies_missing")
                .hinted("a policy is a file that ends in .yaml, .yml or .json"),
        );
    }
    let mut roots = file_trust_roots(&documents);
    tuf::add(&documents, &mut roots, registry, printer)?;
    let policies = PolicySet::load(&documents, &roots).map_err(|errors| {
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
