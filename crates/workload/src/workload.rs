//! A workload: one object and every image that it runs.
//!
//! Reads containers, init containers, ephemeral containers and image volumes; refuses objects that it cannot read.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use countersign_image::{Fields, Reference, ReferenceError, excerpt, limits};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::WorkloadError;
use crate::kind::{PodIn, is_workload_kind, pod_in};
use crate::pod::{Container, CronJobSpec, Metadata, PodSpec, Template, TemplateSpec, Volume};

/// One image that a workload runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageUse {
    /// Where it stands: `spec.containers[0].image`, `spec.template.spec.volumes[1].image.reference`.
    pub path: String,
    /// The name of the container or volume.
    pub container: String,
    /// The image as it is written.
    pub image: String,
    /// What that means.
    pub reference: Result<Reference, ReferenceError>,
}

impl ImageUse {
    /// The path of the list that it stands in, `spec.containers`.
    fn list(&self) -> &str {
        self.path
            .rsplit_once('[')
            .map_or(&self.path, |(list, _)| list)
    }
}

/// An object and the images that it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// The object's kind.
    pub kind: String,
    /// The object's API version.
    pub api_version: String,
    /// The object's namespace, where it says one.
    pub namespace: Option<String>,
    /// The object's name, unless it is still to be generated.
    pub name: Option<String>,
    /// Labels of the pods: for a controller those of its template, since its pods will carry these.
    pub labels: BTreeMap<String, String>,
    /// Annotations of the pods, likewise.
    pub annotations: BTreeMap<String, String>,
    /// The pods' service account, where one is named.
    pub service_account: Option<String>,
    /// The images, list by list in the order in which they start.
    pub images: Vec<ImageUse>,
}

impl Workload {
    /// Reads one Kubernetes object in JSON; `None` if its kind runs no images.
    ///
    /// Source: Kubernetes API reference, `PodSpec` and `PodTemplateSpec`.
    ///
    /// # Errors
    ///
    /// A [`WorkloadError`] if it is no object, or a workload with a field of the wrong type or a key that stands twice.
    pub fn from_json(json: &[u8]) -> Result<Option<Self>, WorkloadError> {
        let object = Object::parse(json)?;
        let api_version = object.api_version.clone().ok_or(WorkloadError::Missing {
            field: "apiVersion",
        })?;
        let kind = object
            .kind
            .clone()
            .ok_or(WorkloadError::Missing { field: "kind" })?;
        object.workload(&api_version, &kind)
    }

    /// Reads the object of an admission request, which names the object's kind itself.
    ///
    /// # Errors
    ///
    /// As [`Workload::from_json`], and [`WorkloadError::KindMismatch`] if the object claims another kind and one of the two is a
    /// workload.
    pub fn from_json_as(
        json: &[u8],
        api_version: &str,
        kind: &str,
    ) -> Result<Option<Self>, WorkloadError> {
        let object = Object::parse(json)?;
        let found_version = object.api_version.as_deref().unwrap_or(api_version);
        let found_kind = object.kind.as_deref().unwrap_or(kind);
        let same = (found_version, found_kind) == (api_version, kind);
        if !same
            && (is_workload_kind(api_version, kind) || is_workload_kind(found_version, found_kind))
        {
            return Err(WorkloadError::KindMismatch {
                requested: format!("{} {}", excerpt(api_version), excerpt(kind)),
                found: format!("{} {}", excerpt(found_version), excerpt(found_kind)),
            });
        }
        object.workload(api_version, kind)
    }

    /// This workload with only the images that `old` does not run, compared by value within each list.
    ///
    /// A change that brings no new image leaves nothing to review, so it passes while a registry is down.
    #[must_use]
    pub fn new_images(&self, old: &Self) -> Self {
        let known: HashSet<(&str, &str)> = old
            .images
            .iter()
            .map(|known| (known.list(), known.image.as_str()))
            .collect();
        let is_new = |image: &&ImageUse| !known.contains(&(image.list(), image.image.as_str()));
        let images = self.images.iter().filter(is_new).cloned().collect();
        Self {
            images,
            ..self.clone()
        }
    }
}

/// Any Kubernetes object; its parts are read once its kind says how.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Object<'a> {
    #[serde(borrow)]
    api_version: Option<Cow<'a, str>>,
    #[serde(borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    spec: Option<&'a RawValue>,
    #[serde(borrow)]
    template: Option<&'a RawValue>,
}

impl<'a> Object<'a> {
    fn parse(json: &'a [u8]) -> Result<Self, WorkloadError> {
        serde_json::from_slice(json)
            .map_err(|error| WorkloadError::reading("outer fields", json, &error))
    }

