//! Published weaknesses that data alone does not show: how evidence is found, and what policies make of it; and real
//! bundles that others were fooled by.

use std::fs;

use countersign_evidence::{
    Artifact, Authority, IdentityMatcher, Pattern, Signers, Transparency, TrustRoot, Verifier,
};
use countersign_image::Digest;
use countersign_review::Outcome;
use countersign_signing::Storage;
use countersign_testkit::{Layer, TestRegistry};
use serde_json::Value;

use crate::world::{SBOM, World, codes, fixtures};

/// The reason for which a bundle of the corpus is refused under any identity of the public Sigstore.
fn refused(name: &str, digest: &str) -> &'static str {
    let any = IdentityMatcher {
        issuer: Some(Pattern::matching(".+").unwrap()),
        subject: Pattern::matching(".+").unwrap(),
        claims: [].into(),
    };
    let authority = Authority {
        name: "anybody".to_owned(),
        signers: Signers::Keyless(vec![any]),
        trust_root: Some(TrustRoot::built_in("public-good").unwrap()),
        transparency: Transparency::LOG,
    };
    let verifier = Verifier::new(vec![authority]).unwrap();
    let bundle = fs::read(fixtures().join("bundles").join(name)).unwrap();
    let digest: Digest = digest.parse().unwrap();
    let now = "2026-11-20T08:00:00Z".parse().unwrap();
    let verdict = verifier.verify_bundle(&bundle, &Artifact::Digest(&digest), now);
    verdict
        .err()
        .map_or("verified", |rejection| rejection.reason.code())
}

/// The digest that the corpus asks about.
fn digest_of(case: &str) -> String {
    let cases = fs::read_to_string(fixtures().join("bundles/cases.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&cases).unwrap();
    let case = cases.iter().find(|row| row["case"] == case).unwrap();
    let text = |name: &str| case[name].as_str().unwrap().to_owned();
    format!("{}:{}", text("digest_alg"), text("digest"))
}

#[track_caller]
fn real(case: &str, verdict: &str) {
    let found = refused(&format!("{case}.sigstore.json"), &digest_of(case));
    assert_eq!(found, verdict, "{case}");
}

#[test]
fn cve_2026_22703_a_real_entry_of_the_same_run_is_refused() {
    real("carabiner-snappy-mfa", "verified");
    real("alt-tlog-spliced", "log_entry_mismatch");
}

#[test]
fn cve_2024_53267_a_real_entry_of_another_signature_is_refused() {
    real("java-dsse-gha-slsa1", "verified");
    real("java-dsse-mismatched-signature", "log_entry_mismatch");
}

#[test]
fn cve_2024_54140_a_real_checkpoint_with_a_broken_signature_is_refused() {
    real("java-v1", "verified");
    real("java-bad-checkpoint-sig", "log_checkpoint_invalid");
}

#[test]
fn ghsa_r2xv_vpr2_42m9_a_real_attestation_with_an_altered_signature_is_refused() {
    real("npm-gundam-visor-cli-v1-tag", "verified");
    real(
        "npm-gundam-visor-cli-v1-tag-invalidsigprov",
        "signature_invalid",
    );
}

#[tokio::test]
async fn cve_2022_35929_and_35930_a_statement_of_another_type_satisfies_no_rule() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    let other = "https://acme.example/tested/v1";
    world.sign(&image, &world.release, Storage::Bundle).await;
    world
        .attest(&image, &world.release, other, "{}", Storage::Legacy)
        .await;

    let review = world.review(&[&world.name("shop/api:1.0")]).await;

    assert_eq!(review.outcome(), Outcome::Deny);
    let codes = codes(&review);
    let rules: Vec<_> = codes
        .iter()
        .filter_map(|code| code.split(':').next())
        .collect();
    assert_eq!(
        rules,
        [
            "provenance/builder_id",
            "provenance/slsa_level",
            "sbom/required"
        ]
    );

    world.release(&image, Storage::Legacy).await;
    let review = world.review(&[&world.name("shop/api:1.0")]).await;
    assert_eq!(review.outcome(), Outcome::Admit, "{}", review.message());
}

#[tokio::test]
async fn ghsa_w6c6_c85g_mmv6_an_attestation_is_not_a_signature() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    world
        .attest(&image, &world.release, "spdxjson", SBOM, Storage::Bundle)
        .await;

    let review = world.review(&[&world.name("shop/api:1.0")]).await;

    assert!(
        codes(&review)
            .iter()
            .any(|code| code.starts_with("signature/signed:"))
    );
}

