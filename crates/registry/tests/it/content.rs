//! Bytes that are not what they are called.

use std::time::Duration;

use countersign_image::{Digest, ImageSource as _};
use countersign_testkit::{Fault, Layer, TestRegistry};
use serde_json::{Value, json};

use crate::support::{
    BUNDLE, OCI_INDEX, OCI_MANIFEST, SIMPLE_SIGNING, api, bundle, client, code, code_with,
    everything, found, look, push_api, push_with_layer, with_bundle,
};

const OTHER: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

// HEAD is not asked, so it cannot lie and cannot fail.
#[tokio::test]
async fn survives_a_head_that_lies_or_fails() {
    for fault in [
        Fault::on("HEAD *").answer(200, &[("docker-content-digest", OTHER)], ""),
        Fault::on("HEAD *").status(500),
        Fault::on("HEAD *").status(405),
    ] {
        assert_eq!(code_with(fault).await, "ok");
    }
}

#[tokio::test]
async fn survives_a_content_digest_that_lies() {
    for (header, expected) in [
        (OTHER.to_owned(), "digest_mismatch"),
        (
            OTHER.to_uppercase().replace("SHA256", "sha256"),
            "malformed_response",
        ),
        ("sha256:00".to_owned(), "malformed_response"),
        ("sha256:../../etc/passwd".to_owned(), "malformed_response"),
        (format!("sha512:{}", "0".repeat(128)), "ok"),
        ("blake3:00".to_owned(), "ok"),
        (String::new(), "ok"),
    ] {
        let fault = Fault::on("GET */manifests/1.0").header("docker-content-digest", &header);
        assert_eq!(code_with(fault).await, expected, "{header}");
    }
}

#[tokio::test]
async fn survives_a_manifest_that_is_another_one_the_second_time() {
    let (registry, image, _) = with_bundle().await;
    let other = registry.push_image("shop/api", "other", "other content");
    registry.swap_manifest(
        "shop/api",
        image.digest(),
        OCI_MANIFEST,
        other.bytes.clone(),
    );
    assert_eq!(
        code(&client(&registry), &image.image.to_string()).await,
        "digest_mismatch"
    );

    // Only the list may tell its size; the digest does not fit.
    let (registry, _, referrer) = with_bundle().await;
    let text = String::from_utf8(referrer.bytes.to_vec()).unwrap();
    let changed = text.replace("dev.sigstore", "dev.sigstorf");
    registry.fault(
        Fault::on(&format!("GET */manifests/{}", referrer.digest())).answer(
            200,
            &[("content-type", OCI_MANIFEST)],
            changed,
        ),
    );
    assert_eq!(
        code(&client(&registry), &api(&registry)).await,
        "digest_mismatch"
    );
}

// The same length, other bytes.
#[tokio::test]
async fn survives_a_blob_with_one_byte_changed() {
    let registry = TestRegistry::start().await;
    let image = push_api(&registry);
    registry.push_referrer(&image, BUNDLE, &[bundle("honest")]);
    registry.swap_blob("shop/api", &Digest::of(b"honest"), "hOnest");
    assert_eq!(
        code(&client(&registry), &api(&registry)).await,
        "digest_mismatch"
    );
}

// Whatever the tag does after it was resolved, everything is asked about the one digest.
#[tokio::test]
async fn survives_a_tag_that_moves_after_it_was_resolved() {
    let (registry, image, _) = with_bundle().await;
    let client = client(&registry);
    let resolved = client
        .resolve(&api(&registry).parse().unwrap())
        .await
        .unwrap();
    registry.push_image("shop/api", "1.0", "unsigned content");
    registry.log().clear();
    let collected = client.collect(&resolved, &everything()).await.unwrap();
    assert_eq!(
        (resolved.image, found(&collected)),
        (image.image, vec!["bundle@referrer".to_owned()])
    );
    assert_eq!(registry.log().count("*/manifests/1.0"), 0);
}

#[tokio::test]
async fn survives_a_content_type_that_contradicts_the_content() {
    for (content_type, expected) in [
        (OCI_INDEX, "malformed_response"),
        (
            "application/vnd.docker.distribution.manifest.v2+json",
            "malformed_response",
        ),
        (
            "application/vnd.docker.distribution.manifest.v1+prettyjws",
            "unexpected_media_type",
        ),
        ("application/json", "unexpected_media_type"),
        ("text/html; charset=utf-8", "unexpected_media_type"),
        (
            "application/vnd.oci.image.manifest.v1+json; charset=utf-8",
            "ok",
        ),
        ("", "ok"),
    ] {
        for path in ["manifests/1.0", "manifests/sha256:*"] {
            let fault = Fault::on(&format!("GET */{path}")).header("content-type", content_type);
            assert_eq!(
                code_with(fault).await,
                expected,
                "{content_type} for {path}"
            );
        }
    }
}

