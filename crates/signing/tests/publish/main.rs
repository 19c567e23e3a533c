//! What is signed can be found and verified, on every kind of registry; what cannot be published says why.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up must stop")]

mod lab;

use countersign_evidence::Format;
use countersign_image::{limits, media_type};
use countersign_signing::{SigningError, Storage};
use countersign_testkit::{Fault, Layer, TestRegistry};
use serde_json::{Value, json};

use crate::lab::{Lab, NOW};

const SBOM: &str = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "name": "a"}]}"#;

#[tokio::test]
async fn a_bundle_is_listed_by_the_referrers_api_and_verifies() {
    let lab = Lab::new(TestRegistry::builder()).await;
    let published = lab.sign(Storage::Bundle, &[("env", "prod")]).await.unwrap();
    lab.attest("cyclonedx", SBOM, Storage::Bundle)
        .await
        .unwrap();

    assert_eq!(published.tag, None);
    assert_eq!(lab.registry.tags("shop/api"), ["1"]);
    let evidence = lab.evidence().await;
    assert_eq!(evidence.rejected, []);
    assert_eq!(evidence.signatures.len(), 1);
    assert_eq!(evidence.signatures[0].value().annotations["env"], "prod");
    assert_eq!(evidence.signatures[0].format(), Format::Bundle);
    assert_eq!(evidence.signatures[0].manifest(), &published.manifest);
    assert_eq!(
        evidence.statements[0].value().predicate_type,
        "https://cyclonedx.org/bom"
    );
}

#[tokio::test]
async fn without_the_referrers_api_every_bundle_is_in_the_fallback_index() {
    let lab = Lab::new(TestRegistry::builder().without_referrers()).await;
    let published = lab.sign(Storage::Bundle, &[]).await.unwrap();
    lab.attest("cyclonedx", SBOM, Storage::Bundle)
        .await
        .unwrap();

    assert_eq!(published.tag, Some(lab.image.digest().tag_stem()));
    let evidence = lab.evidence().await;
    assert_eq!(
        (
            evidence.signatures.len(),
            evidence.statements.len(),
            evidence.rejected.len()
        ),
        (1, 1, 0)
    );
}

#[tokio::test]
async fn the_older_form_lies_behind_its_tags() {
    let lab = Lab::new(TestRegistry::builder().without_referrers()).await;
    let signed = lab.sign(Storage::Legacy, &[("env", "prod")]).await.unwrap();
    let attested = lab
        .attest("cyclonedx", SBOM, Storage::Legacy)
        .await
        .unwrap();

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
    let theirs = Layer::new(media_type::SIMPLE_SIGNING, "{}")
        .annotated("dev.cosignproject.cosign/signature", "AA==");
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
    for (builder, storage) in [
        (TestRegistry::builder(), Storage::Legacy),
        (TestRegistry::builder().without_referrers(), Storage::Bundle),
    ] {
        let lab = Lab::new(builder).await;
        lab.registry.fault(
            Fault::on("PUT /v2/*/manifests/sha256-*")
                .times(2)
                .status(201),
        );
        lab.sign(storage, &[]).await.unwrap();
        assert_eq!(lab.evidence().await.signatures.len(), 1);
    }
}

#[tokio::test]
async fn a_tag_that_never_keeps_what_is_written_is_an_error() {
    let lab = Lab::new(TestRegistry::builder()).await;
    lab.registry
        .fault(Fault::on("PUT /v2/*/manifests/sha256-*").status(201));
    assert_eq!(
        lab.sign(Storage::Legacy, &[]).await.unwrap_err().code(),
        "tag_overwritten"
    );
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
    for (status, code) in [
        (401, "unauthorized"),
        (403, "forbidden"),
        (429, "rate_limited"),
        (503, "registry_error"),
    ] {
        let lab = Lab::new(TestRegistry::builder()).await;
        lab.registry
            .fault(Fault::on("PUT /v2/*/manifests/*").status(status));
        assert_eq!(
            lab.sign(Storage::Bundle, &[]).await.unwrap_err().code(),
            code,
            "{status}"
        );
    }
}

#[tokio::test]
async fn one_more_than_a_verifier_reads_is_refused() {
    let lab = Lab::new(TestRegistry::builder()).await;
    let layers: Vec<_> = (0..limits::SIGNATURE_LAYERS)
        .map(|n| Layer::new(media_type::SIMPLE_SIGNING, n.to_string()))
        .collect();
    lab.registry.push_attached_tag(&lab.image, "sig", &layers);
    assert_eq!(
        lab.sign(Storage::Legacy, &[]).await.unwrap_err().code(),
        "too_many"
    );

    for layer in &layers {
        lab.registry
            .push_referrer(&lab.image, "example/thing", std::slice::from_ref(layer));
    }
    assert_eq!(
        lab.sign(Storage::Bundle, &[]).await.unwrap_err().code(),
        "too_many"
    );
    assert_eq!(lab.registry.log().count("PUT *manifests*"), 0);
}

#[tokio::test]
async fn a_registry_that_lists_or_keeps_something_else_is_an_error() {
    let lab = Lab::new(TestRegistry::builder()).await;
    let empty = json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": []})
        .to_string();
    lab.registry
        .fault(Fault::on("GET /v2/*/referrers/*").answer(
            200,
            &[("content-type", media_type::OCI_INDEX)],
            empty,
        ));
    assert_eq!(
        lab.sign(Storage::Bundle, &[]).await.unwrap_err().code(),
        "not_listed"
    );

    lab.registry.clear_faults();
    lab.registry
        .fault(Fault::on("GET /v2/*/blobs/*").truncate(10));
    let error = lab.sign(Storage::Bundle, &[]).await.unwrap_err();
    assert!(matches!(error, SigningError::Registry(_)), "{error:?}");
}

#[tokio::test]
async fn a_tag_that_holds_something_of_another_kind_is_left_alone() {
    let lab = Lab::new(TestRegistry::builder()).await;
    let index = lab
        .registry
        .push_index("shop/api", "index", &["linux/amd64"], "x");
    let tag = format!("{}.sig", lab.image.digest().tag_stem());
    lab.registry.move_tag("shop/api", &tag, index.digest());
    assert_eq!(
        lab.sign(Storage::Legacy, &[]).await.unwrap_err().code(),
        "tag_taken"
    );
    assert_eq!(
        lab.registry.tagged("shop/api", &tag).as_ref(),
        Some(index.digest())
    );
}

#[tokio::test]
async fn signatures_can_live_in_another_repository() {
    for builder in [TestRegistry::builder, || {
        TestRegistry::builder().without_referrers()
    }] {
        for storage in [Storage::Bundle, Storage::Legacy] {
            let mut lab = Lab::new(builder()).await;
            lab.storage = lab.registry.repository("shop/signatures");
            lab.sign(storage, &[]).await.unwrap();
            assert_eq!(lab.registry.tags("shop/api"), ["1"]);
            assert_eq!(lab.evidence().await.signatures.len(), 1);
        }
    }
}
