//! How far a review looks: at nothing but the name where rules read no more, and at configurations where they do.

use std::time::Duration;

use countersign_review::Outcome;
use countersign_testkit::{Fault, Layer};
use countersign_workload::Workload;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{PROVENANCE, World, answer, policy, statement};

fn rules(rules: &Value) -> Value {
    json!({ "rules": rules })
}

fn trusted() -> Value {
    json!([{ "rule": "image/trusted", "params": { "reason": "part of the cluster" } }])
}

/// The answer about `reference` while no registry answers, and how many requests were made.
async fn blind(rest: &Value, reference: &str) -> (String, usize) {
    let world = World::new().await;
    world.registry.push_image("shop/api", "1.0", "one");
    world.registry.fault(Fault::on("* *").status(503));
    let policy = world.policy(rest);
    let review = world.review(&[policy], &world.name(reference)).await;
    (review.code(), world.registry.log().requests().len())
}

#[tokio::test]
async fn no_registry_is_asked_where_rules_look_at_the_name_alone() {
    let pinned = format!("shop/api@sha256:{}", "0".repeat(64));
    let foreign =
        json!([{ "rule": "image/registries", "params": { "allow": ["ghcr.io/acme/**"] } }]);
    let by_digest = json!([{ "rule": "image/digest_pinned" }]);
    for (rest, reference, code) in [
        (trusted(), "shop/api:1.0", "admitted"),
        (trusted(), pinned.as_str(), "admitted"),
        (
            foreign,
            "shop/api:1.0",
            "image/registries:registry_not_allowed",
        ),
        (
            by_digest.clone(),
            "shop/api:1.0",
            "image/digest_pinned:not_pinned",
        ),
        (by_digest, pinned.as_str(), "admitted"),
    ] {
        let found = blind(&rules(&rest), reference).await;
        assert_eq!(found, (code.to_owned(), 0), "{rest} {reference}");
    }
}

#[tokio::test]
async fn one_rule_or_list_of_platforms_that_looks_further_is_enough_to_ask() {
    let mut all = trusted();
    all.as_array_mut()
        .unwrap()
        .push(json!({ "rule": "signature/signed" }));
    let listed = json!({ "rules": trusted(), "platforms": ["linux/amd64"] });
    for rest in [rules(&all), listed] {
        let (code, requests) = blind(&rest, "shop/api:1.0").await;
        assert_eq!(code, "registry_error", "{rest}");
        assert!(requests > 0);
    }
}

#[tokio::test]
async fn one_policy_that_looks_further_is_asked_for_all() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    let mut trusting = world.policy(&rules(&trusted()));
    trusting["metadata"]["name"] = "trusting".into();
    let documents = [
        world.policy(&rules(&json!([{ "rule": "signature/signed" }]))),
        trusting,
    ];
    let name = world.name("shop/api:1.0");
    let unsigned = world.review(&documents, &name).await;
    assert_eq!(answer(&unsigned), "signature/signed:unsigned");
    world.sign(&image);
    assert_eq!(answer(&world.review(&documents, &name).await), "admitted");
    world.registry.fault(Fault::on("* *").status(503));
    let blind = world.review(&documents, &name).await;
    assert_eq!(blind.outcome(), Outcome::CouldNotLook);
}

#[tokio::test]
async fn a_tag_that_nobody_asked_about_is_said_to_be_one() {
    let world = World::new().await;
    let policy = world.policy(&rules(&trusted()));
    let review = world.review(&[policy], &world.name("shop/api:1.0")).await;
    assert_eq!(review.images[0].pinned, None);
    let warnings = review.warnings();
    assert!(
        warnings
            .iter()
            .any(|line| line.contains("is a tag: write a digest")),
        "{warnings:#?}"
    );
}

#[tokio::test]
async fn a_rule_about_configurations_sees_that_of_each_platform() {
    let world = World::new().await;
    // Both without a user, which is root.
    let platforms = ["linux/amd64", "linux/arm64"];
    world
        .registry
        .push_index("shop/api", "1.0", &platforms, "one");
    let policy = world.policy(&rules(&json!([{ "rule": "image/user" }])));
    let name = world.name("shop/api:1.0");
    let documents = [policy];
    let review = world.review(&documents, &name).await;
    assert_eq!(answer(&review), "image/user:root");
    let message = review.message();
    for platform in platforms {
        assert!(
            message.contains(&format!("{platform}: no user")),
            "{message}"
        );
    }
    world.registry.fault(Fault::on("GET */blobs/*").status(503));
    let blind = world.review(&documents, &name).await;
    assert_eq!(
        (blind.outcome(), blind.code().as_str()),
        (Outcome::CouldNotLook, "registry_error")
    );
}

