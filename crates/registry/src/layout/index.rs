//! What a layout's `index.json` lists, and what it calls it.
//!
//! A name is a tag or a whole reference, by annotation. Names of signatures and lists of referrers are the tags that
//! they have in registries; `cosign save` says in another annotation what each entry is.

use countersign_image::{Descriptor, Digest, Document, Origin, Reference};

use super::LayoutError;
use super::files::Files;
use crate::store;

/// What `index.json` lists.
#[derive(Clone, Debug)]
pub(super) struct Listing(Vec<Entry>);

/// One thing that it lists.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) descriptor: Descriptor,
    /// What it is called.
    pub(super) names: Vec<String>,
}

impl Listing {
    pub(super) fn parse(files: &Files) -> Result<Self, LayoutError> {
        let bytes = files.top_level(INDEX)?;
        let document = Document::parse(&bytes, None)
            .map_err(|error| files.malformed(INDEX, error.to_string()))?;
        let Document::Index(index) = document else {
            return Err(files.malformed(INDEX, "it is a manifest".to_owned()));
        };
        Ok(Self(index.manifests.into_iter().map(Entry::new).collect()))
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.0
    }

    pub(super) fn entry(&self, digest: &Digest) -> Option<&Entry> {
        self.0
            .iter()
            .find(|entry| entry.descriptor.digest == *digest)
    }

    /// What has the name `reference`; if nothing has, what has its tag and no repository.
    pub(super) fn named(&self, reference: &Reference) -> Vec<&Entry> {
        let entries = |matches: &dyn Fn(&Entry) -> bool| -> Vec<&Entry> {
            self.0.iter().filter(|entry| matches(entry)).collect()
        };
        let wholly = entries(&|entry| {
            let mut references = entry.references();
            references.any(|name| {
                (name.repository(), name.tag()) == (reference.repository(), reference.tag())
            })
        });
        if !wholly.is_empty() {
            return wholly;
        }
        entries(&|entry| {
            let is_the_tag = |name: &String| Some(name.as_str()) == reference.tag();
            entry.references().next().is_none() && entry.names.iter().any(is_the_tag)
        })
    }

    /// What is attached to `subject` by tags of one kind, or as `cosign save` says it.
    pub(super) fn attached(&self, subject: &Digest, origin: Origin) -> Vec<&Entry> {
        let tag = store::tag(subject, origin);
        let kind = match origin {
            Origin::AttestationTag => Some(ATTESTATIONS),
            Origin::SignatureTag => Some(SIGNATURES),
            _ => None,
        };
        let is_saved = self.0.iter().any(|entry| {
            let saved = matches!(entry.kind(), Some(IMAGE | IMAGE_INDEX));
            saved && entry.descriptor.digest == *subject
        });
        let attached = |entry: &&Entry| {
            entry.tags().any(|found| tag.as_deref() == Some(found))
                || (is_saved && kind.is_some() && entry.kind() == kind)
        };
        self.0.iter().filter(attached).collect()
    }
}

impl Entry {
    fn new(descriptor: Descriptor) -> Self {
        let names = NAMES
            .iter()
            .filter_map(|name| descriptor.annotations.get(*name));
        let names = names.filter(|name| !name.is_empty()).cloned().collect();
        Self { descriptor, names }
    }

    /// Whether it is listed as something that belongs to something else.
    pub(super) fn is_attached(&self) -> bool {
        matches!(self.kind(), Some(SIGNATURES | ATTESTATIONS))
            || self.descriptor.annotations.contains_key(BUILDKIT_REFERENCE)
            || self.tags().any(is_attached_tag)
    }

    fn kind(&self) -> Option<&str> {
        self.descriptor.annotations.get(KIND).map(String::as_str)
    }

    /// Names that are references with a repository.
    fn references(&self) -> impl Iterator<Item = Reference> {
        let whole = self.names.iter().filter(|name| name.contains(['/', ':']));
        whole.filter_map(|name| name.parse().ok())
    }

    /// Its tags, without the repositories that they are in.
    fn tags(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| {
            name.rsplit_once([':', '/'])
                .map_or(name.as_str(), |(_, tag)| tag)
        })
    }
}

/// Whether a tag is one by which things are attached: `sha256-<hex>`, with a suffix or without.
fn is_attached_tag(tag: &str) -> bool {
    let stem = SUFFIXES
        .iter()
        .find_map(|suffix| tag.strip_suffix(suffix))
        .unwrap_or(tag);
    let digest = stem
        .split_once('-')
        .map(|(algorithm, hex)| format!("{algorithm}:{hex}"));
    digest.is_some_and(|digest| digest.parse::<Digest>().is_ok())
}

const INDEX: &str = "index.json";
/// The second is containerd's and says the whole reference, where the first says the tag.
const NAMES: &[&str] = &[
    "io.containerd.image.name",
    "org.opencontainers.image.ref.name",
];
const SUFFIXES: &[&str] = &[".sig", ".att", ".sbom"];
const BUILDKIT_REFERENCE: &str = "vnd.docker.reference.type";
const KIND: &str = "kind";
const IMAGE: &str = "dev.cosignproject.cosign/image";
const IMAGE_INDEX: &str = "dev.cosignproject.cosign/imageIndex";
const SIGNATURES: &str = "dev.cosignproject.cosign/sigs";
const ATTESTATIONS: &str = "dev.cosignproject.cosign/atts";
