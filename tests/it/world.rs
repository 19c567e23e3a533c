//! A registry, a signer and a policy: what most stories of the workspace tests begin with.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use countersign_image::{Digest, Document};
use countersign_policy::{Namespace, PolicySet, SourceFile, TrustRoots};
use countersign_registry::{Client, Settings as ClientSettings};
use countersign_review::{Request, Review, Reviewer, Settings, User};
use countersign_signing::{
    Claim, Predicate, PredicateType, PrivateKey, Published, Publisher, Storage, Target,
};
use countersign_testkit::{Builder, Pushed, TestRegistry};
use countersign_workload::Workload;
use serde_json::{Value, json};
use tokio::time::Instant;

/// The time of every review in these tests.
pub(crate) const NOW: &str = "2026-11-20T08:00:00Z";

pub(crate) const PROVENANCE: &str = include_str!("../fixtures/demo/provenance.json");
pub(crate) const SBOM: &str = include_str!("../fixtures/demo/sbom.spdx.json");

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

pub(crate) struct World {
    pub(crate) registry: TestRegistry,
    /// The key of the authority `release`.
    pub(crate) release: PrivateKey,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(TestRegistry::builder()).await
    }

    pub(crate) async fn with(builder: Builder) -> Self {
        // Whoever comes first installs it; it is the same for all.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Self {
            registry: builder.start().await,
            release: PrivateKey::generate().unwrap(),
        }
    }

    /// A client that has seen nothing yet.
    pub(crate) fn client(&self) -> Client {
        let mut settings = ClientSettings {
            retries: 0,
            ..ClientSettings::default()
        };
        settings.plain_http.insert(self.registry.host().to_owned());
        Client::new(settings).unwrap()
    }

    /// The image as a workload would write it.
    pub(crate) fn name(&self, path: &str) -> String {
        format!("{}/{path}", self.registry.host())
    }

    pub(crate) async fn sign(&self, image: &Pushed, key: &PrivateKey, storage: Storage) {
        self.publish(image, key, &Claim::Signature([].into()), storage)
            .await;
    }

    pub(crate) async fn attest(
        &self,
        image: &Pushed,
        key: &PrivateKey,
        kind: &str,
        predicate: &str,
        storage: Storage,
    ) -> Published {
        let kind: PredicateType = kind.parse().unwrap();
        let predicate = Predicate::new(kind, predicate.as_bytes(), NOW.parse().unwrap()).unwrap();
        self.publish(image, key, &Claim::Attestation(predicate), storage)
            .await
    }

    /// Signs and attests everything that [`World::policy`] wants.
    pub(crate) async fn release(&self, image: &Pushed, storage: Storage) {
        self.sign(image, &self.release, storage).await;
        self.attest(image, &self.release, "slsaprovenance1", PROVENANCE, storage)
            .await;
        self.attest(image, &self.release, "spdxjson", SBOM, storage)
            .await;
    }

    async fn publish(
        &self,
        image: &Pushed,
        key: &PrivateKey,
        claim: &Claim,
        storage: Storage,
    ) -> Published {
        let client = self.client();
        let target = Target {
            image: image.image.clone(),
            descriptor: serde_json::from_value(image.descriptor()).unwrap(),
            repository: image.image.repository().clone(),
        };
        let publisher = Publisher::new(&client, key).unwrap();
        publisher
            .publish(&target, claim, storage, NOW.parse().unwrap())
            .await
            .unwrap()
    }

    /// Everything that the library can demand, of images under `shop/`, by the authority `release`.
    pub(crate) fn policy(&self) -> Value {
        json!({
            "apiVersion": "countersign.dev/v1alpha1",
            "kind": "ClusterImagePolicy",
            "metadata": {"name": "production"},
            "spec": {
                "images": {"include": [self.name("shop/**")]},
                "authorities": [
                    {"name": "release", "key": {"pem": self.release.public_key().to_pem()}},
                ],
                "builders": [
                    {"id": "https://builder.acme.example/v1", "authorities": ["release"], "maxLevel": 3},
                ],
                "rules": [
                    {"rule": "signature/signed", "params": {"authorities": ["release"], "threshold": 1}},
                    {"rule": "provenance/slsa_level", "params": {"minimum": 3}},
                    {"rule": "provenance/builder_id", "params": {"allow": ["https://builder.acme.example/v1"]}},
                    {"rule": "sbom/required", "params": {"formats": ["spdx", "cyclonedx"], "min_packages": 1}},
                ],
            },
        })
    }

    pub(crate) fn reviewer(&self, policies: &[Value], settings: Settings) -> Reviewer<Client> {
        // JSON is YAML, and easier to vary.
        let files: Vec<_> = policies
            .iter()
            .map(|policy| SourceFile {
                path: "policy.yaml".to_owned(),
                text: policy.to_string(),
            })
            .collect();
        let policies = PolicySet::load(&files, &TrustRoots::default())
            .unwrap_or_else(|errors| panic!("{errors}"));
        Reviewer::new(Arc::new(self.client()), Arc::new(policies), settings).unwrap()
    }

    /// Reviews a pod of these images by [`World::policy`], with a client that has seen nothing.
    pub(crate) async fn review(&self, images: &[&str]) -> Review {
        self.review_by(&[self.policy()], &pod(images)).await
    }

    pub(crate) async fn review_by(&self, policies: &[Value], pod: &Value) -> Review {
        let settings = Settings {
            workers: NonZeroUsize::MIN,
            ..Settings::default()
        };
        review(&self.reviewer(policies, settings), pod).await
    }
}

/// Reviews a pod in the namespace `shop` with a deadline that no test should reach.
pub(crate) async fn review(reviewer: &Reviewer<Client>, pod: &Value) -> Review {
    let deadline = Instant::now() + Duration::from_secs(20);
    review_until(reviewer, pod, deadline).await
}

pub(crate) async fn review_until(
    reviewer: &Reviewer<Client>,
    pod: &Value,
    deadline: Instant,
) -> Review {
    let workload = Workload::from_json(pod.to_string().as_bytes())
        .unwrap()
        .unwrap();
    let request = Request {
        operation: "CREATE".to_owned(),
        user: User {
            name: "dev".to_owned(),
            groups: vec!["developers".to_owned()],
        },
        dry_run: false,
        namespace: Namespace {
            name: Some("shop".to_owned()),
            labels: None,
        },
    };
    reviewer
        .review(&workload, &request, NOW.parse().unwrap(), deadline)
        .await
}

pub(crate) fn pod(images: &[&str]) -> Value {
    let containers: Vec<_> = images
        .iter()
        .enumerate()
        .map(|(number, image)| json!({"name": format!("c{number}"), "image": image}))
        .collect();
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "api", "namespace": "shop"},
        "spec": {"containers": containers},
    })
}

/// The codes of the first image, sorted.
pub(crate) fn codes(review: &Review) -> Vec<String> {
    let mut codes = review.images[0].codes();
    codes.retain(|code| code != "unpinned");
    codes.sort();
    codes
}

/// The manifest of `digest`, parsed.
pub(crate) fn document(registry: &TestRegistry, repository: &str, digest: &Digest) -> Document {
    let bytes = registry.manifest(repository, &digest.to_string()).unwrap();
    Document::parse(&bytes, None).unwrap()
}
