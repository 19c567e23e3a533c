//! The trust semantics that must hold, each a test: what is judged, by whom, and what is never called unsigned.

use std::time::Duration;

use countersign_review::{Finding, Outcome, Review, Settings};
use countersign_signing::{PrivateKey, Storage};
use countersign_testkit::Fault;
use serde_json::json;
use tokio::time::Instant;

use crate::world::{PROVENANCE, SBOM, World, codes, pod, review, review_until};

#[tokio::test]
async fn an_unsigned_image_is_denied_by_every_rule() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");

    let review = world.review(&[&world.name("shop/api:1.0")]).await;

    assert_eq!(review.outcome(), Outcome::Deny);
    let rules: Vec<_> = codes(&review)
        .iter()
        .map(|code| code.split(':').next().unwrap().to_owned())
        .collect();
    assert_eq!(
        rules,
        [
            "provenance/builder_id",
            "provenance/slsa_level",
            "sbom/required",
            "signature/signed"
        ]
    );
    let message = review.message();
    for needle in [
        "production",
        &image.digest().to_string(),
        "spec.containers[0].image",
        "countersign check",
        "countersign sign",
    ] {
        assert!(message.contains(needle), "no {needle:?} in:\n{message}");
    }
}

#[tokio::test]
async fn what_was_judged_is_what_the_tag_meant_once() {
    let world = World::new().await;
    let good = world.registry.push_image("shop/api", "1.0", "one");
    world.release(&good, Storage::Bundle).await;
    let name = world.name("shop/api:1.0");
    let reviewer = world.reviewer(&[world.policy()], Settings::default());

    let before = review(&reviewer, &pod(&[&name])).await;
    assert_eq!(before.outcome(), Outcome::Admit, "{}", before.message());
    assert_eq!(before.images[0].pinned.as_ref(), Some(&good.image));

    let moved = world
        .registry
        .push_image("shop/api", "1.0", "other content");
    let after = review(&reviewer, &pod(&[&name])).await;
    assert_eq!(after.outcome(), Outcome::Deny);
    assert_denied_by(&after, "signature/signed");
    assert_eq!(after.images[0].pinned.as_ref(), Some(&moved.image));

    let pinned = review(&reviewer, &pod(&[&format!("{name}@{}", good.digest())])).await;
    assert_eq!(
        pinned.outcome(),
        Outcome::Admit,
        "the digest decides, whatever the tag means now"
    );
}

#[tokio::test]
async fn both_forms_of_evidence_are_united() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    world.sign(&image, &world.release, Storage::Legacy).await;
    world
        .attest(
            &image,
            &world.release,
            "slsaprovenance1",
            PROVENANCE,
            Storage::Bundle,
        )
        .await;
    world
        .attest(&image, &world.release, "spdxjson", SBOM, Storage::Legacy)
        .await;

    let review = world.review(&[&world.name("shop/api:1.0")]).await;

    assert_eq!(review.outcome(), Outcome::Admit, "{}", review.message());
}

#[tokio::test]
async fn a_strangers_signature_is_the_nearest_miss_and_no_evidence() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    let stranger = PrivateKey::generate().unwrap();
    for storage in [Storage::Bundle, Storage::Legacy] {
        world.sign(&image, &stranger, storage).await;
        world
            .attest(&image, &stranger, "spdxjson", SBOM, storage)
            .await;
    }

    let review = world.review(&[&world.name("shop/api:1.0")]).await;

    assert_eq!(review.outcome(), Outcome::Deny);
    assert_eq!(
        codes(&review).len(),
        4,
        "nothing of it counts: {:?}",
        codes(&review)
    );
    assert!(
        review.message().contains("another key"),
        "{}",
        review.message()
    );
}