#[tokio::test]
async fn survives_digests_that_are_none() {
    let (_, _, referrer) = with_bundle().await;
    let good = referrer.digest().to_string();
    for digest in [
        good.to_uppercase(),
        good[..70].to_owned(),
        format!("{good}/../../token"),
        "sha256:../../../v2/other/blobs/uploads".to_owned(),
        "md5:d41d8cd98f00b204e9800998ecf8427e".to_owned(),
        String::new(),
    ] {
        // In a list it leaves open what there is.
        let entry = json!({"mediaType": OCI_MANIFEST, "digest": digest, "size": 5});
        let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]});
        let list = Fault::on("GET *referrers*").answer(
            200,
            &[("content-type", OCI_INDEX)],
            index.to_string(),
        );
        assert_eq!(code_with(list).await, "malformed_response", "{digest}");

        // In an attached manifest it spoils that attachment.
        let registry = TestRegistry::start().await;
        let image = push_api(&registry);
        let layer = json!({"mediaType": BUNDLE, "digest": digest, "size": 5});
        push_with_layer(&registry, &image, layer);
        let collected = look(&client(&registry), &api(&registry)).await.unwrap();
        assert!(found(&collected)[0].starts_with("malformed("), "{digest}");
        assert_eq!(registry.log().count("GET */blobs/*"), 0, "{digest}");
    }
}

#[tokio::test]
async fn survives_artifact_types_that_lie() {
    let registry = TestRegistry::builder().without_referrers().start().await;
    let image = push_api(&registry);
    registry.push_referrer(
        &image,
        "application/vnd.oci.empty.v1+json",
        &[bundle("real")],
    );
    registry.push_referrer(&image, BUNDLE, &[Layer::new("text/plain", "not a bundle")]);
    registry.push_referrer(&image, BUNDLE, &[Layer::new(SIMPLE_SIGNING, "{}")]);
    let collected = look(&client(&registry), &api(&registry)).await.unwrap();
    let unsupported = format!("unsupported({BUNDLE})@fallback");
    assert_eq!(
        found(&collected),
        [
            "bundle@fallback",
            unsupported.as_str(),
            "signature@fallback"
        ]
    );
}

#[tokio::test]
async fn survives_inline_data_and_foreign_urls_by_looking_at_neither() {
    let registry = TestRegistry::start().await;
    let elsewhere = TestRegistry::start().await;
    let image = push_api(&registry);
    let digest = registry.push_blob("shop/api", "honest");
    let layer = json!({
        "mediaType": BUNDLE,
        "digest": digest.to_string(),
        "size": 6,
        "data": "ZXZpbA==",
        "urls": [format!("http://{}/evil", elsewhere.host()), "http://169.254.169.254/latest/meta-data"],
    });
    push_with_layer(&registry, &image, layer);
    let collected = look(&client(&registry), &api(&registry)).await.unwrap();
    assert_eq!(
        collected.attachments[0].bytes.as_deref(),
        Some(b"honest".as_slice())
    );
    registry.delete_blob("shop/api", &digest);
    assert_eq!(
        code(&client(&registry), &api(&registry)).await,
        "attachment_missing"
    );
    assert!(elsewhere.log().lines().is_empty());
}

#[tokio::test]
async fn survives_a_null_config_and_null_layers() {
    let honest = TestRegistry::start().await;
    let manifest: Value = serde_json::from_slice(&push_api(&honest).bytes).unwrap();
    for (field, value, expected) in [
        ("config", Value::Null, "malformed_response"),
        ("config", json!({}), "malformed_response"),
        ("layers", Value::Null, "ok"),
        ("layers", json!([]), "ok"),
        ("layers", json!({}), "malformed_response"),
        ("layers", json!([null]), "malformed_response"),
        ("manifests", json!([]), "malformed_response"),
    ] {
        let registry = TestRegistry::start().await;
        let mut manifest = manifest.clone();
        manifest[field] = value.clone();
        let pushed = registry.push_manifest("shop/api", OCI_MANIFEST, manifest.to_string());
        registry.move_tag("shop/api", "1.0", pushed.digest());
        assert_eq!(
            code(&client(&registry), &api(&registry)).await,
            expected,
            "{field}: {value}"
        );
    }
}

