#![expect(clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value, json};

use super::*;
use crate::media_type;

const DIGEST: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

fn descriptor(media_type: &str) -> Value {
    json!({"mediaType": media_type, "digest": DIGEST, "size": 2})
}

fn manifest() -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_MANIFEST,
        "config": descriptor(media_type::OCI_CONFIG),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip")],
    })
}

fn index() -> Value {
    json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": [descriptor(media_type::OCI_MANIFEST)]})
}

/// `document` with the value at `pointer`, whose parent must exist, set to `value`.
fn with(mut document: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap()[key] = value;
    document
}

fn parse(document: &Value, declared: Option<&str>) -> Result<Document, ManifestError> {
    Document::parse(document.to_string().as_bytes(), declared)
}

#[track_caller]
fn refuses(document: &Value, declared: Option<&str>, code: &str) {
    assert_eq!(
        parse(document, declared).map_err(|error| error.code()),
        Err(code),
        "{document}"
    );
}

#[test]
fn reads_manifests_and_indexes_of_oci_and_docker() {
    for (document, media_type) in [
        (manifest(), media_type::OCI_MANIFEST),
        (index(), media_type::OCI_INDEX),
        (
            with(manifest(), "/mediaType", media_type::DOCKER_MANIFEST.into()),
            media_type::DOCKER_MANIFEST,
        ),
        (
            with(index(), "/mediaType", media_type::DOCKER_LIST.into()),
            media_type::DOCKER_LIST,
        ),
    ] {
        for declared in [
            None,
            Some(media_type.to_owned()),
            Some(format!("{} ; charset=utf-8", media_type.to_uppercase())),
        ] {
            let parsed = parse(&document, declared.as_deref()).unwrap();
            assert_eq!(parsed.media_type(), media_type);
            assert_eq!(
                matches!(parsed, Document::Index(_)),
                document.get("manifests").is_some()
            );
        }
    }
}

#[test]
fn a_document_without_media_type_is_what_its_shape_or_its_declaration_says() {
    let mut plain = manifest();
    plain.as_object_mut().unwrap().remove("mediaType");
    assert_eq!(
        parse(&plain, None).unwrap().media_type(),
        media_type::OCI_MANIFEST
    );
    assert_eq!(
        parse(&plain, Some(media_type::DOCKER_MANIFEST))
            .unwrap()
            .media_type(),
        media_type::DOCKER_MANIFEST
    );
    refuses(
        &plain,
        Some(media_type::OCI_INDEX),
        "manifest_media_type_mismatch",
    );
    let mut plain = index();
    plain.as_object_mut().unwrap().remove("mediaType");
    assert_eq!(
        parse(&plain, None).unwrap().media_type(),
        media_type::OCI_INDEX
    );
    refuses(
        &plain,
        Some(media_type::OCI_MANIFEST),
        "manifest_media_type_mismatch",
    );
}

#[test]
fn a_media_type_that_contradicts_anything_is_refused() {
    refuses(
        &manifest(),
        Some(media_type::DOCKER_MANIFEST),
        "manifest_media_type_mismatch",
    );
    refuses(
        &manifest(),
        Some(media_type::OCI_INDEX),
        "manifest_media_type_mismatch",
    );
    refuses(
        &index(),
        Some(media_type::OCI_MANIFEST),
        "manifest_media_type_mismatch",
    );
    refuses(
        &with(manifest(), "/mediaType", media_type::OCI_INDEX.into()),
        None,
        "manifest_media_type_mismatch",
    );
    refuses(
        &with(index(), "/mediaType", media_type::DOCKER_MANIFEST.into()),
        None,
        "manifest_media_type_mismatch",
    );
    refuses(
        &manifest(),
        Some("application/json"),
        "manifest_media_type_unknown",
    );
    refuses(
        &manifest(),
        Some("text/html"),
        "manifest_media_type_unknown",
    );
    refuses(&manifest(), Some(""), "manifest_media_type_unknown");
    refuses(
        &with(
            manifest(),
            "/mediaType",
            "application/vnd.oci.artifact.manifest.v1+json".into(),
        ),
        None,
        "manifest_media_type_unknown",
    );
}

#[test]
fn a_document_that_is_index_and_manifest_at_once_is_refused() {
    for extra in [
        json!([]),
        json!(null),
        json!([descriptor(media_type::OCI_MANIFEST)]),
    ] {
        refuses(
            &with(manifest(), "/manifests", extra),
            None,
            "manifest_and_index",
        );
    }
    refuses(
        &with(index(), "/layers", json!([])),
        None,
        "manifest_and_index",
    );
    refuses(
        &with(index(), "/layers", json!(null)),
        None,
        "manifest_and_index",
    );
    refuses(
        &with(index(), "/config", descriptor(media_type::OCI_CONFIG)),
        None,
        "manifest_and_index",
    );
    refuses(
        &with(index(), "/config", json!(null)),
        None,
        "manifest_and_index",
    );
}

