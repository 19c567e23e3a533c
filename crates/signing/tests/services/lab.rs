//! A registry with one image, and a Sigstore that signatures are shown to.

use std::sync::Arc;

use countersign_evidence::{
    Authority, Evidence, IdentityMatcher, Pattern, Signers, Transparency, TrustRoot, Verifier,
};
use countersign_image::{ImageSource, Needs, Resolved};
use countersign_registry::{Client, Proxies, ServiceClient, Settings};
use countersign_signing::{
    Annotations, Claim, Endpoints, IdentityToken, PrivateKey, Published, Publisher, Services,
    SigningConfig, SigningError, Storage, Target, Witnesses,
};
use countersign_testkit::sigstore::{self, SIGNED_AT, Sigstore};
use countersign_testkit::{Pushed, TestRegistry};
use jiff::Timestamp;
use serde_json::Value;

pub(crate) const SUBJECT: &str =
    "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main";
pub(crate) const ISSUER: &str = "https://token.actions.githubusercontent.com";

pub(crate) struct Lab {
    pub(crate) registry: TestRegistry,
    pub(crate) image: Pushed,
    pub(crate) sigstore: Sigstore,
    pub(crate) services: sigstore::Services,
}

impl Lab {
    pub(crate) async fn new() -> Self {
        let registry = TestRegistry::start().await;
        let sigstore = Sigstore::new();
        Self {
            image: registry.push_image("shop/api", "1", "content"),
            services: sigstore.serve(clock).await,
            sigstore,
            registry,
        }
    }

    /// Signs as [`SUBJECT`], with a log of this major version.
    pub(crate) async fn sign(&self, log_version: u32) -> Result<Published, SigningError> {
        self.sign_under(&self.sigstore, log_version).await
    }

    /// The same, under the trust root of `trusted`.
    pub(crate) async fn sign_under(
        &self,
        trusted: &Sigstore,
        log_version: u32,
    ) -> Result<Published, SigningError> {
        let endpoints = self.config(log_version).for_identity(SIGNED_AT).unwrap();
        let witnesses = self.witnesses(trusted, endpoints);
        let token = self.services.token(SUBJECT, ISSUER);
        let token = IdentityToken::parse(&token, SIGNED_AT).unwrap();
        let client = Client::new(self.settings()).unwrap();
        let publisher = Publisher::keyless(&client, &token, &witnesses).await?;
        self.publish(&publisher).await
    }

    /// Signs with a key, and shows the signature to what `choose` leaves.
    pub(crate) async fn sign_with(
        &self,
        key: &PrivateKey,
        log_version: u32,
        choose: impl FnOnce(&mut Endpoints),
    ) -> Result<Published, SigningError> {
        let mut endpoints = self.config(log_version).for_key(SIGNED_AT).unwrap();
        choose(&mut endpoints);
        let witnesses = self.witnesses(&self.sigstore, endpoints);
        let client = Client::new(self.settings()).unwrap();
        let publisher = Publisher::witnessed(&client, key, &witnesses)?;
        self.publish(&publisher).await
    }

    async fn publish(&self, publisher: &Publisher<'_>) -> Result<Published, SigningError> {
        let target = Target {
            image: self.image.image.clone(),
            descriptor: serde_json::from_value(self.image.descriptor()).unwrap(),
            repository: self.registry.repository("shop/api"),
        };
        let claim = Claim::Signature(Annotations::new());
        publisher
            .publish(&target, &claim, Storage::Bundle, SIGNED_AT)
            .await
    }

    fn witnesses(&self, trusted: &Sigstore, endpoints: Endpoints) -> Witnesses {
        let client = ServiceClient::new(&self.settings()).unwrap();
        Witnesses {
            services: Services::new(client, endpoints),
            trust_root: root(trusted),
            ignore_logs: false,
        }
    }

    fn config(&self, log_version: u32) -> SigningConfig {
        let config = self.services.signing_config(log_version).to_string();
        SigningConfig::from_json(config.as_bytes()).unwrap()
    }

    fn settings(&self) -> Settings {
        Settings {
            plain_http: [self.registry.host().to_owned()].into(),
            proxies: Proxies::none(),
            retries: 0,
            ..Settings::default()
        }
    }

    /// What a verifier sees that has never met the signer.
    pub(crate) async fn evidence(&self, signers: Signers, transparency: Transparency) -> Evidence {
        let needs = Needs {
            signatures: true,
            attestations: true,
            unsigned_sboms: false,
            config: false,
            repositories: Vec::new(),
        };
        let resolved = Resolved {
            image: self.image.image.clone(),
            content: None,
        };
        let client = Client::new(self.settings()).unwrap();
        let collected = client.collect(&resolved, &needs).await.unwrap();
        let authority = Authority {
            name: "release".to_owned(),
            signers,
            trust_root: Some(root(&self.sigstore)),
            transparency,
        };
        Verifier::new(vec![authority]).unwrap().verify(
            &self.image.image,
            Some(&collected.content),
            &collected.attachments,
            SIGNED_AT,
        )
    }

    /// What was sent to the registry so far.
    pub(crate) fn pushed(&self) -> usize {
        self.registry.log().count("P* *")
    }

    /// How many signatures logs were shown so far.
    pub(crate) fn logged(&self) -> usize {
        self.services.log().count("POST /api/v*/log/entries")
    }

    /// The bundle that was pushed.
    pub(crate) async fn bundle(&self, published: &Published) -> Value {
        let manifest = published.manifest.to_string();
        let manifest = self.registry.manifest("shop/api", &manifest).unwrap();
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        let layer = serde_json::from_value(manifest["layers"][0].clone()).unwrap();
        let client = Client::new(self.settings()).unwrap();
        let repository = self.registry.repository("shop/api");
        serde_json::from_slice(&client.blob(&repository, &layer).await.unwrap()).unwrap()
    }
}

/// Exactly the identity that the tokens are for.
pub(crate) fn identity() -> Signers {
    Signers::Keyless(vec![IdentityMatcher {
        issuer: Some(Pattern::Exact(ISSUER.to_owned())),
        subject: Pattern::Exact(SUBJECT.to_owned()),
        claims: Default::default(),
    }])
}

fn root(sigstore: &Sigstore) -> Arc<TrustRoot> {
    let json = sigstore.trusted_root_json();
    Arc::new(TrustRoot::from_json("lab", json.as_bytes(), 1).unwrap())
}

fn clock() -> Timestamp {
    SIGNED_AT
}