#[tokio::test]
async fn an_sbom_that_nobody_signed_is_named_with_the_command_that_would_fix_it() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    world.sign(&image, &world.release, Storage::Bundle).await;
    world
        .attest(
            &image,
            &world.release,
            "slsaprovenance1",
            PROVENANCE,
            Storage::Bundle,
        )
        .await;
    let layer = countersign_testkit::Layer::new("text/spdx+json", SBOM);
    world.registry.push_attached_tag(&image, "sbom", &[layer]);

    let review = world.review(&[&world.name("shop/api:1.0")]).await;

    assert_eq!(review.outcome(), Outcome::Deny);
    assert!(
        codes(&review)[0].starts_with("sbom/required:"),
        "{:?}",
        codes(&review)
    );
    let message = review.message();
    assert!(message.contains("nobody signed"), "{message}");
    assert!(message.contains("countersign attest"), "{message}");
}

#[tokio::test]
async fn a_registry_that_fails_is_never_called_unsigned() {
    for (what, pattern) in [
        ("the tag", "GET */manifests/1.0"),
        ("the referrers", "GET */referrers/*"),
        ("the signature tag", "GET *.sig"),
        ("the attestation tag", "GET *.att"),
    ] {
        let world = World::new().await;
        world.registry.push_image("shop/api", "1.0", "one");
        world.registry.fault(Fault::on(pattern).status(503));

        let review = world.review(&[&world.name("shop/api:1.0")]).await;

        assert_eq!(
            (review.outcome(), review.code().as_str()),
            (Outcome::CouldNotLook, "registry_error"),
            "{what}"
        );
        let message = review.message();
        assert!(message.contains("could not look"), "{message}");
        assert!(
            !message.contains("unsigned") && !message.contains("no signature"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_registry_that_is_slow_is_named_before_the_deadline() {
    let world = World::new().await;
    world.registry.push_image("shop/api", "1.0", "one");
    world
        .registry
        .fault(Fault::on("GET */manifests/*").delay(Duration::from_secs(60)));
    let reviewer = world.reviewer(&[world.policy()], Settings::default());
    let deadline = Instant::now() + Duration::from_millis(200);

    let review = review_until(&reviewer, &pod(&[&world.name("shop/api:1.0")]), deadline).await;

    assert_eq!(
        (review.outcome(), review.code().as_str()),
        (Outcome::CouldNotLook, "deadline_exceeded")
    );
    assert!(
        review.message().contains(world.registry.host()),
        "{}",
        review.message()
    );
}

#[tokio::test]
async fn one_image_that_fails_does_not_hide_what_is_wrong_with_another() {
    let world = World::new().await;
    let good = world.registry.push_image("shop/good", "1", "good");
    world.release(&good, Storage::Bundle).await;
    world.registry.push_image("shop/bad", "1", "bad");
    world
        .registry
        .fault(Fault::on("GET */shop/gone/*").status(500));

    let images = ["shop/good:1", "shop/gone:1", "shop/bad:1"].map(|path| world.name(path));
    let review = world.review(&[&images[0], &images[1], &images[2]]).await;

    let outcomes: Vec<_> = review.images.iter().map(|image| image.outcome()).collect();
    assert_eq!(
        outcomes,
        [Outcome::Admit, Outcome::CouldNotLook, Outcome::Deny]
    );
    assert_eq!(
        review.outcome(),
        Outcome::Deny,
        "a denial outranks what could not be seen"
    );
}

#[tokio::test]
async fn thresholds_count_identities_and_not_signatures() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    let second = PrivateKey::generate().unwrap();
    let mut policy = world.policy();
    policy["spec"]["authorities"] = json!([
        {"name": "release", "key": {"pem": world.release.public_key().to_pem()}},
        {"name": "quality", "key": {"pem": second.public_key().to_pem()}},
    ]);
    policy["spec"]["rules"] = json!([{"rule": "signature/signed", "params": {"threshold": 2}}]);
    let pod = pod(&[&world.name("shop/api:1.0")]);
    for storage in [Storage::Bundle, Storage::Legacy, Storage::Bundle] {
        world.sign(&image, &world.release, storage).await;
    }

    let once = world.review_by(&[policy.clone()], &pod).await;
    assert_eq!(
        once.outcome(),
        Outcome::Deny,
        "one key, however often, is one identity"
    );
    assert_denied_by(&once, "signature/signed");

    world.sign(&image, &second, Storage::Bundle).await;
    let twice = world.review_by(&[policy], &pod).await;
    assert_eq!(twice.outcome(), Outcome::Admit, "{}", twice.message());
}

#[tokio::test]
async fn one_key_under_two_names_is_one_identity() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    let pem = world.release.public_key().to_pem();
    let mut policy = world.policy();
    policy["spec"]["authorities"] =
        json!([{"name": "release", "key": {"pem": pem}}, {"name": "alias", "key": {"pem": pem}}]);
    policy["spec"]["rules"] = json!([{"rule": "signature/signed", "params": {"threshold": 2}}]);
    world.sign(&image, &world.release, Storage::Bundle).await;

    let review = world
        .review_by(&[policy], &pod(&[&world.name("shop/api:1.0")]))
        .await;

    assert_denied_by(&review, "signature/signed");
}

#[tokio::test]
async fn an_attestation_is_not_a_signature() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    world
        .attest(
            &image,
            &world.release,
            "vuln",
            r#"{"scanner": {}}"#,
            Storage::Bundle,
        )
        .await;
    let mut policy = world.policy();
    policy["spec"]["rules"] = json!([{"rule": "signature/signed"}]);

    let review = world
        .review_by(&[policy], &pod(&[&world.name("shop/api:1.0")]))
        .await;

    assert_denied_by(&review, "signature/signed");
}

#[tokio::test]
async fn a_builder_counts_only_from_a_signer_that_may_speak_for_it() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    let laptop = PrivateKey::generate().unwrap();
    let mut policy = world.policy();
    policy["spec"]["authorities"] = json!([
        {"name": "release", "key": {"pem": world.release.public_key().to_pem()}},
        {"name": "laptop", "key": {"pem": laptop.public_key().to_pem()}},
    ]);
    policy["spec"]["rules"] = json!([{"rule": "provenance/slsa_level", "params": {"minimum": 3}}]);
    world
        .attest(
            &image,
            &laptop,
            "slsaprovenance1",
            PROVENANCE,
            Storage::Bundle,
        )
        .await;

    let review = world
        .review_by(&[policy], &pod(&[&world.name("shop/api:1.0")]))
        .await;

    assert_eq!(
        review.outcome(),
        Outcome::Deny,
        "the text of builder.id proves nothing"
    );
    assert_denied_by(&review, "provenance/slsa_level");
}

