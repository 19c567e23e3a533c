//! The part of a kubelet that a process needs: the folder a container works in, with its volumes mounted below.
//!
//! ConfigMaps and Secrets are laid out and exchanged as a kubelet does it (files in a hidden folder, a link `..data` to
//! that, links through it, one rename for a new content), for programs that watch files fail on exactly this.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::chart::NAMESPACE;
use crate::failure::{Failure, Outcome};
use crate::kubectl::{Kubectl, text};

/// The volumes of a container, in a folder that stands for the one it works in.
#[derive(Debug)]
pub(crate) struct Mounts {
    kubectl: Kubectl,
    volumes: Vec<Volume>,
    generation: Cell<u32>,
}

/// A volume whose content the API server holds.
#[derive(Debug)]
struct Volume {
    path: PathBuf,
    /// `secret/NAME` or `configmap/NAME`.
    object: String,
    /// What a template says after a value of it, for the text that the value stands for.
    decode: &'static str,
}

impl Mounts {
    /// Fails unless every mount lies below the folder that the container works in.
    pub(crate) fn new(kubectl: &Kubectl, deployment: &Value, folder: &Path) -> Outcome<Self> {
        let container = container(deployment)?;
        let works_in = text(container, "/workingDir")?;
        let volumes = list(&deployment["spec"]["template"]["spec"]["volumes"]);
        let volume = |mount: &Value| {
            let source = volumes
                .iter()
                .find(|volume| volume["name"] == mount["name"]);
            let source = source.ok_or_else(|| Failure::new(format!("no volume for {mount}")))?;
            let below = Path::new(text(mount, "/mountPath")?).strip_prefix(works_in);
            let below = below.map_err(|_| Failure::new(format!("{mount}: not in {works_in}")))?;
            if source["emptyDir"].is_object() {
                fs::create_dir_all(folder.join(below))?;
                return Ok(None);
            }
            let (object, decode) = match text(source, "/secret/secretName") {
                Ok(name) => (format!("secret/{name}"), " | base64decode"),
                Err(_) => (
                    format!("configmap/{}", text(source, "/configMap/name")?),
                    "",
                ),
            };
            Ok(Some(Volume {
                path: folder.join(below),
                object,
                decode,
            }))
        };
        let mounts = Self {
            kubectl: kubectl.clone(),
            volumes: list(&container["volumeMounts"])
                .iter()
                .filter_map(|mount| volume(mount).transpose())
                .collect::<Outcome<_>>()?,
            generation: Cell::new(0),
        };
        mounts.refresh()?;
        Ok(mounts)
    }

    /// Fills the volumes with what the API server holds now.
    pub(crate) fn refresh(&self) -> Outcome {
        self.generation.set(self.generation.get() + 1);
        let hidden = format!("..generation_{}", self.generation.get());
        for volume in &self.volumes {
            fs::create_dir_all(volume.path.join(&hidden))?;
            let keys = self.read(volume, "{{range $key, $value := .data}}{{$key}}\n{{end}}")?;
            for key in keys.lines() {
                let template = format!("{{{{index .data {key:?}{}}}}}", volume.decode);
                let content = self.read(volume, &template)?;
                fs::write(volume.path.join(&hidden).join(key), content)?;
                if volume.path.join(key).symlink_metadata().is_err() {
                    symlink(Path::new("..data").join(key), volume.path.join(key))?;
                }
            }
            symlink(&hidden, volume.path.join("..data_tmp"))?;
            fs::rename(volume.path.join("..data_tmp"), volume.path.join("..data"))?;
        }
        Ok(())
    }

    fn read(&self, volume: &Volume, template: &str) -> Outcome<String> {
        let output = format!("--output=go-template={template}");
        let args = ["--namespace", NAMESPACE, "get", &volume.object, &output];
        Ok(self.kubectl.run(args)?.exits(0)?.stdout)
    }
}

/// The container of a Deployment that has one.
pub(crate) fn container(deployment: &Value) -> Outcome<&Value> {
    match list(&deployment["spec"]["template"]["spec"]["containers"]) {
        [container] => Ok(container),
        containers => Err(Failure::new(format!("{} containers", containers.len()))),
    }
}

/// A port of a container, by number or by name.
pub(crate) fn port(container: &Value, wanted: &Value) -> Outcome<u64> {
    let matches = |port: &&Value| port["name"] == *wanted || port["containerPort"] == *wanted;
    let found = list(&container["ports"]).iter().find(matches);
    let number = found.and_then(|port| port["containerPort"].as_u64());
    number.ok_or_else(|| Failure::new(format!("the container has no port {wanted}")))
}

/// The elements of a list; what is absent has none.
pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
