#![expect(clippy::indexing_slicing, reason = "tests")]

use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::Document;

const ATTESTED: &str = "vnd.docker.reference.digest";

fn fixture(path: &str) -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    std::fs::read(root.join(path)).unwrap()
}

fn blob(layout: &str, digest: &Digest) -> Vec<u8> {
    fixture(&format!("layouts/{layout}/blobs/sha256/{}", digest.hex()))
}

fn index(bytes: &[u8]) -> Index {
    match Document::parse(bytes, None).unwrap() {
        Document::Index(index) => index,
        Document::Manifest(_) => panic!("a manifest"),
    }
}

fn manifest(bytes: &[u8]) -> Manifest {
    match Document::parse(bytes, None).unwrap() {
        Document::Manifest(manifest) => manifest,
        Document::Index(_) => panic!("an index"),
    }
}

/// The image of a layout that has one.
fn image_of(layout: &str) -> Index {
    let listed = index(&fixture(&format!("layouts/{layout}/index.json")));
    index(&blob(layout, &listed.manifests[0].digest))
}

fn digest(content: &str) -> Digest {
    Digest::of(content.as_bytes())
}

/// A child that runs on linux/amd64.
fn child(content: &str) -> Value {
    json!({
        "mediaType": media_type::OCI_MANIFEST,
        "digest": digest(content).to_string(),
        "size": content.len(),
        "platform": {"os": "linux", "architecture": "amd64"},
    })
}

/// An attestation manifest of the child with this content.
fn attestation(content: &str, of: &str) -> Value {
    json!({
        "mediaType": media_type::OCI_MANIFEST,
        "digest": digest(content).to_string(),
        "size": content.len(),
        "platform": {"os": "unknown", "architecture": "unknown"},
        "annotations": {
            "vnd.docker.reference.type": "attestation-manifest",
            ATTESTED: digest(of).to_string(),
        },
    })
}

fn index_of(entries: &[Value]) -> Index {
    let index =
        json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": entries});
    index_from(&index)
}

fn index_from(value: &Value) -> Index {
    index(value.to_string().as_bytes())
}

/// `attestation manifest > child`, as contents.
fn listed(entries: &[Value]) -> Vec<(Digest, Digest)> {
    let index = index_of(entries);
    let found = index.attestation_manifests().unwrap();
    found
        .iter()
        .map(|found| (found.manifest.digest.clone(), found.child.digest.clone()))
        .collect()
}

#[test]
fn real_indexes_list_one_attestation_manifest_for_each_platform() {
    for (index, platforms) in [
        (image_of("buildkit-unsigned-index"), 2),
        (image_of("slsa-generator-container-v1.6.0"), 1),
        (index(&fixture("buildkit/imagetools-04.json")), 6),
        (
            index(&fixture("buildkit/docs-attestation-storage-03.json")),
            1,
        ),
    ] {
        let runnable = index.runnable().unwrap();
        let found = index.attestation_manifests().unwrap();
        assert_eq!((runnable.len(), found.len()), (platforms, platforms));
        let children: Vec<_> = found.iter().map(|found| found.child).collect();
        assert_eq!(children, runnable, "each of its own child");
        for found in found {
            assert_eq!(
                found.manifest.annotations[ATTESTED],
                found.child.digest.to_string()
            );
            assert!(!runnable.contains(&found.manifest));
        }
    }
}

#[test]
fn the_statements_of_real_attestation_manifests_are_their_in_toto_layers() {
    for (layout, statements) in [
        ("buildkit-unsigned-index", 2),
        ("slsa-generator-container-v1.6.0", 1),
    ] {
        let index = image_of(layout);
        for found in index.attestation_manifests().unwrap() {
            let manifest = manifest(&blob(layout, &found.manifest.digest));
            let layers = found.statements(&manifest).unwrap();
            assert_eq!(layers.len(), statements, "{layout}");
            for layer in layers {
                let bytes = blob(layout, &layer.digest);
                assert!(layer.digest.verifies(&bytes) && layer.size == bytes.len() as u64);
            }
        }
    }
}

#[test]
fn an_oci_artifact_says_what_it_is_and_whom_it_attests() {
    let layout = "cosign-v3.0.2-public.ecr.aws-test-docker-action";
    let listed = index(&fixture(&format!("layouts/{layout}/index.json")));
    let attesting = &listed.manifests[0];
    let manifest = manifest(&blob(layout, &attesting.digest));
    let subject = manifest.subject.clone().unwrap();
    let of = |child| AttestationManifest {
        manifest: attesting,
        child,
    };
    assert_eq!(of(&subject).statements(&manifest).unwrap().len(), 3);

    let mut with_platform = subject.clone();
    with_platform.platform = Some(crate::Platform {
        os: "linux".to_owned(),
        architecture: "amd64".to_owned(),
        variant: None,
    });
    assert_eq!(of(&with_platform).statements(&manifest).unwrap().len(), 3);
}

