//! The parts of pods and pod templates that matter here, as they stand in JSON.
//!
//! Reads no more than it needs, and refuses a key that it reads twice: of `image` and `image` another reader may take
//! the other one.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use countersign_image::{Fields, limits};
use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// `metadata`, of objects and of templates.
#[derive(Default, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) name: Option<String>,
    pub(crate) namespace: Option<String>,
    #[serde(default)]
    pub(crate) labels: Option<Unique>,
    #[serde(default)]
    pub(crate) annotations: Option<Unique>,
}

/// A pod template.
#[derive(Default, Deserialize)]
pub(crate) struct Template {
    pub(crate) metadata: Option<Fields<Metadata>>,
    pub(crate) spec: Option<Fields<PodSpec>>,
}

/// `spec` of a kind that has its pod template there.
#[derive(Deserialize)]
pub(crate) struct TemplateSpec {
    pub(crate) template: Option<Fields<Template>>,
}

/// `spec` of a CronJob.
#[derive(Deserialize)]
pub(crate) struct CronJobSpec {
    #[serde(rename = "jobTemplate")]
    pub(crate) job_template: Option<Fields<JobTemplate>>,
}

/// `spec.jobTemplate` of a CronJob.
#[derive(Deserialize)]
pub(crate) struct JobTemplate {
    pub(crate) spec: Option<Fields<TemplateSpec>>,
}

/// `spec` of a pod.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PodSpec {
    pub(crate) init_containers: Option<List<Container>>,
    pub(crate) containers: Option<List<Container>>,
    pub(crate) ephemeral_containers: Option<List<Container>>,
    pub(crate) volumes: Option<List<Volume>>,
    pub(crate) service_account_name: Option<String>,
    /// The name that `serviceAccountName` had once; still read by API servers.
    pub(crate) service_account: Option<String>,
}

/// A container of any list.
#[derive(Deserialize)]
pub(crate) struct Container {
    pub(crate) name: Option<String>,
    pub(crate) image: Option<String>,
}

/// A volume.
#[derive(Deserialize)]
pub(crate) struct Volume {
    pub(crate) name: Option<String>,
    pub(crate) image: Option<Fields<ImageVolume>>,
}

/// A volume whose content is an image.
#[derive(Deserialize)]
pub(crate) struct ImageVolume {
    pub(crate) reference: Option<String>,
}

/// A list, as far as anybody reads it: one entry over the limit is kept, so that it shows, and no more memory taken.
pub(crate) struct List<T>(pub(crate) Vec<Fields<T>>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<List<T>, A::Error> {
        let mut list = Vec::new();
        while list.len() <= limits::WORKLOAD_IMAGES {
            match items.next_element()? {
                Some(item) => list.push(item),
                None => return Ok(List(list)),
            }
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(List(list))
    }
}

/// Labels or annotations: a map of strings that has each key once.
#[derive(Default)]
pub(crate) struct Unique(pub(crate) BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UniqueVisitor)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Unique;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Unique, A::Error> {
        let mut map = BTreeMap::new();
        while let Some((key, value)) = entries.next_entry()? {
            if map.insert(key, value).is_some() {
                return Err(A::Error::custom("a key stands twice"));
            }
        }
        Ok(Unique(map))
    }
}
