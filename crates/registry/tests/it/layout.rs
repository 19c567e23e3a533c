//! Images in a directory: layouts as tools write them, and as nobody should.

mod damaged;
mod draft;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use countersign_image::{Collected, Digest, Document, ImageSource, Needs, SourceError};
use countersign_registry::Layout;
use countersign_testkit::TestRegistry;
use serde_json::{Value, json};

use self::draft::{Draft, with_image};
use crate::support::{BUNDLE, ENVELOPE, SIMPLE_SIGNING, client, everything, found, word};

const NAME: &str = "org.opencontainers.image.ref.name";
const KIND: &str = "kind";
const ANY: &str = "registry.example/shop/api:1.0";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/layouts")
        .join(name)
}

async fn look(layout: &Layout, reference: &str) -> Result<Collected, SourceError> {
    let resolved = layout.resolve(&reference.parse().unwrap()).await?;
    layout.collect(&resolved, &everything()).await
}

fn pinned(digest: &Digest) -> String {
    format!("registry.example/shop/api@{digest}")
}

async fn code(layout: &Layout, reference: &str) -> &'static str {
    look(layout, reference)
        .await
        .map_or_else(|error| error.code(), |_| "ok")
}

/// What was found, without the road and the order.
fn things(collected: &Collected) -> BTreeSet<String> {
    let things = collected.attachments.iter().map(|attachment| {
        let form = word(attachment);
        let form = form.split('@').next().unwrap_or_default();
        let layer = attachment.layer.as_ref().map(|layer| layer.digest.clone());
        let bytes = attachment.bytes.as_deref().map(Digest::of);
        format!("{form} {} {layer:?} {bytes:?}", attachment.manifest)
    });
    things.collect()
}

#[tokio::test]
async fn a_layout_and_a_registry_that_holds_it_are_found_to_hold_the_same() {
    let mut cases = 0;
    for name in fs::read_dir(fixture("")).unwrap() {
        let directory = name.unwrap().path();
        if !directory.join("oci-layout").exists() {
            continue;
        }
        cases += 1;
        let layout = Layout::open(&directory).unwrap();
        let registry = TestRegistry::start().await;
        registry.load_layout(&directory, "shop/api");
        let index: Value =
            serde_json::from_slice(&fs::read(directory.join("index.json")).unwrap()).unwrap();
        for entry in index["manifests"].as_array().unwrap() {
            let digest: Digest = entry["digest"].as_str().unwrap().parse().unwrap();
            let there = format!("{}/shop/api@{digest}", registry.host());
            let there = crate::support::look(&client(&registry), &there).await;
            let here = look(&layout, &pinned(&digest)).await;
            let outcome = |looked: Result<Collected, SourceError>| match looked {
                Ok(collected) => Ok((things(&collected), collected.content)),
                Err(error) => Err(error.code()),
            };
            assert_eq!(
                outcome(here),
                outcome(there),
                "{}: {digest}",
                directory.display()
            );
        }
    }
    assert!(cases > 14, "only {cases} layouts");
}

#[tokio::test]
async fn reads_what_cosign_saves() {
    // Bundles of cosign 3 lie among the blobs, and `index.json` does not list them.
    for (name, expected) in [
        ("c3-save-single", vec!["bundle@referrer"; 2]),
        (
            "c2-save-index",
            [
                &["signature@sig", "envelope@att"][..],
                &["statement@index"; 4],
            ]
            .concat(),
        ),
        (
            "slsa-generator-container-v1.6.0",
            vec!["envelope@att", "statement@index"],
        ),
    ] {
        let layout = Layout::open(&fixture(name)).unwrap();
        let image = layout.only_image().unwrap();
        assert_eq!(image.names, [""; 0]);
        let collected = look(&layout, ANY).await.unwrap();
        assert_eq!(found(&collected), expected, "{name}");
        let by_digest = look(&layout, &pinned(&image.digest)).await.unwrap();
        assert_eq!(things(&by_digest), things(&collected), "{name}");
    }
}

