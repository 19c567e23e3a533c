//! Pod templates in kinds that are not built in, where somebody says at which path they are.
//!
//! Refuses an object of such a kind that has no template at any of its paths: a path that is misspelt would else hide
//! every image.

use std::fmt;
use std::str::FromStr;

use countersign_image::{Fields, check_strict, excerpt};
use serde_json::Value;

use crate::pod::{Metadata, Template};
use crate::workload::Parts;
use crate::{Workload, WorkloadError, is_workload_kind};

/// Where objects of a kind have a pod template: `Rollout.argoproj.io=spec.template`, whatever the version of the group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodTemplate {
    group: String,
    kind: String,
    path: String,
}

impl PodTemplate {
    /// The workloads in `json`: the object itself where its kind is built in, else one for each template of `templates`
    /// that it has. None if its kind runs no images.
    ///
    /// # Errors
    ///
    /// As [`Workload::from_json`]; and if the kind is among `templates`, and the object has none of them.
    pub fn workloads(json: &[u8], templates: &[Self]) -> Result<Vec<Workload>, WorkloadError> {
        if let Some(workload) = Workload::from_json(json)? {
            return Ok(vec![workload]);
        }
        if templates.is_empty() {
            return Ok(Vec::new());
        }
        check_strict(json).map_err(WorkloadError::Json)?;
        let object: Value = serde_json::from_slice(json)
            .map_err(|error| WorkloadError::reading("outer fields", json, &error))?;
        let mut of_kind = templates
            .iter()
            .filter(|template| template.is_of(&object))
            .peekable();
        if of_kind.peek().is_none() {
            return Ok(Vec::new());
        }
        let mut workloads = Vec::new();
        for template in of_kind {
            workloads.extend(template.workload(&object)?);
        }
        if workloads.is_empty() {
            return Err(WorkloadError::Missing {
                field: "pod template",
            });
        }
        Ok(workloads)
    }

    fn is_of(&self, object: &Value) -> bool {
        let text = |field| object.get(field).and_then(Value::as_str);
        let group = text("apiVersion").and_then(|version| version.split_once('/'));
        group.is_some_and(|(group, _)| group == self.group) && text("kind") == Some(&self.kind)
    }

    fn workload(&self, object: &Value) -> Result<Option<Workload>, WorkloadError> {
        let mut value = object;
        for key in self.path.split('.') {
            value = match value.get(key) {
                None | Some(Value::Null) => return Ok(None),
                Some(value) => value,
            };
        }
        let Fields(template): Fields<Template> = part("pod template", value)?;
        let Some(Fields(spec)) = template.spec else {
            return Err(WorkloadError::Missing {
                field: "spec in its pod template",
            });
        };
        let metadata = match object.get("metadata") {
            None | Some(Value::Null) => Metadata::default(),
            Some(value) => part::<Fields<_>>("metadata", value)?.0,
        };
        let text = |field| object.get(field).and_then(Value::as_str);
        Parts {
            api_version: text("apiVersion").unwrap_or_default(),
            kind: &self.kind,
            object: metadata,
            pod: Some(template.metadata.unwrap_or_default().0),
            spec,
            path: &format!("{}.spec", self.path),
            is_pod: false,
        }
        .workload()
        .map(Some)
    }
}

fn part<T: serde::de::DeserializeOwned>(
    field: &'static str,
    value: &Value,
) -> Result<T, WorkloadError> {
    T::deserialize(value).map_err(|error| WorkloadError::Shape {
        field,
        detail: excerpt(&error.to_string()),
    })
}

/// Why a text says no such place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodTemplateError {
    /// The kind is read anyway.
    BuiltIn,
    /// Not `KIND.GROUP=PATH`.
    Malformed,
}

impl fmt::Display for PodTemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BuiltIn => "this kind is built in; its pods are found without",
            Self::Malformed => "expected KIND.GROUP=PATH, as Rollout.argoproj.io=spec.template",
        })
    }
}

impl std::error::Error for PodTemplateError {}

impl FromStr for PodTemplate {
    type Err = PodTemplateError;

    fn from_str(text: &str) -> Result<Self, PodTemplateError> {
        let parts = text.split_once('=').and_then(|(of, path)| {
            let (kind, group) = of.split_once('.')?;
            Some([kind, group, path])
        });
        let [kind, group, path] = parts.ok_or(PodTemplateError::Malformed)?;
        let is_plain = |name: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            !name.is_empty() && name.bytes().all(plain)
        };
        // Kinds begin with a capital letter; `rollouts.argoproj.io` is the name of a resource.
        let is_kind = is_plain(kind) && kind.starts_with(|first: char| first.is_ascii_uppercase());
        if !is_kind || !group.split('.').all(is_plain) || !path.split('.').all(is_plain) {
            return Err(PodTemplateError::Malformed);
        }
        if is_workload_kind(&format!("{group}/v1"), kind) {
            return Err(PodTemplateError::BuiltIn);
        }
        Ok(Self {
            group: group.to_owned(),
            kind: kind.to_owned(),
            path: path.to_owned(),
        })
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test that fails has to stop")]
mod tests {
    use serde_json::json;

