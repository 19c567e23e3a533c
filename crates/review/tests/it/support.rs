//! A registry, a Sigstore and a policy: what every story begins with.

use std::sync::Arc;
use std::time::Duration;

use countersign_image::{Digest, media_type};
use countersign_policy::{Namespace, PolicySet, SourceFile, TrustRoots};
use countersign_registry::{Client, Settings as ClientSettings};
use countersign_review::{Request, Review, Reviewer, Settings};
use countersign_testkit::sigstore::{Signer, Signing, Sigstore};
use countersign_testkit::{AttestationForm, BuildKitIndex, Layer, Pushed, TestRegistry};
use countersign_workload::Workload;
use serde_json::{Value, json};
use tokio::time::Instant;

pub(crate) const SIGNED: &str = "https://sigstore.dev/cosign/sign/v1";
pub(crate) const PROVENANCE: &str = "https://slsa.dev/provenance/v1";
pub(crate) const SUMMARY: &str = "https://slsa.dev/verification_summary/v1";

pub(crate) struct World {
    pub(crate) registry: TestRegistry,
    pub(crate) sigstore: Sigstore,
    /// The key of the authority `release`.
    pub(crate) release: Signer,
}

impl World {
    pub(crate) async fn new() -> Self {
        // Whoever comes first installs it; it is the same for all.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let sigstore = Sigstore::new();
        Self {
            registry: TestRegistry::start().await,
            release: sigstore.key(),
            sigstore,
        }
    }

    /// An image for linux/amd64 and linux/arm64 with what BuildKit says of each, unsigned, as `shop/api:1.0`.
    pub(crate) fn push(&self) -> BuildKitIndex {
        let platforms = ["linux/amd64", "linux/arm64"];
        let form = AttestationForm::Artifact;
        self.registry
            .push_buildkit_index("shop/api", "1.0", &platforms, form, |child| {
                let predicate = json!({
                    "buildDefinition": {
                        "buildType": "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
                        "externalParameters": {},
                    },
                    "runDetails": { "builder": { "id": "" } },
                });
                vec![statement(child.digest(), PROVENANCE, &predicate)]
            })
    }

    /// Signs `subject` with the key of `release`, and attaches that to it.
    pub(crate) fn sign(&self, subject: &Pushed) {
        let signing = self
            .release
            .statement(statement(subject.digest(), SIGNED, &json!({})));
        self.attach(subject, SIGNED, &signing);
    }

    /// Attaches a bundle to `subject`.
    pub(crate) fn attach(&self, subject: &Pushed, predicate_type: &str, signing: &Signing) {
        let layer = Layer::new(media_type::BUNDLE_V03, signing.bundle());
        let layer = layer.annotated("dev.sigstore.bundle.predicateType", predicate_type);
        self.registry
            .push_referrer(subject, media_type::BUNDLE_V03, &[layer]);
    }

    /// A policy whose authority is `release`, with this rest of its `spec`.
    pub(crate) fn policy(&self, rest: &Value) -> Value {
        let key = json!({ "pem": self.release.public_key_pem() });
        policy(&json!([{ "name": "release", "key": key }]), rest)
    }

    pub(crate) fn name(&self, reference: &str) -> String {
        format!("{}/{reference}", self.registry.host())
    }

    /// `shop/api` at this digest.
    pub(crate) fn pinned(&self, digest: &Digest) -> String {
        self.name(&format!("shop/api@{digest}"))
    }

    pub(crate) fn reviewer(&self, documents: &[Value]) -> Reviewer<Client> {
        self.reviewer_by(load(documents), Settings::default())
    }

    pub(crate) fn reviewer_by(&self, policies: PolicySet, by: Settings) -> Reviewer<Client> {
        Reviewer::new(self.client().into(), Arc::new(policies), by).unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        let mut settings = ClientSettings {
            retries: 0,
            ..ClientSettings::default()
        };
        settings.plain_http.insert(self.registry.host().to_owned());
        Client::new(settings).unwrap()
    }

    /// Reviews a pod of this image by these documents, with a client that has seen nothing.
    pub(crate) async fn review(&self, documents: &[Value], image: &str) -> Review {
        review(&self.reviewer(documents), image).await
    }
}

pub(crate) fn load(documents: &[Value]) -> PolicySet {
    // JSON is YAML, and easier to vary.
    let files: Vec<_> = documents
        .iter()
        .map(|document| SourceFile {
            path: "policy.yaml".to_owned(),
            text: document.to_string(),
        })
        .collect();
    PolicySet::load(&files, &TrustRoots::default()).unwrap_or_else(|errors| panic!("{errors}"))
}

pub(crate) async fn review(reviewer: &Reviewer<Client>, image: &str) -> Review {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "api", "namespace": "shop" },
        "spec": { "containers": [{ "name": "api", "image": image }] },
    });
    let workload = Workload::from_json(pod.to_string().as_bytes())
        .unwrap()
        .unwrap();
    let request = Request {
        namespace: Namespace {
            name: Some("shop".to_owned()),
            labels: None,
        },
        ..Request::default()
    };
    let deadline = Instant::now() + Duration::from_secs(20);
    reviewer
        .review(&workload, &request, NOW.parse().unwrap(), deadline)
        .await
}

pub(crate) fn policy(authorities: &Value, rest: &Value) -> Value {
    let mut spec = json!({ "images": { "include": ["**"] }, "authorities": authorities });
    for (key, value) in rest.as_object().unwrap() {
        spec[key] = value.clone();
    }
    json!({
        "apiVersion": "countersign.dev/v1alpha1", "kind": "ClusterImagePolicy",
        "metadata": { "name": "production" }, "spec": spec,
    })
}

pub(crate) fn statement(subject: &Digest, kind: &str, predicate: &Value) -> String {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": "image", "digest": { "sha256": subject.hex() } }],
        "predicateType": kind, "predicate": predicate,
    })
    .to_string()
}

/// The codes of the image, or `admitted`.
pub(crate) fn answer(review: &Review) -> String {
    let mut codes = review.images[0].codes();
    codes.retain(|code| code != "unpinned");
    assert_eq!(
        codes.is_empty(),
        review.outcome().as_str() == "admit",
        "{}",
        review.message()
    );
    if codes.is_empty() {
        "admitted".to_owned()
    } else {
        codes.join(", ")
    }
}

pub(crate) const NOW: &str = "2026-11-20T08:00:00Z";
