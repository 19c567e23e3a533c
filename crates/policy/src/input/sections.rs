//! The sections of the input beside evidence and time.

use std::collections::BTreeMap;

use countersign_image::{Descriptor, Document};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{InputParts, RequestContext, WorkloadContext};

/// The image.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Image<'a> {
    /// As the workload writes it.
    reference: &'a str,
    /// Canonical: host, and port if it has one.
    registry: &'a str,
    /// Canonical, and begins with the registry.
    repository: String,
    /// The tag if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<&'a str>,
    /// What is judged.
    digest: String,
    /// Of the manifest or index.
    media_type: &'a str,
    /// The runnable children of an index; empty for a single manifest.
    platforms: Vec<Platform<'a>>,
    /// What its author wrote into index or manifest.
    annotations: Annotations<'a>,
}

/// A child of an index.
#[derive(Serialize, JsonSchema)]
struct Platform<'a> {
    /// `linux`, `windows`, …
    os: &'a str,
    /// `amd64`, `arm64`, …
    architecture: &'a str,
    /// `v7`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'a str>,
    /// Its digest.
    digest: String,
}

#[derive(Serialize, JsonSchema)]
struct Annotations<'a> {
    /// Of the index; empty for a single manifest.
    index: &'a BTreeMap<String, String>,
    /// Of the manifest; empty for an index.
    manifest: &'a BTreeMap<String, String>,
}

/// The workload; empty where only an image is checked.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Workload<'a> {
    /// `Pod`, `Deployment`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
    /// Its namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    /// Of the pod or pod template.
    labels: &'a BTreeMap<String, String>,
    /// Of the pod or pod template.
    annotations: &'a BTreeMap<String, String>,
    /// Its service account.
    #[serde(skip_serializing_if = "Option::is_none")]
    service_account: Option<&'a str>,
    /// The labels of the namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace_labels: Option<&'a BTreeMap<String, String>>,
    /// The first field that names the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<Container<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct Container<'a> {
    /// Of the container or volume.
    name: &'a str,
    /// Such as `spec.containers[0].image`.
    path: &'a str,
}

/// The admission request.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request<'a> {
    /// `CREATE` or `UPDATE`; empty where nothing was requested.
    operation: &'a str,
    /// Who asks.
    user: User<'a>,
    /// Whether nothing will be stored.
    dry_run: bool,
}

#[derive(Serialize, JsonSchema)]
struct User<'a> {
    /// The name.
    name: &'a str,
    /// The groups.
    groups: &'a [String],
}

impl<'a> Image<'a> {
    pub(super) fn new(parts: &'a InputParts<'_>) -> Self {
        let repository = parts.resolved.repository();
        let (index, manifest, children) = match parts.content {
            Document::Index(index) => {
                let children = index.runnable().unwrap_or_default();
                (&index.annotations, &NONE, children)
            }
            Document::Manifest(manifest) => (&NONE, &manifest.annotations, Vec::new()),
        };
        Self {
            reference: parts.reference.as_written(),
            registry: repository.registry(),
            repository: repository.to_string(),
            tag: parts.reference.tag(),
            digest: parts.resolved.digest().to_string(),
            media_type: parts.content.media_type(),
            platforms: children.into_iter().filter_map(Platform::new).collect(),
            annotations: Annotations { index, manifest },
        }
    }
}

impl<'a> Platform<'a> {
    fn new(child: &'a Descriptor) -> Option<Self> {
        let platform = child.platform.as_ref()?;
        Some(Self {
            os: &platform.os,
            architecture: &platform.architecture,
            variant: platform.variant.as_deref(),
            digest: child.digest.to_string(),
        })
    }
}

impl<'a> Workload<'a> {
    pub(super) fn new(context: &'a WorkloadContext) -> Self {
        let (name, path) = (&context.container, &context.path);
        Self {
            kind: Some(context.kind.as_str()).filter(|kind| !kind.is_empty()),
            namespace: context.namespace.as_deref(),
            name: context.name.as_deref(),
            labels: &context.labels,
            annotations: &context.annotations,
            service_account: context.service_account.as_deref(),
            namespace_labels: context.namespace_labels.as_ref(),
            container: (!name.is_empty()).then_some(Container { name, path }),
        }
    }
}

impl<'a> Request<'a> {
    pub(super) fn new(context: &'a RequestContext) -> Self {
        Self {
            operation: &context.operation,
            user: User {
                name: &context.user,
                groups: &context.groups,
            },
            dry_run: context.dry_run,
        }
    }
}

static NONE: BTreeMap<String, String> = BTreeMap::new();
