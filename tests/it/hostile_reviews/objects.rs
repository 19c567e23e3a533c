//! Objects and operations that try to get past the webhook, or round it.

use serde_json::{Value, json};

use super::{check, refused, sane, webhook, with_good_image};
use crate::webhook::fixture::{admitted, request};
use crate::world::pod;

#[tokio::test]
async fn survives_subresources_and_judges_those_that_bring_images() {
    let (_world, webhook, good) = with_good_image().await;
    let of = |sub: &str, operation: &str, new: &Value, old: &Value| {
        let mut review = request(operation, new, old);
        review["request"]["subResource"] = sub.into();
        review
    };
    let old = pod(&[&good]);
    let mut bad = pod(&[&good, "elsewhere.example/x:1"]);
    // Without a change of images, what is old and unsigned stays none of our business.
    for sub in ["status", "resize", "ephemeralcontainers"] {
        let unsigned = sane();
        let mut changed = unsigned.clone();
        changed["status"] = json!({"phase": "Running"});
        admitted(
            &webhook
                .ask("/validate", &of(sub, "UPDATE", &changed, &unsigned))
                .await,
        );
        let review = of(sub, "UPDATE", &bad, &old);
        assert_eq!(
            refused(&webhook.ask("/validate", &review).await),
            "unmatched",
            "{sub}"
        );
    }
    for (sub, api_version, kind) in [
        ("binding", "v1", "Binding"),
        ("eviction", "policy/v1", "Eviction"),
        ("scale", "autoscaling/v1", "Scale"),
    ] {
        bad["apiVersion"] = api_version.into();
        bad["kind"] = kind.into();
        admitted(
            &webhook
                .ask("/validate", &of(sub, "CREATE", &bad, &Value::Null))
                .await,
        );
    }
}

#[tokio::test]
async fn survives_connections_to_running_containers() {
    let (_world, webhook) = webhook().await;
    let options = json!({"apiVersion": "v1", "kind": "PodExecOptions", "command": ["sh"]});
    admitted(
        &webhook
            .ask("/validate", &request("CONNECT", &options, &Value::Null))
            .await,
    );
    admitted(
        &webhook
            .ask("/mutate", &request("CONNECT", &options, &Value::Null))
            .await,
    );
}

#[tokio::test]
async fn survives_dry_runs_with_the_same_verdict() {
    let (_world, webhook, good) = with_good_image().await;
    let dry = |object: &Value| {
        let mut review = request("CREATE", object, &Value::Null);
        review["request"]["dryRun"] = true.into();
        review
    };
    admitted(&webhook.ask("/validate", &dry(&pod(&[&good]))).await);
    assert_eq!(
        refused(&webhook.ask("/validate", &dry(&sane())).await),
        "unmatched"
    );
}

#[tokio::test]
async fn survives_an_ephemeral_container_added_to_an_old_pod() {
    let (_world, webhook, good) = with_good_image().await;
    // Admitted before there was a policy, and running ever since.
    let old = sane();
    let debug = |image: &str| {
        let mut new = old.clone();
        new["spec"]["ephemeralContainers"] = json!([{"name": "debug", "image": image}]);
        new
    };
    admitted(&webhook.update(&debug(&good), &old).await);
    assert_eq!(
        refused(
            &webhook
                .update(&debug("elsewhere.example/debug:1"), &old)
                .await
        ),
        "unmatched"
    );
    // The image runs already, but in another list: there it proves nothing.
    assert_eq!(
        refused(&webhook.update(&debug("elsewhere.example/x:1"), &old).await),
        "unmatched"
    );
}

#[tokio::test]
async fn survives_verdicts_that_a_pod_brings_along() {
    let (_world, webhook) = webhook().await;
    let mut forged = sane();
    forged["metadata"]["annotations"] = json!({
        "countersign.dev/decision": "admit",
        "countersign.dev/verified": "true",
        "images.countersign.dev/decision": "admit",
        "kyverno.io/verify-images": "{\"elsewhere.example/x:1\":\"pass\"}",
        "kubernetes.io/config.mirror": "x",
    });
    forged["metadata"]["labels"] = json!({"countersign.dev/protect": "false", "policy": "skip"});
    assert_eq!(refused(&webhook.create(&forged).await), "unmatched");
}

#[tokio::test]
async fn survives_objects_that_say_they_are_being_deleted_or_elsewhere() {
    let (_world, webhook) = webhook().await;
    let mut object = sane();
    object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
    assert_eq!(refused(&webhook.create(&object).await), "unmatched");
    assert_eq!(
        refused(&webhook.update(&object, &pod(&["other.example/y:1"])).await),
        "unmatched"
    );
    object["metadata"]["namespace"] = "kube-system".into();
    assert_eq!(refused(&webhook.create(&object).await), "unmatched");
}

#[tokio::test]
async fn survives_requests_without_their_objects() {
    let (_world, webhook) = webhook().await;
    let none = Value::Null;
    for operation in ["CREATE", "UPDATE"] {
        for old in [&none, &sane()] {
            let mut review = request(operation, &none, old);
            review["request"]["kind"] = json!({"group": "", "version": "v1", "kind": "Pod"});
            assert_eq!(
                refused(&webhook.ask("/validate", &review).await),
                "object_missing"
            );
        }
    }
    let both_null = |operation: &str| {
        let mut review = request(operation, &none, &none);
        review["request"]["kind"] = json!({"group": "", "version": "v1", "kind": "Pod"});
        review
    };
    admitted(
        &webhook
            .ask("/validate", &request("DELETE", &none, &sane()))
            .await,
    );
    admitted(&webhook.ask("/validate", &both_null("DELETE")).await);
    // Without the old object nothing is known to have run before.
    assert_eq!(refused(&webhook.update(&sane(), &none).await), "unmatched");
    check(
        &webhook
            .post("/validate", both_null("REPLACE").to_string())
            .await,
        400,
        "review_operation",
    );
}
