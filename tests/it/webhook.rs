//! The webhook as an API server meets it: stories over TLS.

pub(crate) mod fixture;
mod lifecycle;
mod policies;
mod trust_roots;

use countersign_signing::{PrivateKey, Storage};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::world::{World, pod};
use fixture::{Webhook, admitted, patched, refused, request};

#[tokio::test]
async fn a_message_is_a_short_line_for_tools_that_show_no_more_and_then_all_of_it() {
    let world = World::new().await;
    world.registry.push_image("shop/api", "1", "one");
    let webhook = Webhook::serve(&world).await;
    let response = webhook.create(&pod(&[&world.name("shop/api:1")])).await;
    let message = response["status"]["message"].as_str().unwrap();
    let mut settings = insta::Settings::clone_current();
    settings.add_filter("sha256:[0-9a-f]{64}", "sha256:[…]");
    settings.add_filter(r"127\.0\.0\.1:[0-9]+", "REGISTRY");
    settings.bind(|| insta::assert_snapshot!(message, @r"
    REGISTRY/shop/api:1: not allowed by policy production: wanted a signature by authority release, found none (signature/signed); 3 more

    image      REGISTRY/shop/api:1
    digest     sha256:[…]
    used by    spec.containers[0].image
    policy     production
      signature/signed (unsigned): wanted a signature by authority release, found none
        fix      countersign sign --key KEY REGISTRY/shop/api@sha256:[…]
      provenance/slsa_level (no_provenance): wanted provenance of SLSA build level 3, found no verified provenance
        fix      countersign attest --key KEY --type slsaprovenance1 --predicate provenance.json REGISTRY/shop/api@sha256:[…]
      provenance/builder_id (no_provenance): wanted provenance of builder https://builder.acme.example/v1, found no verified provenance
        fix      as above
      sbom/required (no_sbom): wanted an SBOM (spdx or cyclonedx) that lists at least 1 package, found none that is verified
        fix      countersign attest --key KEY --type spdxjson --predicate sbom.spdx.json REGISTRY/shop/api@sha256:[…]
    reproduce  countersign check --policies DIR --namespace shop REGISTRY/shop/api@sha256:[…]
    "));
}

#[tokio::test]
async fn an_image_is_refused_until_it_has_all_that_the_policy_wants() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    let webhook = Webhook::serve(&world).await;
    let pod = pod(&[&world.name("shop/api:1.0")]);

    let response = webhook.create(&pod).await;
    assert_eq!(refused(&response), "signature/signed:unsigned");
    let message = response["status"]["message"].as_str().unwrap();
    for needle in [
        "production",
        "signature/signed",
        &image.digest().to_string(),
        "countersign ",
    ] {
        assert!(message.contains(needle), "no {needle:?} in:\n{message}");
    }
    world.sign(&image, &world.release, Storage::Bundle).await;
    assert_eq!(
        refused(&webhook.create(&pod).await).split(':').next(),
        Some("provenance/slsa_level")
    );

    world.release(&image, Storage::Bundle).await;
    let response = webhook.create(&pod).await;
    admitted(&response);
    let annotations = response["auditAnnotations"].to_string();
    for needle in ["production", "release", &image.digest().to_string()] {
        assert!(
            annotations.contains(needle),
            "no {needle:?} in:\n{annotations}"
        );
    }

    world
        .registry
        .push_image("shop/api", "1.0", "other content");
    refused(&webhook.create(&pod).await);
}

#[tokio::test]
async fn a_strangers_key_is_the_nearest_miss() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    let stranger = PrivateKey::generate().unwrap();
    world.sign(&image, &stranger, Storage::Bundle).await;
    let webhook = Webhook::serve(&world).await;

    let response = webhook.create(&pod(&[&world.name("shop/api:1.0")])).await;

    assert!(refused(&response).starts_with("signature/signed:"));
    let message = response["status"]["message"].as_str().unwrap();
    assert!(message.contains("nearest"), "{message}");
}

#[tokio::test]
async fn what_mutate_pins_is_what_validate_admits() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    world.release(&image, Storage::Bundle).await;
    let webhook = Webhook::serve(&world).await;
    let written = pod(&[&world.name("shop/api:1.0")]);

    let review = request("CREATE", &written, &Value::Null);
    let pinned = patched(written, &webhook.ask("/mutate?timeout=10s", &review).await);

    let name = pinned["spec"]["containers"][0]["image"].as_str().unwrap();
    assert_eq!(
        name,
        world.name(&format!("shop/api:1.0@{}", image.digest()))
    );
    // The tag moves on; the pod does not.
    world
        .registry
        .push_image("shop/api", "1.0", "other content");
    let response = webhook.create(&pinned).await;
    admitted(&response);
    assert!(
        response["warnings"].is_null(),
        "a pinned image is nothing to warn of: {response:#}"
    );
    let again = webhook
        .ask("/mutate", &request("CREATE", &pinned, &Value::Null))
        .await;
    assert_eq!(patched(pinned.clone(), &again), pinned);
}

#[tokio::test]
async fn a_tag_is_admitted_with_a_warning_that_names_the_digest() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    world.release(&image, Storage::Bundle).await;
    let webhook = Webhook::serve(&world).await;

    let response = webhook.create(&pod(&[&world.name("shop/api:1.0")])).await;

    admitted(&response);
    let warnings: Vec<_> = response["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| w.as_str().unwrap())
        .collect();
    assert!(
        warnings
            .iter()
            .any(|warning| warning.contains(&image.digest().to_string()))
    );
    assert!(
        warnings
            .iter()
            .all(|warning| warning.chars().count() <= 120),
        "{warnings:#?}"
    );
}

#[tokio::test]
async fn a_registry_that_is_gone_is_not_a_missing_signature_and_stops_no_other_change() {
    let mut world = World::new().await;
    let webhook = Webhook::serve(&world).await;
    let before = pod(&[&world.name("shop/api:1.0")]);
    world.registry.stop().await;

    let response = webhook.create(&before).await;
    assert_eq!(refused(&response), "registry_unreachable");
    assert_eq!(response["auditAnnotations"]["decision"], "could_not_look");
    let message = response["status"]["message"].as_str().unwrap();
    assert!(
        message.contains("could not look") && !message.contains("unsigned"),
        "{message}"
    );

    let mut labelled = before.clone();
    labelled["metadata"]["labels"] = json!({"a": "b"});
    admitted(&webhook.update(&labelled, &before).await);
    let removed = request("DELETE", &Value::Null, &before);
    admitted(&webhook.ask("/validate", &removed).await);
}

#[tokio::test]
async fn health_and_metrics_are_read_over_plain_http() {
    let world = World::new().await;
    let webhook = Webhook::serve(&world).await;
    refused(&webhook.create(&pod(&["elsewhere.example/x:1"])).await);

    assert_eq!(webhook.health("/healthz").await.0, StatusCode::OK);
    let (status, ready) = webhook.health("/readyz").await;
    assert_eq!(status, StatusCode::OK);
    let ready: Value = serde_json::from_str(&ready).unwrap();
    assert_eq!(ready["ready"], true);
    assert_eq!(ready["policies"]["count"], 1);
    assert!(ready["certificate"]["notAfter"].is_string());
    let (status, metrics) = webhook.health("/metrics").await;
    assert_eq!(status, StatusCode::OK);
    let counted =
        r#"countersign_reviews_total{endpoint="validate",outcome="deny",code="unmatched"} 1"#;
    assert!(
        metrics.contains(counted) && metrics.ends_with("# EOF\n"),
        "{metrics}"
    );
    assert_eq!(webhook.health("/validate").await.0, StatusCode::NOT_FOUND);
}
