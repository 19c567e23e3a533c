//! What holds of any evidence, whatever it is: a changed byte refuses, less never admits what more denied, and neither
//! order nor strangers' things matter.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_evidence::{
    Artifact, Authority, IdentityMatcher, Pattern, Signers, Transparency, TrustRoot, Verifier,
};
use countersign_image::{
    Attachment, Descriptor, Digest, Document, Form, Origin, PinnedReference, media_type,
};
use countersign_policy::{
    Gathered, Input, InputParts, PolicySet, RequestContext, SourceFile, TrustRoots, WorkloadContext,
};
use countersign_testkit::sigstore::{Entry, SIGNED_AT, Signer, Sigstore};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// Where the signed bytes of a bundle are. Not the timestamp: what wraps its signature is signed by nobody.
const SIGNED: &[&str] = &[
    "/dsseEnvelope/payload",
    "/dsseEnvelope/signatures/0/sig",
    "/verificationMaterial/certificate/rawBytes",
    "/verificationMaterial/tlogEntries/0/canonicalizedBody",
    "/verificationMaterial/tlogEntries/0/inclusionPromise/signedEntryTimestamp",
];

#[test]
fn any_changed_byte_of_anything_signed_refuses() {
    let sigstore = Sigstore::new();
    let signer = release(&sigstore);
    let statement = statement("https://sigstore.dev/cosign/sign/v1", &json!({}));
    for (entry, stamped) in [(Entry::V1, false), (Entry::V2, true)] {
        let signing = signer.statement(statement.clone()).log(entry);
        let signing = if stamped { signing.stamp() } else { signing };
        let good = signing.bundle_value();
        assert!(verifies(&sigstore, &good), "{entry:?}");
        let mut changes = 0;
        for field in SIGNED {
            let Some(text) = good.pointer(field).and_then(Value::as_str) else {
                continue;
            };
            let bytes = STANDARD.decode(text).unwrap();
            // Every byte of what is short, and bytes all over what is long.
            for at in (0..bytes.len()).step_by(1 + bytes.len() / 40) {
                let mut changed = bytes.clone();
                changed[at] ^= 1;
                let mut bundle = good.clone();
                *bundle.pointer_mut(field).unwrap() = STANDARD.encode(changed).into();
                assert!(!verifies(&sigstore, &bundle), "{entry:?} {field} byte {at}");
                changes += 1;
            }
        }
        assert!(changes > 100, "only {changes} changes made");
    }
}

#[test]
fn less_evidence_never_admits_what_more_denied_unless_what_is_gone_spoke_against_the_image() {
    let lab = Lab::new();
    let things = lab.things();
    let verdicts: Vec<bool> = (0..1 << things.len())
        .map(|chosen: usize| lab.admits(&subset(&things, chosen)))
        .collect();
    let mut freed = 0;
    for (chosen, admitted) in verdicts.iter().enumerate() {
        for (at, thing) in things.iter().enumerate() {
            if chosen & (1 << at) == 0 || *admitted || !verdicts[chosen & !(1 << at)] {
                continue;
            }
            assert_eq!(
                thing.name, "failed summary",
                "without it, {chosen:b} is admitted"
            );
            freed += 1;
        }
    }
    // Some are admitted at all, and the one that speaks against the image does so whatever else there is.
    assert!(verdicts.iter().any(|admitted| *admitted));
    assert!(freed > 0);
    let failed = things
        .iter()
        .position(|thing| thing.name == "failed summary")
        .unwrap();
    let with_it = (0..verdicts.len()).filter(|chosen| chosen & (1 << failed) != 0);
    assert!(with_it.into_iter().all(|chosen| !verdicts[chosen]));
}

#[test]
fn neither_order_nor_what_strangers_attach_changes_the_verdict() {
    let lab = Lab::new();
    let things = lab.things();
    let strangers = lab.strangers();
    for chosen in [0b0_1111, 0b0_0111, 0b1_1111, 0] {
        let mut own = subset(&things, chosen);
        let admitted = lab.admits(&own);
        for _ in 0..own.len() {
            own.rotate_left(1);
            assert_eq!(lab.admits(&own), admitted, "{chosen:b} turned");
        }
        own.reverse();
        assert_eq!(lab.admits(&own), admitted, "{chosen:b} reversed");
        for at in 0..=own.len() {
            let mut mixed = own.clone();
            mixed.splice(at..at, strangers.clone());
            assert_eq!(
                lab.admits(&mixed),
                admitted,
                "{chosen:b}, strangers at {at}"
            );
        }
    }
}

/// A policy that wants a signature, an SBOM and a summary of one signer, and speaks for no other.
struct Lab {
    sigstore: Sigstore,
    policies: PolicySet,
}

struct Thing {
    name: &'static str,
    attachment: Attachment,
}

impl Lab {
    fn new() -> Self {
        let sigstore = Sigstore::new();
        let root: Value = serde_json::from_str(&sigstore.trusted_root_json()).unwrap();
        let documents = [
            json!({
                "apiVersion": "countersign.dev/v1alpha1", "kind": "TrustRoot",
                "metadata": { "name": "lab" }, "spec": { "trustedRoot": root },
            }),
            json!({
                "apiVersion": "countersign.dev/v1alpha1", "kind": "ClusterImagePolicy",
                "metadata": { "name": "all" },
                "spec": {
                    "images": { "include": ["registry.example/**"] },
                    "authorities": [{ "name": "ci", "keyless": {
                        "trustRoot": "lab",
                        "identities": [{ "issuer": ISSUER, "subject": WORKFLOW }],
                    } }],
                    "rules": [
                        { "rule": "signature/signed", "params": { "authorities": ["ci"], "threshold": 1 } },
                        { "rule": "sbom/required", "params": { "formats": ["spdx"], "min_packages": 1 } },
                        { "rule": "verdict/vsa", "params": { "verifiers": [GATE] } },
                    ],
                },
            }),
        ];
        let files = documents.map(|document| SourceFile {
            path: "lab.json".to_owned(),
            text: document.to_string(),
        });
        let policies = PolicySet::load(&files, &TrustRoots::default()).unwrap();
        Self { sigstore, policies }
    }

