//! The webhook as an API server meets it: stories over TLS, and how it starts, renews and stops.

pub(crate) mod fixture;

use std::net::TcpStream;
use std::time::Duration;

use countersign_signing::{PrivateKey, Storage};
use countersign_testkit::Fault;
use countersign_webhook::StartError;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::world::{World, pod};
use fixture::{Webhook, admitted, issue, patched, refused, request, settings};

#[tokio::test]
async fn an_image_is_refused_until_it_has_all_that_the_policy_wants() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    let webhook = Webhook::serve(&world).await;
    let pod = pod(&[&world.name("shop/api:1.0")]);

    let response = webhook.create(&pod).await;
    assert_eq!(refused(&response), "signature/signed:unsigned");
    let message = response["status"]["message"].as_str().unwrap();
    for needle in ["production", "signature/signed", &image.digest().to_string(), "countersign "] {
        assert!(message.contains(needle), "no {needle:?} in:\n{message}");
    }
    world.sign(&image, &world.release, Storage::Bundle).await;
    assert_eq!(refused(&webhook.create(&pod).await).split(':').next(), Some("provenance/slsa_level"));

    world.release(&image, Storage::Bundle).await;
    let response = webhook.create(&pod).await;
    admitted(&response);
    let annotations = response["auditAnnotations"].to_string();
    for needle in ["production", "release", &image.digest().to_string()] {
        assert!(annotations.contains(needle), "no {needle:?} in:\n{annotations}");
    }

    world.registry.push_image("shop/api", "1.0", "other content");
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
    assert_eq!(name, world.name(&format!("shop/api:1.0@{}", image.digest())));
    // The tag moves on; the pod does not.
    world.registry.push_image("shop/api", "1.0", "other content");
    let response = webhook.create(&pinned).await;
    admitted(&response);
    assert!(response["warnings"].is_null(), "a pinned image is nothing to warn of: {response:#}");
    let again = webhook.ask("/mutate", &request("CREATE", &pinned, &Value::Null)).await;
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
    let warnings: Vec<_> =
        response["warnings"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
    assert!(warnings.iter().any(|warning| warning.contains(&image.digest().to_string())));
    assert!(warnings.iter().all(|warning| warning.chars().count() <= 120), "{warnings:#?}");
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
    assert!(message.contains("could not look") && !message.contains("unsigned"), "{message}");

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
    assert!(metrics.contains(counted) && metrics.ends_with("# EOF\n"), "{metrics}");
    assert_eq!(webhook.health("/validate").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_used_without_a_restart_and_half_of_one_never() {
    let world = World::new().await;
    let webhook = Webhook::serve_with(&world, |settings| {
        settings.certificate_interval = Duration::from_millis(5);
    })
    .await;
    let first = webhook.peer().certificate();
    let key = webhook.folder.path().join("tls/tls.key");

    std::fs::write(&key, "-----BEGIN PRIVATE KEY-----\n").unwrap();
    until(async || webhook.health("/metrics").await.1.contains(r#"reloads_total{result="refused"}"#))
        .await;
    assert_eq!(webhook.peer().certificate(), first);

    issue(webhook.folder.path());
    until(async || webhook.health("/metrics").await.1.contains(r#"reloads_total{result="ok"}"#)).await;
    assert_ne!(webhook.peer().certificate(), first);
    refused(&webhook.create(&pod(&["elsewhere.example/x:1"])).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_flight_is_answered_before_the_end() {
    let world = World::new().await;
    world.registry.push_image("shop/api", "1.0", "one");
    world.registry.fault(Fault::on("* /v2/shop/api/manifests/1.0").delay(Duration::from_millis(300)));
    let webhook = Webhook::serve(&world).await;
    let listen = webhook.running.listen;
    let (mut peer, mut idle) = (webhook.peer(), webhook.peer());
    idle.certificate();
    let body = request("CREATE", &pod(&[&world.name("shop/api:1.0")]), &Value::Null).to_string();
    let reading = tokio::task::spawn_blocking(move || {
        let head = "POST /validate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json";
        peer.send(format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).as_bytes());
        // To the end: the connection is closed after the answer, and not kept for another.
        peer.read_to_end()
    });
    until(async || world.registry.log().count("* /v2/shop/api/manifests/1.0") > 0).await;

    webhook.running.drain().await;

    let answer = reading.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("signature/signed"), "{answer}");
    assert_eq!(idle.read_to_end(), "");
    assert!(TcpStream::connect(listen).is_err(), "nobody listens any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_does_not_get_to_its_point_is_cut_off() {
    let world = World::new().await;
    let webhook = Webhook::serve_with(&world, |settings| {
        settings.connections.first_request = Duration::from_millis(50);
        settings.connections.handshake = Duration::from_millis(50);
    })
    .await;
    let (mut silent, mut slow) = (webhook.peer(), webhook.peer());
    let mut no_tls = TcpStream::connect(webhook.running.listen).unwrap();
    no_tls.set_read_timeout(Some(Duration::from_secs(20))).unwrap();

    // Each returns only because the webhook hangs up: none of the three ever finishes what it has to say.
    tokio::task::spawn_blocking(move || {
        silent.certificate();
        assert_eq!(silent.read_to_end(), "");
        slow.send(b"POST /validate HTTP/1.1\r\nhost:");
        assert_eq!(slow.read_to_end(), "");
        assert_eq!(std::io::Read::read(&mut no_tls, &mut [0; 1]).unwrap(), 0);
    })
    .await
    .unwrap();
    refused(&webhook.create(&pod(&["elsewhere.example/x:1"])).await);
}

#[tokio::test]
async fn it_does_not_start_on_what_it_could_not_judge_or_serve_by() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let start = async || countersign_webhook::start(settings(folder.path())).await.unwrap_err();
    assert!(matches!(start().await, StartError::Directory(_)));

    let policies = folder.path().join("policies");
    std::fs::create_dir(&policies).unwrap();
    assert!(start().await.to_string().contains("no policy"), "an empty directory");

    std::fs::write(policies.join("a.yaml"), "kind: ClusterImagePolicy\nsurprise: 1\n").unwrap();
    std::fs::write(policies.join("b.yaml"), "kind: [").unwrap();
    let mistakes = start().await.to_string();
    assert!(mistakes.contains("a.yaml:2") && mistakes.contains("b.yaml:1"), "{mistakes}");

    std::fs::remove_file(policies.join("b.yaml")).unwrap();
    std::fs::write(policies.join("a.yaml"), world.policy().to_string()).unwrap();
    assert!(matches!(start().await, StartError::Certificate(_)), "no certificate");

    issue(folder.path());
    let stranger = tempfile::tempdir().unwrap();
    issue(stranger.path());
    std::fs::copy(stranger.path().join("tls/tls.key"), folder.path().join("tls/tls.key")).unwrap();
    assert!(matches!(start().await, StartError::Certificate(_)), "a key of another pair");
}

/// Comes back when something that is under way has come about; the test's own timeout is the runner's.
async fn until(mut holds: impl AsyncFnMut() -> bool) {
    while !holds().await {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