    fn workload(&self, api_version: &str, kind: &str) -> Result<Option<Workload>, WorkloadError> {
        let Some(pod_in) = pod_in(api_version, kind) else {
            return Ok(None);
        };
        let object: Metadata = part("metadata", self.metadata)?.unwrap_or_default();
        let (pod, spec) = match pod_in {
            PodIn::Object => (None, part("spec", self.spec)?),
            PodIn::Template => in_template(part("template", self.template)?),
            PodIn::SpecTemplate => in_template(in_spec(part("spec", self.spec)?)),
            PodIn::JobTemplate => {
                let spec: Option<CronJobSpec> = part("spec", self.spec)?;
                let job = spec
                    .and_then(|spec| spec.job_template)
                    .and_then(|Fields(job)| job.spec);
                in_template(in_spec(job.map(|Fields(job)| job)))
            }
        };
        let spec: PodSpec = spec.unwrap_or_default();
        let is_pod = pod_in == PodIn::Object;
        // Whoever sees a pod without containers has not seen the pod; a template may wait to be filled in.
        if is_pod
            && spec
                .containers
                .as_ref()
                .is_none_or(|list| list.0.is_empty())
        {
            return Err(WorkloadError::Missing {
                field: "spec.containers",
            });
        }
        let parts = Parts {
            api_version,
            kind,
            object,
            pod,
            spec,
            path: pod_in.spec_path(),
            is_pod,
        };
        parts.workload().map(Some)
    }
}

/// What a workload is made of, once it is known where in its object the pod is.
pub(crate) struct Parts<'a> {
    pub(crate) api_version: &'a str,
    pub(crate) kind: &'a str,
    /// The object's own metadata.
    pub(crate) object: Metadata,
    /// That of the pods, where a template has one.
    pub(crate) pod: Option<Metadata>,
    pub(crate) spec: PodSpec,
    /// Where the spec stands.
    pub(crate) path: &'a str,
    pub(crate) is_pod: bool,
}

impl Parts<'_> {
    pub(crate) fn workload(self) -> Result<Workload, WorkloadError> {
        let images = images(&self.spec, self.path, self.is_pod)?;
        let Metadata {
            name,
            namespace,
            labels,
            annotations,
        } = self.object;
        let (labels, annotations) = match self.pod {
            Some(pod) => (pod.labels, pod.annotations),
            None => (labels, annotations),
        };
        Ok(Workload {
            kind: self.kind.to_owned(),
            api_version: self.api_version.to_owned(),
            namespace: namespace.filter(|namespace| !namespace.is_empty()),
            name: name.filter(|name| !name.is_empty()),
            labels: labels.unwrap_or_default().0,
            annotations: annotations.unwrap_or_default().0,
            service_account: [self.spec.service_account_name, self.spec.service_account]
                .into_iter()
                .flatten()
                .find(|name| !name.is_empty()),
            images,
        })
    }
}

fn part<T: DeserializeOwned>(
    field: &'static str,
    json: Option<&RawValue>,
) -> Result<Option<T>, WorkloadError> {
    let Some(json) = json.map(RawValue::get) else {
        return Ok(None);
    };
    match serde_json::from_str(json) {
        Ok(Fields(part)) => Ok(Some(part)),
        Err(error) => Err(WorkloadError::reading(field, json.as_bytes(), &error)),
    }
}

fn in_spec(spec: Option<TemplateSpec>) -> Option<Template> {
    spec.and_then(|spec| spec.template)
        .map(|Fields(template)| template)
}

/// Metadata and spec of the pods that `template` makes.
fn in_template(template: Option<Template>) -> (Option<Metadata>, Option<PodSpec>) {
    let Template { metadata, spec } = template.unwrap_or_default();
    (
        Some(metadata.unwrap_or_default().0),
        spec.map(|Fields(spec)| spec),
    )
}

/// The images of a pod that stands at `path`.
fn images(spec: &PodSpec, path: &str, is_pod: bool) -> Result<Vec<ImageUse>, WorkloadError> {
    let lists = [
        ("initContainers", &spec.init_containers),
        ("containers", &spec.containers),
        ("ephemeralContainers", &spec.ephemeral_containers),
    ];
    let volumes = spec.volumes.iter().flat_map(|list| &list.0);
    let containers = lists.iter().flat_map(|(_, list)| list.iter());
    let entries: usize = containers.map(|list| list.0.len()).sum();
    if entries.max(volumes.clone().count()) > limits::WORKLOAD_IMAGES {
        return Err(WorkloadError::TooMany {
            limit: limits::WORKLOAD_IMAGES,
        });
    }
    let mut images = Vec::new();
    let mut add = |path: String, name: &Option<String>, image: &Option<String>| {
        let image = image.clone().unwrap_or_default();
        // In a template something else fills an empty image in; the pod that comes of it is reviewed again.
        if is_pod || !image.is_empty() {
            let reference = image.parse();
            images.push(ImageUse {
                path,
                container: name.clone().unwrap_or_default(),
                image,
                reference,
            });
        }
    };
    for (list, containers) in lists {
        let containers = containers.iter().flat_map(|list| &list.0);
        for (index, Fields(Container { name, image })) in containers.enumerate() {
            add(format!("{path}.{list}[{index}].image"), name, image);
        }
    }
    for (index, Fields(Volume { name, image })) in volumes.enumerate() {
        if let Some(Fields(image)) = image {
            add(
                format!("{path}.volumes[{index}].image.reference"),
                name,
                &image.reference,
            );
        }
    }
    Ok(images)
}

#[cfg(test)]
mod tests;
