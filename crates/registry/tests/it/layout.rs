//! Images in a directory: layouts as tools write them, and as nobody should.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use countersign_image::{Collected, Digest, Document, ImageSource, Needs, SourceError};
use countersign_registry::{Layout, LayoutError};
use countersign_testkit::TestRegistry;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    BUNDLE, ENVELOPE, OCI_INDEX, OCI_MANIFEST, SIMPLE_SIGNING, client, everything, found, word,
};

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

fn open_code(directory: &Path) -> &'static str {
    Layout::open(directory).map_or_else(|error| error.code(), |_| "ok")
}

/// A layout under construction.
struct Draft {
    directory: TempDir,
    listed: Vec<Value>,
}

/// Something in it.
#[derive(Clone)]
struct Blob {
    descriptor: Value,
}

impl Draft {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir_all(directory.path().join("blobs/sha256")).unwrap();
        let draft = Self {
            directory,
            listed: Vec::new(),
        };
        draft.write("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
        draft.write_index();
        draft
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.path().join(name), content).unwrap();
    }

    fn write_index(&self) {
        let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": self.listed});
        self.write("index.json", &index.to_string());
    }

    fn list(&mut self, blob: &Blob, annotations: &Value) {
        let mut entry = blob.descriptor.clone();
        entry["annotations"] = annotations.clone();
        self.listed.push(entry);
        self.write_index();
    }

    fn file(&self, blob: &Blob) -> PathBuf {
        self.path().join("blobs/sha256").join(blob.digest().hex())
    }

    fn blob(&self, media_type: &str, content: &str) -> Blob {
        let digest = Digest::of(content.as_bytes());
        let descriptor =
            json!({"mediaType": media_type, "digest": digest.to_string(), "size": content.len()});
        let blob = Blob { descriptor };
        fs::write(self.file(&blob), content).unwrap();
        blob
    }

    /// A manifest with these layers.
    fn manifest(&self, layers: &[&Blob], subject: Option<&Blob>) -> Blob {
        let empty = self.blob("application/vnd.oci.empty.v1+json", "{}");
        let layers: Vec<_> = layers.iter().map(|layer| &layer.descriptor).collect();
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": empty.descriptor,
            "layers": layers,
        });
        if let Some(subject) = subject {
            manifest["subject"] = subject.descriptor.clone();
        }
        self.blob(OCI_MANIFEST, &manifest.to_string())
    }

    fn image(&self, content: &str) -> Blob {
        let layer = self.blob("application/vnd.oci.image.layer.v1.tar", content);
        self.manifest(&[&layer], None)
    }

    /// A manifest that carries one thing.
    fn carrier(&self, media_type: &str, content: &str, subject: Option<&Blob>) -> Blob {
        let layer = self.blob(media_type, content);
        self.manifest(&[&layer], subject)
    }

    fn index(&self, entries: &[&Blob]) -> Blob {
        let entries: Vec<_> = entries.iter().map(|entry| &entry.descriptor).collect();
        let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries});
        self.blob(OCI_INDEX, &index.to_string())
    }

    fn open(&self) -> Layout {
        Layout::open(self.path()).unwrap()
    }
}

impl Blob {
    fn digest(&self) -> Digest {
        self.descriptor["digest"].as_str().unwrap().parse().unwrap()
    }

    /// The tag by which things of one kind are attached to it.
    fn tag(&self, suffix: &str) -> String {
        format!("{}{suffix}", self.digest().tag_stem())
    }
}