#[tokio::test]
async fn nothing_in_the_pods_own_annotations_is_believed() {
    let world = World::new().await;
    world.registry.push_image("shop/api", "1.0", "one");
    let mut pod = pod(&[&world.name("shop/api:1.0")]);
    pod["metadata"]["annotations"] = json!({
        "countersign.dev/verified": "true",
        "kyverno.io/verify-images": "{\"shop/api\": \"pass\"}",
        "kubernetes.io/config.mirror": "abc",
    });

    let review = world.review_by(&[world.policy()], &pod).await;

    assert_denied_by(&review, "signature/signed");
}

#[tokio::test]
async fn a_flood_of_attachments_is_refused_and_hides_nothing() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    world.release(&image, Storage::Bundle).await;
    for number in 0..countersign_image::limits::REFERRERS {
        let layer = countersign_testkit::Layer::new("application/octet-stream", number.to_string());
        world
            .registry
            .push_referrer(&image, "application/x-flood", &[layer]);
    }

    let review = world.review(&[&world.name("shop/api:1.0")]).await;

    assert_eq!(
        (review.outcome(), review.code().as_str()),
        (Outcome::CouldNotLook, "too_many")
    );
}

#[tokio::test]
async fn an_image_that_is_no_reference_is_denied_as_that() {
    let world = World::new().await;

    let review = world.review(&["shop/UPPER:1", "a b"]).await;

    assert_eq!(review.outcome(), Outcome::Deny);
    assert!(
        review
            .images
            .iter()
            .all(|image| matches!(image.finding, Finding::Invalid(_)))
    );
    assert_eq!(world.registry.log().requests().len(), 0);
}

#[track_caller]
fn assert_denied_by(review: &Review, rule: &str) {
    let code = review.code();
    assert_eq!(review.outcome(), Outcome::Deny, "{code}");
    assert!(code.starts_with(&format!("{rule}:")), "{code}");
}
