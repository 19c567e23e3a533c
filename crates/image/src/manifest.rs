//! Manifests and indexes, parsed so that nobody else can read the same bytes as something different.
//!
//! Refuses duplicate keys, documents that are manifest and index at once, schema 1, media types that contradict each
//! other, and counts over [`limits`]. Never uses a descriptor's `data` or `urls`.

mod attestation;
mod error;
mod wire;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::attestation::AttestationManifest;
pub use self::error::ManifestError;
use self::wire::{DescriptorWire, DocumentWire, descriptors};
use crate::{Digest, Fields, limits, parse_strict};

/// What a manifest endpoint serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// Several images, or a list of referrers.
    Index(Index),
    /// One image, or one artifact.
    Manifest(Manifest),
}

impl Document {
    /// Parses `bytes`, which a registry or descriptor declares to be of `declared_media_type`.
    ///
    /// Sources: OCI image-spec `manifest.md`, `image-index.md`.
    ///
    /// # Errors
    ///
    /// A [`ManifestError`] for whatever is over a limit, ambiguous, contradictory or no manifest.
    pub fn parse(bytes: &[u8], declared_media_type: Option<&str>) -> Result<Self, ManifestError> {
        if bytes.len() > limits::MANIFEST_BYTES {
            return Err(ManifestError::TooLarge {
                limit: limits::MANIFEST_BYTES,
            });
        }
        let Fields(wire): Fields<DocumentWire> =
            parse_strict(bytes).map_err(ManifestError::Json)?;
        if wire.schema_version == Some(1) || wire.fs_layers.is_some() {
            return Err(ManifestError::SchemaOne);
        }
        let is_index = wire.manifests.is_some();
        if is_index && (wire.config.is_some() || wire.layers.is_some()) {
            return Err(ManifestError::IndexAndManifest);
        }
        let media_type = wire.media_type(declared_media_type, is_index)?;
        let subject = wire.subject.map(Descriptor::try_from).transpose()?;
        let annotations = wire.annotations.unwrap_or_default();
        let artifact_type = wire
            .artifact_type
            .filter(|artifact_type| !artifact_type.is_empty());
        if let Some(manifests) = wire.manifests {
            let manifests = descriptors(manifests, "index entries", limits::INDEX_ENTRIES)?;
            return Ok(Self::Index(Index {
                media_type,
                artifact_type,
                manifests,
                subject,
                annotations,
            }));
        }
        let config = wire
            .config
            .flatten()
            .ok_or(ManifestError::Missing { field: "config" })?
            .try_into()?;
        let layers = wire
            .layers
            .ok_or(ManifestError::Missing { field: "layers" })?;
        let layers = descriptors(layers, "layers", limits::MANIFEST_LAYERS)?;
        Ok(Self::Manifest(Manifest {
            media_type,
            artifact_type,
            config,
            layers,
            subject,
            annotations,
        }))
    }

    /// The media type.
    #[must_use]
    pub fn media_type(&self) -> &str {
        match self {
            Self::Index(index) => &index.media_type,
            Self::Manifest(manifest) => &manifest.media_type,
        }
    }

    /// The annotations.
    #[must_use]
    pub fn annotations(&self) -> &BTreeMap<String, String> {
        match self {
            Self::Index(index) => &index.annotations,
            Self::Manifest(manifest) => &manifest.annotations,
        }
    }

    /// The image that this document says it belongs to. A claim: only signed bytes bind a subject.
    #[must_use]
    pub fn subject(&self) -> Option<&Descriptor> {
        match self {
            Self::Index(index) => index.subject.as_ref(),
            Self::Manifest(manifest) => manifest.subject.as_ref(),
        }
    }
}

/// A manifest: one image, or one artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The media type, OCI's or Docker's.
    pub media_type: String,
    /// What an artifact is.
    pub artifact_type: Option<String>,
    /// The config.
    pub config: Descriptor,
    /// The layers.
    pub layers: Vec<Descriptor>,
    /// The image that this is attached to.
    pub subject: Option<Descriptor>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

/// An index: several images, or a list of referrers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// The media type, OCI's or Docker's.
    pub media_type: String,
    /// What an artifact is.
    pub artifact_type: Option<String>,
    /// The entries.
    pub manifests: Vec<Descriptor>,
    /// The image that this is attached to.
    pub subject: Option<Descriptor>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

impl Index {
    /// The children that a node can run: every entry except BuildKit's attestation manifests (BuildKit docs, `attestation-storage.md`).
    ///
    /// Such an entry has the platform `unknown/unknown` besides its annotation. The annotation alone hides nothing: a
    /// node would run the child all the same.
    ///
    /// # Errors
    ///
    /// [`ManifestError::TooMany`] over [`limits::INDEX_CHILDREN`].
    pub fn runnable(&self) -> Result<Vec<&Descriptor>, ManifestError> {
        let runs = |entry: &&Descriptor| {
            let runs_nowhere = |platform: &Platform| {
                platform.os == "unknown" && platform.architecture == "unknown"
            };
            let is_annotated = entry.annotations.contains_key(BUILDKIT_REFERENCE_TYPE);
            !(is_annotated && entry.platform.as_ref().is_some_and(runs_nowhere))
        };
        let children: Vec<_> = self.manifests.iter().filter(runs).collect();
        if children.len() > limits::INDEX_CHILDREN {
            return Err(ManifestError::TooMany {
                what: "images in one index",
                limit: limits::INDEX_CHILDREN,
            });
        }
        Ok(children)
    }
}

/// What a manifest or index says about other content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "Fields<DescriptorWire>")]
pub struct Descriptor {
    /// The media type of the content.
    pub media_type: String,
    /// Its digest.
    pub digest: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// What an artifact is; often wrong in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Annotations.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// What it runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
}

impl Descriptor {
    /// A descriptor that says no more than it must.
    #[must_use]
    pub fn new(media_type: &str, digest: Digest, size: u64) -> Self {
        let media_type = media_type.to_owned();
        Self {
            media_type,
            digest,
            size,
            artifact_type: None,
            annotations: BTreeMap::new(),
            platform: None,
        }
    }
}

/// What an image runs on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Platform {
    /// `linux`, `windows`, …
    pub os: String,
    /// `amd64`, `arm64`, …
    pub architecture: String,
    /// `v7`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

impl fmt::Display for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.os, self.architecture)?;
        match self.variant.as_deref() {
            Some(variant) if !variant.is_empty() => write!(formatter, "/{variant}"),
            _ => Ok(()),
        }
    }
}

const BUILDKIT_REFERENCE_TYPE: &str = "vnd.docker.reference.type";

#[cfg(test)]
mod tests;
