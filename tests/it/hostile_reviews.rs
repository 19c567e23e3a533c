//! Reviews that somebody made to break, mislead or exhaust the webhook, each test named after what it survives.
//!
//! Every refusal is asserted as HTTP status, verdict and code; after each, the webhook must still answer.

mod images;
mod objects;

use countersign_signing::Storage;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::webhook::fixture::{UID, Webhook, admitted, refused, request};
use crate::world::{World, pod};

/// A webhook, its world, and a pod that it refuses with `unmatched` as long as it is sane.
async fn webhook() -> (World, Webhook) {
    let world = World::new().await;
    let webhook = Webhook::serve(&world).await;
    (world, webhook)
}

fn sane() -> Value {
    pod(&["elsewhere.example/x:1"])
}

#[track_caller]
fn check(answer: &(StatusCode, String), status: u16, code: &str) {
    let (found, body) = answer;
    assert_eq!(found.as_u16(), status, "{body}");
    assert!(body.ends_with(&format!("({code})\n")), "{body}");
}

impl Webhook {
    async fn still_answers(&self) {
        assert_eq!(refused(&self.create(&sane()).await), "unmatched");
    }
}

/// A world with one good image, whose name is given, and a webhook.
async fn with_good_image() -> (World, Webhook, String) {
    let (world, webhook) = webhook().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    world.release(&image, Storage::Bundle).await;
    let good = world.name(&format!("shop/api@{}", image.digest()));
    (world, webhook, good)
}

#[tokio::test]
async fn survives_bodies_that_are_no_review() {
    let (_world, webhook) = webhook().await;
    let path = "/validate?timeout=10s";
    for body in ["", "{", "null", "\u{feff}{}", "{}{}", "\"x\"", "7"] {
        check(&webhook.post(path, body).await, 400, "review_malformed");
    }
    check(
        &webhook.post(path, b"\xff\xfe".as_slice()).await,
        400,
        "review_malformed",
    );
    check(&webhook.post(path, "[]").await, 400, "review_kind");
    let text = [("content-type", "text/plain")];
    check(
        &webhook.post_as(path, &text, "{}").await,
        415,
        "content_type",
    );
    check(&webhook.post_as(path, &[], "{}").await, 415, "content_type");
    let gzip = [
        ("content-type", "application/json"),
        ("content-encoding", "gzip"),
    ];
    check(
        &webhook
            .post_as(path, &gzip, b"\x1f\x8b\x08".as_slice())
            .await,
        415,
        "content_type",
    );
    assert_eq!(
        webhook.post("/nowhere", "{}").await.0,
        StatusCode::NOT_FOUND
    );
    webhook.still_answers().await;
}

#[tokio::test]
async fn survives_bodies_of_many_megabytes() {
    let (_world, webhook) = webhook().await;
    // As large as an UPDATE can be: read, and judged by what it says.
    let mut large = sane();
    large["metadata"]["annotations"] = json!({"a": "x".repeat(6 << 20)});
    assert_eq!(refused(&webhook.create(&large).await), "unmatched");

    let announced = |bytes: usize| {
        format!(
            "POST /validate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {bytes}\r\n\r\n"
        )
    };
    let chunked = "POST /validate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let peers = [webhook.peer(), webhook.peer(), webhook.peer()];
    let answers = tokio::task::spawn_blocking(move || {
        let [mut seven, mut sixty_four, mut endless] = peers;
        seven.send(announced((7 << 20) + 1).as_bytes());
        sixty_four.send(announced(64 << 20).as_bytes());
        endless.send(chunked.as_bytes());
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(1 << 16));
        let mut sent = 0;
        while endless.send(chunk.as_bytes()) && sent < 112 {
            sent += 1;
        }
        [
            seven.read_head(),
            sixty_four.read_head(),
            endless.read_head(),
        ]
    });
    for answer in answers.await.unwrap() {
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    }
    webhook.still_answers().await;
}