// What a pusher wrote is a finding beside the good ones, not a reason to look no further.
#[tokio::test]
async fn an_attached_manifest_that_is_garbage_is_a_finding() {
    let (registry, image, _) = with_bundle().await;
    let subject = image.descriptor();
    let nothing = json!({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": null, "layers": [], "subject": subject});
    registry.push_manifest("shop/api", OCI_MANIFEST, nothing.to_string());
    registry.swap_manifest("shop/api", &Digest::of(b"garbage"), OCI_MANIFEST, "garbage");
    registry.move_tag(
        "shop/api",
        &format!("{}.sig", image.digest().tag_stem()),
        &Digest::of(b"garbage"),
    );
    let collected = look(&client(&registry), &api(&registry)).await.unwrap();
    let found = found(&collected);
    assert!(
        found[0].starts_with("malformed(") && found[0].ends_with("@sig"),
        "{found:?}"
    );
    assert_eq!(found[1], "bundle@referrer");
    assert!(
        found[2].starts_with("malformed(") && found[2].ends_with("@referrer"),
        "{found:?}"
    );
}

#[tokio::test]
async fn survives_a_login_page_with_status_200() {
    for path in [
        "manifests/1.0",
        "referrers/*",
        "manifests/*.sig",
        "manifests/*.att",
        "manifests/*.sbom",
        "manifests/sha256:*",
    ] {
        let page = Fault::on(&format!("GET */{path}")).answer(
            200,
            &[("content-type", "text/html")],
            "<html>Log in</html>",
        );
        let expected = if path == "manifests/sha256:*" {
            "size_mismatch"
        } else {
            "unexpected_media_type"
        };
        assert_eq!(code_with(page).await, expected, "{path}");
    }
    let page =
        Fault::on("GET */blobs/*").answer(200, &[("content-type", "text/html")], "<html></html>");
    assert_eq!(code_with(page).await, "size_mismatch");
}

#[tokio::test]
async fn survives_failures_of_the_signature_tags_alone() {
    for path in [
        "manifests/*.sig",
        "manifests/*.att",
        "manifests/*.sbom",
        "manifests/sha256:*",
        "blobs/*",
    ] {
        for (status, expected) in [
            (500, "registry_error"),
            (502, "registry_error"),
            (503, "registry_error"),
            (400, "registry_error"),
            (403, "forbidden"),
            (401, "unauthorized"),
            (429, "rate_limited"),
        ] {
            let fault = Fault::on(&format!("GET */{path}")).status(status);
            assert_eq!(code_with(fault).await, expected, "{status} for {path}");
        }
    }
}

#[tokio::test]
async fn a_failure_of_the_fallback_tag_is_no_absence() {
    for (status, expected) in [
        (500, "registry_error"),
        (403, "forbidden"),
        (429, "rate_limited"),
        (400, "registry_error"),
    ] {
        let registry = TestRegistry::builder().without_referrers().start().await;
        let image = push_api(&registry);
        let stem = image.digest().tag_stem();
        registry.fault(Fault::on(&format!("GET */manifests/{stem}")).status(status));
        assert_eq!(
            code(&client(&registry), &api(&registry)).await,
            expected,
            "{status}"
        );
    }
}

#[tokio::test]
async fn errors_repeat_nothing_that_the_registry_wrote() {
    let body = r#"{"errors":[{"code":"DENIED","message":"token=hunter2"}]}"#;
    let (registry, ..) = with_bundle().await;
    registry.fault(Fault::on("GET *referrers*").answer(500, &[("retry-after", "1")], body));
    let error = look(&client(&registry), &api(&registry)).await.unwrap_err();
    let shown = format!("{error} {error:?} {:?}", error.hint());
    assert!(
        !shown.contains("hunter2")
            && shown.contains(registry.host())
            && shown.contains("referrers of shop/api"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_failure_that_passes_is_asked_again() {
    let (registry, ..) = with_bundle().await;
    registry.fault(Fault::on("GET *referrers*").times(1).status(503));
    registry.fault(Fault::on("GET */manifests/1.0").times(2).answer(
        429,
        &[("retry-after", "0")],
        "",
    ));
    registry.fault(Fault::on("GET */blobs/*").times(1).close());
    let settings = countersign_registry::Settings {
        retries: 2,
        ..crate::support::settings(&[registry.host()])
    };
    let client = countersign_registry::Client::new(settings).unwrap();
    assert_eq!(code(&client, &api(&registry)).await, "ok");
    assert_eq!(registry.log().count("GET *referrers*"), 2);
    assert_eq!(registry.log().count("GET */manifests/1.0"), 3);
}

#[tokio::test]
async fn a_registry_that_wants_to_be_left_alone_is_left_alone() {
    let (registry, ..) = with_bundle().await;
    registry.fault(Fault::on("GET */manifests/1.0").answer(429, &[("retry-after", "3600")], ""));
    let settings = countersign_registry::Settings {
        retries: 2,
        ..crate::support::settings(&[registry.host()])
    };
    let client = countersign_registry::Client::new(settings).unwrap();
    let error = look(&client, &api(&registry)).await.unwrap_err();
    let expected = countersign_image::SourceError::RateLimited {
        host: registry.host().to_owned(),
        retry_after: Some(Duration::from_secs(3600)),
    };
    assert_eq!(error, expected);
    assert_eq!(registry.log().lines().len(), 1);
}