/// A layout with one image, and that image.
fn with_image() -> (Draft, Blob) {
    let mut draft = Draft::new();
    let image = draft.image("content");
    draft.list(&image, &json!({NAME: "1.0"}));
    (draft, image)
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

#[test]
fn a_directory_that_is_no_layout_is_refused_and_said_to_be_none() {
    let draft = Draft::new();
    assert_eq!(open_code(&draft.path().join("nowhere")), "layout_not_found");
    assert_eq!(open_code(&draft.path().join("blobs")), "layout_not_found");
    assert_eq!(
        open_code(&draft.path().join("index.json")),
        "layout_not_found"
    );
    fs::remove_file(draft.path().join("index.json")).unwrap();
    let error = Layout::open(draft.path()).unwrap_err();
    let path = draft.path().display().to_string();
    assert_eq!(
        error,
        LayoutError::NotFound {
            path,
            missing: "index.json"
        }
    );
    assert!(error.hint().is_some());
    draft.write_index();
    assert_eq!(open_code(draft.path()), "ok");
    for marker in [
        "",
        "{}",
        "[\"1.0.0\"]",
        r#"{"imageLayoutVersion":"2.0.0"}"#,
        r#"{"imageLayoutVersion":1}"#,
        r#"{"imageLayoutVersion":"1.0.0","imageLayoutVersion":"1.0.0"}"#,
    ] {
        draft.write("oci-layout", marker);
        assert_eq!(open_code(draft.path()), "layout_malformed", "{marker}");
    }
}

#[test]
fn an_index_that_makes_no_sense_is_refused() {
    let draft = Draft::new();
    let manifest = fs::read_to_string(draft.file(&draft.image("x"))).unwrap();
    let entry = |digest: &str| {
        json!({"schemaVersion": 2, "manifests": [{"mediaType": OCI_MANIFEST, "digest": digest, "size": 1}]}).to_string()
    };
    for index in [
        String::new(),
        "{}".to_owned(),
        "[]".to_owned(),
        manifest,
        r#"{"schemaVersion":2,"manifests":[],"manifests":[]}"#.to_owned(),
        entry("sha256:../../../../etc/passwd"),
        entry("../../etc/passwd"),
        entry("md5:d41d8cd98f00b204e9800998ecf8427e"),
        format!("{{\"manifests\":[]}}{}", " ".repeat(4 * 1024 * 1024)),
    ] {
        draft.write("index.json", &index);
        let expected = if index.len() > 1024 * 1024 {
            "layout_unreadable"
        } else {
            "layout_malformed"
        };
        let shown = &index[..index.len().min(80)];
        assert_eq!(open_code(draft.path()), expected, "{shown}");
    }
}

#[tokio::test]
async fn survives_bytes_that_are_not_what_they_are_called() {
    for (content, expected) in [
        ("a bundlE", "digest_mismatch"),
        ("a bundle and more", "size_mismatch"),
        ("", "size_mismatch"),
    ] {
        let (draft, image) = with_image();
        let layer = draft.blob(BUNDLE, "a bundle");
        draft.manifest(&[&layer], Some(&image));
        fs::write(draft.file(&layer), content).unwrap();
        assert_eq!(code(&draft.open(), ANY).await, expected, "{content}");
    }
    // An image, by name and by digest.
    let (draft, image) = with_image();
    let text = fs::read_to_string(draft.file(&image)).unwrap();
    fs::write(draft.file(&image), text.replace("tar", "rat")).unwrap();
    let layout = draft.open();
    assert_eq!(code(&layout, ANY).await, "digest_mismatch");
    assert_eq!(
        code(&layout, &pinned(&image.digest())).await,
        "digest_mismatch"
    );
    fs::write(draft.file(&image), format!("{text} ")).unwrap();
    assert_eq!(code(&layout, ANY).await, "size_mismatch");
    fs::write(draft.file(&image), " ".repeat(4 * 1024 * 1024 + 1)).unwrap();
    assert_eq!(code(&layout, &pinned(&image.digest())).await, "too_large");
}

#[tokio::test]
async fn what_is_listed_and_is_not_there_is_missing_and_not_absent() {
    let (draft, image) = with_image();
    fs::remove_file(draft.file(&image)).unwrap();
    assert_eq!(code(&draft.open(), ANY).await, "image_not_found");
    assert_eq!(
        code(&draft.open(), &pinned(&image.digest())).await,
        "image_not_found"
    );

    for road in ["layer", "tag", "fallback"] {
        let (mut draft, image) = with_image();
        let layer = draft.blob(BUNDLE, "a bundle");
        let carrier = draft.manifest(&[&layer], Some(&image));
        let gone = match road {
            "layer" => &layer,
            "tag" => {
                draft.list(&carrier, &json!({NAME: image.tag(".sig")}));
                &carrier
            }
            _ => {
                let fallback = draft.index(&[&carrier]);
                draft.list(&fallback, &json!({NAME: image.tag("")}));
                &carrier
            }
        };
        fs::remove_file(draft.file(gone)).unwrap();
        assert_eq!(
            code(&draft.open(), ANY).await,
            "attachment_missing",
            "{road}"
        );
    }
}

#[tokio::test]
async fn survives_a_fallback_tag_that_is_no_list() {
    let (mut draft, image) = with_image();
    draft.list(&image, &json!({NAME: image.tag("")}));
    assert_eq!(code(&draft.open(), ANY).await, "malformed_response");
}

#[tokio::test]
async fn survives_a_listed_type_that_contradicts_the_content() {
    let mut draft = Draft::new();
    let mut image = draft.image("content");
    image.descriptor["mediaType"] = OCI_INDEX.into();
    draft.list(&image, &json!({NAME: "1.0"}));
    assert_eq!(code(&draft.open(), ANY).await, "malformed_response");
}

#[tokio::test]
async fn survives_digests_that_are_paths() {
    let (draft, image) = with_image();
    draft.write("secret", "secret");
    for digest in ["sha256:../../secret", "../secret", "sha256:"] {
        let layer = json!({"mediaType": BUNDLE, "digest": digest, "size": 6});
        draft.manifest(&[&Blob { descriptor: layer }], Some(&image));
    }
    // A manifest that cannot be read says nothing of whom it belongs to.
    assert_eq!(found(&look(&draft.open(), ANY).await.unwrap()), [""; 0]);
}

#[tokio::test]
async fn a_link_leads_to_content_only_where_the_digest_says_so() {
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("file");
    for (content, expected) in [
        ("a bundle", "ok"),
        ("a secret", "digest_mismatch"),
        ("a longer secret", "size_mismatch"),
    ] {
        let (draft, image) = with_image();
        let layer = draft.blob(BUNDLE, "a bundle");
        draft.manifest(&[&layer], Some(&image));
        fs::write(&target, content).unwrap();
        fs::remove_file(draft.file(&layer)).unwrap();
        symlink(&target, draft.file(&layer)).unwrap();
        let outcome = look(&draft.open(), ANY).await;
        assert_eq!(
            outcome.map_or_else(|error| error.code(), |_| "ok"),
            expected
        );
    }
    let (draft, image) = with_image();
    let layer = draft.blob(BUNDLE, "a bundle");
    draft.manifest(&[&layer], Some(&image));
    fs::remove_file(draft.file(&layer)).unwrap();
    symlink("/nowhere", draft.file(&layer)).unwrap();
    assert_eq!(code(&draft.open(), ANY).await, "attachment_missing");
}

#[tokio::test]
async fn what_is_no_regular_file_is_not_opened() {
    let (draft, image) = with_image();
    let layer = draft.blob(BUNDLE, "a bundle");
    draft.manifest(&[&layer], Some(&image));
    let layout = draft.open();
    fs::remove_file(draft.file(&layer)).unwrap();
    symlink("/dev/zero", draft.file(&layer)).unwrap();
    assert_eq!(code(&layout, ANY).await, "registry_unreachable");
    assert_eq!(open_code(draft.path()), "layout_unreadable");
}

#[tokio::test]
async fn other_files_among_the_blobs_are_left_alone() {
    let (draft, _) = with_image();
    draft.write("blobs/sha256/README", "{\"subject\": 1}");
    fs::create_dir(draft.path().join("blobs/sha512")).unwrap();
    draft.write(
        &format!("blobs/sha512/{}", "0".repeat(64)),
        "{\"subject\": 1}",
    );
    fs::create_dir(draft.path().join("blobs/sha256/uploads")).unwrap();
    draft.blob("application/octet-stream", "{\"subject\": 1}");
    draft.blob("application/octet-stream", "no JSON, and a \"subject\"");
    assert_eq!(code(&draft.open(), ANY).await, "ok");
}

#[tokio::test]
async fn survives_a_flood_of_referrers_without_cutting_it() {
    let (draft, image) = with_image();
    for number in 0..64 {
        draft.carrier(BUNDLE, &number.to_string(), Some(&image));
    }
    assert_eq!(
        look(&draft.open(), ANY).await.unwrap().attachments.len(),
        64
    );
    draft.carrier(BUNDLE, "one more", Some(&image));
    assert_eq!(code(&draft.open(), ANY).await, "too_many");
}
