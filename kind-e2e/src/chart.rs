//! The Helm chart: linted, rendered, and the rendered objects applied to the API server.
//!
//! What is installed is deleted again, webhook configurations first, so that a cluster that lives on is left as it was.

use std::rc::Rc;

use serde_json::{Value, json};

use crate::failure::{Failure, Outcome};
use crate::kubectl::{Kubectl, text};
use crate::process::Ran;
use crate::tools::Tools;

/// The namespace that the chart is installed into.
pub(crate) const NAMESPACE: &str = "countersign-e2e";

/// The chart and the values to render it with.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    tools: Rc<Tools>,
    values: Vec<String>,
}

impl Chart {
    /// The chart with files of values, as they are named at home.
    pub(crate) fn with_values(tools: &Rc<Tools>, files: &[&str]) -> Self {
        let values = files
            .iter()
            .map(|file| format!("--values={file}"))
            .collect();
        Self {
            tools: Rc::clone(tools),
            values,
        }
    }

    pub(crate) fn lint(&self) -> Outcome<Ran> {
        self.helm(&["lint", "--strict", FOLDER])
    }

    /// What the API server would be given, as YAML.
    pub(crate) fn template(&self, more: &[&str]) -> Outcome<Ran> {
        let args = ["template", RELEASE, FOLDER, "--namespace", NAMESPACE];
        self.helm(&[&args, more].concat())
    }

    /// What the API server would be given, as objects.
    pub(crate) fn render(&self, kubectl: &Kubectl) -> Outcome<Rendered> {
        let ran = self.template(&[])?.exits(0)?;
        Ok(Rendered(kubectl.objects(&ran.stdout)?))
    }

    fn helm(&self, args: &[&str]) -> Outcome<Ran> {
        self.tools.run(
            "helm",
            args.iter()
                .copied()
                .chain(self.values.iter().map(String::as_str)),
        )
    }
}

/// The objects of a rendered chart.
#[derive(Clone, Debug)]
pub(crate) struct Rendered(Vec<Value>);

impl Rendered {
    /// The one object of a kind.
    pub(crate) fn one(&self, kind: &str) -> Outcome<&Value> {
        match self.all(kind).as_slice() {
            [object] => Ok(object),
            objects => Err(Failure::new(format!(
                "{} objects of kind {kind}",
                objects.len()
            ))),
        }
    }

    pub(crate) fn all(&self, kind: &str) -> Vec<&Value> {
        self.0
            .iter()
            .filter(|object| object["kind"] == kind)
            .collect()
    }

    /// Applies everything but the webhook configurations: who answers them must come first.
    pub(crate) fn install(self, kubectl: &Kubectl) -> Outcome<Installed> {
        kubectl.apply(&json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE},
        }))?;
        let installed = Installed {
            rendered: self,
            kubectl: kubectl.clone(),
        };
        for object in installed
            .rendered
            .0
            .iter()
            .filter(|object| !is_webhook(object))
        {
            kubectl.apply(object)?;
        }
        Ok(installed)
    }
}

/// A chart in a cluster, deleted from it when dropped.
#[derive(Debug)]
pub(crate) struct Installed {
    pub(crate) rendered: Rendered,
    kubectl: Kubectl,
}

impl Installed {
    /// Applies the webhook configurations: from now on the API server asks.
    pub(crate) fn register(&self) -> Outcome {
        self.webhooks()
            .try_for_each(|object| self.kubectl.apply(object))
    }

    fn webhooks(&self) -> impl Iterator<Item = &Value> {
        self.rendered.0.iter().filter(|object| is_webhook(object))
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        for object in self.webhooks() {
            if let (Ok(kind), Ok(name)) = (text(object, "/kind"), text(object, "/metadata/name")) {
                let _ = self
                    .kubectl
                    .run(["delete", kind, name, "--ignore-not-found"]);
            }
        }
        let _ = self
            .kubectl
            .run(["delete", "namespace", NAMESPACE, "--wait=false"]);
    }
}

fn is_webhook(object: &Value) -> bool {
    object["kind"]
        .as_str()
        .is_some_and(|kind| kind.ends_with("WebhookConfiguration"))
}

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../charts/countersign");
const RELEASE: &str = "countersign";