#[test]
fn a_subject_that_is_not_the_child_in_every_respect_contradicts_the_index() {
    let index = index_of(&[child("one"), attestation("about one", "one")]);
    let found = index.attestation_manifests().unwrap()[0];
    let statement =
        json!({"mediaType": media_type::IN_TOTO, "digest": digest("s").to_string(), "size": 1});
    let with = |subject: Value, artifact_type: Value| {
        let manifest = json!({
            "schemaVersion": 2,
            "config": {"mediaType": media_type::OCI_EMPTY, "digest": digest("{}").to_string(), "size": 2},
            "layers": [statement],
            "subject": subject,
            "artifactType": artifact_type,
        });
        let manifest = manifest_from(&manifest);
        found
            .statements(&manifest)
            .map(|layers| layers.len())
            .map_err(|error| error.code())
    };
    let subject = |content: &str, size: usize, media_type: &str| json!({"mediaType": media_type, "digest": digest(content).to_string(), "size": size});
    let right = subject("one", 3, media_type::OCI_MANIFEST);
    for (subject, artifact_type, expected) in [
        (Value::Null, Value::Null, Ok(1)),
        (right.clone(), Value::Null, Ok(1)),
        (
            right.clone(),
            "Application/vnd.docker.attestation.manifest.v1+json".into(),
            Ok(1),
        ),
        (Value::Null, "".into(), Ok(1)),
        (
            subject("two", 3, media_type::OCI_MANIFEST),
            Value::Null,
            Err("manifest_other_subject"),
        ),
        (
            subject("one", 4, media_type::OCI_MANIFEST),
            Value::Null,
            Err("manifest_other_subject"),
        ),
        (
            subject("one", 3, media_type::OCI_INDEX),
            Value::Null,
            Err("manifest_other_subject"),
        ),
        (
            right.clone(),
            media_type::BUNDLE_V03.into(),
            Err("manifest_artifact_type"),
        ),
        (
            right,
            media_type::OCI_EMPTY.into(),
            Err("manifest_artifact_type"),
        ),
    ] {
        assert_eq!(
            with(subject.clone(), artifact_type.clone()),
            expected,
            "{subject} {artifact_type}"
        );
    }
}

fn manifest_from(value: &Value) -> Manifest {
    manifest(value.to_string().as_bytes())
}

#[test]
fn layers_of_other_types_are_no_statements() {
    let index = index_of(&[child("one"), attestation("about one", "one")]);
    let found = index.attestation_manifests().unwrap()[0];
    let layer = |media_type: &str| json!({"mediaType": media_type, "digest": digest(media_type).to_string(), "size": 1});
    let manifest = json!({
        "schemaVersion": 2,
        "config": layer(media_type::OCI_CONFIG),
        "layers": [
            layer("application/vnd.oci.image.layer.v1.tar"),
            layer("application/vnd.in-toto+json"),
            layer(media_type::DSSE_ENVELOPE),
            layer("application/vnd.in-toto+json; charset=utf-8"),
            layer("application/vnd.in-toto+jsonx"),
        ],
    });
    let manifest = manifest_from(&manifest);
    let statements: Vec<_> = found
        .statements(&manifest)
        .unwrap()
        .into_iter()
        .map(|layer| layer.media_type.as_str())
        .collect();
    assert_eq!(
        statements,
        [
            "application/vnd.in-toto+json",
            "application/vnd.in-toto+json; charset=utf-8"
        ]
    );
}

#[test]
fn two_attestation_manifests_of_one_child_are_both_listed() {
    let entries = [
        child("one"),
        attestation("a", "one"),
        attestation("b", "one"),
    ];
    let of_one = |content| (digest(content), digest("one"));
    assert_eq!(listed(&entries), [of_one("a"), of_one("b")]);
}

#[test]
fn what_attests_no_child_of_this_index_is_not_listed() {
    let mut of_none = attestation("a", "one");
    of_none["annotations"]
        .as_object_mut()
        .unwrap()
        .remove(ATTESTED);
    let mut of_nonsense = attestation("a", "one");
    of_nonsense["annotations"][ATTESTED] = "sha256:one".into();
    for entry in [
        attestation("a", "two"),
        attestation("a", "a"),
        of_none,
        of_nonsense,
    ] {
        assert_eq!(listed(&[child("one"), entry.clone()]), [], "{entry}");
    }
    let second_hand = [child("one"), attestation("a", "one"), attestation("b", "a")];
    assert_eq!(
        listed(&second_hand),
        [(digest("a"), digest("one"))],
        "an attestation manifest is no child"
    );
}

#[test]
fn other_kinds_of_reference_are_not_listed() {
    for kind in ["", "attestation", "Attestation-Manifest", "image"] {
        let mut entry = attestation("a", "one");
        entry["annotations"]["vnd.docker.reference.type"] = kind.into();
        assert_eq!(listed(&[child("one"), entry]), [], "{kind}");
    }
}

// A node would run it; calling it an attestation manifest hides nothing.
#[test]
fn a_child_that_runs_is_an_image_whatever_it_is_annotated_with() {
    for platform in [json!({"os": "linux", "architecture": "arm64"}), Value::Null] {
        let mut entry = attestation("a", "one");
        entry["platform"] = platform;
        let entries = [child("one"), entry];
        assert_eq!(listed(&entries), []);
        assert_eq!(index_of(&entries).runnable().unwrap().len(), 2);
    }
}

#[test]
fn more_attestation_manifests_than_anybody_needs_are_refused() {
    let entries = |count: usize| {
        let attesting = (0..count).map(|number| attestation(&number.to_string(), "one"));
        let entries: Vec<_> = std::iter::once(child("one")).chain(attesting).collect();
        index_of(&entries)
    };
    let count = |index: Index| {
        index
            .attestation_manifests()
            .map(|found| found.len())
            .map_err(|error| error.code())
    };
    assert_eq!(count(entries(limits::INDEX_ATTESTATIONS)), Ok(64));
    assert_eq!(
        count(entries(limits::INDEX_ATTESTATIONS + 1)),
        Err("manifest_too_many")
    );
}
