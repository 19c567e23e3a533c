//! Trust roots from TUF repositories: had before the first review, kept when nothing newer can be had, never asked for
//! during a review.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use countersign_image::media_type;
use countersign_registry::{TufRepository as Client, TufSource};
use countersign_testkit::sigstore::{Entry, Part};
use countersign_testkit::{Layer, Pushed, Sigstore, TufRepository, TufServer};
use countersign_webhook::{Settings, StartError, start};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::fixture::{Webhook, admitted, issue, refused, settings};
use super::lifecycle::until;
use crate::world::{World, pod};

const TARGET: &str = "trusted_root.json";
const WORKFLOW: &str = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// A policy that asks for a signature of an identity that a Sigstore vouches for, whose trust root a TUF repository has.
struct Story {
    world: World,
    sigstore: Sigstore,
    repository: TufRepository,
    server: TufServer,
}

impl Story {
    async fn new() -> Self {
        let sigstore = Sigstore::new();
        let mut repository = TufRepository::new(TARGET, sigstore.trusted_root_json().as_bytes());
        repository.outlive_everybody();
        Self {
            world: World::new().await,
            server: repository.serve().await,
            sigstore,
            repository,
        }
    }

    /// The policy and the trust root, which is asked for whenever there is nothing else to do.
    fn name_it(&self, settings: &mut Settings) {
        settings.plain_http.push(self.server.host().to_owned());
        settings.trust_root_refresh = Duration::from_millis(5);
        settings.trust_root_retry = Duration::from_millis(5);
        std::fs::write(settings.policies.join("root.json"), self.repository.root()).unwrap();
        let trust_root = json!({
            "apiVersion": "countersign.dev/v1alpha1",
            "kind": "TrustRoot",
            "metadata": {"name": "lab"},
            "spec": {"tuf": {"url": self.server.url(), "root": "root.json"}},
        });
        let keyless =
            json!({"trustRoot": "lab", "identities": [{"issuer": ISSUER, "subject": WORKFLOW}]});
        let signed =
            json!({"rule": "signature/signed", "params": {"authorities": ["ci"], "threshold": 1}});
        let policy = json!({
            "apiVersion": "countersign.dev/v1alpha1",
            "kind": "ClusterImagePolicy",
            "metadata": {"name": "production"},
            "spec": {
                "images": {"include": [self.world.name("shop/**")]},
                "authorities": [{"name": "ci", "keyless": keyless}],
                "rules": [signed],
            },
        });
        for (name, document) in [("lab.yaml", trust_root), ("production.yaml", policy)] {
            std::fs::write(settings.policies.join(name), document.to_string()).unwrap();
        }
    }

    /// Pushes an image that the Sigstore's identity has signed, and a pod that runs it.
    fn release(&self) -> Value {
        let image = self.world.registry.push_image("shop/api", "1.0", "one");
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"digest": {"sha256": image.digest().hex()}}],
            "predicateType": "https://sigstore.dev/cosign/sign/v1",
            "predicate": {},
        });
        let signer = self.sigstore.identity(WORKFLOW, ISSUER);
        let bundle = signer
            .statement(statement.to_string())
            .log(Entry::V1)
            .bundle();
        self.attach(&image, bundle);
        pod(&[&self.world.name("shop/api:1.0")])
    }

    fn attach(&self, image: &Pushed, bundle: Vec<u8>) {
        let layer = Layer::new(media_type::BUNDLE_V03, bundle);
        self.world
            .registry
            .push_referrer(image, media_type::BUNDLE_V03, &[layer]);
    }

    async fn serve(&self) -> Webhook {
        Webhook::serve_with(&self.world, |settings| self.name_it(settings)).await
    }

    /// Has a cache say that the repository was asked a while ago, and that its answer is not good any more.
    async fn remember(&mut self, cache: &Path) {
        self.repository.expire("timestamp", "2026-01-10T00:00:00Z");
        self.repository.publish();
        let source = TufSource {
            name: "lab".to_owned(),
            location: Some(self.server.url().parse().unwrap()),
            root: Some(self.repository.root()),
            target: TARGET.to_owned(),
            cache: Some(cache.to_owned()),
        };
        let mut settings = countersign_registry::Settings::default();
        settings.plain_http.insert(self.server.host().to_owned());
        let client = Client::open(source, &settings).unwrap();
        client
            .refresh("2026-01-01T00:00:00Z".parse().unwrap())
            .await
            .unwrap();
    }
}

