//! What is signed can be found and verified, on every kind of registry; what cannot be published says why.

use countersign_evidence::{Authority, Evidence, Format, Transparency, Verifier};
use countersign_image::{ImageSource, Needs, Resolved, limits, media_type};
use countersign_registry::{Client, Settings};
use countersign_signing::{
    Annotations, Claim, Predicate, PrivateKey, Published, Publisher, SigningError, Storage, Target,
};
use countersign_testkit::{Builder, Fault, Layer, Pushed, TestRegistry};
use serde_json::{Value, json};

const NOW: &str = "2026-11-20T08:00:00Z";
const SBOM: &str = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "name": "a"}]}"#;

#[tokio::test]
async fn a_bundle_is_listed_by_the_referrers_api_and_verifies() {
    let lab = Lab::new(TestRegistry::builder()).await;
    let published = lab.sign(Storage::Bundle, &[("env", "prod")]).await.unwrap();
    lab.attest("cyclonedx", SBOM, Storage::Bundle).await.unwrap();

    assert_eq!(published.tag, None);
    assert_eq!(lab.registry.tags("shop/api"), ["1"]);
    let evidence = lab.evidence().await;
    assert_eq!(evidence.rejected, []);
    assert_eq!(evidence.signatures.len(), 1);
    assert_eq!(evidence.signatures[0].value().annotations["env"], "prod");
    assert_eq!(evidence.signatures[0].format(), Format::Bundle);
    assert_eq!(evidence.signatures[0].manifest(), &published.manifest);
    assert_eq!(evidence.statements[0].value().predicate_type, "https://cyclonedx.org/bom");
}

#[tokio::test]
async fn without_the_referrers_api_every_bundle_is_in_the_fallback_index() {
    let lab = Lab::new(TestRegistry::builder().without_referrers()).await;
    let published = lab.sign(Storage::Bundle, &[]).await.unwrap();
    lab.attest("cyclonedx", SBOM, Storage::Bundle).await.unwrap();

    assert_eq!(published.tag, Some(lab.image.digest().tag_stem()));
    let evidence = lab.evidence().await;
    assert_eq!((evidence.signatures.len(), evidence.statements.len(), evidence.rejected.len()), (1, 1, 0));
}

#[tokio::test]
async fn the_older_form_lies_behind_its_tags() {
    let lab = Lab::new(TestRegistry::builder().without_referrers()).await;
    let signed = lab.sign(Storage::Legacy, &[("env", "prod")]).await.unwrap();
    let attested = lab.attest("cyclonedx", SBOM, Storage::Legacy).await.unwrap();

    let stem = lab.image.digest().tag_stem();
    assert_eq!(signed.tag, Some(format!("{stem}.sig")));
    assert_eq!(attested.tag, Some(format!("{stem}.att")));
    let evidence = lab.evidence().await;
    assert_eq!(evidence.rejected, []);
    assert_eq!(evidence.signatures[0].value().annotations["env"], "prod");
    assert_eq!(evidence.statements[0].format(), Format::CosignTag);
}

#[tokio::test]
async fn a_manifest_says_what_cosign_expects_of_it_and_nothing_that_changes_by_itself() {
    let lab = Lab::new(TestRegistry::builder()).await;
    let published = lab.sign(Storage::Bundle, &[]).await.unwrap();

    let manifest = lab.manifest(&published.manifest.to_string());
    let bundle = &manifest["layers"][0];
    assert_eq!(
        manifest,
        json!({
            "schemaVersion": 2,
            "mediaType": media_type::OCI_MANIFEST,
            "artifactType": media_type::BUNDLE_V03,
            "config": {
                "mediaType": media_type::OCI_EMPTY,
                "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
                "size": 2,
            },
            "layers": [{"mediaType": media_type::BUNDLE_V03, "digest": bundle["digest"], "size": bundle["size"]}],
            "subject": lab.image.descriptor(),
            "annotations": {
                "org.opencontainers.image.created": NOW,
                "dev.sigstore.bundle.content": "dsse-envelope",
                "dev.sigstore.bundle.predicateType": "https://sigstore.dev/cosign/sign/v1",
            },
        })
    );
}

