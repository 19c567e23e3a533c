//! Policies from a registry: followed when their tag moves, kept when what it leads to cannot be used, and across
//! restarts.

use std::fs;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use countersign_image::media_type;
use countersign_review::{POLICY_CONFIG, PolicyArtifact};
use countersign_signing::{PrivateKey, Storage};
use countersign_testkit::{Fault, Pushed, TestRegistry};
use countersign_webhook::{Settings, start};
use serde_json::{Value, json};

use super::fixture::{Webhook, admitted, issue, refused, settings};
use super::lifecycle::until;
use crate::world::{World, pod};

const REPOSITORY: &str = "policies/production";

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
