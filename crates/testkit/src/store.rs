//! What a registry holds: blobs, manifests and tags by repository.
//!
//! It checks nothing but digests: what may be stored is for the routes to say.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use countersign_image::Digest;
use serde_json::{Value, json};

/// A manifest as it was put.
#[derive(Clone)]
pub(crate) struct Stored {
    pub(crate) media_type: String,
    pub(crate) bytes: Bytes,
}

/// One repository.
#[derive(Default)]
pub(crate) struct Contents {
    pub(crate) blobs: HashMap<Digest, Bytes>,
    pub(crate) manifests: HashMap<Digest, Stored>,
    pub(crate) tags: BTreeMap<String, Digest>,
    /// In the order they were put, which is the order in which referrers are listed.
    order: Vec<Digest>,
}

/// All repositories, and the uploads under way.
#[derive(Default)]
pub(crate) struct Store {
    pub(crate) repositories: BTreeMap<String, Contents>,
    pub(crate) uploads: HashMap<String, Vec<u8>>,
    pub(crate) uploads_begun: usize,
}

impl Store {
    pub(crate) fn repository(&mut self, name: &str) -> &mut Contents {
        self.repositories.entry(name.to_owned()).or_default()
    }

    pub(crate) fn manifest(&self, name: &str, target: &str) -> Option<(Digest, Stored)> {
        let contents = self.repositories.get(name)?;
        let digest = match target.parse() {
            Ok(digest) => digest,
            Err(_) => contents.tags.get(target)?.clone(),
        };
        let stored = contents.manifests.get(&digest)?.clone();
        Some((digest, stored))
    }

    pub(crate) fn blob(&self, name: &str, digest: &Digest) -> Option<Bytes> {
        self.repositories.get(name)?.blobs.get(digest).cloned()
    }

    /// The manifests of a repository that name `subject`, as the descriptors of a referrers list.
    pub(crate) fn referrers(&self, name: &str, subject: &Digest) -> Vec<Value> {
        let Some(contents) = self.repositories.get(name) else {
            return Vec::new();
        };
        let stored = contents
            .order
            .iter()
            .filter_map(|digest| Some((digest, contents.manifests.get(digest)?)));
        stored
            .filter_map(|(digest, stored)| descriptor_if_referring(digest, stored, subject))
            .collect()
    }
}

impl Contents {
    pub(crate) fn put_blob(&mut self, bytes: Bytes) -> Digest {
        let digest = Digest::of(&bytes);
        self.blobs.insert(digest.clone(), bytes);
        digest
    }

    pub(crate) fn put_manifest(&mut self, media_type: &str, bytes: Bytes) -> Digest {
        let digest = Digest::of(&bytes);
        self.put_manifest_as(digest.clone(), media_type, bytes);
        digest
    }

    pub(crate) fn put_manifest_as(&mut self, digest: Digest, media_type: &str, bytes: Bytes) {
        let stored = Stored {
            media_type: media_type.to_owned(),
            bytes,
        };
        if self.manifests.insert(digest.clone(), stored).is_none() {
            self.order.push(digest);
        }
    }

    pub(crate) fn delete_manifest(&mut self, digest: &Digest) -> bool {
        self.order.retain(|kept| kept != digest);
        self.tags.retain(|_, tagged| tagged != digest);
        self.manifests.remove(digest).is_some()
    }
}

fn descriptor_if_referring(digest: &Digest, stored: &Stored, subject: &Digest) -> Option<Value> {
    let manifest: Value = serde_json::from_slice(&stored.bytes).ok()?;
    if manifest["subject"]["digest"].as_str()? != subject.to_string() {
        return None;
    }
    let mut descriptor = json!({
        "mediaType": stored.media_type,
        "digest": digest.to_string(),
        "size": stored.bytes.len(),
    });
    // Distribution specification: the artifact type of the manifest, else the media type of its config.
    let artifact_type = manifest["artifactType"]
        .as_str()
        .or_else(|| manifest["config"]["mediaType"].as_str());
    if let Some(artifact_type) = artifact_type {
        descriptor["artifactType"] = artifact_type.into();
    }
    if manifest["annotations"].is_object() {
        descriptor["annotations"] = manifest["annotations"].clone();
    }
    Some(descriptor)
}