#[tokio::test]
async fn signatures_of_others_behind_the_tag_are_kept() {
    let lab = Lab::new(TestRegistry::builder()).await;
    let theirs = Layer::new(media_type::SIMPLE_SIGNING, "{}").annotated("dev.cosignproject.cosign/signature", "AA==");
    let before = lab.registry.push_attached_tag(&lab.image, "sig", &[theirs]);
    let before: Value = serde_json::from_slice(&before.bytes).unwrap();

    let published = lab.sign(Storage::Legacy, &[]).await.unwrap();
    let layers = lab.manifest(&published.manifest.to_string())["layers"].clone();
    assert_eq!(layers.as_array().unwrap().len(), 2);
    assert_eq!(layers[0], before["layers"][0]);
}

#[tokio::test]
async fn signing_again_with_the_same_key_does_not_fill_the_tag() {
    let lab = Lab::new(TestRegistry::builder()).await;
    let first = lab.sign(Storage::Legacy, &[]).await.unwrap();
    let again = lab.sign(Storage::Legacy, &[]).await.unwrap();
    assert_eq!(first.manifest, again.manifest);

    lab.sign(Storage::Legacy, &[("env", "prod")]).await.unwrap();
    assert_eq!(lab.evidence().await.signatures.len(), 2);
}

#[tokio::test]
async fn a_write_that_another_writer_replaced_is_repeated() {
    for (builder, storage) in
        [(TestRegistry::builder(), Storage::Legacy), (TestRegistry::builder().without_referrers(), Storage::Bundle)]
    {
        let lab = Lab::new(builder).await;
        lab.registry.fault(Fault::on("PUT /v2/*/manifests/sha256-*").times(2).status(201));
        lab.sign(storage, &[]).await.unwrap();
        assert_eq!(lab.evidence().await.signatures.len(), 1);
    }
}

#[tokio::test]
async fn a_tag_that_never_keeps_what_is_written_is_an_error() {
    let lab = Lab::new(TestRegistry::builder()).await;
    lab.registry.fault(Fault::on("PUT /v2/*/manifests/sha256-*").status(201));
    assert_eq!(lab.sign(Storage::Legacy, &[]).await.unwrap_err().code(), "tag_overwritten");
}

#[tokio::test]
async fn a_registry_that_refuses_artifacts_is_told_apart_and_takes_the_older_form() {
    let lab = Lab::new(TestRegistry::builder().without_artifacts()).await;
    let error = lab.sign(Storage::Bundle, &[]).await.unwrap_err();
    assert_eq!(error.code(), "artifact_refused");
    assert!(error.hint().unwrap().contains("--format legacy"));
    assert_eq!(lab.evidence().await.signatures.len(), 0);

    lab.sign(Storage::Legacy, &[]).await.unwrap();
    assert_eq!(lab.evidence().await.signatures.len(), 1);
}

#[tokio::test]
async fn a_registry_that_is_down_or_closed_is_not_said_to_refuse_artifacts() {
    for (status, code) in [(401, "unauthorized"), (403, "forbidden"), (429, "rate_limited"), (503, "registry_error")] {
        let lab = Lab::new(TestRegistry::builder()).await;
        lab.registry.fault(Fault::on("PUT /v2/*/manifests/*").status(status));
        assert_eq!(lab.sign(Storage::Bundle, &[]).await.unwrap_err().code(), code, "{status}");
    }
}

