//! The objects that scenarios create: pods, and every kind that makes pods.

use serde_json::{Value, json};

/// A pod in the making.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pod {
    name: String,
    containers: Vec<Value>,
    init_containers: Vec<Value>,
    volumes: Vec<Value>,
}

/// A pod that runs nothing yet.
pub(crate) fn pod(name: &str) -> Pod {
    Pod {
        name: name.to_owned(),
        ..Pod::default()
    }
}

impl Pod {
    pub(crate) fn with_image(mut self, image: &str) -> Self {
        let name = format!("c{}", self.containers.len());
        self.containers.push(json!({"name": name, "image": image}));
        self
    }

    pub(crate) fn with_init_image(mut self, image: &str) -> Self {
        let name = format!("i{}", self.init_containers.len());
        self.init_containers
            .push(json!({"name": name, "image": image}));
        self
    }

    pub(crate) fn with_image_volume(mut self, image: &str) -> Self {
        let name = format!("v{}", self.volumes.len());
        self.volumes
            .push(json!({"name": name, "image": {"reference": image}}));
        self
    }

    pub(crate) fn manifest(&self) -> Value {
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": self.name}, "spec": self.spec(),
        })
    }

    /// Every built-in kind that makes such pods, with the path under which it holds a pod's fields.
    pub(crate) fn workloads(&self) -> Vec<(Value, &'static str)> {
        let labels = json!({"app": self.name});
        let template = |restart: &str| {
            let mut spec = self.spec();
            spec["restartPolicy"] = json!(restart);
            json!({"metadata": {"labels": labels}, "spec": spec})
        };
        let (always, never) = (template("Always"), template("Never"));
        let selector = json!({"matchLabels": labels});
        let apps = |kind: &str| {
            let spec = json!({"selector": selector, "template": always});
            (self.object("apps/v1", kind, spec), "spec.template.")
        };
        let job = json!({"template": never});
        let cron = json!({"schedule": "0 0 1 1 *", "jobTemplate": {"spec": job}});
        let mut stateful_set = apps("StatefulSet");
        stateful_set.0["spec"]["serviceName"] = json!(self.name);
        let mut pod_template = self.object("v1", "PodTemplate", Value::Null);
        pod_template["template"] = always.clone();
        vec![
            apps("Deployment"),
            apps("ReplicaSet"),
            apps("DaemonSet"),
            stateful_set,
            (
                self.object(
                    "v1",
                    "ReplicationController",
                    json!({"selector": labels, "template": always}),
                ),
                "spec.template.",
            ),
            (
                self.object("batch/v1", "Job", job.clone()),
                "spec.template.",
            ),
            (
                self.object("batch/v1", "CronJob", cron),
                "spec.jobTemplate.spec.template.",
            ),
            (pod_template, "template."),
        ]
    }

    fn object(&self, api_version: &str, kind: &str, spec: Value) -> Value {
        let mut object = json!({
            "apiVersion": api_version, "kind": kind, "metadata": {"name": self.name},
        });
        if !spec.is_null() {
            object["spec"] = spec;
        }
        object
    }

    fn spec(&self) -> Value {
        json!({
            "containers": self.containers,
            "initContainers": self.init_containers,
            "volumes": self.volumes,
        })
    }
}
