//! Indexes as BuildKit pushes them: images, and beside each the manifest of what was said about its build.

use serde_json::{Value, json};

use crate::fixture::{Layer, Pushed};
use crate::registry::TestRegistry;

/// An index with attestation manifests.
#[derive(Clone, Debug)]
pub struct BuildKitIndex {
    /// The index.
    pub index: Pushed,
    /// Its images, in the order of the platforms.
    pub children: Vec<Pushed>,
    /// The attestation manifest of each of them.
    pub attestations: Vec<Pushed>,
}

/// How an attestation manifest is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttestationForm {
    /// As an image that runs nowhere: up to BuildKit v0.31.
    Classic,
    /// As an artifact that names its image as subject: from v0.32.
    Artifact,
}

impl TestRegistry {
    /// An index over images of the same content for these `os/architecture`, each with the unsigned statements that
    /// `statements` makes for it, under a tag.
    pub fn push_buildkit_index(
        &self,
        repository: &str,
        tag: &str,
        platforms: &[&str],
        form: AttestationForm,
        statements: impl Fn(&Pushed) -> Vec<String>,
    ) -> BuildKitIndex {
        let mut listed: Vec<Value> = Vec::new();
        let mut children = Vec::new();
        for platform in platforms {
            let (os, architecture) = platform.split_once('/').expect("os/architecture");
            let child =
                self.push_platform(repository, os, architecture, &format!("{tag} {platform}"));
            listed.push(child.listed(os, architecture));
            children.push(child);
        }
        let mut attestations = Vec::new();
        for child in &children {
            let attesting = self.push_attestation_manifest(child, form, &statements(child));
            listed.push(attesting.listed_as_attestation(child));
            attestations.push(attesting);
        }
        let index = self.push_list(repository, tag, &listed);
        BuildKitIndex {
            index,
            children,
            attestations,
        }
    }

    /// An attestation manifest of `child`, which no index lists yet.
    pub fn push_attestation_manifest(
        &self,
        child: &Pushed,
        form: AttestationForm,
        statements: &[String],
    ) -> Pushed {
        let repository = child.image.repository().path();
        let layers: Vec<Layer> = statements
            .iter()
            .map(|statement| Layer::new("application/vnd.in-toto+json", statement.clone()))
            .collect();
        let manifest = match form {
            AttestationForm::Classic => {
                let mut manifest = self.artifact(repository, "", &layers, None);
                let config = json!({"architecture": "unknown", "os": "unknown", "config": {}});
                manifest["config"] = self.blob_descriptor(
                    repository,
                    "application/vnd.oci.image.config.v1+json",
                    &config.to_string(),
                );
                manifest
            }
            AttestationForm::Artifact => self.artifact(
                repository,
                "application/vnd.docker.attestation.manifest.v1+json",
                &layers,
                Some(child.descriptor()),
            ),
        };
        self.push_manifest(repository, OCI_MANIFEST, manifest.to_string())
    }

    /// An index of these entries, under a tag.
    pub fn push_list(&self, repository: &str, tag: &str, entries: &[Value]) -> Pushed {
        let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries});
        let pushed = self.push_manifest(repository, OCI_INDEX, index.to_string());
        self.move_tag(repository, tag, pushed.digest());
        pushed
    }
}

impl Pushed {
    /// Its descriptor as the entry of an index, for a platform.
    pub fn listed(&self, os: &str, architecture: &str) -> Value {
        let mut entry = self.descriptor();
        entry["platform"] = json!({"os": os, "architecture": architecture});
        entry
    }

    /// Its descriptor as the entry of an index that says it attests `child`.
    pub fn listed_as_attestation(&self, child: &Self) -> Value {
        let mut entry = self.listed("unknown", "unknown");
        entry["annotations"] = json!({
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": child.digest().to_string(),
        });
        entry
    }
}

const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
