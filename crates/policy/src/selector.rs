//! Which namespaces a policy covers.
//!
//! Guesses nothing: a selector over labels nobody told us counts as matching, and says so.

use std::collections::BTreeMap;

/// The namespace of a workload, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namespace {
    /// Its name; it alone yields the label `kubernetes.io/metadata.name`.
    pub name: Option<String>,
    /// Its labels; `None` if nobody knows them.
    pub labels: Option<BTreeMap<String, String>>,
}
