//! Real signed images through the real client and verifier: verdict and reason, case by case.
//!
//! Where each comes from stands in `fixtures/layouts/README.md`; `case.json` has what cosign answered.

mod keyless;

use std::collections::BTreeSet;
use std::fs;

use countersign_evidence::{Authority, Evidence, PublicKey, Signers, Transparency, Verifier};
use countersign_image::{ImageSource, Needs, SourceError};
use countersign_testkit::TestRegistry;
use serde_json::Value;

use crate::world::{World, fixtures};

/// What must be found with a key: predicate types and `signature` that verify, reasons of what does not.
struct Expected {
    case: &'static str,
    key: &'static str,
    verified: &'static [&'static str],
    rejected: &'static [&'static str],
}

const SPDX: &str = "https://spdx.dev/Document";

const CASES: &[Expected] = &[
    Expected {
        case: "unsigned",
        key: "alice.pub",
        verified: &[],
        rejected: &[],
    },
    Expected {
        case: "c2-sign-single",
        key: "alice.pub",
        verified: &["signature"],
        rejected: &[],
    },
    Expected {
        case: "c2-sign-single",
        key: "bob.pub",
        verified: &[],
        rejected: &["key_mismatch"],
    },
    // What BuildKit put into this signed index names no subject.
    Expected {
        case: "c2-sign-multiarch-recursive",
        key: "alice.pub",
        verified: &["signature"],
        rejected: &["subject_mismatch"],
    },
    Expected {
        case: "c2-attest-4types",
        key: "alice.pub",
        verified: &[
            SPDX,
            "https://cyclonedx.org/bom",
            "https://cosign.sigstore.dev/attestation/vuln/v1",
            "https://slsa.dev/provenance/v1",
        ],
        rejected: &[],
    },
    Expected {
        case: "c3-sign-attest-single",
        key: "alice.pub",
        verified: &["signature", SPDX],
        rejected: &[],
    },
    Expected {
        case: "c3-sign-attest-single",
        key: "bob.pub",
        verified: &[],
        rejected: &["key_mismatch"],
    },
    // Its predicate is `{}`: an attestation of that type, and no SBOM.
    Expected {
        case: "statement-two-subjects-second-matches",
        key: "alice.pub",
        verified: &[SPDX],
        rejected: &["sbom_malformed"],
    },
    // Signed well, of another type than what a policy would ask for: it is listed as what it is.
    Expected {
        case: "attack-only-other-predicate-type",
        key: "alice.pub",
        verified: &["https://cosign.sigstore.dev/attestation/vuln/v1"],
        rejected: &[],
    },
    Expected {
        case: "attack-sig-moved-to-other-image",
        key: "alice.pub",
        verified: &[],
        rejected: &["subject_mismatch"],
    },
    Expected {
        case: "attack-signature-not-base64",
        key: "alice.pub",
        verified: &[],
        rejected: &["malformed"],
    },
    Expected {
        case: "attack-statement-empty-subject",
        key: "alice.pub",
        verified: &[],
        rejected: &["subject_mismatch"],
    },
    Expected {
        case: "attack-wrong-key",
        key: "alice.pub",
        verified: &[],
        rejected: &["key_mismatch"],
    },
    Expected {
        case: "connaisseur-multi-cosigned-alice",
        key: "connaisseur-multi-cosigned-alice/alice.pub",
        verified: &["signature"],
        rejected: &[],
    },
    Expected {
        case: "connaisseur-multi-cosigned-alice",
        key: "connaisseur-multi-cosigned-alice/bob.pub",
        verified: &[],
        rejected: &["key_mismatch"],
    },
    Expected {
        case: "connaisseur-multi-cosigned-alice",
        key: "connaisseur-multi-cosigned-alice/charlie.pub",
        verified: &[],
        rejected: &["key_mismatch"],
    },
];

#[tokio::test]
async fn every_case_has_its_verdict_and_reason() {
    for referrers in [true, false] {
        for expected in CASES {
            let name = format!(
                "{} with {}, referrers {referrers}",
                expected.case, expected.key
            );
            let evidence = look(expected.case, expected.key, referrers)
                .await
                .unwrap_or_else(|error| panic!("{name}: {error}"));

            let mut verified: BTreeSet<&str> = evidence
                .statements
                .iter()
                .map(|statement| statement.value().predicate_type.as_str())
                .collect();
            if !evidence.signatures.is_empty() {
                verified.insert("signature");
            }
            let rejected: BTreeSet<_> = evidence
                .rejected
                .iter()
                .map(|rejection| rejection.reason.code())
                .collect();
            assert_eq!(
                verified,
                expected.verified.iter().copied().collect(),
                "{name}: verified"
            );
            assert_eq!(
                rejected,
                expected.rejected.iter().copied().collect(),
                "{name}: rejected"
            );
        }
    }
}

#[tokio::test]
async fn a_layer_that_claims_five_gigabytes_is_over_the_limit_and_not_unsigned() {
    let error = look("attack-layer-size-lie", "alice.pub", true)
        .await
        .unwrap_err();

    assert_eq!(error.code(), "too_large");
}

#[tokio::test]
async fn annotations_are_those_that_were_signed() {
    let evidence = look("c2-sign-multiarch-recursive", "alice.pub", true)
        .await
        .unwrap();

    let annotations = &evidence.signatures[0].value().annotations;
    assert_eq!(annotations["env"], "prod");
    assert_eq!(annotations["team"], "payments");
}

#[test]
fn the_tables_verdicts_are_those_of_the_corpus() {
    for expected in CASES.iter().filter(|expected| !expected.key.contains('/')) {
        let case = case(expected.case);
        if case["key"] != expected.key {
            continue;
        }
        let wanted = match case["check"].as_str().unwrap() {
            "signature" => vec!["signature"],
            "attestation" => case["type"].as_str().into_iter().collect(),
            _ => vec!["signature", SPDX],
        };
        let holds = wanted
            .iter()
            .all(|wanted| expected.verified.contains(wanted))
            && !expected.verified.is_empty();
        assert_eq!(holds, case["expect"] == "pass", "{}", expected.case);
    }
}

/// Loads the layout of a case into a registry and looks at its image as a policy with this key would.
async fn look(case_name: &str, key: &str, referrers: bool) -> Result<Evidence, SourceError> {
    let builder = TestRegistry::builder();
    let world = World::with(if referrers {
        builder
    } else {
        builder.without_referrers()
    })
    .await;
    let layouts = fixtures().join("layouts");
    world
        .registry
        .load_layout(&layouts.join(case_name), "case/image");
    let digest = case(case_name)["image_digest"].as_str().unwrap().to_owned();
    let reference = world.name(&format!("case/image@{digest}")).parse().unwrap();

    let client = world.client();
    let resolved = client.resolve(&reference).await?;
    let needs = Needs {
        signatures: true,
        attestations: true,
        unsigned_sboms: true,
        config: false,
        repositories: vec![],
    };
    let collected = client.collect(&resolved, &needs).await?;

    let pem = fs::read_to_string(layouts.join(key)).unwrap();
    let authority = Authority {
        name: "owner".to_owned(),
        signers: Signers::Keys(vec![PublicKey::from_pem(&pem).unwrap()]),
        trust_root: None,
        transparency: Transparency::NONE,
    };
    let verifier = Verifier::new(vec![authority]).unwrap();
    Ok(verifier.verify(
        &resolved.image,
        Some(&collected.content),
        &collected.attachments,
        crate::world::NOW.parse().unwrap(),
    ))
}

fn case(name: &str) -> Value {
    let path = fixtures().join("layouts").join(name).join("case.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}
