//! What every document begins with: version, kind and name.
//!
//! Refuses versions and kinds that it does not know, and names that could not be the name of an object in a cluster.

use countersign_image::excerpt;

use crate::fields::{Fields, Problems, name, text};
use crate::yaml::{Node, Position};

/// A document up to its `spec`, which is read by its kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header<'n> {
    pub(crate) kind: Kind,
    /// Empty if it was reported as wrong.
    pub(crate) name: &'n str,
    pub(crate) name_at: Position,
    /// Of kinds that belong to a namespace; empty if it was reported as wrong.
    pub(crate) namespace: Option<&'n str>,
    pub(crate) spec: &'n Node,
}

/// The kinds that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    ClusterImagePolicy,
    ImageException,
    ImagePolicy,
    Registry,
    TrustRoot,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::ClusterImagePolicy,
        Self::ImageException,
        Self::ImagePolicy,
        Self::Registry,
        Self::TrustRoot,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::ClusterImagePolicy => "ClusterImagePolicy",
            Self::ImageException => "ImageException",
            Self::ImagePolicy => "ImagePolicy",
            Self::Registry => "Registry",
            Self::TrustRoot => "TrustRoot",
        }
    }
}

impl<'n> Header<'n> {
    /// Reads the header of one document; `None` if it has none that can be used, and says why.
    pub(crate) fn read(document: &'n Node, problems: &mut Problems) -> Option<Self> {
        let fields = Fields::open(
            document,
            "the document",
            &["apiVersion", "kind", "metadata", "spec"],
            problems,
        )?;
        check_version(&fields, problems)?;
        let kind = kind(&fields, problems)?;
        let metadata = fields.require("metadata", problems);
        let namespaced = kind == Kind::ImagePolicy;
        let known = ["name", "labels", "annotations", "namespace"];
        let known = if namespaced { &known[..] } else { &known[..3] };
        let metadata = metadata.and_then(|node| Fields::open(node, "metadata", known, problems));
        let namespace = namespaced.then(|| {
            let node = metadata.as_ref()?.require("namespace", problems)?;
            namespace(node, problems)
        });
        let name_node = metadata.and_then(|metadata| metadata.require("name", problems));
        let name = name_node.and_then(|node| object_name(node, problems));
        Some(Self {
            kind,
            name: name.unwrap_or_default(),
            name_at: name_node.map_or(document.at, |node| node.at),
            namespace: namespace.map(Option::unwrap_or_default),
            spec: fields.require("spec", problems)?,
        })
    }
}

fn check_version(fields: &Fields<'_>, problems: &mut Problems) -> Option<()> {
    let node = fields.require("apiVersion", problems)?;
    let version = text(node, "apiVersion", problems)?;
    if version == API_VERSION {
        return Some(());
    }
    let message = format!("unknown apiVersion `{}`", excerpt(version));
    problems.unknown(
        node.at,
        "unknown_api_version",
        message,
        version,
        [API_VERSION],
    );
    None
}

fn kind(fields: &Fields<'_>, problems: &mut Problems) -> Option<Kind> {
    let node = fields.require("kind", problems)?;
    let written = text(node, "kind", problems)?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == written);
    if kind.is_some() {
        return kind;
    }
    let message = format!("unknown kind `{}`", excerpt(written));
    let known = Kind::ALL.map(Kind::as_str);
    problems.unknown(node.at, "unknown_kind", message, written, known);
    None
}

/// A name as Kubernetes has them: an RFC 1123 subdomain.
fn object_name<'n>(node: &'n Node, problems: &mut Problems) -> Option<&'n str> {
    let written = name(node, "metadata.name", problems)?;
    if written.len() > 253 || !written.split('.').all(is_label) {
        let message = format!("`{}` is no name for a document", excerpt(written));
        problems.advise(
            node.at,
            "invalid_name",
            message,
            "use lower-case letters, digits, `-` and `.`",
        );
        return None;
    }
    Some(written)
}

/// The name of a namespace.
pub(crate) fn namespace<'n>(node: &'n Node, problems: &mut Problems) -> Option<&'n str> {
    let written = text(node, "a namespace", problems)?;
    if !is_label(written) {
        let message = format!("`{}` is no name of a namespace", excerpt(written));
        let hint = "name each namespace in full: there are no patterns of them";
        problems.advise(node.at, "invalid_name", message, hint);
        return None;
    }
    Some(written)
}

/// Whether `name` is an RFC 1123 label, as the names of namespaces are.
fn is_label(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let edge = |byte: Option<&u8>| byte.is_some_and(|byte| is_word(*byte));
    let bytes = name.as_bytes();
    bytes.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|byte| is_word(*byte) || *byte == b'-')
}

const API_VERSION: &str = "countersign.dev/v1alpha1";
