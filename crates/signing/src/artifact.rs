//! The manifests that carry signatures: one per bundle, one per tag of the older format, and the fallback index.
//!
//! Pure and deterministic: the same parts give the same bytes. What others wrote into a tag is kept.

use std::collections::BTreeMap;

use bytes::Bytes;
use countersign_image::{Descriptor, Digest, Index, Manifest, media_type};
use serde::Serialize;

/// Content that is ready to be pushed.
pub(crate) struct Content {
    pub(crate) descriptor: Descriptor,
    pub(crate) bytes: Bytes,
}

impl Content {
    pub(crate) fn new(media_type: &str, bytes: Vec<u8>) -> Self {
        let descriptor = Descriptor::new(media_type, Digest::of(&bytes), bytes.len() as u64);
        Self {
            descriptor,
            bytes: bytes.into(),
        }
    }

    /// The two bytes that stand in for a config that says nothing.
    pub(crate) fn empty() -> Self {
        Self::new(media_type::OCI_EMPTY, b"{}".to_vec())
    }
}

/// The manifest by which a bundle refers to `subject`.
pub(crate) fn bundle(
    subject: &Descriptor,
    bundle: &Content,
    predicate_type: &str,
    created: &str,
) -> serde_json::Result<Content> {
    let annotations = annotations([
        ("org.opencontainers.image.created", created),
        ("dev.sigstore.bundle.content", "dsse-envelope"),
        ("dev.sigstore.bundle.predicateType", predicate_type),
    ]);
    let bytes = serde_json::to_vec(&Manifest {
        media_type: media_type::OCI_MANIFEST.to_owned(),
        artifact_type: Some(media_type::BUNDLE_V03.to_owned()),
        config: Content::empty().descriptor,
        layers: vec![bundle.descriptor.clone()],
        subject: Some(subject.clone()),
        annotations: annotations.clone(),
    })?;
    let mut manifest = Content::new(media_type::OCI_MANIFEST, bytes);
    manifest.descriptor.artifact_type = Some(media_type::BUNDLE_V03.to_owned());
    manifest.descriptor.annotations = annotations;
    Ok(manifest)
}

/// The index of a registry without the referrers API, with `entry` added.
pub(crate) fn fallback_index(
    existing: Option<Index>,
    entry: &Descriptor,
) -> serde_json::Result<Content> {
    let mut index = existing.unwrap_or_else(|| Index {
        media_type: media_type::OCI_INDEX.to_owned(),
        artifact_type: None,
        manifests: Vec::new(),
        subject: None,
        annotations: BTreeMap::new(),
    });
    index.manifests.push(entry.clone());
    let bytes = serde_json::to_vec(&index)?;
    Ok(Content::new(&index.media_type, bytes))
}

/// The manifest behind a `.sig` or `.att` tag with `layer` added, and its config.
pub(crate) fn tagged(
    existing: Option<Manifest>,
    layer: &Descriptor,
) -> serde_json::Result<(Content, Content)> {
    let mut manifest = existing.unwrap_or_else(|| Manifest {
        media_type: media_type::OCI_MANIFEST.to_owned(),
        artifact_type: None,
        config: Descriptor::new(media_type::OCI_CONFIG, Digest::of(b""), 0),
        layers: Vec::new(),
        subject: None,
        annotations: BTreeMap::new(),
    });
    manifest.layers.push(layer.clone());
    let config = config(&manifest.config.media_type, &manifest.layers)?;
    manifest.config = config.descriptor.clone();
    let bytes = serde_json::to_vec(&manifest)?;
    Ok((config, Content::new(&manifest.media_type, bytes)))
}

pub(crate) fn annotations<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// A config that says no more than that these are the layers: cosign reads it when it adds one of its own.
fn config(media_type: &str, layers: &[Descriptor]) -> serde_json::Result<Content> {
    let bytes = serde_json::to_vec(&ConfigWire {
        architecture: "",
        os: "",
        config: Nothing {},
        rootfs: RootfsWire {
            kind: "layers",
            diff_ids: layers.iter().map(|layer| &layer.digest).collect(),
        },
        history: layers
            .iter()
            .map(|_| HistoryWire {
                created: GO_ZERO_TIME,
            })
            .collect(),
    })?;
    Ok(Content::new(media_type, bytes))
}

#[derive(Serialize)]
struct ConfigWire<'a> {
    architecture: &'static str,
    os: &'static str,
    config: Nothing,
    rootfs: RootfsWire<'a>,
    history: Vec<HistoryWire>,
}

#[derive(Serialize)]
struct RootfsWire<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    diff_ids: Vec<&'a Digest>,
}

#[derive(Serialize)]
struct HistoryWire {
    created: &'static str,
}

#[derive(Serialize)]
struct Nothing {}

const GO_ZERO_TIME: &str = "0001-01-01T00:00:00Z";
