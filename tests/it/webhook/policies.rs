//! Policies from a registry: followed when their tag moves, kept when what it leads to cannot be used, and across
//! restarts.

use std::fs;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use countersign_image::media_type;
use countersign_review::{POLICY_CONFIG, PolicyArtifact};
use countersign_signing::{PrivateKey, Storage};
use countersign_testkit::sigstore::Entry;
use countersign_testkit::{Fault, Layer, Pushed, Sigstore, TestRegistry, TufRepository};
use countersign_webhook::{Settings, start};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::fixture::{Webhook, admitted, issue, refused, settings};
use super::lifecycle::until;
use crate::world::{World, pod};

const REPOSITORY: &str = "policies/production";
const WORKFLOW: &str = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";
/// Where nobody listens.
const NOBODY: &str = "https://127.0.0.1:1/";

/// A registry with an unsigned image, and with policies that demand a signature.
struct Story {
    world: World,
    folder: tempfile::TempDir,
}

impl Story {
    async fn new() -> Self {
        let story = Self {
            world: World::new().await,
            folder: tempfile::tempdir().unwrap(),
        };
        story.world.registry.push_image("shop/api", "1.0", "one");
        let policies = story.push(&story.policy("enforce"));
        story.sign(&policies, &story.world.release).await;
        story.tag(&policies);
        let pem = story.world.release.public_key().to_pem();
        fs::write(story.folder.path().join("policies.pub"), pem).unwrap();
        story
    }

    fn policy(&self, mode: &str) -> Value {
        let mut policy = self.world.policy();
        policy["spec"]["mode"] = json!(mode);
        policy
    }

    fn push(&self, policy: &Value) -> Pushed {
        self.push_files(&[("production.yaml", policy)])
    }

    fn push_files(&self, files: &[(&str, &Value)]) -> Pushed {
        let registry = &self.world.registry;
        registry.push_blob(REPOSITORY, POLICY_CONFIG);
        let files = files.iter().map(|(name, document)| {
            let text = Bytes::from(document.to_string());
            registry.push_blob(REPOSITORY, text.clone());
            ((*name).to_owned(), text)
        });
        let artifact = PolicyArtifact {
            files: files.collect(),
        };
        let manifest = artifact.manifest().unwrap();
        registry.push_manifest(REPOSITORY, media_type::OCI_MANIFEST, manifest)
    }

    async fn sign(&self, policies: &Pushed, key: &PrivateKey) {
        self.world.sign(policies, key, Storage::Bundle).await;
    }

    fn tag(&self, policies: &Pushed) {
        let digest = policies.digest();
        self.world.registry.move_tag(REPOSITORY, "1", digest);
    }

    /// Judges by the tag, by the word of the key, and looks at it whenever there is nothing else to do.
    fn name_it(&self, settings: &mut Settings) {
        settings.policies = format!("oci://{}", self.world.name("policies/production:1")).into();
        settings.policies_key = Some(self.folder.path().join("policies.pub"));
        settings.policies_cache = Some(self.cache().to_owned());
        settings.policies_refresh = Duration::from_millis(5);
    }

    fn cache(&self) -> &Path {
        self.folder.path()
    }

    async fn serve(&self) -> Webhook {
        Webhook::serve_with(&self.world, |settings| self.name_it(settings)).await
    }

    fn pod(&self) -> Value {
        pod(&[&self.world.name("shop/api:1.0")])
    }
}

async fn ready(webhook: &Webhook) -> Value {
    let (_, body) = webhook.health("/readyz").await;
    serde_json::from_str(&body).unwrap()
}

#[tokio::test]
async fn policies_follow_their_tag_once_the_key_has_signed_what_it_leads_to() {
    let story = Story::new().await;
    let webhook = story.serve().await;
    let denied = webhook.create(&story.pod()).await;
    assert_eq!(refused(&denied), "signature/signed:unsigned");

    let newer = story.push(&story.policy("audit"));
    story.sign(&newer, &story.world.release).await;
    story.tag(&newer);
    until(async || ready(&webhook).await["artifact"]["image"] == newer.image.to_string()).await;
    admitted(&webhook.create(&story.pod()).await);
}

#[tokio::test]
async fn what_documents_say_of_a_registry_holds_as_long_as_they_are_in_force() {
    let story = Story::new().await;
    let elsewhere = TestRegistry::start().await;
    elsewhere.push_image("shop/api", "1.0", "one");
    let mut policy = story.policy("enforce");
    policy["spec"]["images"] = json!({"include": ["**"]});
    let image = pod(&[&format!("{}/shop/api:1.0", elsewhere.host())]);
    let in_force = async |webhook: &Webhook, policies: &Pushed| {
        until(async || ready(webhook).await["artifact"]["image"] == policies.image.to_string())
            .await;
    };
    let without = story.push(&policy);
    let registry = json!({
        "apiVersion": "countersign.dev/v1alpha1",
        "kind": "Registry",
        "metadata": {"name": "elsewhere"},
        "spec": {"host": elsewhere.host(), "plainHttp": true},
    });
    let with = story.push_files(&[("production.yaml", &policy), ("registry.json", &registry)]);
    for policies in [&without, &with] {
        story.sign(policies, &story.world.release).await;
    }
    story.tag(&with);
    let webhook = story.serve().await;
    for (policies, code) in [
        (&with, "signature/signed:unsigned"),
        (&without, "plain_http_refused"),
        (&with, "signature/signed:unsigned"),
    ] {
        story.tag(policies);
        in_force(&webhook, policies).await;
        // Told of the policies before the reviews go by them.
        until(async || refused(&webhook.create(&image).await) == code).await;
    }
}