#[tokio::test]
async fn each_policy_is_given_what_its_own_rules_look_at_whichever_comes_first() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    world.sign(&image);
    let text = statement(image.digest(), PROVENANCE, &json!({}));
    let attestation = world.release.statement(text).layer();
    world
        .registry
        .push_attached_tag(&image, "att", &[attestation]);
    let sbom = Layer::new("text/spdx+json", b"{}".as_slice());
    world.registry.push_attached_tag(&image, "sbom", &[sbom]);
    let seen = |condition: &str| {
        let denial = r#"deny contains {"code": "seen", "msg": "x"} if"#;
        json!([{ "rego": format!("package a\n{denial} {{ {condition} }}") }])
    };
    // What is found, and what would be if it was not looked for.
    let rules = [
        (json!([{ "rule": "signature/signed" }]), "admitted"),
        (json!([{ "rule": "image/user" }]), "image/user:root"),
        (
            seen(
                "some s in input.evidence.attestations; s.predicateType == \"https://slsa.dev/provenance/v1\"",
            ),
            "inline/a:seen",
        ),
        (
            seen("some r in input.evidence.rejected; r.reason == \"unsigned\""),
            "inline/a:seen",
        ),
    ];
    let name = world.name("shop/api:1.0");
    for (first, expected) in &rules {
        let alone = world.policy(&json!({ "rules": first }));
        assert_eq!(answer(&world.review(&[alone], &name).await), *expected);
        for (second, also) in &rules {
            let documents = [("a", first), ("b", second)].map(|(name, rules)| {
                let mut policy = world.policy(&json!({ "rules": rules }));
                policy["metadata"]["name"] = name.into();
                policy
            });
            let mut both = vec![*expected, *also];
            both.retain(|answer| *answer != "admitted");
            let both = match both.as_slice() {
                [] => "admitted".to_owned(),
                codes => codes.join(", "),
            };
            let review = world.review(&documents, &name).await;
            assert_eq!(answer(&review), both, "{first} {second}");
        }
    }
}

#[tokio::test]
async fn signatures_are_looked_for_in_the_repositories_of_every_policy() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    let payload = json!({
        "critical": {
            "identity": { "docker-reference": "" },
            "image": { "docker-manifest-digest": image.digest() },
            "type": "cosign container image signature",
        },
        "optional": null,
    });
    let places = ["signatures/a", "signatures/b"].map(|place| (place, world.sigstore.key()));
    let documents = places.each_ref().map(|(place, key)| {
        let authority = json!([{
            "name": "release", "key": { "pem": key.public_key_pem() }, "repository": world.name(place),
        }]);
        let rest = rules(&json!([{ "rule": "signature/signed" }]));
        let mut policy = policy(&authority, &rest);
        policy["metadata"]["name"] = place.replace('/', "-").into();
        policy
    });
    let name = world.name("shop/api:1.0");
    for ((place, key), expected) in places
        .iter()
        .zip(["signature/signed:untrusted", "admitted"])
    {
        let layers = [key.payload(payload.to_string()).layer()];
        let registry = &world.registry;
        registry.push_attached_tag_in(place, &image, "sig", &layers);
        assert_eq!(answer(&world.review(&documents, &name).await), expected);
    }
}

#[tokio::test]
async fn what_is_named_by_a_tag_alone_is_pinned_to_its_digest() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    let tag = world.name("shop/api:1.0");
    let pinned = world.pinned(image.digest());
    let missing = world.name("shop/none:1.0");
    let containers: Vec<_> = [&tag, &pinned, "no:image:name", &tag, &missing]
        .iter()
        .map(|image| json!({ "name": "api", "image": image }))
        .collect();
    let pod = json!({ "apiVersion": "v1", "kind": "Pod", "spec": { "containers": containers } });
    let workload = Workload::from_json(pod.to_string().as_bytes());
    let images = workload.unwrap().unwrap().images;
    let policy = world.policy(&rules(&trusted()));
    let deadline = Instant::now() + Duration::from_secs(20);
    let found = world
        .reviewer(&[policy])
        .resolve(&images, deadline)
        .await
        .into_iter()
        .map(|(used, answer)| {
            let answer =
                answer.map_or_else(|error| error.code().to_owned(), |found| found.to_string());
            (used.path, answer)
        });
    let of =
        |index: usize, answer: &str| (format!("spec.containers[{index}].image"), answer.to_owned());
    assert_eq!(
        found.collect::<Vec<_>>(),
        [of(0, &pinned), of(3, &pinned), of(4, "image_not_found")]
    );
}