#[test]
fn schema_one_is_refused_by_every_sign_of_it() {
    refuses(
        &with(manifest(), "/schemaVersion", json!(1)),
        None,
        "manifest_schema1",
    );
    refuses(
        &with(manifest(), "/fsLayers", json!([])),
        None,
        "manifest_schema1",
    );
    refuses(
        &with(manifest(), "/fsLayers", json!(null)),
        None,
        "manifest_schema1",
    );
    refuses(
        &manifest(),
        Some("application/vnd.docker.distribution.manifest.v1+prettyjws"),
        "manifest_schema1",
    );
    refuses(
        &with(
            manifest(),
            "/mediaType",
            "application/vnd.docker.distribution.manifest.v1+json".into(),
        ),
        None,
        "manifest_schema1",
    );
    refuses(
        &with(manifest(), "/schemaVersion", json!(3)),
        None,
        "manifest_schema_unknown",
    );
}

#[test]
fn duplicate_keys_are_refused_at_any_depth() {
    let text = manifest().to_string();
    for doubled in [
        text.replacen("{", "{\"layers\":[],", 1),
        text.replacen("\"size\":2", "\"size\":2,\"size\":3", 1),
        text.replacen("\"size\":2", "\"size\":2,\"unknown\":{\"a\":1,\"a\":2}", 1),
        text.replacen("{", "{\"annotations\":{\"a\":\"1\",\"\\u0061\":\"2\"},", 1),
    ] {
        assert_eq!(
            Document::parse(doubled.as_bytes(), None).map_err(|error| error.code()),
            Err("json_duplicate_key"),
            "{doubled}"
        );
    }
}

#[test]
fn trailing_data_byte_order_mark_and_bad_utf8_are_refused() {
    let text = manifest().to_string();
    for (bytes, code) in [
        (format!("{text}{text}").into_bytes(), "json_syntax"),
        (
            format!("\u{feff}{text}").into_bytes(),
            "json_byte_order_mark",
        ),
        (
            text.replacen("sha256", "sha256\u{ff}", 1)
                .into_bytes()
                .iter()
                .map(|byte| if *byte == 0xc3 { 0xff } else { *byte })
                .collect(),
            "json_invalid_utf8",
        ),
        (Vec::new(), "json_syntax"),
        (b"null".to_vec(), "json_shape"),
        (b"[]".to_vec(), "json_shape"),
        (
            format!(
                "[2,null,null,{0},[{0}],null,null,null,null,null]",
                descriptor("a")
            )
            .into_bytes(),
            "json_shape",
        ),
    ] {
        assert_eq!(
            Document::parse(&bytes, None).map_err(|error| error.code()),
            Err(code)
        );
    }
}

#[test]
fn bad_digests_are_refused_wherever_they_stand() {
    for (digest, code) in [
        (DIGEST.to_uppercase(), "digest_algorithm"),
        (DIGEST.replace("sha256:4", "sha256:A"), "digest_malformed"),
        (DIGEST[..70].to_owned(), "digest_malformed"),
        (
            format!("sha256:../../../{}", &DIGEST[16..]),
            "digest_malformed",
        ),
        (DIGEST.replace("sha256", "sha1"), "digest_algorithm"),
        (String::new(), "digest_malformed"),
    ] {
        refuses(
            &with(manifest(), "/config/digest", digest.clone().into()),
            None,
            code,
        );
        refuses(
            &with(manifest(), "/layers/0/digest", digest.clone().into()),
            None,
            code,
        );
        refuses(
            &with(index(), "/manifests/0/digest", digest.clone().into()),
            None,
            code,
        );
        let subject = with(
            descriptor(media_type::OCI_MANIFEST),
            "/digest",
            digest.into(),
        );
        refuses(&with(manifest(), "/subject", subject), None, code);
    }
}

#[test]
fn impossible_sizes_are_refused() {
    for size in [json!(-1), json!(1.5), json!("2"), json!(null), json!(1e300)] {
        refuses(
            &with(manifest(), "/layers/0/size", size),
            None,
            "json_shape",
        );
    }
    refuses(
        &with(manifest(), "/layers/0/size", json!(1_u64 << 63)),
        None,
        "manifest_size",
    );
    let huge = manifest()
        .to_string()
        .replacen("\"size\":2", "\"size\":99999999999999999999999", 1);
    assert_eq!(
        Document::parse(huge.as_bytes(), None).map_err(|error| error.code()),
        Err("json_shape")
    );
    assert!(parse(&with(manifest(), "/layers/0/size", json!(0)), None).is_ok());
}

