//! Builders that are known to every policy, on what they really signed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_evidence::Evidence;
use countersign_image::{Attachment, Digest, Document, Form, Origin, PinnedReference};
use countersign_policy::{Input, InputParts, RequestContext, Verdict, WorkloadContext};
use jiff::Timestamp;
use serde_json::Value;

use crate::support::{MANIFEST, codes, file, load};

/// A bundle of the fixtures, attached to an image that has the digest of its subject.
struct Signed {
    image: PinnedReference,
    attachment: Attachment,
}

fn signed(name: &str) -> Signed {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/bundles");
    let bytes = fs::read(folder.join(format!("{name}.sigstore.json"))).unwrap();
    let bundle: Value = serde_json::from_slice(&bytes).unwrap();
    let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    let statement: Value = serde_json::from_slice(&STANDARD.decode(payload).unwrap()).unwrap();
    let hex = statement["subject"][0]["digest"]["sha256"]
        .as_str()
        .unwrap();
    Signed {
        image: PinnedReference::new(
            "registry.example.com/shop/api".parse().unwrap(),
            format!("sha256:{hex}").parse().unwrap(),
        ),
        attachment: Attachment {
            form: Form::Bundle,
            origin: Origin::Referrer,
            manifest: Digest::of(&bytes),
            layer: None,
            artifact_type: None,
            annotations: BTreeMap::from([(
                "dev.sigstore.bundle.predicateType".to_owned(),
                statement["predicateType"].as_str().unwrap().to_owned(),
            )]),
            bytes: Some(bytes.into()),
        },
    }
}

impl Signed {
    /// The verdict of a policy whose one authority is keyless for this subject.
    fn judge(&self, subject: &str, rest: &str) -> Verdict {
        let set = load(file(&format!(
            r#"apiVersion: countersign.dev/v1alpha1
kind: ClusterImagePolicy
metadata: {{name: production}}
spec:
  images: {{include: ["**"]}}
  authorities:
    - name: ci
      keyless:
        trustRoot: public-good
        identities:
          - {{issuer: "https://token.actions.githubusercontent.com", subjectPattern: '{subject}'}}
{rest}"#
        )));
        let policy = &set.policies()[0];
        let attachments = std::slice::from_ref(&self.attachment);
        let evidence: Evidence = policy
            .verifier()
            .verify(&self.image, None, attachments, NOW);
        policy.evaluate(&Input::new(InputParts {
            reference: &"registry.example.com/shop/api:1".parse().unwrap(),
            resolved: &self.image,
            content: &Document::parse(MANIFEST.as_bytes(), None).unwrap(),
            evidence: &evidence,
            workload: &WorkloadContext::default(),
            request: &RequestContext::default(),
            now: NOW,
        }))
    }

    fn level(&self, subject: &str, builders: &str) -> u8 {
        let reaches = |level: &u8| {
            let rest = format!(
                "{builders}  rules:\n    - {{rule: provenance/slsa_level, params: {{minimum: {level}}}}}\n"
            );
            let verdict = self.judge(subject, &rest);
            let found = codes(&verdict);
            assert!(
                found.is_empty() || found == [("provenance/slsa_level", "level_too_low")],
                "{verdict:?}"
            );
            found.is_empty()
        };
        (1..=3).rev().find(reaches).unwrap_or(0)
    }
}

#[test]
fn a_release_of_a_generator_reaches_level_3() {
    let subject = r"https://github\.com/slsa-framework/slsa-github-generator/\.github/workflows/.*";
    assert_eq!(signed("gha_generic-v2.1.0-push-v14").level(subject, ""), 3);
}

#[test]
fn a_workflow_that_attests_for_itself_reaches_level_2_and_more_only_if_the_policy_says_so() {
    let subject = r"https://github\.com/loosebazooka/aa-test/.*";
    let attested = signed("java-dsse-gha-slsa1");
    assert_eq!(attested.level(subject, ""), 2);
    let id =
        "https://github.com/loosebazooka/aa-test/.github/workflows/provenance.yaml@refs/heads/main";
    let listed = |level: u8| {
        format!("  builders: [{{id: \"{id}\", authorities: [ci], maxLevel: {level}}}]\n")
    };
    assert_eq!(attested.level(subject, &listed(3)), 3);
    assert_eq!(
        attested.level(subject, &listed(1)),
        1,
        "the policy's word counts, not ours"
    );
}

#[test]
fn a_workflow_names_itself_as_the_builder() {
    let subject = r"https://github\.com/loosebazooka/aa-test/.*";
    let rest = |id: &str| {
        format!("  rules:\n    - {{rule: provenance/builder_id, params: {{allow: [\"{id}\"]}}}}\n")
    };
    let id =
        "https://github.com/loosebazooka/aa-test/.github/workflows/provenance.yaml@refs/heads/main";
    let attested = signed("java-dsse-gha-slsa1");
    assert_eq!(codes(&attested.judge(subject, &rest(id))), []);
    let other = id.replace("main", "other");
    assert_eq!(
        codes(&attested.judge(subject, &rest(&other))),
        [("provenance/builder_id", "builder_not_allowed")]
    );
}

#[test]
fn another_identity_than_the_policys_proves_nothing() {
    let verdict = signed("gha_generic-v2.1.0-push-v14").judge(
        r"https://github\.com/acme/.*",
        "  rules:\n    - {rule: provenance/slsa_level, params: {minimum: 1}}\n",
    );
    assert_eq!(
        codes(&verdict),
        [("provenance/slsa_level", "no_provenance")]
    );
    let nearest = verdict.violations[0].details["nearest"][0]
        .as_str()
        .unwrap();
    assert!(nearest.contains("slsa-github-generator"), "{nearest}");
}

/// 2026-11-20T08:00:00Z.
const NOW: Timestamp = Timestamp::constant(1_795_161_600, 0);
