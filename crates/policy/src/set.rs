//! All policies in force, and which of them cover an image.
//!
//! Refuses to exist without a policy.

use countersign_image::Repository;

use crate::{LoadErrors, Namespace, Policy, SourceFile};

/// The policies in force.
#[derive(Debug)]
pub struct PolicySet {
    policies: Vec<Policy>,
    revision: String,
}

/// A policy that covers an image.
#[derive(Clone, Debug)]
pub struct Match<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// Why its namespace selector could not be decided; it counts as matching then.
    pub undecided: Option<String>,
}

impl PolicySet {
    /// Loads policy documents, or says everything that is wrong with them.
    pub fn load(_documents: &[SourceFile]) -> Result<Self, LoadErrors> {
        unimplemented!()
    }

    /// The policies, in order of name.
    pub fn policies(&self) -> &[Policy] {
        &self.policies
    }

    /// The policies that cover images of `repository` in `namespace`.
    pub fn matching(&self, _repository: &Repository, _namespace: &Namespace) -> Vec<Match<'_>> {
        unimplemented!()
    }

    /// A hash of everything that decides: documents and library.
    pub fn revision(&self) -> &str {
        &self.revision
    }
}