#[tokio::test]
async fn what_is_not_of_its_type_is_refused_before_anything_is_pushed() {
    let lab = Lab::new(TestRegistry::builder()).await;
    for (kind, text, code) in [
        ("cyclonedx", r#"{"spdxVersion": "SPDX-2.3"}"#, "predicate_mismatch"),
        ("spdxjson", "[]", "sbom_malformed"),
        ("slsaprovenance1", "{}", "provenance_malformed"),
    ] {
        for storage in [Storage::Bundle, Storage::Legacy] {
            assert_eq!(lab.attest(kind, text, storage).await.unwrap_err().code(), code, "{kind}");
        }
    }
    assert_eq!(lab.registry.log().lines(), [] as [&str; 0]);
}

#[tokio::test]
async fn one_more_than_a_verifier_reads_is_refused() {
    let lab = Lab::new(TestRegistry::builder()).await;
    let layers: Vec<_> = (0..limits::SIGNATURE_LAYERS).map(|n| Layer::new(media_type::SIMPLE_SIGNING, n.to_string())).collect();
    lab.registry.push_attached_tag(&lab.image, "sig", &layers);
    assert_eq!(lab.sign(Storage::Legacy, &[]).await.unwrap_err().code(), "too_many");

    for layer in &layers {
        lab.registry.push_referrer(&lab.image, "example/thing", std::slice::from_ref(layer));
    }
    assert_eq!(lab.sign(Storage::Bundle, &[]).await.unwrap_err().code(), "too_many");
    assert_eq!(lab.registry.log().count("PUT *manifests*"), 0);
}

#[tokio::test]
async fn a_registry_that_lists_or_keeps_something_else_is_an_error() {
    let lab = Lab::new(TestRegistry::builder()).await;
    let empty = json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": []}).to_string();
    lab.registry.fault(
        Fault::on("GET /v2/*/referrers/*").answer(200, &[("content-type", media_type::OCI_INDEX)], empty),
    );
    assert_eq!(lab.sign(Storage::Bundle, &[]).await.unwrap_err().code(), "not_listed");

    lab.registry.clear_faults();
    lab.registry.fault(Fault::on("GET /v2/*/blobs/*").truncate(10));
    let error = lab.sign(Storage::Bundle, &[]).await.unwrap_err();
    assert!(matches!(error, SigningError::Registry(_)), "{error:?}");
}

#[tokio::test]
async fn a_tag_that_holds_something_of_another_kind_is_left_alone() {
    let lab = Lab::new(TestRegistry::builder()).await;
    let index = lab.registry.push_index("shop/api", "index", &["linux/amd64"], "x");
    let tag = format!("{}.sig", lab.image.digest().tag_stem());
    lab.registry.move_tag("shop/api", &tag, index.digest());
    assert_eq!(lab.sign(Storage::Legacy, &[]).await.unwrap_err().code(), "tag_taken");
    assert_eq!(lab.registry.tagged("shop/api", &tag).as_ref(), Some(index.digest()));
}

#[tokio::test]
async fn signatures_can_live_in_another_repository() {
    for builder in [TestRegistry::builder, || TestRegistry::builder().without_referrers()] {
        for storage in [Storage::Bundle, Storage::Legacy] {
            let mut lab = Lab::new(builder()).await;
            lab.storage = lab.registry.repository("shop/signatures");
            lab.sign(storage, &[]).await.unwrap();
            assert_eq!(lab.registry.tags("shop/api"), ["1"]);
            assert_eq!(lab.evidence().await.signatures.len(), 1);
        }
    }
}

/// A registry with one image, a key, and where its signatures go.
struct Lab {
    registry: TestRegistry,
    image: Pushed,
    key: PrivateKey,
    storage: countersign_image::Repository,
}

impl Lab {
    async fn new(builder: Builder) -> Self {
        let registry = builder.start().await;
        let image = registry.push_image("shop/api", "1", "content");
        Self { storage: registry.repository("shop/api"), image, key: PrivateKey::generate().unwrap(), registry }
    }

    async fn sign(&self, storage: Storage, annotations: &[(&str, &str)]) -> Result<Published, SigningError> {
        let pairs = annotations.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        self.publish(&Claim::Signature(pairs.collect::<Annotations>()), storage).await
    }

    async fn attest(&self, kind: &str, text: &str, storage: Storage) -> Result<Published, SigningError> {
        let predicate = Predicate::new(kind.parse().unwrap(), text.as_bytes(), NOW.parse().unwrap()).unwrap();
        self.publish(&Claim::Attestation(predicate), storage).await
    }

    async fn publish(&self, claim: &Claim, storage: Storage) -> Result<Published, SigningError> {
        let client = self.client();
        let target = Target {
            image: self.image.image.clone(),
            descriptor: serde_json::from_value(self.image.descriptor()).unwrap(),
            repository: self.storage.clone(),
        };
        Publisher::new(&client, &self.key).unwrap().publish(&target, claim, storage, NOW.parse().unwrap()).await
    }

    /// What a verifier sees that has never met the signer.
    async fn evidence(&self) -> Evidence {
        let needs = Needs {
            signatures: true,
            attestations: true,
            unsigned_sboms: false,
            repositories: vec![self.storage.clone()],
        };
        let resolved = Resolved { image: self.image.image.clone(), content: None };
        let collected = self.client().collect(&resolved, &needs).await.unwrap();
        let keys = vec![self.key.public_key().clone()];
        let authority = Authority { name: "release".to_owned(), keys, transparency: Transparency::None };
        Verifier::new(vec![authority]).unwrap().verify(&self.image.image, &collected.attachments)
    }

    fn client(&self) -> Client {
        let mut settings = Settings { retries: 0, ..Settings::default() };
        settings.plain_http.insert(self.registry.host().to_owned());
        Client::new(settings).unwrap()
    }

    fn manifest(&self, digest: &str) -> Value {
        serde_json::from_slice(&self.registry.manifest("shop/api", digest).unwrap()).unwrap()
    }
}