#[tokio::test]
async fn what_nobody_signed_and_what_does_not_load_leave_the_last_good_policies_in_force() {
    let story = Story::new().await;
    let webhook = story.serve().await;
    let failed = async |code: &str| {
        until(async || ready(&webhook).await["artifact"]["lastError"]["code"] == code).await;
        let ready = ready(&webhook).await;
        assert_eq!(ready["ready"], true, "{ready:#}");
        let denied = webhook.create(&story.pod()).await;
        assert_eq!(refused(&denied), "signature/signed:unsigned");
    };
    let laxer = story.push(&story.policy("audit"));
    story.tag(&laxer);
    failed("policies_unverified").await;
    let stranger = PrivateKey::generate().unwrap();
    story.sign(&laxer, &stranger).await;
    failed("policies_unverified").await;

    let mut broken = story.policy("audit");
    broken["spec"]["rules"] = json!([]);
    let broken = story.push(&broken);
    story.sign(&broken, &story.world.release).await;
    story.tag(&broken);
    until(async || {
        let code = &ready(&webhook).await["artifact"]["lastError"]["code"];
        code.is_string() && code != "policies_unverified"
    })
    .await;
    let denied = webhook.create(&story.pod()).await;
    assert_eq!(refused(&denied), "signature/signed:unsigned");
    let (_, metrics) = webhook.health("/metrics").await;
    let counted = metrics
        .lines()
        .find(|line| line.starts_with("countersign_policies_refresh_failures_total"));
    assert!(
        counted.is_some_and(|line| !line.ends_with(" 0")),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_restart_needs_no_registry_for_policies_that_it_had() {
    let story = Story::new().await;
    story.serve().await.running.drain().await;
    story
        .world
        .registry
        .fault(Fault::on("GET /v2/policies/*").status(500));
    story
        .world
        .registry
        .fault(Fault::on("HEAD /v2/policies/*").status(500));
    let webhook = story.serve().await;
    let ready = ready(&webhook).await;
    assert_eq!(
        ready["artifact"]["lastError"]["code"], "registry_error",
        "{ready:#}"
    );
    let denied = webhook.create(&story.pod()).await;
    assert_eq!(refused(&denied), "signature/signed:unsigned");
}

#[tokio::test]
async fn a_start_does_not_wait_for_a_root_of_newer_policies_where_those_it_had_need_none() {
    let story = Story::new().await;
    let webhook = story.serve().await;
    let had = ready(&webhook).await["artifact"]["image"].clone();
    webhook.running.drain().await;
    let root = TufRepository::new("trusted_root.json", b"{}").root();
    let root: Value = serde_json::from_slice(&root).unwrap();
    let lab = json!({
        "apiVersion": "countersign.dev/v1alpha1",
        "kind": "TrustRoot",
        "metadata": {"name": "lab"},
        "spec": {"tuf": {"url": NOBODY, "root": "root.json"}},
    });
    let mut policy = story.policy("audit");
    let keyless =
        json!({"trustRoot": "lab", "identities": [{"issuer": ISSUER, "subject": WORKFLOW}]});
    let authorities = policy["spec"]["authorities"].as_array_mut().unwrap();
    authorities.push(json!({"name": "ci", "keyless": keyless}));
    let newer = story.push_files(&[
        ("lab.json", &lab),
        ("production.yaml", &policy),
        ("root.json", &root),
    ]);
    story.sign(&newer, &story.world.release).await;
    story.tag(&newer);

    for _ in 0..2 {
        let started = timeout(Duration::from_secs(60), story.serve()).await;
        let webhook = started.expect("it waits for the root of the newer policies");
        let ready = ready(&webhook).await;
        assert_eq!(ready["artifact"]["image"], had, "{ready:#}");
        let problem = &ready["artifact"]["lastError"]["code"];
        assert_eq!(problem, "trust_root_unavailable", "{ready:#}");
        let denied = webhook.create(&story.pod()).await;
        assert_eq!(refused(&denied), "signature/signed:unsigned");
        webhook.running.drain().await;
    }
}

#[tokio::test]
async fn policies_of_an_identity_are_those_that_it_signed() {
    let story = Story::new().await;
    let sigstore = Sigstore::new();
    let root = story.folder.path().join("root.json");
    fs::write(&root, sigstore.trusted_root_json()).unwrap();
    let policies = story.push(&story.policy("enforce"));
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": policies.digest().hex()}}],
        "predicateType": "https://sigstore.dev/cosign/sign/v1",
        "predicate": {},
    });
    let signer = sigstore.identity(WORKFLOW, ISSUER);
    let bundle = signer.statement(statement.to_string());
    let layer = Layer::new(media_type::BUNDLE_V03, bundle.log(Entry::V1).bundle());
    let registry = &story.world.registry;
    registry.push_referrer(&policies, media_type::BUNDLE_V03, &[layer]);
    let by = |subject: &str, issuer: &str, settings: &mut Settings| {
        story.name_it(settings);
        settings.policies_key = None;
        settings.policies_identity = Some(subject.to_owned());
        settings.policies_issuer = Some(issuer.to_owned());
        settings.policies_trusted_root = root.display().to_string();
    };
    let folder = tempfile::tempdir().unwrap();
    issue(folder.path());
    for (subject, issuer) in [
        ("https://github.com/acme/app", ISSUER),
        (WORKFLOW, "https://issuer.example"),
    ] {
        let mut settings = settings(folder.path());
        settings.plain_http.push(registry.host().to_owned());
        by(subject, issuer, &mut settings);
        let refused = start(settings).await.unwrap_err();
        assert!(
            refused.to_string().contains("is not signed by"),
            "{refused}"
        );
    }
    let itself = |settings: &mut Settings| by(WORKFLOW, ISSUER, settings);
    let webhook = Webhook::serve_with(&story.world, itself).await;
    let denied = webhook.create(&story.pod()).await;
    assert_eq!(refused(&denied), "signature/signed:unsigned");
}

