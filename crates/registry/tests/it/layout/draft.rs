//! Layouts made for a test.

use std::fs;
use std::path::{Path, PathBuf};

use countersign_image::Digest;
use countersign_registry::Layout;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::NAME;
use crate::support::{OCI_INDEX, OCI_MANIFEST};

/// A layout under construction.
pub(super) struct Draft {
    directory: TempDir,
    listed: Vec<Value>,
}

/// Something in it.
#[derive(Clone)]
pub(super) struct Blob {
    pub(super) descriptor: Value,
}

impl Draft {
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir_all(directory.path().join("blobs/sha256")).unwrap();
        let draft = Self {
            directory,
            listed: Vec::new(),
        };
        draft.write("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
        draft.write_index();
        draft
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn write(&self, name: &str, content: &str) {
        fs::write(self.path().join(name), content).unwrap();
    }

    pub(super) fn write_index(&self) {
        let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": self.listed});
        self.write("index.json", &index.to_string());
    }

    pub(super) fn list(&mut self, blob: &Blob, annotations: &Value) {
        let mut entry = blob.descriptor.clone();
        entry["annotations"] = annotations.clone();
        self.listed.push(entry);
        self.write_index();
    }

    pub(super) fn file(&self, blob: &Blob) -> PathBuf {
        self.path().join("blobs/sha256").join(blob.digest().hex())
    }

    pub(super) fn blob(&self, media_type: &str, content: &str) -> Blob {
        let digest = Digest::of(content.as_bytes());
        let descriptor =
            json!({"mediaType": media_type, "digest": digest.to_string(), "size": content.len()});
        let blob = Blob { descriptor };
        fs::write(self.file(&blob), content).unwrap();
        blob
    }

    /// A manifest with these layers.
    pub(super) fn manifest(&self, layers: &[&Blob], subject: Option<&Blob>) -> Blob {
        let empty = self.blob("application/vnd.oci.empty.v1+json", "{}");
        let layers: Vec<_> = layers.iter().map(|layer| &layer.descriptor).collect();
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": empty.descriptor,
            "layers": layers,
        });
        if let Some(subject) = subject {
            manifest["subject"] = subject.descriptor.clone();
        }
        self.blob(OCI_MANIFEST, &manifest.to_string())
    }

    pub(super) fn image(&self, content: &str) -> Blob {
        let layer = self.blob("application/vnd.oci.image.layer.v1.tar", content);
        self.manifest(&[&layer], None)
    }

    /// A manifest that carries one thing.
    pub(super) fn carrier(&self, media_type: &str, content: &str, subject: Option<&Blob>) -> Blob {
        let layer = self.blob(media_type, content);
        self.manifest(&[&layer], subject)
    }

    pub(super) fn index(&self, entries: &[&Blob]) -> Blob {
        let entries: Vec<_> = entries.iter().map(|entry| &entry.descriptor).collect();
        let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries});
        self.blob(OCI_INDEX, &index.to_string())
    }

    pub(super) fn open(&self) -> Layout {
        Layout::open(self.path()).unwrap()
    }
}

impl Blob {
    pub(super) fn digest(&self) -> Digest {
        self.descriptor["digest"].as_str().unwrap().parse().unwrap()
    }

    /// The tag by which things of one kind are attached to it.
    pub(super) fn tag(&self, suffix: &str) -> String {
        format!("{}{suffix}", self.digest().tag_stem())
    }
}

/// A layout with one image, and that image.
pub(super) fn with_image() -> (Draft, Blob) {
    let mut draft = Draft::new();
    let image = draft.image("content");
    draft.list(&image, &json!({NAME: "1.0"}));
    (draft, image)
}