#[tokio::test]
async fn survives_nesting_a_hundred_thousand_deep() {
    let (_world, webhook) = webhook().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for place in ["object", "surprise"] {
        let review = request("CREATE", &sane(), &Value::Null).to_string();
        let body = review.replace(
            r#""operation""#,
            &format!(r#""{place}":{deep},"operation""#),
        );
        let (status, body) = webhook.post("/validate", body).await;
        // Beside what is judged it is skipped without being followed; in place of it, it is refused.
        match place {
            "object" => check(&(status, body), 400, "review_malformed"),
            _ => assert_eq!(
                refused(&serde_json::from_str::<Value>(&body).unwrap()["response"]),
                "unmatched"
            ),
        }
    }
    let review = request(
        "CREATE",
        &json!({"apiVersion": "v1", "kind": "Pod", "spec": "DEEP"}),
        &Value::Null,
    );
    let body = review.to_string().replace(r#""DEEP""#, &deep);
    let (status, body) = webhook.post("/validate", body).await;
    assert_eq!(status, StatusCode::OK);
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(refused(&answer["response"]), "json_too_deep");
    webhook.still_answers().await;
}

#[tokio::test]
async fn survives_keys_that_stand_twice() {
    let (world, webhook) = webhook().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    world.release(&image, Storage::Bundle).await;
    let good = world.name("shop/api:1.0");
    let body = request("CREATE", &pod(&[&good]), &Value::Null).to_string();
    admitted(
        &serde_json::from_str::<Value>(&webhook.post("/validate", body.clone()).await.1).unwrap()["response"],
    );

    // Go takes the last; whatever we took, somebody else could run the other.
    let good_field = format!(r#""image":"{good}""#);
    for twice in [
        format!(r#"{good_field},"image":"evil.example/x""#),
        format!(r#""image":"evil.example/x",{good_field}"#),
        format!(r#"{good_field},"imag\u0065":"evil.example/x""#),
    ] {
        let (status, answer) = webhook
            .post("/validate", body.replace(&good_field, &twice))
            .await;
        assert_eq!(status, StatusCode::OK);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(
            refused(&answer["response"]),
            "json_duplicate_key",
            "{twice}"
        );
    }
    let twice = body.replace(r#""object":"#, r#""object":null,"object":"#);
    check(
        &webhook.post("/validate", twice).await,
        400,
        "review_malformed",
    );
}

#[tokio::test]
async fn survives_keys_in_another_case() {
    let (world, webhook) = webhook().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    world.release(&image, Storage::Bundle).await;
    // The API server is case-sensitive, and so are we: such a container has no image, and that is refused.
    for key in ["Image", "IMAGE", "imagE"] {
        let mut object = pod(&["x"]);
        object["spec"]["containers"][0] = json!({"name": "api", key: world.name("shop/api:1.0")});
        assert_eq!(
            refused(&webhook.create(&object).await),
            "reference_empty",
            "{key}"
        );
    }
}

#[tokio::test]
async fn survives_versions_and_kinds_that_it_does_not_know() {
    let (_world, webhook) = webhook().await;
    let review = |field: &str, value: &str| {
        let mut review = request("CREATE", &sane(), &Value::Null);
        review[field] = value.into();
        review.to_string()
    };
    for version in ["admission.k8s.io/v1beta1", "admission.k8s.io/v2", "v1", ""] {
        let answer = webhook
            .post("/validate", review("apiVersion", version))
            .await;
        check(&answer, 400, "review_version");
    }
    check(
        &webhook.post("/validate", review("kind", "Pod")).await,
        400,
        "review_kind",
    );
    check(
        &webhook.post("/mutate", review("kind", "Pod")).await,
        400,
        "review_kind",
    );

    let unknown = json!({"apiVersion": "example.com/v1", "kind": "Gadget", "spec": {"image": "x"}});
    admitted(&webhook.create(&unknown).await);
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [sane()]});
    assert_eq!(refused(&webhook.create(&list).await), "object_list");
    // Says one kind outside and another inside.
    let mut smuggled = request("CREATE", &sane(), &Value::Null);
    smuggled["request"]["kind"] = json!({"group": "", "version": "v1", "kind": "ConfigMap"});
    assert_eq!(
        refused(&webhook.ask("/validate", &smuggled).await),
        "workload_kind_mismatch"
    );
}

#[tokio::test]
async fn survives_uids_that_would_forge_a_line_or_fill_the_log() {
    let (_world, webhook) = webhook().await;
    for uid in [
        json!(null),
        json!(""),
        json!("a\r\nx: y"),
        json!("a\u{0}"),
        json!("a".repeat(1 << 20)),
        json!(7),
    ] {
        let mut review = request("CREATE", &sane(), &Value::Null);
        review["request"]["uid"] = uid.clone();
        let (status, body) = webhook.post("/validate", review.to_string()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        let code = if uid.is_string() {
            "(review_uid)\n"
        } else {
            "(review_malformed)\n"
        };
        assert!(
            body.ends_with(code) && body.len() < 500,
            "{uid:.40}: {body:.500}"
        );
    }
    let mut review = request("CREATE", &sane(), &Value::Null);
    review["request"].as_object_mut().unwrap().remove("uid");
    check(
        &webhook.post("/validate", review.to_string()).await,
        400,
        "review_uid",
    );
    assert_eq!(
        refused(
            &webhook
                .ask("/validate", &request("CREATE", &sane(), &Value::Null))
                .await
        ),
        "unmatched"
    );
    assert_eq!(UID.len(), 36);
}
