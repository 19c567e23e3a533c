//! Images that cosign and others signed, with the verdict and the reason for each.

use std::collections::BTreeMap;

use super::*;
use crate::evidence::Content;
use crate::testing::{authority, layout, public_key, skopeo_dir};

const SPDX: &str = "https://spdx.dev/Document";
const VULN: &str = "https://cosign.sigstore.dev/attestation/vuln/v1";

#[track_caller]
fn check(
    found: &(PinnedReference, Vec<Attachment>),
    key: &str,
    signatures: usize,
    statements: &[&str],
    rejected: &[&str],
) {
    let (image, attachments) = found;
    let evidence =
        verifier(&public_key(&format!("layouts/{key}"))).verify(image, None, attachments, NOW);
    let outcome = Outcome::from(&evidence);
    assert_eq!(
        (outcome.signatures, outcome.rejected.as_slice()),
        (signatures, rejected),
        "{evidence:#?}"
    );
    assert_eq!(outcome.statements, statements);
    let subjects = evidence.signatures.iter().map(Verified::subject);
    for subject in subjects.chain(evidence.statements.iter().map(Verified::subject)) {
        assert_eq!(subject, image.digest());
    }
}

#[test]
fn what_cosign_made_is_judged_as_its_case_says() {
    let all = [
        SPDX,
        "https://cyclonedx.org/bom",
        VULN,
        "https://slsa.dev/provenance/v1",
    ];
    for (case, signatures, statements, rejected) in [
        ("c2-sign-single", 1, &[][..], &[][..]),
        ("c2-sign-multiarch-recursive", 1, &[], &[]),
        ("c2-attest-4types", 0, &all, &[]),
        ("c3-sign-attest-single", 1, &[SPDX], &[]),
        // Its predicate is `{}`: a verified statement of the type, and no SBOM.
        (
            "statement-two-subjects-second-matches",
            0,
            &[SPDX],
            &["sbom_malformed"],
        ),
        ("unsigned", 0, &[], &[]),
        ("attack-wrong-key", 0, &[], &["key_mismatch"]),
        (
            "attack-sig-moved-to-other-image",
            0,
            &[],
            &["subject_mismatch"],
        ),
        ("attack-signature-not-base64", 0, &[], &["malformed"]),
        (
            "attack-statement-empty-subject",
            0,
            &[],
            &["subject_mismatch"],
        ),
        // Verifies, as what it is: no SPDX document stands in the evidence.
        ("attack-only-other-predicate-type", 0, &[VULN], &[]),
    ] {
        check(&layout(case), "alice.pub", signatures, statements, rejected);
    }
}

#[test]
fn nothing_of_alice_verifies_for_bob() {
    for (case, rejected) in [
        ("c2-sign-single", &["key_mismatch"][..]),
        ("c2-attest-4types", &["key_mismatch"; 4]),
        ("c3-sign-attest-single", &["key_mismatch"; 2]),
        ("statement-two-subjects-second-matches", &["key_mismatch"]),
    ] {
        check(&layout(case), "bob.pub", 0, &[], rejected);
    }
    check(&layout("attack-wrong-key"), "bob.pub", 1, &[], &[]);
}

#[test]
fn images_signed_by_other_projects_are_judged_as_their_cases_say() {
    let connaisseur = "connaisseur-multi-cosigned-alice";
    check(
        &layout(connaisseur),
        &format!("{connaisseur}/alice.pub"),
        1,
        &[],
        &[],
    );
    check(
        &layout(connaisseur),
        &format!("{connaisseur}/bob.pub"),
        0,
        &[],
        &["key_mismatch"],
    );
    check(
        &layout(connaisseur),
        &format!("{connaisseur}/charlie.pub"),
        0,
        &[],
        &["key_mismatch"],
    );

    let key = "containers-image-keys/cosign.pub";
    check(
        &skopeo_dir("containers-image-dir-img-cosign-valid"),
        key,
        1,
        &[],
        &[],
    );
    let other = "containers-image-keys/cosign2.pub";
    check(
        &skopeo_dir("containers-image-dir-img-cosign-key-rekor-valid"),
        other,
        1,
        &[],
        &[],
    );
    check(
        &skopeo_dir("containers-image-dir-img-cosign-key-rekor-valid"),
        key,
        0,
        &[],
        &["key_mismatch"],
    );
    check(
        &skopeo_dir("containers-image-dir-img-cosign-mixed"),
        key,
        1,
        &[],
        &["key_mismatch"],
    );
    check(
        &skopeo_dir("containers-image-dir-img-cosign-modified-manifest"),
        key,
        0,
        &[],
        &["subject_mismatch"],
    );
}

#[test]
fn annotations_of_the_signer_are_kept() {
    let (image, attachments) = layout("c2-sign-multiarch-recursive");
    let evidence =
        verifier(&public_key("layouts/alice.pub")).verify(&image, None, &attachments, NOW);
    let expected = [("env", "prod"), ("team", "payments")];
    let expected: BTreeMap<_, _> = expected
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    assert_eq!(evidence.signatures[0].value().annotations, expected);
}

#[test]
fn verified_things_say_who_vouches_and_how_they_were_stored() {
    let (image, attachments) = layout("c3-sign-attest-single");
    let alice = public_key("layouts/alice.pub");
    let verifier = Verifier::new(vec![
        authority("release", &[&public_key("layouts/bob.pub"), &alice]),
        authority("ci", &[&alice, &alice]),
        authority("other", &[&public_key("layouts/bob.pub")]),
    ]);
    let evidence = verifier.unwrap().verify(&image, None, &attachments, NOW);
    let signature = &evidence.signatures[0];
    assert_eq!(signature.authorities(), ["release", "ci"]);
    assert_eq!(signature.identity().subject(), alice.fingerprint());
    let identity = serde_json::to_value(signature.identity()).unwrap();
    assert_eq!(
        identity,
        serde_json::json!({"kind": "key", "subject": alice.fingerprint()})
    );
    assert_eq!(signature.format().as_str(), "bundle");
    assert!(
        attachments
            .iter()
            .any(|attachment| attachment.manifest == *signature.manifest())
    );
    assert!(
        matches!(&evidence.statements[0].value().content, Content::Sbom(sbom) if sbom.packages.len() == 3)
    );

    let (image, attachments) = layout("c2-sign-single");
    let evidence = super::verifier(&alice).verify(&image, None, &attachments, NOW);
    assert_eq!(evidence.signatures[0].format().as_str(), "cosign-tag");
}

#[test]
fn a_rejection_names_the_type_that_the_annotations_claim_and_the_key() {
    let (image, attachments) = layout("c3-sign-attest-single");
    let evidence = verifier(&public_key("layouts/bob.pub")).verify(&image, None, &attachments, NOW);
    let types: Vec<_> = evidence
        .rejected
        .iter()
        .map(|rejection| rejection.predicate_type.as_deref())
        .collect();
    assert!(
        types.contains(&Some("https://sigstore.dev/cosign/sign/v1")) && types.contains(&Some(SPDX)),
        "{types:?}"
    );
    let detail = "signed by another key (hint kvgxNHkKgkLLOzoyXk834ehofNcm1m1PukV5DzvfnyY=) than those of authority release";
    for rejection in &evidence.rejected {
        assert_eq!(
            (rejection.format.as_str(), rejection.detail.as_str()),
            ("bundle", detail)
        );
    }
}
