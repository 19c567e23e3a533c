//! Manifests and indexes as they stand in JSON, to read and to write.
//!
//! Leaves out a descriptor's `data` and `urls`: content comes from the registry, by digest, or not at all.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};

use super::{Descriptor, Index, Manifest, ManifestError, Platform};
use crate::{Fields, excerpt, media_type};

/// Any manifest or index, as it stands in JSON. The outer `Option` says that a key is there, the inner that it is null.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DocumentWire {
    pub(super) schema_version: Option<u64>,
    pub(super) media_type: Option<String>,
    pub(super) artifact_type: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(super) config: Option<Option<Fields<DescriptorWire>>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) layers: Option<Option<Vec<Fields<DescriptorWire>>>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) manifests: Option<Option<Vec<Fields<DescriptorWire>>>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) fs_layers: Option<serde::de::IgnoredAny>,
    pub(super) subject: Option<Fields<DescriptorWire>>,
    pub(super) annotations: Option<BTreeMap<String, String>>,
}

impl DocumentWire {
    /// The one media type that the declaration, the document and its shape agree on.
    pub(super) fn media_type(
        &self,
        declared: Option<&str>,
        is_index: bool,
    ) -> Result<String, ManifestError> {
        let by_shape = if is_index {
            media_type::OCI_INDEX
        } else {
            media_type::OCI_MANIFEST
        };
        let inside = self
            .media_type
            .as_deref()
            .filter(|inside| !inside.is_empty());
        let declared = declared.map(media_type::essence);
        let found = inside.or(declared.as_deref()).unwrap_or(by_shape);
        let mismatch = |declared: &str, found: &str| ManifestError::MediaTypeMismatch {
            declared: excerpt(declared),
            found: excerpt(found),
        };
        for media_type in declared.as_deref().into_iter().chain(inside) {
            if SCHEMA_ONE_TYPES.contains(&media_type) {
                return Err(ManifestError::SchemaOne);
            }
            if !media_type::ACCEPT_MANIFESTS.contains(&media_type) {
                return Err(ManifestError::MediaTypeUnknown {
                    media_type: excerpt(media_type),
                });
            }
        }
        if let Some(declared) = declared.as_deref().filter(|declared| *declared != found) {
            return Err(mismatch(declared, found));
        }
        if is_index != matches!(found, media_type::OCI_INDEX | media_type::DOCKER_LIST) {
            return Err(mismatch(found, by_shape));
        }
        match self.schema_version {
            None | Some(2) => Ok(found.to_owned()),
            Some(version) => Err(ManifestError::SchemaUnknown { version }),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DescriptorWire {
    media_type: String,
    digest: String,
    size: u64,
    artifact_type: Option<String>,
    annotations: Option<BTreeMap<String, String>>,
    platform: Option<Fields<Platform>>,
}

impl TryFrom<Fields<DescriptorWire>> for Descriptor {
    type Error = ManifestError;

    fn try_from(Fields(wire): Fields<DescriptorWire>) -> Result<Self, ManifestError> {
        // The specification's sizes are int64; a larger one is negative to most readers.
        if i64::try_from(wire.size).is_err() {
            return Err(ManifestError::Size { size: wire.size });
        }
        Ok(Self {
            media_type: wire.media_type,
            digest: wire.digest.parse().map_err(ManifestError::Digest)?,
            size: wire.size,
            artifact_type: wire
                .artifact_type
                .filter(|artifact_type| !artifact_type.is_empty()),
            annotations: wire.annotations.unwrap_or_default(),
            platform: wire.platform.map(|platform| platform.0),
        })
    }
}

/// A list that may be null: Go writes an empty one so.
pub(super) fn descriptors(
    wire: Option<Vec<Fields<DescriptorWire>>>,
    what: &'static str,
    limit: usize,
) -> Result<Vec<Descriptor>, ManifestError> {
    let wire = wire.unwrap_or_default();
    if wire.len() > limit {
        return Err(ManifestError::TooMany { what, limit });
    }
    wire.into_iter().map(Descriptor::try_from).collect()
}

fn present<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

const SCHEMA_ONE_TYPES: &[&str] = &[
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
];

impl Serialize for Manifest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let parts = Parts::Manifest {
            config: &self.config,
            layers: &self.layers,
        };
        DocumentOut::new(
            &self.media_type,
            &self.artifact_type,
            parts,
            &self.subject,
            &self.annotations,
        )
        .serialize(serializer)
    }
}

impl Serialize for Index {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let parts = Parts::Index {
            manifests: &self.manifests,
        };
        DocumentOut::new(
            &self.media_type,
            &self.artifact_type,
            parts,
            &self.subject,
            &self.annotations,
        )
        .serialize(serializer)
    }
}

/// A manifest or index as it is written, in the order that other tools use.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DocumentOut<'a> {
    schema_version: u8,
    media_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: &'a Option<String>,
    #[serde(flatten)]
    parts: Parts<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: &'a Option<Descriptor>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'a BTreeMap<String, String>,
}

impl<'a> DocumentOut<'a> {
    fn new(
        media_type: &'a str,
        artifact_type: &'a Option<String>,
        parts: Parts<'a>,
        subject: &'a Option<Descriptor>,
        annotations: &'a BTreeMap<String, String>,
    ) -> Self {
        Self {
            schema_version: 2,
            media_type,
            artifact_type,
            parts,
            subject,
            annotations,
        }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Parts<'a> {
    Index {
        manifests: &'a [Descriptor],
    },
    Manifest {
        config: &'a Descriptor,
        layers: &'a [Descriptor],
    },
}
