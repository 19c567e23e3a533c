//! One policy of ten rules on one image: what an evaluation costs, what an SBOM that is read adds, and whether a second
//! thread does as much as the first. Then what it costs to load the library, and to run its own tests.

use std::collections::BTreeMap;
use std::sync::Barrier;
use std::thread;

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_evidence::{Evidence, PublicKey, dsse_pae};
use countersign_image::{
    Attachment, Descriptor, Digest, Document, Form, Origin, PinnedReference, Reference, media_type,
};
use countersign_policy::{
    Gathered, Input, InputParts, PolicySet, RequestContext, SourceFile, TrustRoots, Verdict,
    WorkloadContext, library_files, run_rego_tests,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::{Cost, both, median, once};
use crate::{Row, sboms};

pub(crate) fn rows() -> Vec<Row> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
    // First of all: the library is read once in a process.
    let mut every = every_rule();
    every.extend(PROVENANCE.map(str::to_owned));
    let loading = once(&mut || load(&pair, &every));

    let plain = load(&pair, &PROVENANCE.map(str::to_owned));
    let reading = load(&pair, &[&PROVENANCE[..8], &SBOM].concat());
    let subject = Subject::new(&pair, &plain);
    let (cost, read) = both(
        500,
        || subject.admitted(&plain),
        || subject.admitted(&reading),
    );
    let (alone, together) = threads(|| subject.admitted(&plain));
    let files = library_files();
    let testing = once(&mut || run_rego_tests(&files, |_, _| true));
    vec![
        Row::micros(
            "10 rules, 3 attestations, SBOM that nobody reads",
            cost,
            150.0,
        ),
        Row::ratio(
            "the same with two rules that read the SBOM",
            read,
            cost,
            10.0,
        ),
        Row::ratio(
            "an evaluation beside another, to one alone",
            together,
            alone,
            2.0 / 1.8,
        ),
        Row::millis("load and compile every rule of the library", loading, 150.0),
        Row::millis("tests of the whole library", testing, 3000.0),
    ]
}

/// Signed, with provenance, an SBOM of a thousand packages and a verification summary.
struct Subject {
    reference: Reference,
    image: PinnedReference,
    content: Document,
    evidence: Evidence,
}

impl Subject {
    fn new(pair: &EcdsaKeyPair, set: &PolicySet) -> Self {
        let image = PinnedReference::new(
            "registry.example/shop/api".parse().expect("a name"),
            Digest::of(MANIFEST.as_bytes()),
        );
        let content = Document::parse(MANIFEST.as_bytes(), None).expect("a manifest");
        let provenance = json!({
            "buildDefinition": {
                "buildType": "https://acme.example/build/v1", "externalParameters": { "ref": "refs/tags/v1" },
                "resolvedDependencies": [{ "uri": "git+https://github.com/acme/api@refs/tags/v1",
                    "digest": { "gitCommit": "0123456789abcdef0123456789abcdef01234567" } }],
            },
            "runDetails": { "builder": { "id": BUILDER }, "metadata": { "invocationId": "https://acme.example/runs/1" } },
        });
        let summary = json!({
            "verifier": { "id": "https://verify.acme.example/gate" }, "timeVerified": "2026-11-20T07:00:00Z",
            "resourceUri": "oci://registry.example/shop/api", "policy": { "uri": "https://acme.example/policy/7" },
            "verificationResult": "PASSED", "verifiedLevels": ["SLSA_BUILD_LEVEL_3"],
        });
        let attachments = [
            signature(pair, &image),
            attestation(pair, &image, "https://slsa.dev/provenance/v1", &provenance),
            attestation(
                pair,
                &image,
                "https://spdx.dev/Document",
                &sboms::spdx(1000),
            ),
            attestation(
                pair,
                &image,
                "https://slsa.dev/verification_summary/v1",
                &summary,
            ),
        ];
        let verifier = set.policies().first().expect("a policy").verifier();
        let evidence = verifier.verify(&image, Some(&content), &attachments, now());
        assert_eq!(
            (evidence.signatures.len(), evidence.statements.len()),
            (1, 3)
        );
        Self {
            reference: "registry.example/shop/api:1".parse().expect("a reference"),
            image,
            content,
            evidence,
        }
    }

    /// What a worker does for one container.
    fn admitted(&self, set: &PolicySet) -> Verdict {
        let policy = set.policies().first().expect("a policy");
        let verdict = policy.evaluate(&Input::new(InputParts {
            reference: &self.reference,
            gathered: Some(Gathered {
                resolved: &self.image,
                content: &self.content,
                configs: None,
                evidence: &self.evidence,
            }),
            workload: &WorkloadContext::default(),
            request: &RequestContext::default(),
            now: now(),
        }));
        assert!(verdict.violations.is_empty(), "{verdict:?}");
        verdict
    }
}

/// What one run costs on a thread alone, and on each of two at once.
fn threads<T>(work: impl Fn() -> T + Sync) -> (Cost, Cost) {
    let run = |count: usize| {
        let start = Barrier::new(count);
        let batch = || {
            (0..WARM).for_each(|_| drop(work()));
            start.wait();
            median((0..ROUNDS).map(|_| once(&mut || work())).collect())
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..count).map(|_| scope.spawn(batch)).collect();
            let costs = threads
                .into_iter()
                .map(|thread| thread.join().expect("a cost"));
            median(costs.collect())
        })
    };
    let (alone, together) = (0..5)
        .map(|_| (run(1), run(2)))
        .unzip::<_, _, Vec<_>, Vec<_>>();
    (median(alone), median(together))
}

