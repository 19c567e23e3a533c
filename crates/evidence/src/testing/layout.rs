//! Reads the attachments of an image from a layout under `tests/fixtures/layouts`, as the registry client would find them.

use std::path::{Path, PathBuf};

use countersign_image::{
    Attachment, Descriptor, Digest, Document, Form, Index, Manifest, Origin, PinnedReference,
    media_type,
};
use serde_json::Value;

use super::{fixture_path, image};

/// The image of the case `name` and everything attached to it.
pub(crate) fn layout(name: &str) -> (PinnedReference, Vec<Attachment>) {
    let root = fixture_path("layouts").join(name);
    let case: Value =
        serde_json::from_slice(&std::fs::read(root.join("case.json")).unwrap()).unwrap();
    let digest: Digest = case["image_digest"].as_str().unwrap().parse().unwrap();
    let Document::Index(index) = document(&std::fs::read(root.join("index.json")).unwrap()) else {
        panic!("index.json is an index");
    };
    let tagged = |suffix: &str| tagged(&index, &format!("{}{suffix}", digest.tag_stem()));
    let mut found = Vec::new();
    for (suffix, origin) in [
        (".sig", Origin::SignatureTag),
        (".att", Origin::AttestationTag),
    ] {
        if let Some(descriptor) = tagged(suffix) {
            found.extend(carried(&root, &descriptor.digest, origin));
        }
    }
    if let Some(descriptor) = tagged("") {
        let Document::Index(referrers) = document(&blob(&root, &descriptor.digest)) else {
            panic!("the fallback tag names an index");
        };
        for referrer in &referrers.manifests {
            found.extend(carried(&root, &referrer.digest, Origin::FallbackTag));
        }
    }
    (image(&digest), found)
}

/// The image and signatures of a case in skopeo's "dir:" form.
pub(crate) fn skopeo_dir(name: &str) -> (PinnedReference, Vec<Attachment>) {
    let root = fixture_path("layouts").join(name);
    let digest = Digest::of(&std::fs::read(root.join("manifest.json")).unwrap());
    let mut found = Vec::new();
    for number in 1.. {
        let Ok(bytes) = std::fs::read(root.join(format!("signature-{number}"))) else {
            break;
        };
        let json = bytes.splitn(2, |byte| *byte == b'\n').nth(1).unwrap();
        let signature: Value = serde_json::from_slice(json).unwrap();
        assert_eq!(signature["mimeType"], media_type::SIMPLE_SIGNING);
        let payload = crate::base64::decode(signature["payload"].as_str().unwrap()).unwrap();
        let mut attachment = super::signature_attachment(payload, b"");
        for (name, value) in signature["annotations"].as_object().unwrap() {
            super::annotate(&mut attachment, name, value.as_str().unwrap());
        }
        found.push(attachment);
    }
    (image(&digest), found)
}

fn tagged(index: &Index, tag: &str) -> Option<Descriptor> {
    let name = |descriptor: &&Descriptor| {
        descriptor
            .annotations
            .get("org.opencontainers.image.ref.name")
            .is_some_and(|name| name == tag)
    };
    index.manifests.iter().find(name).cloned()
}

fn carried(root: &Path, digest: &Digest, origin: Origin) -> Vec<Attachment> {
    let Document::Manifest(manifest) = document(&blob(root, digest)) else {
        panic!("{digest} is a manifest");
    };
    let attachment = |layer: &Descriptor| attachment(root, &manifest, layer, digest, origin);
    manifest.layers.iter().map(attachment).collect()
}

fn attachment(
    root: &Path,
    manifest: &Manifest,
    layer: &Descriptor,
    digest: &Digest,
    origin: Origin,
) -> Attachment {
    Attachment {
        form: Form::of(manifest, layer),
        origin,
        manifest: digest.clone(),
        layer: Some(layer.clone()),
        artifact_type: manifest.artifact_type.clone(),
        annotations: manifest.annotations.clone(),
        bytes: Some(blob(root, &layer.digest).into()),
    }
}

fn document(bytes: &[u8]) -> Document {
    Document::parse(bytes, None).unwrap()
}

fn blob(root: &Path, digest: &Digest) -> Vec<u8> {
    let path: PathBuf = root.join("blobs/sha256").join(digest.hex());
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(digest.verifies(&bytes), "{}", path.display());
    bytes
}
