//! `kubectl`, driven as its users drive it, and namespaces of which each scenario gets a fresh one.

use std::cell::Cell;
use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;

use serde_json::{Value, json};

use crate::failure::{Failure, Outcome, ensure};
use crate::process::Ran;
use crate::tools::Tools;

/// `kubectl` with a kubeconfig.
#[derive(Clone, Debug)]
pub(crate) struct Kubectl {
    tools: Rc<Tools>,
    kubeconfig: PathBuf,
}

impl Kubectl {
    pub(crate) fn new(tools: Rc<Tools>, kubeconfig: PathBuf) -> Self {
        Self { tools, kubeconfig }
    }

    /// Runs a command; its exit code is for the caller to judge.
    pub(crate) fn run<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Outcome<Ran> {
        Ran::of(self.command().args(args), "")
    }

    /// Runs a command that reads a manifest from its standard input (`-f -`).
    pub(crate) fn run_on<'a>(
        &self,
        manifest: &str,
        args: impl IntoIterator<Item = &'a str>,
    ) -> Outcome<Ran> {
        Ran::of(self.command().args(args).args(["-f", "-"]), manifest)
    }

    /// Fails unless the API server says that it is ready.
    pub(crate) fn ready(&self) -> Outcome {
        self.run(["get", "--raw", "/readyz"])?.exits(0).map(drop)
    }

    /// Creates or changes an object for good.
    pub(crate) fn apply(&self, object: &Value) -> Outcome {
        let server_side = ["apply", "--server-side", "--force-conflicts"];
        self.run_on(&object.to_string(), server_side)?
            .exits(0)
            .map(drop)
    }

    /// YAML documents as the objects that the API server knows them to be.
    pub(crate) fn objects(&self, yaml: &str) -> Outcome<Vec<Value>> {
        let ran = self
            .run_on(yaml, ["create", "--dry-run=client", "--output=json"])?
            .exits(0)?;
        let mut objects = Vec::new();
        for value in serde_json::Deserializer::from_str(&ran.stdout).into_iter::<Value>() {
            match value? {
                Value::Object(mut list) if list.get("kind") == Some(&json!("List")) => {
                    let items = list.remove("items").unwrap_or_default();
                    objects.extend(serde_json::from_value::<Vec<Value>>(items)?);
                }
                object => objects.push(object),
            }
        }
        ensure(!objects.is_empty(), || {
            "there are no objects in it".to_owned()
        })?;
        Ok(objects)
    }

    fn command(&self) -> Command {
        let mut command = self.tools.command("kubectl");
        command
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .arg("--request-timeout=60s");
        command
    }
}

/// A namespace of one scenario.
#[derive(Debug)]
pub(crate) struct Namespace {
    pub(crate) name: String,
    kubectl: Kubectl,
}

/// Makes namespaces whose names nobody else has.
#[derive(Debug)]
pub(crate) struct Namespaces {
    kubectl: Kubectl,
    made: Cell<u32>,
}

impl Namespaces {
    pub(crate) fn new(kubectl: Kubectl) -> Self {
        Self {
            kubectl,
            made: Cell::new(0),
        }
    }

    /// A fresh namespace with these labels, in which pods can be made.
    pub(crate) fn fresh(&self, labels: &Value) -> Outcome<Namespace> {
        self.made.set(self.made.get() + 1);
        let name = format!("countersign-e2e-{}-{}", std::process::id(), self.made.get());
        self.kubectl.apply(&json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": name, "labels": labels},
        }))?;
        let namespace = Namespace {
            name,
            kubectl: self.kubectl.clone(),
        };
        // A controller makes it in a cluster that has controllers; pods wait for it in every cluster.
        namespace.kubectl.apply(&json!({
            "apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": "default", "namespace": namespace.name},
        }))?;
        Ok(namespace)
    }
}

impl Namespace {
    /// Runs a command in this namespace.
    pub(crate) fn run<'a>(&'a self, args: impl IntoIterator<Item = &'a str>) -> Outcome<Ran> {
        self.kubectl
            .run(["--namespace", &self.name].into_iter().chain(args))
    }

    /// Creates an object in this namespace, or tries to.
    pub(crate) fn create<'a>(
        &'a self,
        manifest: &Value,
        args: impl IntoIterator<Item = &'a str>,
    ) -> Outcome<Ran> {
        let args = ["--namespace", &self.name, "create"]
            .into_iter()
            .chain(args);
        self.kubectl.run_on(&manifest.to_string(), args)
    }

    /// One field of an object of this namespace, by JSON path.
    pub(crate) fn field(&self, object: &str, path: &str) -> Outcome<String> {
        let output = format!("--output=jsonpath={{{path}}}");
        Ok(self.run(["get", object, &output])?.exits(0)?.stdout)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // In vain where no controller finishes the deletion; such a cluster ends with the run.
        let _ = self
            .kubectl
            .run(["delete", "namespace", &self.name, "--wait=false"]);
    }
}

/// The text at a JSON pointer of an object, or which one lacks it.
pub(crate) fn text<'a>(object: &'a Value, pointer: &str) -> Outcome<&'a str> {
    let found = object.pointer(pointer).and_then(Value::as_str);
    found.ok_or_else(|| Failure::new(format!("no text at {pointer} of {object}")))
}
