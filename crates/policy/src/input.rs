//! The input document of the Rego contract, version 1.
//!
//! Built from verified evidence alone; what nobody vouches for stands only under `rejected`, without content.

mod evidence;
mod schema;
mod sections;
mod serializer;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use countersign_evidence::Evidence;
use countersign_image::{Document, ImageConfig, PinnedReference, Reference};
use countersign_workload::ImageUse;
use jiff::Timestamp;
use regorus::Value;
use serde::{Serialize, Serializer};

use self::sections::{Image, Request, Workload};
use crate::Namespace;
use crate::reads::Reads;

pub(crate) use self::serializer::rego;

pub use self::schema::input_schema;

/// What an input is made of.
#[derive(Clone, Copy, Debug)]
pub struct InputParts<'a> {
    /// The image as the workload names it.
    pub reference: &'a Reference,
    /// What was read of it; `None` where the policy [needs none of that](crate::Policy::looks_at).
    pub gathered: Option<Gathered<'a>>,
    /// The workload that runs the image.
    pub workload: &'a WorkloadContext,
    /// The request that asks.
    pub request: &'a RequestContext,
    /// The time of the decision.
    pub now: Timestamp,
}

/// What was read of an image and of what is attached to it.
#[derive(Clone, Copy, Debug)]
pub struct Gathered<'a> {
    /// The digest that is judged.
    pub resolved: &'a PinnedReference,
    /// Its manifest or index.
    pub content: &'a Document,
    /// Its configurations by platform, if they were asked for.
    pub configs: Option<&'a BTreeMap<String, ImageConfig>>,
    /// What verified under the policy's authorities and may speak for what is judged, and what did not verify.
    pub evidence: &'a Evidence,
}

/// The workload as rules see it; empty where an image is checked by itself.
#[derive(Clone, Debug, Default)]
pub struct WorkloadContext {
    /// Kind, such as `Pod`; empty if there is no workload.
    pub kind: String,
    /// Namespace, if known.
    pub namespace: Option<String>,
    /// Name, if it has one yet.
    pub name: Option<String>,
    /// Labels of the pod (template).
    pub labels: BTreeMap<String, String>,
    /// Annotations of the pod (template).
    pub annotations: BTreeMap<String, String>,
    /// Service account, if one is named.
    pub service_account: Option<String>,
    /// Labels of the namespace, if known.
    pub namespace_labels: Option<BTreeMap<String, String>>,
    /// Name of the container or volume that names the image; empty if none does.
    pub container: String,
    /// Its place, such as `spec.containers[0].image`.
    pub path: String,
}

impl WorkloadContext {
    /// What rules see of `workload`, where `used` names the image, in `namespace`.
    pub fn new(
        workload: &countersign_workload::Workload,
        used: Option<&ImageUse>,
        namespace: &Namespace,
    ) -> Self {
        Self {
            kind: workload.kind.clone(),
            // The request's namespace is the API server's word, the object's its author's.
            namespace: namespace
                .name
                .clone()
                .or_else(|| workload.namespace.clone()),
            name: workload.name.clone(),
            labels: workload.labels.clone(),
            annotations: workload.annotations.clone(),
            service_account: workload.service_account.clone(),
            namespace_labels: namespace.labels.clone(),
            container: used.map(|used| used.container.clone()).unwrap_or_default(),
            path: used.map(|used| used.path.clone()).unwrap_or_default(),
        }
    }
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

/// What rules see of one image under one policy.
///
/// Its parts are made when a rule first reads them, and each rule is given those that it declares.
#[derive(Debug)]
pub struct Input<'a> {
    parts: InputParts<'a>,
    image: OnceLock<Value>,
    workload: OnceLock<Value>,
    request: OnceLock<Value>,
    lists: [OnceLock<Value>; evidence::LISTS.len()],
}

impl<'a> Input<'a> {
    /// The input for one image under one policy.
    pub fn new(parts: InputParts<'a>) -> Self {
        Self {
            parts,
            image: OnceLock::new(),
            workload: OnceLock::new(),
            request: OnceLock::new(),
            lists: Default::default(),
        }
    }

    /// The input of a rule that reads `reads` and wants the raw predicates of these types.
    pub(crate) fn project(&self, reads: &Reads, predicates: &[String]) -> Value {
        let mut input = BTreeMap::from([(Value::from("apiVersion"), Value::from(VERSION))]);
        for (section, keys) in reads.parts() {
            let value = match section {
                "now" => Value::from(self.parts.now.to_string()),
                "evidence" => match self.parts.gathered {
                    Some(gathered) => self.evidence(gathered.evidence, keys, predicates),
                    None => continue,
                },
                section => pick(self.section(section), keys),
            };
            input.insert(Value::from(section), value);
        }
        Value::from(input)
    }

    /// The lists of verified evidence, each with the authorities behind its entries.
    pub(crate) fn vouchers(&self) -> impl Iterator<Item = (&'static str, &'a [String])> {
        let gathered = self.parts.gathered.into_iter();
        gathered.flat_map(|gathered| evidence::vouchers(gathered.evidence))
    }

    fn section(&self, name: &str) -> &Value {
        match name {
            "image" => self.image.get_or_init(|| rego(Image::new(&self.parts))),
            "workload" => self
                .workload
                .get_or_init(|| rego(Workload::new(self.parts.workload))),
            _ => self
                .request
                .get_or_init(|| rego(Request::new(self.parts.request))),
        }
    }

    fn evidence(&self, evidence: &Evidence, wanted: &[&str], predicates: &[String]) -> Value {
        let mut lists = BTreeMap::new();
        for (name, cached) in evidence::LISTS.iter().zip(&self.lists) {
            if !wanted.contains(name) {
                continue;
            }
            let make = |predicates| evidence::list(name, evidence, predicates);
            let value = if *name == "attestations" && !predicates.is_empty() {
                make(predicates)
            } else {
                cached.get_or_init(|| make(&[])).clone()
            };
            lists.insert(Value::from(*name), value);
        }
        Value::from(lists)
    }
}

impl Serialize for Input<'_> {
    /// The whole input, as far as it was gathered, without raw predicates.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.project(&Reads::whole(), &[]).serialize(serializer)
    }
}

fn pick(section: &Value, keys: &[&str]) -> Value {
    let mut picked = BTreeMap::new();
    for key in keys {
        let key = Value::from(*key);
        let value = &section[&key];
        if *value != Value::Undefined {
            picked.insert(key, value.clone());
        }
    }
    Value::from(picked)
}

const VERSION: &str = "countersign.dev/input/v1";

#[cfg(test)]
mod tests;
