//! How the webhook starts, renews its certificate, loses patience, and stops.

use std::net::TcpStream;
use std::time::Duration;

use countersign_testkit::Fault;
use countersign_webhook::StartError;
use serde_json::Value;

use super::fixture::{Webhook, issue, refused, request, settings};
use crate::world::{World, pod};

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
    until(async || {
        webhook
            .health("/metrics")
            .await
            .1
            .contains(r#"reloads_total{result="refused"}"#)
    })
    .await;
    assert_eq!(webhook.peer().certificate(), first);

    issue(webhook.folder.path());
    until(async || {
        webhook
            .health("/metrics")
            .await
            .1
            .contains(r#"reloads_total{result="ok"}"#)
    })
    .await;
    assert_ne!(webhook.peer().certificate(), first);
    refused(&webhook.create(&pod(&["elsewhere.example/x:1"])).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_flight_is_answered_before_the_end() {
    let world = World::new().await;
    world.registry.push_image("shop/api", "1.0", "one");
    world
        .registry
        .fault(Fault::on("* /v2/shop/api/manifests/1.0").delay(Duration::from_millis(300)));
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

    let under_way = world
        .registry
        .log()
        .requests()
        .iter()
        .filter(|asked| asked.status == 0)
        .count();
    assert_eq!(under_way, 0, "the end came before the answer");
    let answer = reading.await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("signature/signed"),
        "{answer}"
    );
    assert_eq!(idle.read_to_end(), "");
    assert!(
        TcpStream::connect(listen).is_err(),
        "nobody listens any more"
    );
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
    no_tls
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();

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
    let start = async || {
        countersign_webhook::start(settings(folder.path()))
            .await
            .unwrap_err()
    };
    assert!(matches!(start().await, StartError::Directory(_)));

    let policies = folder.path().join("policies");
    std::fs::create_dir(&policies).unwrap();
    assert!(
        start().await.to_string().contains("no policy"),
        "an empty directory"
    );

    std::fs::write(
        policies.join("a.yaml"),
        "kind: ClusterImagePolicy\nsurprise: 1\n",
    )
    .unwrap();
    std::fs::write(policies.join("b.yaml"), "kind: [").unwrap();
    let mistakes = start().await.to_string();
    assert!(
        mistakes.contains("a.yaml:2") && mistakes.contains("b.yaml:1"),
        "{mistakes}"
    );

    std::fs::remove_file(policies.join("b.yaml")).unwrap();
    std::fs::write(policies.join("a.yaml"), world.policy().to_string()).unwrap();
    assert!(
        matches!(start().await, StartError::Certificate(_)),
        "no certificate"
    );

    issue(folder.path());
    let stranger = tempfile::tempdir().unwrap();
    issue(stranger.path());
    std::fs::copy(
        stranger.path().join("tls/tls.key"),
        folder.path().join("tls/tls.key"),
    )
    .unwrap();
    assert!(
        matches!(start().await, StartError::Certificate(_)),
        "a key of another pair"
    );
}

/// Comes back when something that is under way has come about, and fails where it has not in a minute.
pub(crate) async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let held = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let held = tokio::time::timeout(Duration::from_secs(60), held).await;
    assert!(
        held.is_ok(),
        "what was waited for has not come about in a minute"
    );
}