#[tokio::test]
async fn reads_what_buildkit_writes() {
    let layout = Layout::open(&fixture("buildkit-unsigned-index")).unwrap();
    let image = layout.only_image().unwrap();
    assert_eq!(image.names, ["docker.io/library/test-image:test"]);
    let collected = look(&layout, "test-image:test").await.unwrap();
    assert!(matches!(&collected.content, Document::Index(index) if index.manifests.len() == 4));
    assert_eq!(found(&collected), ["statement@index"; 4]);
    assert_eq!(code(&layout, "test-image:other").await, "image_not_found");
    assert_eq!(code(&layout, "quay.io/x:test").await, "image_not_found");
}

#[tokio::test]
async fn finds_an_image_by_its_whole_name_or_by_a_tag_that_belongs_to_no_repository() {
    let mut draft = Draft::new();
    let named = [
        ("a", json!({NAME: "registry.example/shop/api:1.0"})),
        ("b", json!({NAME: "1.0"})),
        (
            "c",
            json!({NAME: "2.0", "io.containerd.image.name": "registry.example/shop/api:2.0"}),
        ),
        ("d", json!({NAME: "latest"})),
    ];
    let mut digests = Vec::new();
    for (content, names) in &named {
        let image = draft.image(content);
        draft.list(&image, names);
        digests.push(image.digest());
    }
    let layout = draft.open();
    assert_eq!(layout.images().len(), 4);
    for (reference, expected) in [
        ("registry.example/shop/api:1.0", Some(0)),
        ("registry.example/shop/other:1.0", Some(1)),
        ("registry.example/shop/api:2.0", Some(2)),
        ("registry.example/shop/other:2.0", None),
        ("registry.example/shop/other", Some(3)),
        ("registry.example/shop/api:3.0", None),
    ] {
        let resolved = layout.resolve(&reference.parse().unwrap()).await;
        let digest = resolved.map(|resolved| resolved.image.digest().clone());
        let expected = expected
            .map(|position: usize| digests[position].clone())
            .ok_or("image_not_found");
        assert_eq!(
            digest.map_err(|error| error.code()),
            expected,
            "{reference}"
        );
    }
}

#[tokio::test]
async fn a_name_of_two_images_names_neither() {
    let mut draft = Draft::new();
    for content in ["a", "b"] {
        let image = draft.image(content);
        draft.list(&image, &json!({NAME: "1.0"}));
    }
    let error = look(&draft.open(), ANY).await.unwrap_err();
    assert_eq!(error.code(), "malformed_response");
    assert!(
        error.to_string().ends_with("that name to 2 images"),
        "{error}"
    );
}

#[tokio::test]
async fn the_only_image_goes_by_any_name_unless_it_has_one() {
    let mut draft = Draft::new();
    let image = draft.image("a");
    draft.list(&image, &json!({}));
    assert_eq!(code(&draft.open(), ANY).await, "ok");
    let other = draft.image("b");
    draft.list(&other, &json!({}));
    assert_eq!(code(&draft.open(), ANY).await, "image_not_found");

    let mut draft = Draft::new();
    let image = draft.image("a");
    draft.list(&image, &json!({NAME: "another"}));
    assert_eq!(code(&draft.open(), ANY).await, "image_not_found");
}

#[test]
fn says_when_there_is_not_exactly_one_image() {
    let draft = Draft::new();
    let code = |draft: &Draft| {
        draft
            .open()
            .only_image()
            .map_err(|error| error.code())
            .cloned()
    };
    assert_eq!(code(&draft), Err("layout_empty"));
    let (mut draft, image) = with_image();
    draft.list(&image, &json!({NAME: "latest"}));
    let layout = draft.open();
    let only = layout.only_image().unwrap();
    assert_eq!(
        (&only.digest, &only.names[..]),
        (
            &image.digest(),
            &["1.0".to_owned(), "latest".to_owned()][..]
        )
    );
    let other = draft.image("other");
    draft.list(&other, &json!({}));
    let layout = draft.open();
    let error = layout.only_image().unwrap_err();
    assert_eq!(error.code(), "layout_ambiguous");
    assert_eq!(
        error.hint().unwrap(),
        format!("name one of 1.0, {}", other.digest())
    );
}

