//! The input document of the Rego contract, version 1.
//!
//! Built from verified evidence alone; what nobody vouches for stands only under `rejected`, without content.

use std::collections::BTreeMap;

use countersign_evidence::Evidence;
use countersign_image::{Document, PinnedReference, Reference};
use jiff::Timestamp;

/// What an input is made of.
#[derive(Clone, Copy, Debug)]
pub struct InputParts<'a> {
    /// The image as the workload names it.
    pub reference: &'a Reference,
    /// The digest that is judged.
    pub resolved: &'a PinnedReference,
    /// Its manifest or index.
    pub content: &'a Document,
    /// What verified under the policy's authorities, and what did not.
    pub evidence: &'a Evidence,
    /// The workload that runs the image.
    pub workload: &'a WorkloadContext,
    /// The request that asks.
    pub request: &'a RequestContext,
    /// The time of the decision.
    pub now: Timestamp,
}

/// The workload as rules see it; empty where only an image is checked.
#[derive(Clone, Debug, Default)]
pub struct WorkloadContext {
    /// Kind, such as `Pod`.
    pub kind: String,
    /// Namespace, if known.
    pub namespace: Option<String>,
    /// Name, if it has one yet.
    pub name: Option<String>,
    /// Labels of the pod (template).
    pub labels: BTreeMap<String, String>,
    /// Annotations of the pod (template).
    pub annotations: BTreeMap<String, String>,
    /// Service account.
    pub service_account: Option<String>,
    /// Labels of the namespace, if known.
    pub namespace_labels: Option<BTreeMap<String, String>>,
    /// Name of the container or volume that names the image.
    pub container: String,
    /// Its place, such as `spec.containers[0].image`.
    pub path: String,
}

/// The request as rules see it.
#[derive(Clone, Debug, Default)]
pub struct RequestContext {
    /// `CREATE` or `UPDATE`.
    pub operation: String,
    /// Who asks.
    pub user: String,
    /// The groups of who asks.
    pub groups: Vec<String>,
    /// Whether nothing will be stored.
    pub dry_run: bool,
}

/// What a rule sees, projected per rule to the keys it declares.
#[derive(Debug)]
pub struct Input<'a> {
    parts: InputParts<'a>,
}

impl<'a> Input<'a> {
    /// The input for one image under one policy.
    pub fn new(parts: InputParts<'a>) -> Self {
        Self { parts }
    }
}
