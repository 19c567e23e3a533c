//! Layouts in which something is missing, wrong or meant to mislead.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use countersign_registry::{Layout, LayoutError};
use serde_json::json;

use super::draft::{Blob, Draft, with_image};
use super::{ANY, NAME, code, look, pinned};
use crate::support::{BUNDLE, OCI_INDEX, OCI_MANIFEST, found};

fn open_code(directory: &Path) -> &'static str {
    Layout::open(directory).map_or_else(|error| error.code(), |_| "ok")
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