#[test]
fn null_or_missing_parts_are_refused_and_empty_lists_are_not() {
    refuses(
        &with(manifest(), "/config", json!(null)),
        None,
        "manifest_incomplete",
    );
    refuses(
        &json!({"schemaVersion": 2, "config": descriptor(media_type::OCI_CONFIG)}),
        None,
        "manifest_incomplete",
    );
    refuses(
        &json!({"schemaVersion": 2, "layers": []}),
        None,
        "manifest_incomplete",
    );
    refuses(&json!({}), None, "manifest_incomplete");
    refuses(&with(manifest(), "/config", json!({})), None, "json_shape");
    refuses(
        &with(manifest(), "/layers", json!([null])),
        None,
        "json_shape",
    );
    refuses(&with(manifest(), "/layers", json!({})), None, "json_shape");
    for empty in [json!([]), json!(null)] {
        assert!(parse(&with(manifest(), "/layers", empty.clone()), None).is_ok());
        assert!(parse(&with(index(), "/manifests", empty), None).is_ok());
    }
}

#[test]
fn counts_and_sizes_over_the_limit_are_refused_and_never_cut() {
    let layer = descriptor("application/octet-stream");
    let layers = |count: usize| with(manifest(), "/layers", vec![layer.clone(); count].into());
    assert!(parse(&layers(limits::MANIFEST_LAYERS), None).is_ok());
    refuses(
        &layers(limits::MANIFEST_LAYERS + 1),
        None,
        "manifest_too_many",
    );
    let entries = vec![descriptor(media_type::OCI_MANIFEST); limits::INDEX_ENTRIES + 1];
    refuses(
        &with(index(), "/manifests", entries.into()),
        None,
        "manifest_too_many",
    );
    let padding = " ".repeat(limits::MANIFEST_BYTES);
    let large = format!("{}{padding}", manifest());
    assert_eq!(
        Document::parse(large.as_bytes(), None).map_err(|error| error.code()),
        Err("manifest_too_large")
    );
    let exact = &large.as_bytes()[..limits::MANIFEST_BYTES];
    assert!(Document::parse(exact, None).is_ok());
}

#[test]
fn deep_nesting_is_refused() {
    let nested = format!("{{\"x\":{}", "[".repeat(1_000_000));
    assert_eq!(
        Document::parse(nested.as_bytes(), None).map_err(|error| error.code()),
        Err("json_too_deep")
    );
}

#[test]
fn inline_data_and_foreign_urls_of_a_descriptor_are_not_kept() {
    let document = with(
        with(manifest(), "/layers/0/data", "bm90IHRoZXNlIGJ5dGVz".into()),
        "/layers/0/urls",
        json!(["http://169.254.169.254/"]),
    );
    assert_eq!(parse(&document, None), parse(&manifest(), None));
}

#[test]
fn runnable_children_are_all_but_attestation_manifests() {
    let child = |os: &str, annotated: bool| {
        let mut child = with(
            descriptor(media_type::OCI_MANIFEST),
            "/platform",
            json!({"os": os, "architecture": if os == "unknown" { os } else { "amd64" }}),
        );
        if annotated {
            child["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": DIGEST});
        }
        child
    };
    let runnable =
        |children: Vec<Value>| match parse(&with(index(), "/manifests", children.into()), None) {
            Ok(Document::Index(index)) => index
                .runnable()
                .map(|children| children.len())
                .map_err(|error| error.code()),
            other => panic!("not an index: {other:?}"),
        };
    assert_eq!(
        runnable(vec![child("linux", false), child("unknown", true)]),
        Ok(1)
    );
    assert_eq!(
        runnable(vec![
            child("linux", true),
            child("unknown", false),
            descriptor(media_type::OCI_MANIFEST)
        ]),
        Ok(3)
    );
    assert_eq!(
        runnable(vec![child("linux", false); limits::INDEX_CHILDREN + 1]),
        Err("manifest_too_many")
    );
}

#[test]
fn what_is_written_is_what_was_read() {
    let mut document = with(manifest(), "/artifactType", media_type::BUNDLE_V03.into());
    document["subject"] = descriptor(media_type::OCI_INDEX);
    document["annotations"] = json!({"org.opencontainers.image.created": "2026-11-20T08:00:00Z"});
    let Ok(Document::Manifest(parsed)) = parse(&document, None) else {
        panic!("not a manifest")
    };
    assert_eq!(serde_json::to_value(&parsed).unwrap(), document);
    let document = with(
        index(),
        "/manifests/0/platform",
        json!({"os": "linux", "architecture": "arm", "variant": "v7"}),
    );
    let Ok(Document::Index(parsed)) = parse(&document, None) else {
        panic!("not an index")
    };
    assert_eq!(serde_json::to_value(&parsed).unwrap(), document);
    assert_eq!(
        parsed.manifests[0].platform.as_ref().unwrap().to_string(),
        "linux/arm/v7"
    );
}
