//! All policies in force, and which of them cover an image.
//!
//! Refuses to exist without a policy.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_image::{Digest, Repository};

use crate::assemble::assemble;
use crate::fields::Problems;
use crate::library::{self, Library};
use crate::selector::Selection;
use crate::{LoadError, LoadErrors, Namespace, Policy, SourceFile, document, yaml};

/// The policies in force.
#[derive(Debug)]
pub struct PolicySet {
    policies: Vec<Arc<Policy>>,
    revision: String,
}

/// A policy that covers an image.
#[derive(Clone, Debug)]
pub struct Match<'a> {
    /// The policy.
    pub policy: &'a Arc<Policy>,
    /// Why its namespace selector could not be decided; it counts as matching then.
    pub undecided: Option<String>,
}

impl PolicySet {
    /// Loads policy documents, or says everything that is wrong with them.
    ///
    /// # Errors
    ///
    /// Every mistake in the documents, and documents without a policy.
    pub fn load(documents: &[SourceFile]) -> Result<Self, LoadErrors> {
        let library = Library::shipped()?;
        let mut policies: BTreeMap<String, (String, Policy)> = BTreeMap::new();
        let mut errors = Vec::new();
        for file in documents {
            for (policy, place) in load_file(file, library, &mut errors) {
                if let Some((first, _)) = policies.get(&policy.name) {
                    let message =
                        format!("the policy `{}` is defined already in {first}", policy.name);
                    errors.push(LoadError { message, ..place });
                    continue;
                }
                let stands = format!("{}:{}", place.path, place.line);
                policies.insert(policy.name.clone(), (stands, policy));
            }
        }
        if policies.is_empty() && errors.is_empty() {
            let path = documents.first().map_or("policies", |file| &file.path);
            let hint = Some("add a document of kind ClusterImagePolicy".to_owned());
            errors.push(LoadError {
                hint,
                ..LoadError::new(path, "no_policies", "there is no policy")
            });
        }
        if !errors.is_empty() {
            return Err(LoadErrors(errors));
        }
        let policies = policies
            .into_values()
            .map(|(_, policy)| Arc::new(policy))
            .collect();
        Ok(Self {
            policies,
            revision: revision(documents),
        })
    }

    /// The policies, in order of name.
    pub fn policies(&self) -> &[Arc<Policy>] {
        &self.policies
    }

    /// The policies that cover images of `repository` in `namespace`.
    pub fn matching(&self, repository: &Repository, namespace: &Namespace) -> Vec<Match<'_>> {
        let matches = self.policies.iter().filter_map(|policy| {
            let undecided = match policy.covers(repository, namespace) {
                Selection::No => return None,
                Selection::Yes => None,
                Selection::Undecided(labels) => Some(format!(
                    "the namespace selector of policy {} asks for labels that are not known ({}); it counts as matching",
                    policy.name,
                    labels.join(", ")
                )),
            };
            Some(Match { policy, undecided })
        });
        matches.collect()
    }

    /// A hash of everything that decides: documents and library.
    pub fn revision(&self) -> &str {
        &self.revision
    }
}

/// The policies of `file`, each with the error to report if its name is taken.
fn load_file(
    file: &SourceFile,
    library: &Library,
    errors: &mut Vec<LoadError>,
) -> Vec<(Policy, LoadError)> {
    let documents = match yaml::parse(file) {
        Ok(documents) => documents,
        Err(error) => {
            errors.push(error);
            return Vec::new();
        }
    };
    let mut policies = Vec::with_capacity(documents.len());
    for node in &documents {
        let mut problems = Problems::new(&file.path);
        if let Some(definition) = document::read(node, &mut problems) {
            let (line, column) = (definition.name_at.line, definition.name_at.column);
            let place = LoadError {
                line,
                column,
                ..LoadError::new(&file.path, "duplicate_name", "")
            };
            if let Some(policy) = assemble(definition, library, &mut problems) {
                policies.push((policy, place));
            }
        }
        let mut found = problems.into_errors();
        found.sort_by_key(|error| (error.line, error.column));
        errors.append(&mut found);
    }
    policies
}

fn revision(documents: &[SourceFile]) -> String {
    let mut text = String::new();
    for file in library::files().iter().chain(documents) {
        // Lengths keep one file's end from reading as the next one's beginning.
        text.push_str(&format!("{} {}\n{}", file.path, file.text.len(), file.text));
    }
    Digest::of(text.as_bytes()).to_string()
}