#[tokio::test]
async fn cve_2024_29902_a_layer_that_claims_gigabytes_is_over_the_limit_and_not_unsigned() {
    let world = World::new().await;
    let layout = fixtures().join("layouts/attack-layer-size-lie");
    world.registry.load_layout(&layout, "shop/api");
    let case: Value = serde_json::from_slice(&fs::read(layout.join("case.json")).unwrap()).unwrap();
    let image = format!("shop/api@{}", case["image_digest"].as_str().unwrap());

    let review = world.review(&[&world.name(&image)]).await;

    assert_eq!(review.outcome(), Outcome::CouldNotLook);
    assert_eq!(review.code(), "too_large");
}

#[tokio::test]
async fn cve_2023_46737_attestations_without_end_are_over_the_limit_and_not_unsigned() {
    for suffix in ["sig", "att"] {
        let world = World::new().await;
        let image = world.registry.push_image("shop/api", "1.0", "one");
        world.release(&image, Storage::Legacy).await;
        let admitted = world.review(&[&world.name("shop/api:1.0")]).await;
        assert_eq!(admitted.outcome(), Outcome::Admit, "{}", admitted.message());
        let layers: Vec<_> = (0..2000)
            .map(|number| Layer::new("application/vnd.dsse.envelope.v1+json", number.to_string()))
            .collect();
        world.registry.push_attached_tag(&image, suffix, &layers);

        let review = world.review(&[&world.name("shop/api:1.0")]).await;

        assert_eq!(review.outcome(), Outcome::CouldNotLook, "{suffix}");
        assert_eq!(review.code(), "too_many", "{suffix}");
    }
}

#[tokio::test]
async fn cosign_4641_a_fallback_index_that_lies_about_types_hides_nothing() {
    let world = World::with(TestRegistry::builder().without_referrers()).await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    world.release(&image, Storage::Bundle).await;
    let tag = image.digest().tag_stem();
    let index = world.registry.manifest("shop/api", &tag).unwrap();
    let mut index: Value = serde_json::from_slice(&index).unwrap();
    for entry in index["manifests"].as_array_mut().unwrap() {
        entry["artifactType"] = "application/vnd.oci.empty.v1+json".into();
    }
    let media_type = "application/vnd.oci.image.index.v1+json";
    let lying = world
        .registry
        .push_manifest("shop/api", media_type, index.to_string());
    world.registry.move_tag("shop/api", &tag, lying.digest());

    let review = world.review(&[&world.name("shop/api:1.0")]).await;

    assert_eq!(review.outcome(), Outcome::Admit, "{}", review.message());
}

#[tokio::test]
async fn aicr_2213_a_signature_of_the_index_is_none_of_a_child_and_the_reverse() {
    let world = World::new().await;
    let platforms = ["linux/amd64", "linux/arm64"];
    let index = world
        .registry
        .push_index("shop/api", "1.0", &platforms, "one");
    let listed: Value = serde_json::from_slice(&index.bytes).unwrap();
    let child = listed["manifests"][0]["digest"]
        .as_str()
        .unwrap()
        .to_owned();
    let (whole, part) = (
        world.name("shop/api:1.0"),
        world.name(&format!("shop/api@{child}")),
    );

    world.release(&index, Storage::Bundle).await;
    let review = world.review(&[&whole]).await;
    assert_eq!(review.outcome(), Outcome::Admit, "{}", review.message());
    let review = world.review(&[&part]).await;
    assert_eq!(
        review.outcome(),
        Outcome::Deny,
        "the child is pinned, and only its index is signed"
    );

    let world = World::new().await;
    let index = world
        .registry
        .push_index("shop/api", "1.0", &platforms, "one");
    let bytes = world.registry.manifest("shop/api", &child).unwrap();
    let child = world
        .registry
        .push_manifest("shop/api", &listed_type(&index.bytes), bytes);
    world.release(&child, Storage::Bundle).await;
    let review = world.review(&[&world.name("shop/api:1.0")]).await;
    assert_eq!(
        review.outcome(),
        Outcome::Deny,
        "one child is signed, and the index has two"
    );
}

fn listed_type(index: &[u8]) -> String {
    let index: Value = serde_json::from_slice(index).unwrap();
    index["manifests"][0]["mediaType"]
        .as_str()
        .unwrap()
        .to_owned()
}