#[tokio::test]
async fn unites_every_form_by_every_road() {
    let (mut draft, image) = with_image();
    let listed = draft.carrier(BUNDLE, "listed", Some(&image));
    draft.list(&listed, &json!({}));
    draft.carrier(BUNDLE, "not listed", Some(&image));
    let in_fallback = draft.carrier(BUNDLE, "in the fallback tag", Some(&image));
    let fallback = draft.index(&[&in_fallback]);
    draft.list(&fallback, &json!({NAME: image.tag("")}));
    for (suffix, media_type) in [(".sig", SIMPLE_SIGNING), (".att", ENVELOPE)] {
        let carrier = draft.carrier(media_type, suffix, None);
        draft.list(&carrier, &json!({NAME: image.tag(suffix)}));
        // The same by a whole name.
        let carrier = draft.carrier(media_type, &format!("another {suffix}"), None);
        let name = format!("registry.example/shop/api:{}", image.tag(suffix));
        draft.list(&carrier, &json!({NAME: name}));
    }
    let sbom = draft.carrier("text/spdx+json", "{}", None);
    draft.list(&sbom, &json!({NAME: image.tag(".sbom")}));
    draft.carrier("application/jose+json", "x", Some(&image));

    let layout = draft.open();
    assert_eq!(layout.images().len(), 1, "{:?}", layout.images());
    let collected = look(&layout, ANY).await.unwrap();
    let mut words = found(&collected);
    words.sort();
    assert_eq!(
        words,
        [
            "bundle@referrer",
            "bundle@referrer",
            "bundle@referrer",
            "envelope@att",
            "envelope@att",
            "sbom@sbom-tag",
            "signature@sig",
            "signature@sig",
            "unsupported(application/jose+json)@referrer",
        ]
    );
}

#[tokio::test]
async fn what_cosign_saved_beside_one_image_belongs_to_no_other() {
    let mut draft = Draft::new();
    let image = draft.image("content");
    draft.list(
        &image,
        &json!({KIND: "dev.cosignproject.cosign/image", NAME: "1.0"}),
    );
    let sig = draft.carrier(SIMPLE_SIGNING, "x", None);
    draft.list(&sig, &json!({KIND: "dev.cosignproject.cosign/sigs"}));
    let other = draft.image("other");
    draft.list(&other, &json!({NAME: "2.0"}));
    let layout = draft.open();
    assert_eq!(found(&look(&layout, ANY).await.unwrap()), ["signature@sig"]);
    let other = look(&layout, "registry.example/shop/api:2.0")
        .await
        .unwrap();
    assert_eq!(found(&other), [""; 0]);
}

#[tokio::test]
async fn reads_only_what_some_rule_needs() {
    let (mut draft, image) = with_image();
    let sig = draft.carrier(SIMPLE_SIGNING, "x", None);
    draft.list(&sig, &json!({NAME: image.tag(".sig")}));
    let att = draft.carrier(ENVELOPE, "y", None);
    draft.list(&att, &json!({NAME: image.tag(".att")}));
    let layout = draft.open();
    fs::remove_file(draft.file(&att)).unwrap();
    let resolved = layout.resolve(&ANY.parse().unwrap()).await.unwrap();
    let needs = |signatures, attestations| Needs {
        signatures,
        attestations,
        repositories: vec!["registry.example/sigs".parse().unwrap()],
        ..Needs::default()
    };
    let signatures = layout
        .collect(&resolved, &needs(true, false))
        .await
        .unwrap();
    assert_eq!(found(&signatures), ["signature@sig"]);
    let error = layout
        .collect(&resolved, &needs(true, true))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "attachment_missing");
}
