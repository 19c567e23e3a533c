//! What the routes do when reviews crash, hang, fail or pile up: things no well-behaved registry can bring about.

use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_image::{Collected, Needs, Reference, Resolved, SourceError};
use countersign_policy::{PolicySet, SourceFile, TrustRoots};
use countersign_review::Settings;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::*;

/// A source that misbehaves by the path of the repository it is asked for.
#[derive(Default)]
struct Source {
    asked: AtomicUsize,
    release: Notify,
}

impl ImageSource for Source {
    async fn resolve(&self, reference: &Reference) -> Result<Resolved, SourceError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match reference.repository().path() {
            "panics" => panic!("asked to"),
            "hangs" => std::future::pending().await,
            "waits" => self.release.notified().await,
            _ => {}
        }
        Ok(Resolved {
            image: reference.pin(DIGEST.parse().unwrap()),
            content: None,
        })
    }

    async fn collect(&self, image: &Resolved, _: &Needs) -> Result<Collected, SourceError> {
        panic!("{} was to be judged", image.image)
    }
}

struct Fixture {
    app: Arc<App<Source>>,
    source: Arc<Source>,
}

fn fixture(slots: usize) -> Fixture {
    let files = [SourceFile {
        path: "policy.yaml".to_owned(),
        text: POLICY.to_owned(),
    }];
    let policies = PolicySet::load(&files, &TrustRoots::default()).unwrap();
    let source = Arc::new(Source::default());
    let reviewer =
        Reviewer::new(Arc::clone(&source), Arc::new(policies), Settings::default()).unwrap();
    let app = Arc::new(App {
        reviewer,
        metrics: Metrics::new(),
        slots: Arc::new(Semaphore::new(slots)),
        bodies: Arc::new(Semaphore::new(BODIES_KILOBYTES)),
        clock: || Timestamp::UNIX_EPOCH,
    });
    Fixture { app, source }
}

impl Fixture {
    async fn post(&self, path: &str, body: impl Into<Body>) -> Response {
        let request = axum::http::Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.into())
            .unwrap();
        let Ok(response) = TowerToHyperService::new(router(Arc::clone(&self.app)))
            .call(request)
            .await;
        response
    }

    /// The `response` of a review of a pod with these images.
    async fn review(&self, path: &str, images: &[&str]) -> Value {
        self.review_of(path, pod(images)).await
    }

    async fn review_of(&self, path: &str, object: Value) -> Value {
        let response = self
            .post(path, review("CREATE", object, Value::Null).to_string())
            .await;
        assert_eq!(response.status(), StatusCode::OK);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice::<Value>(&body).unwrap()["response"].clone()
    }
}

fn pod(images: &[&str]) -> Value {
    let containers: Vec<_> = images
        .iter()
        .enumerate()
        .map(|(number, image)| json!({"name": format!("c{number}"), "image": image}))
        .collect();
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "shop"},
        "spec": {"containers": containers}})
}

fn review(operation: &str, object: Value, old: Value) -> Value {
    let kind = object["kind"].clone();
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u-1", "kind": {"group": "", "version": "v1", "kind": kind},
        "operation": operation, "namespace": "shop", "name": "p",
        "userInfo": {"username": "dev"}, "object": object, "oldObject": old}})
}

#[track_caller]
fn check_refused(response: &Value, code: &str) {
    assert_eq!(response["allowed"], false, "{response:#}");
    assert_eq!(response["auditAnnotations"]["code"], code, "{response:#}");
}

#[tokio::test]
async fn a_panic_in_a_review_denies_it_and_the_next_is_answered() {
    let fixture = fixture(1);
    let response = fixture.review("/validate", &["r.example/panics:1"]).await;
    check_refused(&response, "internal_error");
    let message = response["status"]["message"].as_str().unwrap();
    assert!(
        !message.contains("asked to"),
        "a panic's own words stay in the log: {message}"
    );
    // The one slot and the gauge were given back.
    check_refused(
        &fixture.review("/validate", &["r.example/panics:1"]).await,
        "internal_error",
    );
    assert!(
        fixture
            .app
            .metrics
            .encode()
            .contains("countersign_reviews_in_flight 0")
    );
}

#[tokio::test]
async fn a_panic_while_judging_denies_the_image() {
    let response = fixture(1).review("/validate", &["r.example/good:1"]).await;
    check_refused(&response, "internal_error");
}

#[tokio::test]
async fn what_comes_on_top_of_the_limit_is_refused_and_not_queued() {
    let fixture = Arc::new(fixture(1));
    let first = tokio::spawn({
        let fixture = Arc::clone(&fixture);
        async move { fixture.review("/mutate", &["r.example/waits:1"]).await }
    });
    while fixture.source.asked.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    check_refused(
        &fixture.review("/validate", &["r.example/good:1"]).await,
        "overloaded",
    );
    fixture.source.release.notify_one();
    assert_eq!(first.await.unwrap()["allowed"], true);
}

