//! Builders that are known to every policy, on what they really signed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_evidence::Evidence;
use countersign_image::{Attachment, Digest, Document, Form, Origin, PinnedReference};
use countersign_policy::{
    Gathered, Input, InputParts, PolicySet, RequestContext, TrustRootFacts, TrustRoots, Verdict,
    WorkloadContext,
};
use jiff::Timestamp;
use serde_json::Value;

use crate::support::{Image, MANIFEST, Signer, codes, file, load, policy};
use crate::trust_roots::{document, public_good};

/// A bundle of the fixtures, attached to an image that has the digest of its subject.
pub(crate) struct Signed {
    image: PinnedReference,
    attachment: Attachment,
}

pub(crate) fn signed(name: &str) -> Signed {
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
    pub(crate) fn judge(&self, subject: &str, rest: &str) -> Verdict {
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
            gathered: Some(Gathered {
                resolved: &self.image,
                content: &Document::parse(MANIFEST.as_bytes(), None).unwrap(),
                configs: None,
                evidence: &evidence,
            }),
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

/// The highest level that any shipped entry has for this id by a certificate, by the table that policies are given.
fn shipped_level(id: &str) -> u64 {
    level_where("b.issuer", id)
}

/// The same for builders whose keys only a policy can name.
fn level_by_key(id: &str) -> u64 {
    level_where("not b.issuer; startswith(b.source, \"https://\")", id)
}

fn level_where(condition: &str, id: &str) -> u64 {
    let rego = format!(
        "  rules:\n    - rego: |\n        package a\n        deny contains {{\"code\": \"x\", \"msg\": sprintf(\"%d\", [max(array.concat([0], levels))])}}\n        \
         levels := [b.maxLevel | some b in data.builders; startswith({0}, b.idPrefix); contains({0}, object.get(b, \"idContains\", \"\")); regex.match(b.idPattern, {0}); {condition}]\n",
        serde_json::to_string(id).unwrap()
    );
    let signer = Signer::new();
    let verdict = Image::new().judge(&load(policy(&[("ci", &signer)], &rego)));
    assert_eq!(codes(&verdict), [("inline/a", "x")], "{verdict:?}");
    verdict.violations[0].message.parse().unwrap()
}

#[test]
fn only_full_releases_of_the_generators_are_known() {
    let repository = "https://github.com/slsa-framework/slsa-github-generator";
    for workflow in [
        "generator_container_slsa3.yml",
        "generator_generic_slsa3.yml",
        "builder_go_slsa3.yml",
        "builder_container-based_slsa3.yml",
    ] {
        let at = |reference: &str| format!("{repository}/.github/workflows/{workflow}@{reference}");
        assert_eq!(shipped_level(&at("refs/tags/v2.1.0")), 3);
        for other in [
            "refs/heads/main",
            "refs/tags/v2",
            "refs/tags/v2.1",
            "refs/tags/v2.1.0-rc.1",
            "refs/tags/v1.0.0-evil",
            "refs/tags/v2.1.0+x",
            "refs/tags/v2.1.0\n",
            "refs/tags/v2.1.0\nrefs/tags/v2.1.0",
            "refs/tags/V2.1.0",
            "refs/heads/refs/tags/v2.1.0",
            "1f6f0a3d0bd3b3d8f4ab0fbfa9a1a9ea3d2bd9b2",
        ] {
            assert!(shipped_level(&at(other)) < 3, "{other:?}");
        }
    }
    for other in [
        format!("{repository}.evil/.github/workflows/generator_container_slsa3.yml@refs/tags/v1.0.0"),
        format!("x{repository}/.github/workflows/generator_container_slsa3.yml@refs/tags/v1.0.0"),
        format!("{repository}/.github/workflows/generator_container_slsa3xyml@refs/tags/v1.0.0"),
        format!("{repository}/.github/workflows/generator_container_slsa3.yml.evil@refs/tags/v1.0.0"),
        format!("{repository}/.github/workflows/delegator_generic_slsa3.yml@refs/tags/v1.0.0"),
        "https://github.com/evil/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v1.0.0".to_owned(),
        "https://githubxcom/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v1.0.0".to_owned(),
    ] {
        assert!(shipped_level(&other) < 3, "{other:?}");
    }
}

#[test]
fn workflows_of_github_are_known_by_their_form_and_nothing_else_is() {
    let workflow = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main";
    assert_eq!(shipped_level(workflow), 2);
    let reusable = "https://github.com/acme/ci/.github/workflows/build.yaml@0123456789012345678901234567890123456789";
    assert_eq!(shipped_level(reusable), 2);
    for other in [
        "",
        "https://github.com/acme/app/actions/runs/1/attempts/1",
        "https://github.com/acme/app/.github/workflows/release.yml",
        "https://github.com/acme/app/.github/workflows/release.yml@",
        "https://github.com/acme/app/x/.github/workflows/release.yml@refs/heads/main",
        "https://github.com.evil.example/acme/app/.github/workflows/release.yml@refs/heads/main",
        "https://evil.example/https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main",
        "https://github.com/actions/runner/github-hosted",
        "https://cloudbuild.googleapis.com/GoogleHostedWorker",
        "https://tekton.dev/chains/v2",
    ] {
        assert_eq!(shipped_level(other), 0, "{other:?}");
    }
}

#[test]
fn releases_of_docker_s_builder_are_known_by_name() {
    let repository = "https://github.com/docker/github-builder/.github/workflows";
    let docker = |id: &str| level_where("contains(b.idPrefix, \"docker\")", id);
    for id in ["build.yml@refs/tags/v1.2.3", "bake.yml@refs/tags/v1"] {
        assert_eq!(docker(&format!("{repository}/{id}")), 2, "{id}");
    }
    for id in [
        "build.yml@refs/heads/v1.2.3",
        "build.yml@0123456789012345678901234567890123456789",
        "build.yml@refs/tags/v1.2.3-rc.1",
        "build.yml@refs/tags/v1.2",
        "verify.yml@refs/tags/v1.2.3",
        "buildxyml@refs/tags/v1.2.3",
    ] {
        assert_eq!(docker(&format!("{repository}/{id}")), 0, "{id}");
    }
}

#[test]
fn builders_that_hold_keys_are_known_with_what_their_vendors_claim() {
    for (id, level) in [
        ("https://cloudbuild.googleapis.com/GoogleHostedWorker", 3),
        (
            "https://cloudbuild.googleapis.com/GoogleHostedWorker@v0.3",
            3,
        ),
        ("https://gitlab.com/acme/app/-/runners/12270831", 2),
        ("https://gitlab.acme.example/group/sub/app/-/runners/1", 2),
        ("https://tekton.dev/chains/v2", 2),
    ] {
        assert_eq!(level_by_key(id), level, "{id}");
        assert_eq!(shipped_level(id), 0, "{id}");
    }
    for id in [
        "",
        "https://cloudbuild.googleapis.com/GoogleHostedWorker/evil",
        "https://cloudbuild.googleapis.com.evil.example/GoogleHostedWorker",
        "https://gitlab.com/acme/app/-/runners/1/x",
        "https://gitlab.com/-/runners/1",
        "https://tekton.dev/chains/v2/evil",
        "https://mobyproject.org/buildkit@v1",
        "https://github.com/acme/app/actions/runs/1/attempts/1",
    ] {
        assert_eq!(level_by_key(id), 0, "{id}");
    }
}

#[test]
fn a_builder_that_holds_a_key_counts_only_by_the_authority_that_the_policy_names() {
    let signer = Signer::new();
    let id = "https://cloudbuild.googleapis.com/GoogleHostedWorker";
    let image = Image::new().built_by(&signer, id);
    let rules = format!(
        "  rules:\n    - {{rule: provenance/slsa_level, params: {{minimum: 3}}}}\n    \
         - {{rule: provenance/builder_id, params: {{allow: [\"{id}\"]}}}}\n"
    );
    let verdict = image.judge(&load(policy(&[("ci", &signer)], &rules)));
    assert_eq!(
        codes(&verdict),
        [
            ("provenance/slsa_level", "level_too_low"),
            ("provenance/builder_id", "builder_not_allowed")
        ]
    );
    let entry = format!("  builders: [{{id: \"{id}\", authorities: [ci], maxLevel: 3}}]\n{rules}");
    let verdict = image.judge(&load(policy(&[("ci", &signer)], &entry)));
    assert_eq!(codes(&verdict), []);
}

/// The authorities that may vouch for a generator, and for a workflow, where the one of the policy is keyless under a root
/// with this `spec`.
fn vouchers(spec: &str, name: &str) -> (Vec<String>, Vec<String>) {
    let signer = Signer::new();
    let rest = format!(
        "    - {{name: ci, keyless: {{trustRoot: {name}, identities: [{{issuer: a, subject: b}}]}}}}\n  rules:\n    - rego: |\n        \
         package a\n        deny contains {{\"code\": \"x\", \"msg\": json.marshal([b.authorities | some b in data.builders])}}\n"
    );
    let mut roots = TrustRoots::default();
    roots.provide("lab", public_good(), TrustRootFacts::default());
    let documents = [policy(&[("key", &signer)], &rest), document(spec)];
    let set = PolicySet::load(&documents, &roots).unwrap();
    let verdict = Image::new().judge(&set);
    let found: Vec<Vec<String>> = serde_json::from_str(&verdict.violations[0].message).unwrap();
    let [generator, _, _, _, docker, workflow, keys @ ..]: [_; 9] = found.try_into().unwrap();
    assert_eq!(docker, generator);
    assert_eq!(keys, [const { Vec::<String>::new() }; 3]);
    (generator, workflow)
}

#[test]
fn only_certificates_of_the_instance_of_a_builder_may_vouch_for_it() {
    let ci = || vec!["ci".to_owned()];
    let inline = format!("{{trustedRoot: {}}}", public_good());
    assert_eq!(vouchers(&inline, "public-good"), (ci(), ci()));
    assert_eq!(vouchers(&inline, "github"), (vec![], ci()));
    assert_eq!(
        vouchers(&inline, "lab"),
        (vec![], vec![]),
        "whoever made it"
    );
    assert_eq!(vouchers("{file: lab.json}", "lab"), (vec![], vec![]));
}

#[test]
fn a_root_that_follows_a_public_instance_by_its_compiled_in_keys_is_that_instance() {
    let ci = || vec!["ci".to_owned()];
    let tuf = |fields: &str| vouchers(&format!("{{tuf: {{{fields}}}}}"), "lab");
    let public = "url: \"https://tuf-repo-cdn.sigstore.dev\"";
    assert_eq!(tuf(public), (ci(), ci()));
    assert_eq!(tuf(&public.replace("dev\"", "dev/\"")), (ci(), ci()));
    assert_eq!(tuf("url: \"https://tuf-repo.github.com\""), (vec![], ci()));
    for other in [
        format!("{public}, root: root.json"),
        format!("{public}, target: other.json"),
        public.replace("dev\"", "dev.evil.example\""),
        public.replace("https", "http"),
        "directory: tuf-repo-cdn.sigstore.dev".to_owned(),
    ] {
        assert_eq!(tuf(&other), (vec![], vec![]), "{other}");
    }
}

/// 2026-11-20T08:00:00Z.
const NOW: Timestamp = Timestamp::constant(1_795_161_600, 0);
