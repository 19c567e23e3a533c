//! What a verdict follows from where rules alone do not decide: modes, several policies, tags, images that no policy
//! covers.

use countersign_review::{Finding, Outcome, Settings, Stance};
use countersign_signing::{PrivateKey, Storage};
use countersign_testkit::Fault;
use serde_json::json;

use crate::world::{World, pod, review};

#[tokio::test]
async fn warn_and_audit_policies_refuse_nothing_even_when_they_cannot_look() {
    for (mode, warned) in [("warn", true), ("audit", false)] {
        let world = World::new().await;
        world.registry.push_image("shop/api", "1.0", "one");
        let name = world.name("shop/api:1.0");
        let mut policy = world.policy();
        policy["spec"]["mode"] = mode.into();

        let unsigned = world.review_by(&[policy.clone()], &pod(&[&name])).await;
        assert_eq!(unsigned.outcome(), Outcome::Admit);
        let warns = |warnings: &[String]| {
            warnings
                .iter()
                .any(|line| line.contains("policy production"))
        };
        assert_eq!(
            warns(&unsigned.warnings()),
            warned,
            "{:?}",
            unsigned.warnings()
        );
        assert!(unsigned.audit_annotations()["image.0"].contains("signature/signed:"));

        world.registry.fault(Fault::on("* *").status(503));
        let blind = world.review_by(&[policy.clone()], &pod(&[&name])).await;
        assert_eq!(blind.outcome(), Outcome::Admit);
        assert_eq!(warns(&blind.warnings()), warned, "{:?}", blind.warnings());
        assert!(blind.audit_annotations()["image.0"].contains("registry_error"));

        let both = world
            .review_by(&[policy, second(&world)], &pod(&[&name]))
            .await;
        assert_eq!(
            both.outcome(),
            Outcome::CouldNotLook,
            "one enforcing policy is enough"
        );
    }
}

fn second(world: &World) -> serde_json::Value {
    let mut policy = world.policy();
    policy["metadata"]["name"] = "second".into();
    policy
}

#[tokio::test]
async fn every_policy_that_covers_an_image_must_admit_it() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    world.release(&image, Storage::Bundle).await;
    let mut other = second(&world);
    other["spec"]["authorities"] = json!([{"name": "release", "key": {"pem": PrivateKey::generate().unwrap().public_key().to_pem()}}]);
    other["spec"]["rules"] = json!([{"rule": "signature/signed"}]);

    let review = world
        .review_by(
            &[world.policy(), other],
            &pod(&[&world.name("shop/api:1.0")]),
        )
        .await;

    assert_eq!(
        review.outcome(),
        Outcome::Deny,
        "one name, another key: each policy's own trust"
    );
    let Finding::Judged(verdicts) = &review.images[0].finding else {
        panic!("not judged")
    };
    let denied: Vec<_> = verdicts
        .iter()
        .filter(|verdict| !verdict.violations.is_empty())
        .map(|verdict| verdict.policy.as_str())
        .collect();
    assert_eq!(denied, ["second"]);
}

#[tokio::test]
async fn a_tag_meets_the_stance_on_tags() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    world.release(&image, Storage::Bundle).await;
    let tag = pod(&[&world.name("shop/api:1.0")]);
    for (stance, outcome, warned) in [
        (Stance::Allow, Outcome::Admit, false),
        (Stance::Warn, Outcome::Admit, true),
        (Stance::Deny, Outcome::Deny, false),
    ] {
        let settings = Settings {
            unpinned: stance,
            ..Settings::default()
        };
        let reviewer = world.reviewer(&[world.policy()], settings);

        let found = review(&reviewer, &tag).await;
        assert_eq!(found.outcome(), outcome, "{stance}");
        let names = |line: &String| line.contains(&image.digest().to_string());
        assert_eq!(found.warnings().iter().any(names), warned, "{stance}");
        if stance == Stance::Deny {
            assert_eq!(found.code(), "unpinned");
        }

        let pinned = review(&reviewer, &pod(&[&image.image.to_string()])).await;
        assert_eq!(
            (pinned.outcome(), pinned.warnings()),
            (Outcome::Admit, vec![]),
            "{stance}"
        );
    }
}

#[tokio::test]
async fn what_no_policy_covers_meets_the_stance_on_that() {
    let world = World::new().await;
    let pod = pod(&[&world.name("other/thing:1")]);
    for (stance, outcome, warnings) in [
        (Stance::Allow, Outcome::Admit, 0),
        (Stance::Warn, Outcome::Admit, 1),
        (Stance::Deny, Outcome::Deny, 0),
    ] {
        let settings = Settings {
            unmatched: stance,
            ..Settings::default()
        };
        let found = review(&world.reviewer(&[world.policy()], settings), &pod).await;
        assert_eq!(
            (found.outcome(), found.warnings().len()),
            (outcome, warnings),
            "{stance}"
        );
    }
}
