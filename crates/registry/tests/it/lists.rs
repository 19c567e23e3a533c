//! Lists of referrers that mislead.

use countersign_testkit::{Fault, TestRegistry};
use serde_json::json;

use crate::support::{
    BUNDLE, OCI_INDEX, OCI_MANIFEST, api, bundle, client, code, code_with, found, look, push_api,
    with_bundle,
};

#[tokio::test]
async fn survives_a_referrer_that_belongs_to_another_image() {
    let registry = TestRegistry::builder().without_referrers().start().await;
    let image = push_api(&registry);
    let other = registry.push_image("shop/api", "other", "other content");
    let stolen = registry.push_referrer(&other, BUNDLE, &[bundle("of the other image")]);
    registry.list_in_fallback(&image, stolen.descriptor());
    registry.push_referrer(&image, BUNDLE, &[bundle("its own")]);
    let collected = look(&client(&registry), &api(&registry)).await.unwrap();
    let malformed = format!(
        "malformed(subject is {}, not this image)@fallback",
        other.digest()
    );
    assert_eq!(found(&collected), [malformed.as_str(), "bundle@fallback"]);
    assert!(collected.attachments[0].bytes.is_none());
}

#[tokio::test]
async fn survives_an_attackers_fallback_tag_beside_a_missing_api() {
    for status in [404, 400, 405, 406, 501] {
        let (registry, image, _) = with_bundle().await;
        let other = registry.push_image("shop/api", "other", "other content");
        let stolen = registry.push_referrer(&other, BUNDLE, &[bundle("of the other image")]);
        registry.list_in_fallback(&image, stolen.descriptor());
        registry.fault(Fault::on("GET *referrers*").status(status));
        let collected = look(&client(&registry), &api(&registry)).await.unwrap();
        let malformed = format!(
            "malformed(subject is {}, not this image)@fallback",
            other.digest()
        );
        assert_eq!(found(&collected), [malformed], "{status}");
    }
}

#[tokio::test]
async fn survives_a_fallback_tag_that_is_no_list() {
    let registry = TestRegistry::builder().without_referrers().start().await;
    let image = push_api(&registry);
    registry.move_tag("shop/api", &image.digest().tag_stem(), image.digest());
    assert_eq!(
        code(&client(&registry), &api(&registry)).await,
        "malformed_response"
    );
}

#[tokio::test]
async fn any_other_failure_of_the_api_is_no_absence() {
    for (status, expected) in [
        (401, "unauthorized"),
        (403, "forbidden"),
        (409, "registry_error"),
        (429, "rate_limited"),
        (500, "registry_error"),
        (503, "registry_error"),
        (204, "unexpected_media_type"),
    ] {
        let (registry, image, _) = with_bundle().await;
        registry.fault(Fault::on("GET *referrers*").status(status));
        assert_eq!(
            code(&client(&registry), &api(&registry)).await,
            expected,
            "{status}"
        );
        let fallback = format!("GET */manifests/{}", image.digest().tag_stem());
        assert_eq!(
            registry.log().count(&fallback),
            0,
            "{status}: the fallback is for a definite absence only"
        );
    }
}

#[tokio::test]
async fn a_list_that_breaks_off_at_a_later_page_is_no_absence() {
    for status in [404, 501, 500] {
        let registry = TestRegistry::builder().page_size(1).start().await;
        let image = push_api(&registry);
        registry.push_referrer(&image, BUNDLE, &[bundle("one")]);
        registry.push_referrer(&image, BUNDLE, &[bundle("two")]);
        registry.fault(Fault::on("GET *referrers*").after(1).status(status));
        assert_eq!(
            code(&client(&registry), &api(&registry)).await,
            "registry_error",
            "{status}"
        );
    }
}

// No filter is asked for, and a list that says it was filtered is not believed.
#[tokio::test]
async fn survives_a_list_that_was_filtered_behind_our_back() {
    let fault = Fault::on("GET *referrers*").header("oci-filters-applied", "artifactType");
    assert_eq!(code_with(fault).await, "malformed_response");
    let (registry, ..) = with_bundle().await;
    assert_eq!(code(&client(&registry), &api(&registry)).await, "ok");
    assert_eq!(registry.log().count("*artifactType*"), 0);
}

#[tokio::test]
async fn a_list_of_another_type_is_refused() {
    let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}).to_string();
    let manifest = json!({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": []}).to_string();
    for (content_type, body, expected) in [
        (OCI_INDEX, index.as_str(), "ok"),
        ("application/json", index.as_str(), "unexpected_media_type"),
        ("text/html", "<html>", "unexpected_media_type"),
        (OCI_MANIFEST, manifest.as_str(), "unexpected_media_type"),
        (OCI_INDEX, manifest.as_str(), "malformed_response"),
        (OCI_INDEX, "{}", "malformed_response"),
        (OCI_INDEX, "[]", "malformed_response"),
        (OCI_INDEX, "", "malformed_response"),
        (
            OCI_INDEX,
            r#"{"manifests":[],"manifests":[]}"#,
            "malformed_response",
        ),
    ] {
        let fault = Fault::on("GET *referrers*").answer(
            200,
            &[("content-type", content_type)],
            body.to_owned(),
        );
        assert_eq!(code_with(fault).await, expected, "{content_type}: {body}");
    }
}

#[tokio::test]
async fn a_referrer_that_is_listed_often_counts_once() {
    let registry = TestRegistry::builder().without_referrers().start().await;
    let image = push_api(&registry);
    let referrer = registry.push_referrer(&image, BUNDLE, &[bundle("x")]);
    for _ in 0..100 {
        registry.list_in_fallback(&image, referrer.descriptor());
    }
    let collected = look(&client(&registry), &api(&registry)).await.unwrap();
    assert_eq!(found(&collected), ["bundle@fallback"]);
}
