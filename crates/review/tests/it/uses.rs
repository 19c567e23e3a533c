//! One image in several containers, and the request that brings it: whatever a rule is told of them decides.

use std::time::Duration;

use countersign_policy::Namespace;
use countersign_review::{Request, Review, User};
use countersign_workload::Workload;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{NOW, World, answer};

/// The review of a pod with containers of these names, all of one image, by a policy of this Rego.
async fn review(rego: &str, containers: &[&str], request: Request, more: &[Value]) -> Review {
    let world = World::new().await;
    world.registry.push_image("shop/api", "1.0", "one");
    let mut documents = more.to_vec();
    documents.push(world.policy(&json!({ "rules": [{ "rego": rego }] })));
    let image = world.name("shop/api:1.0");
    let containers: Vec<_> = containers
        .iter()
        .map(|name| json!({ "name": name, "image": image }))
        .collect();
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "api" }, "spec": { "containers": containers },
    });
    let workload = Workload::from_json(pod.to_string().as_bytes())
        .unwrap()
        .unwrap();
    let reviewer = world.reviewer(&documents);
    let now = NOW.parse().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    reviewer.review(&workload, &request, now, deadline).await
}

const DEBUG: &str = r#"package a
deny contains {"code": "debug", "msg": input.workload.container.path} if input.workload.container.name == "debug"
"#;

#[tokio::test]
async fn one_container_that_is_denied_denies_the_image_wherever_it_stands() {
    for (containers, expected) in [
        (&["api", "web", "jobs"] as &[&str], "admitted"),
        (&["debug"], "inline/a:debug"),
        (&["debug", "api"], "inline/a:debug"),
        (&["api", "debug"], "inline/a:debug"),
        (&["api", "web", "debug"], "inline/a:debug"),
        (&["api", "debug", "web"], "inline/a:debug"),
    ] {
        let review = review(DEBUG, containers, Request::default(), &[]).await;
        assert_eq!(answer(&review), expected, "{containers:?}");
        if let Some(at) = containers.iter().position(|name| *name == "debug") {
            let place = format!("spec.containers[{at}].image");
            assert!(review.message().contains(&place), "{}", review.message());
        }
    }
}

#[tokio::test]
async fn what_exceptions_set_aside_in_any_container_is_told_once() {
    let exception = json!({
        "apiVersion": "countersign.dev/v1alpha1", "kind": "ImageException", "metadata": { "name": "e" },
        "spec": {
            "images": ["**"], "namespaces": ["shop"], "rules": ["inline/a"], "reason": "r", "approver": "a",
            "expires": "2026-11-20T08:00:01Z",
        },
    });
    let one = DEBUG.replace("input.workload.container.path", "\"one\"");
    for containers in [&["api", "debug"] as &[&str], &["debug", "debug", "api"]] {
        let request = Request {
            namespace: Namespace {
                name: Some("shop".to_owned()),
                labels: None,
            },
            ..Request::default()
        };
        let review = review(&one, containers, request, std::slice::from_ref(&exception)).await;
        assert_eq!(answer(&review), "admitted", "{containers:?}");
        let told = review.images[0].excepted();
        let told: Vec<_> = told.map(|(_, one)| one.violation.code.as_str()).collect();
        assert_eq!(told, ["debug"], "{containers:?}");
    }
}

#[tokio::test]
async fn rules_see_who_asks_for_what() {
    let request = || Request {
        operation: "UPDATE".to_owned(),
        user: User {
            name: "mallory".to_owned(),
            groups: vec!["staff".to_owned(), "interns".to_owned()],
        },
        dry_run: true,
        namespace: Namespace {
            name: Some("shop".to_owned()),
            labels: Some([("tier".to_owned(), "gold".to_owned())].into()),
        },
    };
    for condition in [
        "input.request.operation == \"UPDATE\"",
        "input.request.user.name == \"mallory\"",
        "\"interns\" in input.request.user.groups",
        "input.request.dryRun",
        "input.workload.namespace == \"shop\"",
        "input.workload.namespaceLabels.tier == \"gold\"",
        "input.now == \"2026-11-20T08:00:00Z\"",
    ] {
        let rego =
            format!("package a\ndeny contains {{\"code\": \"x\", \"msg\": \"x\"}} if {condition}");
        let asked = review(&rego, &["api"], request(), &[]).await;
        assert_eq!(answer(&asked), "inline/a:x", "{condition}");
    }
}
