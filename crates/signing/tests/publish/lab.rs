//! A registry with one image, and somebody who signs it.

use countersign_evidence::{Authority, Evidence, Signers, Transparency, Verifier};
use countersign_image::{ImageSource, Needs, Repository, Resolved};
use countersign_registry::{Client, Settings};
use countersign_signing::{
    Annotations, Claim, Predicate, PrivateKey, Published, Publisher, SigningError, Storage, Target,
};
use countersign_testkit::{Builder, Pushed, TestRegistry};
use serde_json::Value;

pub(crate) const NOW: &str = "2026-11-20T08:00:00Z";

/// A registry with one image, a key, and where its signatures go.
pub(crate) struct Lab {
    pub(crate) registry: TestRegistry,
    pub(crate) image: Pushed,
    key: PrivateKey,
    pub(crate) storage: Repository,
}

impl Lab {
    pub(crate) async fn new(builder: Builder) -> Self {
        let registry = builder.start().await;
        let image = registry.push_image("shop/api", "1", "content");
        Self {
            storage: registry.repository("shop/api"),
            image,
            key: PrivateKey::generate().unwrap(),
            registry,
        }
    }

    pub(crate) async fn sign(
        &self,
        storage: Storage,
        annotations: &[(&str, &str)],
    ) -> Result<Published, SigningError> {
        let pairs = annotations
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        self.publish(&Claim::Signature(pairs.collect::<Annotations>()), storage)
            .await
    }

    pub(crate) async fn attest(
        &self,
        kind: &str,
        text: &str,
        storage: Storage,
    ) -> Result<Published, SigningError> {
        let predicate =
            Predicate::new(kind.parse().unwrap(), text.as_bytes(), NOW.parse().unwrap()).unwrap();
        self.publish(&Claim::Attestation(predicate), storage).await
    }

    pub(crate) async fn publish(
        &self,
        claim: &Claim,
        storage: Storage,
    ) -> Result<Published, SigningError> {
        let client = self.client();
        let target = Target {
            image: self.image.image.clone(),
            descriptor: serde_json::from_value(self.image.descriptor()).unwrap(),
            repository: self.storage.clone(),
        };
        Publisher::new(&client, &self.key)
            .unwrap()
            .publish(&target, claim, storage, NOW.parse().unwrap())
            .await
    }

    /// What a verifier sees that has never met the signer.
    pub(crate) async fn evidence(&self) -> Evidence {
        let needs = Needs {
            signatures: true,
            attestations: true,
            unsigned_sboms: false,
            config: false,
            repositories: vec![self.storage.clone()],
        };
        let resolved = Resolved {
            image: self.image.image.clone(),
            content: None,
        };
        let collected = self.client().collect(&resolved, &needs).await.unwrap();
        let keys = vec![self.key.public_key().clone()];
        let authority = Authority {
            name: "release".to_owned(),
            signers: Signers::Keys(keys),
            trust_root: None,
            transparency: Transparency::NONE,
        };
        Verifier::new(vec![authority]).unwrap().verify(
            &self.image.image,
            Some(&collected.content),
            &collected.attachments,
            NOW.parse().unwrap(),
        )
    }

    fn client(&self) -> Client {
        let mut settings = Settings {
            retries: 0,
            ..Settings::default()
        };
        settings.plain_http.insert(self.registry.host().to_owned());
        Client::new(settings).unwrap()
    }

    pub(crate) fn manifest(&self, digest: &str) -> Value {
        serde_json::from_slice(&self.registry.manifest("shop/api", digest).unwrap()).unwrap()
    }
}
