//! Test images and the layers of things attached to them.

use std::collections::BTreeMap;

use bytes::Bytes;
use countersign_image::{Digest, PinnedReference};
use serde_json::{Value, json};

/// A manifest or index that lies in a registry.
#[derive(Clone, Debug)]
pub struct Pushed {
    /// Where it lies.
    pub image: PinnedReference,
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Bytes,
}

/// A layer of a manifest that carries signatures or attestations.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Its media type.
    pub media_type: String,
    /// Its content.
    pub bytes: Bytes,
    /// The annotations of its descriptor.
    pub annotations: BTreeMap<String, String>,
}

impl Layer {
    /// A layer without annotations.
    pub fn new(media_type: &str, bytes: impl Into<Bytes>) -> Self {
        Self {
            media_type: media_type.to_owned(),
            bytes: bytes.into(),
            annotations: BTreeMap::new(),
        }
    }

    /// The same with one annotation more.
    #[must_use]
    pub fn annotated(mut self, key: &str, value: &str) -> Self {
        self.annotations.insert(key.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn descriptor(&self) -> Value {
        let mut descriptor = json!({
            "mediaType": self.media_type,
            "digest": Digest::of(&self.bytes).to_string(),
            "size": self.bytes.len(),
        });
        if !self.annotations.is_empty() {
            descriptor["annotations"] = json!(self.annotations);
        }
        descriptor
    }
}

impl Pushed {
    /// Its digest.
    pub fn digest(&self) -> &Digest {
        self.image.digest()
    }

    /// Its descriptor, as JSON.
    pub fn descriptor(&self) -> Value {
        json!({"mediaType": self.media_type, "digest": self.digest().to_string(), "size": self.bytes.len()})
    }
}