    fn things(&self) -> Vec<Thing> {
        let signer = release(&self.sigstore);
        let said = |name, kind: &str, predicate: &Value| Thing {
            name,
            attachment: attached(&signer, kind, predicate),
        };
        let sbom: Value = serde_json::from_str(crate::world::SBOM).unwrap();
        vec![
            said(
                "signature",
                "https://sigstore.dev/cosign/sign/v1",
                &json!({}),
            ),
            said("sbom", "https://spdx.dev/Document", &sbom),
            said("summary", SUMMARY, &summary("PASSED")),
            said(
                "other",
                "https://acme.example/scan/v1",
                &json!({ "found": 0 }),
            ),
            said("failed summary", SUMMARY, &summary("FAILED")),
        ]
    }

    fn strangers(&self) -> Vec<Attachment> {
        let stranger = self.sigstore.identity(
            "https://github.com/evil/app/.github/workflows/release.yml@refs/heads/main",
            ISSUER,
        );
        let signed = attached(&stranger, "https://sigstore.dev/cosign/sign/v1", &json!({}));
        let failed = attached(&stranger, SUMMARY, &summary("FAILED"));
        let garbage = Attachment {
            bytes: Some(b"{".as_slice().into()),
            ..signed.clone()
        };
        let notation = Attachment {
            form: Form::Unsupported("notation".to_owned()),
            bytes: None,
            ..signed.clone()
        };
        vec![signed, failed, garbage, notation]
    }

    fn admits(&self, attachments: &[Attachment]) -> bool {
        let [policy] = self.policies.policies() else {
            panic!("there is one policy");
        };
        let (image, content) = (image(), content());
        let evidence = policy
            .verifier()
            .verify(&image, Some(&content), attachments, now());
        let verdict = policy.evaluate(&Input::new(InputParts {
            reference: &"registry.example/shop/api:1".parse().unwrap(),
            gathered: Some(Gathered {
                resolved: &image,
                content: &content,
                configs: None,
                evidence: &evidence,
            }),
            workload: &WorkloadContext::default(),
            request: &RequestContext::default(),
            now: now(),
        }));
        verdict.violations.is_empty()
    }
}

fn subset(things: &[Thing], chosen: usize) -> Vec<Attachment> {
    let chosen = |(at, _): &(usize, &Thing)| chosen & (1 << at) != 0;
    let things = things.iter().enumerate().filter(chosen);
    things.map(|(_, thing)| thing.attachment.clone()).collect()
}

fn attached(signer: &Signer, kind: &str, predicate: &Value) -> Attachment {
    let bundle = signer
        .statement(statement(kind, predicate))
        .log(Entry::V1)
        .bundle();
    let digest = Digest::of(&bundle);
    Attachment {
        form: Form::Bundle,
        origin: Origin::Referrer,
        manifest: digest.clone(),
        layer: Some(Descriptor::new(
            media_type::BUNDLE_V03,
            digest,
            bundle.len() as u64,
        )),
        artifact_type: None,
        annotations: BTreeMap::new(),
        bytes: Some(bundle.into()),
    }
}

fn statement(kind: &str, predicate: &Value) -> String {
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "digest": { "sha256": image().digest().hex() } }],
        "predicateType": kind,
        "predicate": predicate,
    });
    statement.to_string()
}

fn summary(result: &str) -> Value {
    json!({
        "verifier": { "id": GATE }, "timeVerified": "2025-06-01T12:00:00Z",
        "resourceUri": "oci://registry.example/shop/api",
        "policy": { "uri": "https://acme.example/policy/7" },
        "verificationResult": result, "verifiedLevels": ["SLSA_BUILD_LEVEL_3"],
    })
}

fn release(sigstore: &Sigstore) -> Signer {
    sigstore.identity(WORKFLOW, ISSUER)
}

fn verifies(sigstore: &Sigstore, bundle: &Value) -> bool {
    let root = TrustRoot::from_json("lab", sigstore.trusted_root_json().as_bytes(), 1).unwrap();
    let verifier = Verifier::new(vec![Authority {
        name: "ci".to_owned(),
        signers: Signers::Keyless(vec![IdentityMatcher {
            issuer: Some(Pattern::Exact(ISSUER.to_owned())),
            subject: Pattern::Exact(WORKFLOW.to_owned()),
            claims: BTreeMap::new(),
        }]),
        trust_root: Some(Arc::new(root)),
        transparency: Transparency::LOG,
    }])
    .unwrap();
    let (image, bundle) = (image(), bundle.to_string());
    let artifact = Artifact::Digest(image.digest());
    verifier
        .verify_bundle(bundle.as_bytes(), &artifact, now())
        .is_ok()
}

fn image() -> PinnedReference {
    let name = "registry.example/shop/api".parse().unwrap();
    PinnedReference::new(name, Digest::of(CONTENT.as_bytes()))
}

fn content() -> Document {
    Document::parse(CONTENT.as_bytes(), None).unwrap()
}

fn now() -> Timestamp {
    SIGNED_AT + SignedDuration::from_hours(24)
}

const WORKFLOW: &str = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";
const GATE: &str = "https://verify.acme.example/gate";
const SUMMARY: &str = "https://slsa.dev/verification_summary/v1";
const CONTENT: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]}"#;