#[tokio::test]
async fn what_is_left_of_policies_on_the_disk_is_what_is_in_force() {
    let story = Story::new().await;
    let folders = || {
        let entries = fs::read_dir(story.cache()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names
            .filter(|name| name.starts_with("policies-"))
            .collect::<Vec<_>>()
    };
    story.serve().await.running.drain().await;
    let newer = story.push(&story.policy("audit"));
    story.sign(&newer, &story.world.release).await;
    story.tag(&newer);
    let webhook = story.serve().await;
    admitted(&webhook.create(&story.pod()).await);
    assert_eq!(folders(), [format!("policies-{}", newer.digest().hex())]);
}

#[tokio::test]
async fn policies_that_were_changed_on_the_disk_are_not_taken() {
    let story = Story::new().await;
    story.serve().await.running.drain().await;
    // Other policies of the same registry, that the key did not sign, in the place of those that were kept.
    let laxer = story.push(&story.policy("audit"));
    let stranger = PrivateKey::generate().unwrap();
    story.sign(&laxer, &stranger).await;
    story.tag(&laxer);
    fs::create_dir(story.folder.path().join("theirs")).unwrap();
    let theirs = story.folder.path().join("theirs");
    let pem = stranger.public_key().to_pem();
    fs::write(theirs.join("policies.pub"), pem).unwrap();
    let webhook = Webhook::serve_with(&story.world, |settings| {
        story.name_it(settings);
        settings.policies_key = Some(theirs.join("policies.pub"));
        settings.policies_cache = Some(theirs.clone());
    })
    .await;
    admitted(&webhook.create(&story.pod()).await);
    webhook.running.drain().await;
    fs::copy(
        theirs.join("policies.json"),
        story.cache().join("policies.json"),
    )
    .unwrap();

    let folder = tempfile::tempdir().unwrap();
    issue(folder.path());
    let mut settings = settings(folder.path());
    settings
        .plain_http
        .push(story.world.registry.host().to_owned());
    story.name_it(&mut settings);
    let refused = start(settings).await.unwrap_err();
    assert!(
        refused.to_string().contains("is not signed by"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_tag_that_nobody_vouches_for_is_no_start() {
    let story = Story::new().await;
    let folder = tempfile::tempdir().unwrap();
    issue(folder.path());
    let plain = || {
        let mut settings = settings(folder.path());
        settings
            .plain_http
            .push(story.world.registry.host().to_owned());
        story.name_it(&mut settings);
        settings
    };
    let mut nobody = plain();
    nobody.policies_key = None;
    let refused = start(nobody).await.unwrap_err();
    assert!(refused.to_string().contains("is a tag"), "{refused}");
    assert!(refused.hint().is_some());
    let mut nowhere = plain();
    nowhere.policies_cache = None;
    let refused = start(nowhere).await.unwrap_err();
    assert!(
        refused.to_string().contains("--policies-cache"),
        "{refused}"
    );
    let mut directory = plain();
    directory.policies = folder.path().to_owned();
    let refused = start(directory).await.unwrap_err();
    assert!(refused.to_string().contains("a directory"), "{refused}");
}