#[tokio::test]
async fn a_registry_that_never_answers_is_named_before_the_api_server_gives_up() {
    let fixture = fixture(1);
    let response = fixture
        .review("/validate?timeout=50ms", &["r.example/hangs:1"])
        .await;
    check_refused(&response, "deadline_exceeded");
    assert!(
        response["status"]["message"]
            .as_str()
            .unwrap()
            .contains("r.example")
    );
}

#[tokio::test]
async fn a_body_for_which_there_is_no_room_is_not_read() {
    let fixture = fixture(1);
    let _all = fixture
        .app
        .bodies
        .acquire_many(u32::try_from(BODIES_KILOBYTES).unwrap())
        .await;
    let response = fixture.post("/validate?timeout=10ms", "{}").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_peer_that_goes_away_frees_no_room_while_its_review_goes_on() {
    let fixture = Arc::new(fixture(1));
    let peer = tokio::spawn({
        let fixture = Arc::clone(&fixture);
        async move { fixture.review("/mutate", &["r.example/waits:1"]).await }
    });
    while fixture.source.asked.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    peer.abort();
    assert!(peer.await.unwrap_err().is_cancelled());
    assert!(fixture.app.bodies.available_permits() < BODIES_KILOBYTES);

    fixture.source.release.notify_one();
    let all = u32::try_from(BODIES_KILOBYTES).unwrap();
    assert!(fixture.app.bodies.acquire_many(all).await.is_ok());
}

#[tokio::test]
async fn a_pod_of_more_containers_than_are_looked_at_is_not_looked_at() {
    let images = vec!["a"; countersign_image::limits::WORKLOAD_IMAGES + 1];
    let response = fixture(1).review("/validate", &images).await;
    check_refused(&response, "too_many");
    assert_eq!(response["auditAnnotations"]["decision"], "could_not_look");
}

#[tokio::test]
async fn a_body_that_stops_in_the_middle_is_answered_at_the_deadline() {
    let fixture = fixture(1);
    let response = fixture
        .post("/validate?timeout=10ms", Body::new(Stalled))
        .await;
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
}

/// A body that never comes.
struct Stalled;

impl hyper::body::Body for Stalled {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, std::io::Error>>> {
        std::task::Poll::Pending
    }
}

fn patch(response: &Value) -> Value {
    assert_eq!(response["allowed"], true, "{response:#}");
    let Some(patch) = response["patch"].as_str() else {
        return Value::Null;
    };
    assert_eq!(response["patchType"], "JSONPatch");
    serde_json::from_slice(&STANDARD.decode(patch).unwrap()).unwrap()
}

#[tokio::test]
async fn each_tag_of_a_pod_is_pinned_where_it_stands() {
    let response = fixture(1)
        .review(
            "/mutate",
            &["nginx", &format!("r.example/a@{DIGEST}"), "r.example/b:1"],
        )
        .await;
    let first = "/spec/containers/0/image";
    let third = "/spec/containers/2/image";
    assert_eq!(
        patch(&response),
        json!([
            {"op": "test", "path": first, "value": "nginx"},
            {"op": "replace", "path": first, "value": format!("nginx@{DIGEST}")},
            {"op": "test", "path": third, "value": "r.example/b:1"},
            {"op": "replace", "path": third, "value": format!("r.example/b:1@{DIGEST}")},
        ])
    );
}

#[tokio::test]
async fn pinning_again_changes_nothing() {
    let pinned = format!("r.example/b:1@{DIGEST}");
    let fixture = fixture(1);
    assert_eq!(
        patch(&fixture.review("/mutate", &[&pinned]).await),
        Value::Null
    );
    assert_eq!(fixture.source.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn what_cannot_be_resolved_or_read_is_left_for_validate_to_refuse() {
    let fixture = fixture(1);
    let response = fixture
        .review(
            "/mutate?timeout=50ms",
            &["r.example/hangs:1", "Not An Image"],
        )
        .await;
    assert_eq!(patch(&response), Value::Null);
    let broken = json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": 7}});
    assert_eq!(
        patch(&fixture.review_of("/mutate", broken).await),
        Value::Null
    );
}

#[tokio::test]
async fn what_no_policy_covers_is_not_asked_for() {
    let fixture = fixture(1);
    let response = fixture.review("/mutate", &["elsewhere.example/a:1"]).await;
    assert_eq!(patch(&response), Value::Null);
    assert_eq!(fixture.source.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn controllers_keep_their_tags() {
    let fixture = fixture(1);
    let controller = json!({"apiVersion": "v1", "kind": "ReplicationController", "spec":
        {"template": {"spec": {"containers": [{"name": "a", "image": "r.example/a:1"}]}}}});
    assert_eq!(
        patch(&fixture.review_of("/mutate", controller).await),
        Value::Null
    );
    assert_eq!(fixture.source.asked.load(Ordering::SeqCst), 0);
}

const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const POLICY: &str = include_str!("policy.yaml");
