//! The sections of the input beside evidence and time.

use std::collections::BTreeMap;

use countersign_image::{Descriptor, Document, ImageConfig};
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
    // Of this and the next three, `None` only where no rule reads them.
    /// What is judged.
    #[schemars(required)]
    digest: Option<String>,
    /// Of the manifest or index.
    #[schemars(required)]
    media_type: Option<&'a str>,
    /// The runnable children of an index; empty for a single manifest.
    #[schemars(required)]
    platforms: Option<Vec<Platform<'a>>>,
    /// What its author wrote into index or manifest.
    #[schemars(required)]
    annotations: Option<Annotations<'a>>,
    /// What it says of itself to whoever runs it: for each runnable child of an index by its platform, or for a single
    /// manifest by its own. Only for rules that read `image.config` by that name.
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<BTreeMap<&'a str, Config<'a>>>,
}

/// The configuration of an image, as whoever built it wrote it.
#[derive(Serialize, JsonSchema)]
struct Config<'a> {
    /// Its labels.
    labels: &'a BTreeMap<String, String>,
    /// When it was built.
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<&'a str>,
    /// The user that it runs as, with the group if one is named; absent where it names none, which means root.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
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
        let repository = parts.reference.repository();
        let gathered = parts.gathered.as_ref();
        let content = gathered.map(|gathered| gathered.content);
        let resolved = gathered.map(|gathered| gathered.resolved.digest());
        let configs = gathered.and_then(|gathered| gathered.configs);
        Self {
            reference: parts.reference.as_written(),
            registry: repository.registry(),
            repository: repository.to_string(),
            tag: parts.reference.tag(),
            digest: (resolved.or(parts.reference.digest())).map(ToString::to_string),
            media_type: content.map(Document::media_type),
            platforms: content.map(Platform::all),
            annotations: content.map(Annotations::new),
            config: configs.map(|configs| {
                let entries = configs.iter();
                entries
                    .map(|(platform, config)| (platform.as_str(), Config::new(config)))
                    .collect()
            }),
        }
    }
}

impl<'a> Annotations<'a> {
    fn new(content: &'a Document) -> Self {
        match content {
            Document::Index(index) => Self {
                index: &index.annotations,
                manifest: &NONE,
            },
            Document::Manifest(manifest) => Self {
                index: &NONE,
                manifest: &manifest.annotations,
            },
        }
    }
}

impl<'a> Config<'a> {
    fn new(config: &'a ImageConfig) -> Self {
        Self {
            labels: &config.labels,
            created: config.created.as_deref(),
            user: config.user.as_deref(),
        }
    }
}

impl<'a> Platform<'a> {
    fn all(content: &'a Document) -> Vec<Self> {
        let children = match content {
            Document::Index(index) => index.runnable().unwrap_or_default(),
            Document::Manifest(_) => Vec::new(),
        };
        children.into_iter().filter_map(Self::new).collect()
    }

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