    use super::*;

    fn templates(written: &[&str]) -> Vec<PodTemplate> {
        written.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn read(object: &Value, written: &[&str]) -> Result<Vec<Workload>, &'static str> {
        PodTemplate::workloads(object.to_string().as_bytes(), &templates(written))
            .map_err(|error| error.code())
    }

    fn job() -> Value {
        let replica = |image: &str| {
            json!({"template": {
                "metadata": {"labels": {"role": image}},
                "spec": {"containers": [{"name": "c", "image": image}]},
            }})
        };
        json!({
            "apiVersion": "kubeflow.org/v1",
            "kind": "TFJob",
            "metadata": {"name": "train", "namespace": "ml", "labels": {"of": "the object"}},
            "spec": {"tfReplicaSpecs": {"Chief": replica("chief"), "Worker": replica("worker")}},
        })
    }

    const CHIEF: &str = "TFJob.kubeflow.org=spec.tfReplicaSpecs.Chief.template";
    const WORKER: &str = "TFJob.kubeflow.org=spec.tfReplicaSpecs.Worker.template";

    #[test]
    fn each_template_is_a_workload_with_the_labels_of_its_own_pods() {
        let found = read(&job(), &[CHIEF, WORKER]).unwrap();
        let shown: Vec<_> = found
            .iter()
            .map(|workload| {
                let image = &workload.images[0];
                (&*workload.labels["role"], &*image.image, &*image.path)
            })
            .collect();
        let chief = "spec.tfReplicaSpecs.Chief.template.spec.containers[0].image";
        let worker = "spec.tfReplicaSpecs.Worker.template.spec.containers[0].image";
        assert_eq!(
            shown,
            [("chief", "chief", chief), ("worker", "worker", worker)]
        );
        assert_eq!(found[0].namespace.as_deref(), Some("ml"));
        assert_eq!(found[0].labels.len(), 1);
    }

    #[test]
    fn an_object_need_not_have_every_template_of_its_kind_but_one() {
        let mut only_chief = job();
        only_chief["spec"]["tfReplicaSpecs"]["Worker"] = Value::Null;
        assert_eq!(read(&only_chief, &[CHIEF, WORKER]).unwrap().len(), 1);
        let misspelt = ["TFJob.kubeflow.org=spec.tfReplicaSpec.Chief.template"];
        assert_eq!(read(&job(), &misspelt), Err("workload_incomplete"));
        let too_deep = [&*format!("{CHIEF}.spec")];
        assert_eq!(read(&job(), &too_deep), Err("workload_incomplete"));
        let no_template = ["TFJob.kubeflow.org=metadata.name"];
        assert_eq!(read(&job(), &no_template), Err("workload_shape"));
    }

    #[test]
    fn other_kinds_and_other_groups_are_left_alone_and_built_in_ones_are_read() {
        assert_eq!(read(&job(), &[]), Ok(vec![]));
        assert_eq!(
            read(&job(), &["TFJob.example.com=spec.template"]),
            Ok(vec![])
        );
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "c", "image": "i"}]}});
        assert_eq!(read(&pod, &[CHIEF]).unwrap().len(), 1);
    }

    #[test]
    fn a_key_that_stands_twice_is_refused() {
        let json = job().to_string().replace(
            "\"image\":\"chief\"",
            "\"image\":\"other\",\"image\":\"chief\"",
        );
        let refused = PodTemplate::workloads(json.as_bytes(), &templates(&[CHIEF])).unwrap_err();
        assert!(matches!(refused, WorkloadError::Json(_)), "{refused}");
    }

    #[test]
    fn a_place_is_a_kind_with_its_group_and_a_path() {
        for text in [
            "",
            "Rollout",
            "Rollout=spec.template",
            "Rollout.argoproj.io",
            "Rollout.argoproj.io=",
            "rollouts.argoproj.io=spec.template",
            "Rollout.argoproj.io/v1=spec.template",
            "Rollout.argoproj.io=.spec.template",
            "Rollout.argoproj.io=spec..template",
            "Rollout.argoproj.io=spec.list[0]",
            ".argoproj.io=spec",
        ] {
            let refused = text.parse::<PodTemplate>();
            assert_eq!(refused, Err(PodTemplateError::Malformed), "{text}");
        }
        let built_in = "Deployment.apps=spec.template".parse::<PodTemplate>();
        assert_eq!(built_in, Err(PodTemplateError::BuiltIn));
    }
}
