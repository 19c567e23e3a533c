//! Exceptions as people see them: in warnings, in the audit log, and in a denial that one would have spared.

use countersign_review::{Outcome, Review};
use serde_json::{Value, json};

use crate::support::{World, answer};

const RULES: [&str; 1] = ["signature/signed"];

fn exception(world: &World, name: &str, expires: &str) -> Value {
    json!({
        "apiVersion": "countersign.dev/v1alpha1", "kind": "ImageException",
        "metadata": { "name": name },
        "spec": {
            "images": [world.name("shop/*")], "namespaces": ["shop"], "rules": RULES,
            "reason": "incident\n7", "approver": "alice@acme.example", "expires": expires,
        },
    })
}

/// The review of an image that nobody signed, by a policy of this mode and this exception.
async fn review(mode: &str, expires: &str) -> Review {
    let world = World::new().await;
    world.registry.push_image("shop/api", "1.0", "one");
    let policy = world.policy(&json!({ "mode": mode, "rules": [{ "rule": RULES[0] }] }));
    let exception = exception(&world, "incident-7", expires);
    let name = world.name("shop/api:1.0");
    world.review(&[exception, policy], &name).await
}

#[tokio::test]
async fn what_an_exception_sets_aside_is_a_warning_and_an_audit_annotation() {
    let review = review("enforce", "2026-11-20T08:00:01Z").await;
    assert_eq!(answer(&review), "admitted");
    let warnings = review.warnings();
    let wanted = "policy production: signature/signed:unsigned is set aside by exception incident-7 until \
                  2026-11-20T08:00:01Z, approved by alice@acme.example: incident\\u{a}7";
    assert!(
        warnings.iter().any(|line| line.ends_with(wanted)),
        "{warnings:#?}"
    );
    let image: Value = serde_json::from_str(&review.audit_annotations()["image.0"]).unwrap();
    assert_eq!(
        image["exceptions"],
        json!([{
            "policy": "production", "code": "signature/signed:unsigned",
            "by": [{ "name": "incident-7", "approver": "alice@acme.example" }],
        }])
    );
}

#[tokio::test]
async fn a_denial_names_the_exception_that_has_expired() {
    let review = review("enforce", "2020-01-01T00:00:00Z").await;
    assert_eq!(answer(&review), "signature/signed:unsigned");
    let message = review.message();
    let line = "nearest  exception incident-7 expired at 2020-01-01T00:00:00Z";
    assert!(message.contains(line), "{message}");
    let image: Value = serde_json::from_str(&review.audit_annotations()["image.0"]).unwrap();
    assert_eq!(image.get("exceptions"), None);
}

#[tokio::test]
async fn an_exception_to_a_policy_that_audits_is_no_warning() {
    let review = review("audit", "2099-01-01T00:00:00Z").await;
    assert_eq!(review.outcome(), Outcome::Admit);
    let warnings = review.warnings();
    assert!(
        !warnings.iter().any(|line| line.contains("incident-7")),
        "{warnings:#?}"
    );
    assert!(review.audit_annotations()["image.0"].contains("incident-7"));
}