fn load(pair: &EcdsaKeyPair, rules: &[impl AsRef<str>]) -> PolicySet {
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("its public half");
    let key = PublicKey::from_spki_der(der.as_ref()).expect("a key");
    let authorities: Vec<Value> = ["release", "ci", "auditors"]
        .map(|name| json!({ "name": name, "key": { "pem": key.to_pem() } }))
        .into();
    let rules: Vec<&str> = rules.iter().map(AsRef::as_ref).collect();
    let document = SourceFile {
        path: "bench.yaml".to_owned(),
        text: format!(
            "apiVersion: countersign.dev/v1alpha1\nkind: ClusterImagePolicy\nmetadata: {{name: bench}}\nspec:\n  \
             images: {{include: [\"**\"]}}\n  authorities: {}\n  builders: [{{id: \"{BUILDER}\", authorities: [ci], maxLevel: 3}}]\n  \
             rules:\n{}",
            Value::from(authorities),
            rules
                .iter()
                .map(|rule| format!("    - {rule}\n"))
                .collect::<String>(),
        ),
    };
    PolicySet::load(&[document], &TrustRoots::default()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Each rule of the library, with the parameters of its own example.
fn every_rule() -> Vec<String> {
    let files = library_files();
    let rules = files.iter().filter_map(|file| {
        let id = file.path.strip_prefix("rules/")?.rsplit_once('/')?.0;
        let (metadata, _) = file.text.split_once("\npackage ")?;
        let example = metadata.split_once("\n#   example:")?.1;
        let lines = example.lines().enumerate();
        // The first line, and those that are indented deeper.
        let lines = lines.map_while(|(number, line)| match number {
            0 => Some(line),
            _ => line
                .strip_prefix("#   ")
                .filter(|line| line.starts_with(' ')),
        });
        let example: Vec<String> = lines.map(|line| format!("      {line}")).collect();
        Some(format!(
            "rule: {id}\n      params:\n        {}",
            example.join("\n  ")
        ))
    });
    rules.collect()
}

fn signature(pair: &EcdsaKeyPair, image: &PinnedReference) -> Attachment {
    let payload = format!(
        r#"{{"critical":{{"identity":{{"docker-reference":""}},"image":{{"docker-manifest-digest":"{}"}},"type":"cosign container image signature"}},"optional":null}}"#,
        image.digest()
    );
    let signature = STANDARD.encode(sign(pair, payload.as_bytes()));
    attachment(
        Form::SimpleSigning,
        Origin::SignatureTag,
        payload,
        signature,
    )
}

fn attestation(
    pair: &EcdsaKeyPair,
    image: &PinnedReference,
    kind: &str,
    predicate: &Value,
) -> Attachment {
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1", "predicateType": kind,
        "subject": [{ "digest": { "sha256": image.digest().hex() } }], "predicate": predicate,
    });
    let statement = statement.to_string();
    let envelope = json!({
        "payloadType": media_type::IN_TOTO,
        "payload": STANDARD.encode(&statement),
        "signatures": [{ "sig": STANDARD.encode(sign(pair, &dsse_pae(media_type::IN_TOTO, statement.as_bytes()))) }],
    });
    attachment(
        Form::Envelope,
        Origin::AttestationTag,
        envelope.to_string(),
        String::new(),
    )
}

fn sign(pair: &EcdsaKeyPair, message: &[u8]) -> Vec<u8> {
    let signature = pair.sign(&SystemRandom::new(), message);
    signature.expect("a signature").as_ref().to_vec()
}

fn attachment(form: Form, origin: Origin, content: String, signature: String) -> Attachment {
    let digest = Digest::of(content.as_bytes());
    let mut layer = Descriptor::new(
        "application/octet-stream",
        digest.clone(),
        content.len() as u64,
    );
    let annotation = "dev.cosignproject.cosign/signature".to_owned();
    layer.annotations.insert(annotation, signature);
    Attachment {
        form,
        origin,
        manifest: digest,
        layer: Some(layer),
        artifact_type: None,
        annotations: BTreeMap::new(),
        bytes: Some(content.into()),
    }
}

fn now() -> Timestamp {
    "2026-11-20T08:00:00Z".parse().expect("a time")
}

const MANIFEST: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
    "config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":2,
    "digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},"layers":[]}"#;
const BUILDER: &str = "https://builder.acme.example/v1";
const WARM: usize = 50;
const ROUNDS: usize = 300;

/// None of them reads SBOMs.
const PROVENANCE: [&str; 10] = [
    "{rule: signature/signed, params: {authorities: [release]}}",
    "{rule: signature/signed, params: {authorities: [ci]}}",
    "{rule: signature/signed}",
    "{rule: provenance/slsa_level, params: {minimum: 1}}",
    "{rule: provenance/slsa_level, params: {minimum: 2}}",
    "{rule: provenance/slsa_level, params: {minimum: 3}}",
    "{rule: provenance/builder_id, params: {allow: [\"https://builder.acme.example/v1\"]}}",
    "{rule: provenance/builder_id, params: {allow: [\"https://other.example\", \"https://builder.acme.example/v1\"]}}",
    "{rule: verdict/vsa, params: {verifiers: [\"https://verify.acme.example/gate\"]}}",
    "{rule: verdict/vsa, params: {verifiers: [\"https://verify.acme.example/gate\"], levels: [SLSA_BUILD_LEVEL_2]}}",
];
const SBOM: [&str; 2] = [
    "{rule: sbom/required, params: {min_packages: 1000}}",
    "{rule: sbom/required, params: {formats: [spdx]}}",
];
