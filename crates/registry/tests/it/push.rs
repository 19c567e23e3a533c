//! Writing to registries.

use bytes::Bytes;
use countersign_image::{Digest, SourceError};
use countersign_registry::{Client, Settings};
use countersign_testkit::{Fault, Issuer, TestRegistry};
use serde_json::json;

use crate::support::{BUNDLE, OCI_MANIFEST, basic, client, push_api, settings, settings_with};

fn artifact(subject: &serde_json::Value, blob: &Digest, size: usize) -> Bytes {
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": BUNDLE,
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": Digest::of(b"{}").to_string(), "size": 2},
        "layers": [{"mediaType": BUNDLE, "digest": blob.to_string(), "size": size}],
        "subject": subject,
    });
    manifest.to_string().into()
}

#[tokio::test]
async fn pushes_an_artifact_and_says_whether_its_subject_was_noted() {
    for (registry, noted) in [
        (TestRegistry::start().await, true),
        (
            TestRegistry::builder().without_referrers().start().await,
            false,
        ),
    ] {
        let image = push_api(&registry);
        let repository = registry.repository("shop/api");
        let client = client(&registry);
        client
            .push_blob(&repository, Bytes::from_static(b"{}"))
            .await
            .unwrap();
        let blob = client
            .push_blob(&repository, Bytes::from_static(b"a bundle"))
            .await
            .unwrap();
        let manifest = artifact(&image.descriptor(), &blob, 8);
        let digest = Digest::of(&manifest);
        let pushed = client
            .push_manifest(
                &repository,
                &digest.to_string(),
                OCI_MANIFEST,
                manifest.clone(),
            )
            .await
            .unwrap();
        assert_eq!(
            (pushed.digest, pushed.subject_processed),
            (digest.clone(), noted)
        );
        let (_, _, bytes) = client
            .manifest(&repository, &digest.to_string())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(bytes, manifest);
        let listed = client.referrers(&repository, image.digest()).await.unwrap();
        assert_eq!(listed.iter().any(|entry| entry.digest == digest), noted);
    }
}

#[tokio::test]
async fn a_blob_that_is_there_is_not_pushed_again() {
    let registry = TestRegistry::start().await;
    let repository = registry.repository("shop/api");
    let client = client(&registry);
    for _ in 0..2 {
        client
            .push_blob(&repository, Bytes::from_static(b"once"))
            .await
            .unwrap();
    }
    assert_eq!(registry.log().count("PUT *"), 1);
}

#[tokio::test]
async fn survives_a_head_that_fails_before_a_push() {
    let registry = TestRegistry::start().await;
    registry.fault(Fault::on("HEAD *").status(500));
    let digest = client(&registry)
        .push_blob(&registry.repository("shop/api"), Bytes::from_static(b"x"))
        .await
        .unwrap();
    assert_eq!(registry.log().count("PUT *"), 1);
    assert_eq!(digest, Digest::of(b"x"));
}

#[tokio::test]
async fn a_tag_that_is_pushed_is_read_back() {
    let registry = TestRegistry::start().await;
    let image = push_api(&registry);
    let repository = registry.repository("shop/api");
    let client = client(&registry);
    assert!(client.manifest(&repository, "2.0").await.unwrap().is_none());
    client
        .push_manifest(&repository, "2.0", OCI_MANIFEST, image.bytes.clone())
        .await
        .unwrap();
    assert_eq!(
        registry.tagged("shop/api", "2.0").as_ref(),
        Some(image.digest())
    );
    let (digest, _, _) = client.manifest(&repository, "2.0").await.unwrap().unwrap();
    assert_eq!(digest, *image.digest());
}

#[tokio::test]
async fn a_registry_that_refuses_artifacts_says_so_by_its_status() {
    let registry = TestRegistry::builder().without_artifacts().start().await;
    let image = push_api(&registry);
    let repository = registry.repository("shop/api");
    let client = client(&registry);
    client
        .push_blob(&repository, Bytes::from_static(b"{}"))
        .await
        .unwrap();
    let blob = client
        .push_blob(&repository, Bytes::from_static(b"a bundle"))
        .await
        .unwrap();
    let manifest = artifact(&image.descriptor(), &blob, 8);
    let error = client
        .push_manifest(&repository, "x", OCI_MANIFEST, manifest)
        .await
        .unwrap_err();
    assert!(
        matches!(error, SourceError::RegistryFailed { status: 400, .. }),
        "{error:?}"
    );
    assert!(!error.is_transient());
}

#[tokio::test]
async fn pushing_asks_for_the_right_to_push_and_pulling_does_not() {
    let issuer = Issuer::new("ci", "hunter2");
    let registry = TestRegistry::builder().token_auth(&issuer).start().await;
    let repository = registry.repository("shop/api");
    let client = Client::new(settings_with(registry.host(), &[], basic("ci", "hunter2"))).unwrap();
    client
        .push_blob(&repository, Bytes::from_static(b"x"))
        .await
        .unwrap();
    assert_eq!(issuer.scopes(), ["repository:shop/api:pull,push"]);
    client.manifest(&repository, "1.0").await.unwrap();
    assert_eq!(
        issuer.scopes(),
        ["repository:shop/api:pull", "repository:shop/api:pull,push"]
    );
}

#[tokio::test]
async fn survives_an_upload_location_on_another_host() {
    let thief = TestRegistry::start().await;
    for location in [
        format!("http://{}/v2/x/blobs/uploads/1", thief.host()),
        "https://evil.test/".to_owned(),
        "//evil.test/".to_owned(),
    ] {
        let registry = TestRegistry::builder()
            .basic_auth("ci", "hunter2")
            .start()
            .await;
        registry.fault(Fault::on("POST *").answer(202, &[("location", &location)], ""));
        let settings = settings_with(registry.host(), &[thief.host()], basic("ci", "hunter2"));
        let client = Client::new(settings).unwrap();
        let repository = registry.repository("shop/api");
        let error = client
            .push_blob(&repository, Bytes::from_static(b"secret"))
            .await
            .unwrap_err();
        assert_eq!(error.code(), "redirect_refused", "{location}");
    }
    assert!(thief.log().lines().is_empty());
}

// What writes is not sent on.
#[tokio::test]
async fn survives_a_push_that_is_redirected() {
    let thief = TestRegistry::start().await;
    let registry = TestRegistry::start().await;
    let repository = registry.repository("shop/api");
    registry.fault(Fault::on("PUT *").redirect(307, &format!("http://{}/x", thief.host())));
    let client = Client::new(settings(&[registry.host(), thief.host()])).unwrap();
    let error = client
        .push_blob(&repository, Bytes::from_static(b"x"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "redirect_refused");
    assert!(thief.log().lines().is_empty());
}

#[tokio::test]
async fn an_upload_that_failed_is_not_repeated_half_way() {
    let registry = TestRegistry::start().await;
    registry.fault(Fault::on("PUT *").status(500));
    let client = Client::new(Settings {
        retries: 2,
        ..settings(&[registry.host()])
    })
    .unwrap();
    let error = client
        .push_blob(&registry.repository("shop/api"), Bytes::from_static(b"x"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "registry_error");
    assert_eq!(registry.log().count("PUT *"), 1);
}
