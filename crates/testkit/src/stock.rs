//! Puts test images, and things attached to them, straight into a registry's store.
//!
//! Nothing of this goes over HTTP, so nothing of it is in the log.

use bytes::Bytes;
use countersign_image::{Digest, PinnedReference, Repository};
use serde_json::{Value, json};

use crate::fixture::{Layer, Pushed};
use crate::registry::TestRegistry;

impl TestRegistry {
    /// An image for linux/amd64 with one layer of this content, under a tag.
    pub fn push_image(&self, repository: &str, tag: &str, content: &str) -> Pushed {
        let pushed = self.push_platform(repository, "linux", "amd64", content);
        self.move_tag(repository, tag, pushed.digest());
        pushed
    }

    /// An index over images of the same content for these `os/architecture`, under a tag.
    pub fn push_index(
        &self,
        repository: &str,
        tag: &str,
        platforms: &[&str],
        content: &str,
    ) -> Pushed {
        let children: Vec<Value> = platforms
            .iter()
            .map(|platform| {
                let (os, architecture) = platform.split_once('/').expect("os/architecture");
                let child = self.push_platform(repository, os, architecture, content);
                let mut descriptor = child.descriptor();
                descriptor["platform"] = json!({"os": os, "architecture": architecture});
                descriptor
            })
            .collect();
        let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children});
        let pushed = self.push_manifest(repository, OCI_INDEX, index.to_string());
        self.move_tag(repository, tag, pushed.digest());
        pushed
    }

    /// A referrer of `subject`: an artifact manifest with these layers, found by the referrers API, or by the fallback
    /// tag where the registry has no such API.
    pub fn push_referrer(&self, subject: &Pushed, artifact_type: &str, layers: &[Layer]) -> Pushed {
        let repository = subject.image.repository().path();
        let manifest = self.artifact(
            repository,
            artifact_type,
            layers,
            Some(subject.descriptor()),
        );
        let pushed = self.push_manifest(repository, OCI_MANIFEST, manifest.to_string());
        if !self.shared.options.referrers {
            let mut listed = pushed.descriptor();
            listed["artifactType"] = artifact_type.into();
            self.list_in_fallback(subject, listed);
        }
        pushed
    }

    /// A manifest with these layers under the tag `sha256-<hex>.<suffix>` of `subject`.
    pub fn push_attached_tag(&self, subject: &Pushed, suffix: &str, layers: &[Layer]) -> Pushed {
        self.push_attached_tag_in(subject.image.repository().path(), subject, suffix, layers)
    }

    /// The same in another repository of this registry.
    pub fn push_attached_tag_in(
        &self,
        repository: &str,
        subject: &Pushed,
        suffix: &str,
        layers: &[Layer],
    ) -> Pushed {
        let mut manifest = self.artifact(repository, "", layers, None);
        manifest["config"] = self.blob_descriptor(repository, OCI_CONFIG, "{}");
        let pushed = self.push_manifest(repository, OCI_MANIFEST, manifest.to_string());
        self.move_tag(
            repository,
            &format!("{}.{suffix}", subject.digest().tag_stem()),
            pushed.digest(),
        );
        pushed
    }

    /// Adds a descriptor to the fallback index of `subject`, whether or not the registry has the referrers API.
    pub fn list_in_fallback(&self, subject: &Pushed, descriptor: Value) {
        let repository = subject.image.repository().path();
        let tag = subject.digest().tag_stem();
        let before = self
            .store()
            .manifest(repository, &tag)
            .map(|(_, stored)| stored.bytes);
        let mut index: Value = match before {
            Some(bytes) => serde_json::from_slice(&bytes).expect("a fallback index is JSON"),
            None => json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}),
        };
        index["manifests"]
            .as_array_mut()
            .expect("an index lists manifests")
            .push(descriptor);
        let pushed = self.push_manifest(repository, OCI_INDEX, index.to_string());
        self.move_tag(repository, &tag, pushed.digest());
    }

    /// Any bytes as a manifest.
    pub fn push_manifest(
        &self,
        repository: &str,
        media_type: &str,
        bytes: impl Into<Bytes>,
    ) -> Pushed {
        let bytes = bytes.into();
        let digest = self
            .store()
            .repository(repository)
            .put_manifest(media_type, bytes.clone());
        let image = PinnedReference::new(self.repository(repository), digest);
        Pushed {
            image,
            media_type: media_type.to_owned(),
            bytes,
        }
    }

    /// Any bytes as a blob.
    pub fn push_blob(&self, repository: &str, bytes: impl Into<Bytes>) -> Digest {
        self.store().repository(repository).put_blob(bytes.into())
    }

    /// Stores bytes as a blob under a digest that may not be theirs.
    pub fn swap_blob(&self, repository: &str, digest: &Digest, bytes: impl Into<Bytes>) {
        self.store()
            .repository(repository)
            .blobs
            .insert(digest.clone(), bytes.into());
    }

    /// Stores bytes as a manifest under a digest that may not be theirs.
    pub fn swap_manifest(
        &self,
        repository: &str,
        digest: &Digest,
        media_type: &str,
        bytes: impl Into<Bytes>,
    ) {
        self.store().repository(repository).put_manifest_as(
            digest.clone(),
            media_type,
            bytes.into(),
        );
    }

    /// Points a tag at a manifest that is already there.
    pub fn move_tag(&self, repository: &str, tag: &str, digest: &Digest) {
        self.store()
            .repository(repository)
            .tags
            .insert(tag.to_owned(), digest.clone());
    }

    /// The digest under a tag.
    pub fn tagged(&self, repository: &str, tag: &str) -> Option<Digest> {
        self.store()
            .repositories
            .get(repository)?
            .tags
            .get(tag)
            .cloned()
    }

    /// The tags of a repository.
    pub fn tags(&self, repository: &str) -> Vec<String> {
        let store = self.store();
        store
            .repositories
            .get(repository)
            .map(|contents| contents.tags.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// The bytes of a manifest.
    pub fn manifest(&self, repository: &str, target: &str) -> Option<Bytes> {
        self.store()
            .manifest(repository, target)
            .map(|(_, stored)| stored.bytes)
    }

    /// Removes a manifest and the tags that point at it.
    pub fn delete_manifest(&self, repository: &str, digest: &Digest) {
        self.store().repository(repository).delete_manifest(digest);
    }

    /// Removes a blob.
    pub fn delete_blob(&self, repository: &str, digest: &Digest) {
        self.store().repository(repository).blobs.remove(digest);
    }

    /// A repository of this registry.
    pub fn repository(&self, path: &str) -> Repository {
        format!("{}/{path}", self.host())
            .parse()
            .expect("the test names a valid repository")
    }

    pub(crate) fn push_platform(
        &self,
        repository: &str,
        os: &str,
        architecture: &str,
        content: &str,
    ) -> Pushed {
        let layer = self.blob_descriptor(
            repository,
            "application/vnd.oci.image.layer.v1.tar",
            content,
        );
        let config = json!({
            "architecture": architecture,
            "os": os,
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
        });
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": self.blob_descriptor(repository, OCI_CONFIG, &config.to_string()),
            "layers": [layer],
        });
        self.push_manifest(repository, OCI_MANIFEST, manifest.to_string())
    }

    pub(crate) fn artifact(
        &self,
        repository: &str,
        artifact_type: &str,
        layers: &[Layer],
        subject: Option<Value>,
    ) -> Value {
        for layer in layers {
            self.push_blob(repository, layer.bytes.clone());
        }
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": self.blob_descriptor(repository, "application/vnd.oci.empty.v1+json", "{}"),
            "layers": layers.iter().map(Layer::descriptor).collect::<Vec<_>>(),
        });
        if !artifact_type.is_empty() {
            manifest["artifactType"] = artifact_type.into();
        }
        if let Some(subject) = subject {
            manifest["subject"] = subject;
        }
        manifest
    }

    pub(crate) fn blob_descriptor(
        &self,
        repository: &str,
        media_type: &str,
        content: &str,
    ) -> Value {
        let digest = self.push_blob(repository, content.to_owned());
        json!({"mediaType": media_type, "digest": digest.to_string(), "size": content.len()})
    }
}

const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