impl Webhook {
    /// What `/readyz` says, which must be that it is ready.
    async fn ready(&self) -> Value {
        let (status, body) = self.health("/readyz").await;
        assert_eq!(status, StatusCode::OK, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// The number of failed refreshes of the root `lab`.
    async fn failures(&self) -> u64 {
        let (_, text) = self.health("/metrics").await;
        let line = text.lines().find_map(|line| {
            line.strip_prefix(r#"countersign_trust_root_refresh_failures_total{trust_root="lab"} "#)
        });
        line.map_or(0, |number| number.parse().unwrap())
    }
}

#[track_caller]
fn lab(detail: &Value) -> &Value {
    let roots = detail["trustRoots"].as_array().unwrap();
    roots.iter().find(|root| root["name"] == "lab").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trust_root_is_had_before_the_first_review_and_its_age_is_told() {
    let story = Story::new().await;
    let webhook = story.serve().await;
    let detail = webhook.ready().await;
    let lab = lab(&detail);
    assert_eq!(lab["origin"], "tuf");
    assert_eq!(lab["location"], story.server.url());
    assert_eq!(lab["expires"], "2999-01-01T00:00:00Z");
    assert_eq!(lab["expired"], false);
    assert!(
        lab["ageSeconds"].is_u64() && lab["lastError"].is_null(),
        "{lab}"
    );
    let (_, metrics) = webhook.health("/metrics").await;
    for needle in [
        r#"countersign_trust_root_age_seconds{trust_root="lab"} "#,
        r#"countersign_trust_root_expiry_timestamp_seconds{trust_root="lab"} 32472144000"#,
    ] {
        assert!(metrics.contains(needle), "no {needle} in\n{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_root_is_in_force_without_a_restart() {
    let mut story = Story::new().await;
    let pod = story.release();
    let webhook = story.serve().await;
    admitted(&webhook.create(&pod).await);

    // New keys for all roles of the repository, and another Sigstore's root in it.
    let other = Sigstore::new();
    story.repository.rotate();
    story
        .repository
        .put(TARGET, other.trusted_root_json().as_bytes());
    until(async || webhook.create(&pod).await["allowed"] == false).await;
    assert!(refused(&webhook.create(&pod).await).starts_with("signature/signed:"));

    let both = story.sigstore.trusted_root().and(&other).json();
    story.repository.put(TARGET, both.as_bytes());
    until(async || webhook.create(&pod).await["allowed"] == true).await;
    let (_, metrics) = webhook.health("/metrics").await;
    let revision = webhook.ready().await["policies"]["revision"].clone();
    let line = format!("countersign_policy_info{{revision={revision}}} 1");
    assert!(metrics.contains(&line), "no {line} in\n{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_good_root_stays_whatever_the_repository_comes_to() {
    let mut story = Story::new().await;
    let pod = story.release();
    let old = story.repository.copy();
    story.repository.publish();
    let webhook = story.serve().await;
    let before = webhook.ready().await;
    let good = story.repository.copy();
    let expect = async |code: &str| {
        let failures = webhook.failures().await;
        // The one under way may have begun before.
        until(async || webhook.failures().await > failures + 1).await;
        let detail = webhook.ready().await;
        assert_eq!(lab(&detail)["lastError"]["code"], code, "{detail:#}");
        assert_eq!(detail["policies"], before["policies"]);
        admitted(&webhook.create(&pod).await);
    };

    story.repository.restore(old);
    expect("tuf_rollback").await;
    story.repository.restore([].into());
    expect("tuf_missing").await;
    story.repository.restore(good);
    story.repository.set("timestamp.json", b"{}");
    expect("tuf_malformed").await;
    // Signed as it must be, and yet of no use: no root at all, and one without the logs that the policy asks for.
    story.repository.put(TARGET, b"no root");
    expect("trust_root_malformed").await;
    let without = story.sigstore.trusted_root().without(Part::CtLogs).json();
    story.repository.put(TARGET, without.as_bytes());
    expect("trust_root_no_certificate_log").await;

    story
        .repository
        .put(TARGET, Sigstore::new().trusted_root_json().as_bytes());
    until(async || webhook.create(&pod).await["allowed"] == false).await;
    until(async || lab(&webhook.ready().await)["lastError"].is_null()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_needs_no_repository_even_when_what_is_kept_has_expired() {
    let mut story = Story::new().await;
    let pod = story.release();
    let cache = tempfile::tempdir().unwrap();
    story.remember(cache.path()).await;
    story.repository.restore([].into());

    let webhook = Webhook::serve_with(&story.world, |settings| {
        story.name_it(settings);
        settings.trust_root_cache = Some(cache.path().to_owned());
    })
    .await;
    until(async || webhook.failures().await > 0).await;
    let detail = webhook.ready().await;
    let lab = lab(&detail);
    assert_eq!(lab["expires"], "2026-01-10T00:00:00Z");
    assert_eq!(lab["expired"], true);
    assert_eq!(lab["lastError"]["code"], "tuf_missing");
    assert!(lab["ageSeconds"].as_u64().unwrap() > 86_400, "{lab}");
    admitted(&webhook.create(&pod).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_is_not_left_with_a_root_that_could_not_be_used() {
    let mut story = Story::new().await;
    let pod = story.release();
    let cache = tempfile::tempdir().unwrap();
    let serve = async |story: &Story| {
        Webhook::serve_with(&story.world, |settings| {
            story.name_it(settings);
            settings.trust_root_cache = Some(cache.path().to_owned());
        })
        .await
    };
    let webhook = serve(&story).await;
    story.repository.put(TARGET, b"of a later version");
    until(async || webhook.failures().await > 0).await;
    webhook.running.drain().await;

    let webhook = serve(&story).await;
    admitted(&webhook.create(&pod).await);
    until(async || webhook.failures().await > 0).await;
    let detail = webhook.ready().await;
    assert_eq!(lab(&detail)["lastError"]["code"], "trust_root_malformed");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_root_that_policies_name_it_is_not_ready_and_goes_on_trying() {
    let story = Story::new().await;
    let files = story.repository.copy();
    story.repository.restore([].into());
    let folder = tempfile::tempdir().unwrap();
    issue(folder.path());
    let mut settings = settings(folder.path());
    std::fs::create_dir(&settings.policies).unwrap();
    story.name_it(&mut settings);
    // It tells its address only once it serves.
    let health = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    settings.metrics_listen = health.local_addr().unwrap();
    drop(health);
    let url = format!("http://{}/readyz", settings.metrics_listen);
    let starting = tokio::spawn(start(settings));

    let mut told = String::new();
    until(async || {
        let Ok(response) = reqwest::get(&url).await else {
            return false;
        };
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        #[expect(clippy::disallowed_methods, reason = "our own webhook, in a test")]
        let body = response.text().await.unwrap();
        told = body;
        told.contains("tuf_missing")
    })
    .await;
    let detail: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(detail["reason"], "trust_root_unavailable", "{detail:#}");
    assert_eq!(detail["policies"], Value::Null);
    assert!(!starting.is_finished());

    story.repository.restore(files);
    let running = starting.await.unwrap().unwrap();
    let status = reqwest::get(&url).await.unwrap().status();
    assert_eq!(status, StatusCode::OK);
    running.drain().await;
}

#[tokio::test]
async fn a_mistake_is_told_at_once_and_not_waited_over() {
    let story = Story::new().await;
    story.repository.restore([].into());
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(folder.path());
    std::fs::create_dir(&settings.policies).unwrap();
    story.name_it(&mut settings);

    let mistaken = settings.policies.join("mistaken.yaml");
    std::fs::write(&mistaken, "kind: ClusterImagePolicy\nsurprise: 1\n").unwrap();
    let error = start(settings.clone()).await.unwrap_err();
    assert!(matches!(error, StartError::Policies { .. }), "{error}");
    std::fs::remove_file(mistaken).unwrap();

    std::fs::write(settings.policies.join("root.json"), "{}").unwrap();
    let error = start(settings.clone()).await.unwrap_err().to_string();
    assert!(
        error.contains("lab") && error.contains("metadata cannot be read"),
        "{error}"
    );
    std::fs::remove_file(settings.policies.join("root.json")).unwrap();
    let error = start(settings.clone()).await.unwrap_err();
    assert!(matches!(error, StartError::Root { .. }), "{error}");
    story.name_it(&mut settings);
    settings.plain_http.clear();
    let error = start(settings).await.unwrap_err().to_string();
    assert!(error.contains("plain HTTP is not allowed"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_review_asks_a_repository() {
    let story = Story::new().await;
    let pod = story.release();
    let webhook = Webhook::serve_with(&story.world, |settings| {
        story.name_it(settings);
        settings.trust_root_refresh = Duration::from_secs(86_400);
        settings.trust_root_retry = Duration::from_secs(60);
    })
    .await;
    let asked = story.server.asked().len();
    for _ in 0..3 {
        admitted(&webhook.create(&pod).await);
    }
    assert_eq!(story.server.asked().len(), asked);
}
