//! What a review costs a registry: counted and measured in round trips at the registry itself.

use std::time::Duration;

use countersign_review::{Outcome, Settings};
use countersign_signing::Storage;
use countersign_testkit::{Fault, TestRegistry};

use crate::world::{World, pod, review};

/// Longer than sending what is sent together takes, so that depth in the log is depth in fact.
const ANSWER_AFTER: Duration = Duration::from_millis(150);

#[tokio::test]
async fn an_unseen_tag_takes_four_round_trips_and_no_request_twice() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    world.release(&image, Storage::Bundle).await;
    world.registry.log().clear();
    world.registry.fault(Fault::on("* *").delay(ANSWER_AFTER));

    let review = world.review(&[&world.name("shop/api:1.0")]).await;

    assert_eq!(review.outcome(), Outcome::Admit, "{}", review.message());
    let log = world.registry.log();
    assert_eq!(log.repeated(), Vec::<String>::new());
    assert_eq!(log.depth(), 4, "{:#?}", log.lines());
    // The tag; referrers, .sig, .att, .sbom; three manifests; three bundles.
    assert_eq!(log.requests().len(), 11, "{:#?}", log.lines());
}

#[tokio::test]
async fn an_unseen_digest_takes_three_round_trips() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    world.release(&image, Storage::Bundle).await;
    world.registry.log().clear();
    world.registry.fault(Fault::on("* *").delay(ANSWER_AFTER));

    let review = world.review(&[&image.image.to_string()]).await;

    assert_eq!(review.outcome(), Outcome::Admit, "{}", review.message());
    let log = world.registry.log();
    assert_eq!(log.repeated(), Vec::<String>::new());
    assert_eq!(log.depth(), 3, "{:#?}", log.lines());
}

#[tokio::test]
async fn a_registry_without_referrers_takes_one_more_and_is_remembered() {
    let world = World::with(TestRegistry::builder().without_referrers()).await;
    for tag in ["1.0", "2.0"] {
        let image = world.registry.push_image("shop/api", tag, tag);
        world.release(&image, Storage::Bundle).await;
    }
    world.registry.log().clear();
    world.registry.fault(Fault::on("* *").delay(ANSWER_AFTER));
    let reviewer = world.reviewer(&[world.policy()], Settings::default());

    let first = review(&reviewer, &pod(&[&world.name("shop/api:1.0")])).await;
    assert_eq!(first.outcome(), Outcome::Admit, "{}", first.message());
    let log = world.registry.log();
    assert_eq!(log.depth(), 5, "{:#?}", log.lines());
    assert_eq!(log.count("GET */referrers/*"), 1);

    log.clear();
    let second = review(&reviewer, &pod(&[&world.name("shop/api:2.0")])).await;
    assert_eq!(second.outcome(), Outcome::Admit, "{}", second.message());
    assert_eq!(
        log.count("GET */referrers/*"),
        0,
        "the host is known to lack the API"
    );
    assert_eq!(log.depth(), 4, "{:#?}", log.lines());
    assert_eq!(log.repeated(), Vec::<String>::new());
}

#[tokio::test]
async fn ten_containers_of_one_image_cost_the_requests_of_one() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    world.release(&image, Storage::Bundle).await;
    let name = world.name("shop/api:1.0");

    world.registry.log().clear();
    let one = world.review(&[&name]).await;
    let requests = world.registry.log().lines();

    world.registry.log().clear();
    let ten = world.review(&[name.as_str(); 10]).await;

    assert_eq!(
        (one.outcome(), ten.outcome()),
        (Outcome::Admit, Outcome::Admit)
    );
    assert_eq!(world.registry.log().lines(), requests);
    assert_eq!(ten.images[0].paths.len(), 10);
}

#[tokio::test]
async fn what_no_rule_reads_is_not_asked_for() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    world.sign(&image, &world.release, Storage::Legacy).await;
    let mut policy = world.policy();
    policy["spec"]["rules"] = serde_json::json!([{"rule": "signature/signed"}]);
    world.registry.log().clear();

    let review = world
        .review_by(&[policy], &pod(&[&world.name("shop/api:1.0")]))
        .await;

    assert_eq!(review.outcome(), Outcome::Admit, "{}", review.message());
    let log = world.registry.log();
    assert_eq!(log.count("GET *.att"), 0, "no rule reads attestations");
    assert_eq!(log.count("GET *.sbom"), 0, "no rule reads SBOMs");
    assert_eq!(log.count("GET *.sig"), 1);
}

#[tokio::test]
async fn an_image_that_no_policy_covers_costs_no_request() {
    let world = World::new().await;
    world.registry.push_image("other/thing", "1", "one");
    world.registry.log().clear();

    let review = world.review(&[&world.name("other/thing:1")]).await;

    assert_eq!(
        (review.outcome(), review.code().as_str()),
        (Outcome::Deny, "unmatched")
    );
    assert_eq!(world.registry.log().lines(), Vec::<String>::new());
}
