//! Keys, signed things and policies, made for a test.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use countersign_evidence::{Evidence, PublicKey, dsse_pae};
use countersign_image::{
    Attachment, Descriptor, Digest, Document, Form, ImageConfig, Origin, PinnedReference, Reference,
};
use countersign_policy::{
    Gathered, Input, InputParts, LoadError, PolicySet, RequestContext, SourceFile, TrustRoots,
    Verdict, WorkloadContext, input_schema,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::schema::mismatches;

pub(crate) const VERIFIER: &str = "https://verify.acme.example/gate";
pub(crate) const BUILDER: &str = "https://builder.acme.example/v1";

/// A key pair.
pub(crate) struct Signer {
    pair: EcdsaKeyPair,
    pub(crate) public: PublicKey,
}

impl Signer {
    pub(crate) fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let spki = [P256_SPKI_PREFIX, pair.public_key().as_ref()].concat();
        Self {
            pair,
            public: PublicKey::from_spki_der(&spki).unwrap(),
        }
    }

    fn sign(&self, message: &[u8]) -> String {
        STANDARD.encode(self.pair.sign(&SystemRandom::new(), message).unwrap())
    }

    /// The key as a flow scalar of YAML.
    pub(crate) fn yaml(&self) -> String {
        serde_json::to_string(&self.public.to_pem()).unwrap()
    }
}

/// An image with what is attached to it.
pub(crate) struct Image {
    content: String,
    digest: Digest,
    /// What is signed from now on: the image, or one of its children.
    subject: Digest,
    attachments: Vec<Attachment>,
    /// Its configurations by platform.
    configs: BTreeMap<String, ImageConfig>,
}

impl Image {
    pub(crate) fn new() -> Self {
        Self::of(MANIFEST)
    }

    /// An index of these entries, as they stand in its `manifests`.
    pub(crate) fn index(entries: &[Value]) -> Self {
        let index = json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": entries,
        });
        Self::of(&index.to_string())
    }

    fn of(content: &str) -> Self {
        let digest = Digest::of(content.as_bytes());
        Self {
            content: content.to_owned(),
            subject: digest.clone(),
            digest,
            attachments: Vec::new(),
            configs: BTreeMap::new(),
        }
    }

    /// Gives it a configuration for a platform.
    pub(crate) fn configured(mut self, platform: &str, config: &Value) -> Self {
        let config = ImageConfig::parse(config.to_string().as_bytes()).unwrap();
        self.configs.insert(platform.to_owned(), config);
        self
    }

    /// Lets everything that follows speak of another digest than that of the image.
    pub(crate) fn about(mut self, subject: &Digest) -> Self {
        self.subject = subject.clone();
        self
    }

    pub(crate) fn signed_by(mut self, signer: &Signer) -> Self {
        let payload = json!({
            "critical": {
                "identity": { "docker-reference": "" },
                "image": { "docker-manifest-digest": self.subject.to_string() },
                "type": "cosign container image signature",
            },
            "optional": null,
        });
        let payload = payload.to_string();
        let signature = signer.sign(payload.as_bytes());
        let annotations = [("dev.cosignproject.cosign/signature".to_owned(), signature)];
        self.attach(
            Form::SimpleSigning,
            Origin::SignatureTag,
            payload,
            annotations.into(),
        );
        self
    }

    pub(crate) fn attested(mut self, signer: &Signer, kind: &str, predicate: &Value) -> Self {
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{ "name": "image", "digest": { "sha256": self.subject.hex() } }],
            "predicateType": kind,
            "predicate": predicate,
        });
        let statement = statement.to_string();
        let signature = signer.sign(&dsse_pae(IN_TOTO, statement.as_bytes()));
        let envelope = json!({
            "payloadType": IN_TOTO,
            "payload": STANDARD.encode(&statement),
            "signatures": [{ "sig": signature }],
        });
        let annotations = [
            (
                "dev.cosignproject.cosign/signature".to_owned(),
                String::new(),
            ),
            ("predicateType".to_owned(), kind.to_owned()),
        ];
        self.attach(
            Form::Envelope,
            Origin::AttestationTag,
            envelope.to_string(),
            annotations.into(),
        );
        self
    }

    pub(crate) fn built_by(self, signer: &Signer, builder: &str) -> Self {
        let predicate = json!({
            "buildDefinition": { "buildType": "https://acme.example/build/v1", "externalParameters": {} },
            "runDetails": { "builder": { "id": builder } },
        });
        self.attested(signer, "https://slsa.dev/provenance/v1", &predicate)
    }

    pub(crate) fn described_by(self, signer: &Signer, packages: &[&str]) -> Self {
        self.attested(signer, "https://spdx.dev/Document", &spdx(packages))
    }

    pub(crate) fn summarised_by(self, signer: &Signer, result: &str) -> Self {
        let predicate = json!({
            "verifier": { "id": VERIFIER }, "timeVerified": "2026-11-20T07:00:00Z",
            "resourceUri": "oci://registry.example.com/shop/api",
            "policy": { "uri": "https://acme.example/policy/7" },
            "verificationResult": result, "verifiedLevels": ["SLSA_BUILD_LEVEL_3"],
        });
        self.attested(
            signer,
            "https://slsa.dev/verification_summary/v1",
            &predicate,
        )
    }

    pub(crate) fn with_unsigned_sbom(mut self) -> Self {
        self.attach(
            Form::UnsignedSbom,
            Origin::SbomTag,
            String::new(),
            BTreeMap::new(),
        );
        self
    }

    fn attach(
        &mut self,
        form: Form,
        origin: Origin,
        content: String,
        annotations: BTreeMap<String, String>,
    ) {
        let digest = Digest::of(content.as_bytes());
        let kind = if form == Form::UnsignedSbom {
            "text/spdx+json"
        } else {
            "application/json"
        };
        let mut layer = Descriptor::new(kind, digest.clone(), content.len() as u64);
        layer.annotations = annotations;
        self.attachments.push(Attachment {
            bytes: form.is_verifiable().then(|| Bytes::from(content)),
            form,
            origin,
            manifest: digest,
            layer: Some(layer),
            artifact_type: None,
            annotations: BTreeMap::new(),
        });
    }

    pub(crate) fn judge(&self, set: &PolicySet) -> Verdict {
        self.judge_as(set, &WorkloadContext::default())
    }

    pub(crate) fn judge_as(&self, set: &PolicySet, workload: &WorkloadContext) -> Verdict {
        let policy = &set.policies()[0];
        let evidence = Arc::new(self.evidence(set));
        let content = self.document();
        let children = match &content {
            Document::Index(index) => Some(index.runnable().unwrap()),
            Document::Manifest(_) => None,
        };
        let children: Option<Vec<Descriptor>> =
            children.map(|children| children.into_iter().cloned().collect());
        let judged = policy.scopes(children.as_deref(), &evidence).into_iter();
        let judged = judged.map(|scope| {
            let verdict =
                self.with_input(&scope.evidence, workload, |input| policy.evaluate(input));
            (scope, verdict)
        });
        policy.combine(judged.collect())
    }

    pub(crate) fn input(&self, set: &PolicySet, workload: &WorkloadContext) -> Value {
        self.with_input(&self.evidence(set), workload, |input| {
            serde_json::to_value(input).unwrap()
        })
    }

    fn evidence(&self, set: &PolicySet) -> Evidence {
        let verifier = set.policies()[0].verifier();
        let content = self.document();
        verifier.verify(&self.pinned(), Some(&content), &self.attachments, NOW)
    }

    fn document(&self) -> Document {
        Document::parse(self.content.as_bytes(), None).unwrap()
    }

    fn with_input<T>(
        &self,
        evidence: &Evidence,
        workload: &WorkloadContext,
        use_it: impl Fn(&Input<'_>) -> T,
    ) -> T {
        let reference: Reference = "registry.example.com/shop/api:1.4".parse().unwrap();
        let request = RequestContext {
            operation: "CREATE".to_owned(),
            ..Default::default()
        };
        let (resolved, content) = (self.pinned(), self.document());
        let input = Input::new(InputParts {
            reference: &reference,
            gathered: Some(Gathered {
                resolved: &resolved,
                content: &content,
                configs: Some(&self.configs).filter(|configs| !configs.is_empty()),
                evidence,
            }),
            workload,
            request: &request,
            now: NOW,
        });
        let whole = serde_json::to_value(&input).unwrap();
        assert_eq!(mismatches(&input_schema(), &whole, ""), [] as [&str; 0]);
        use_it(&input)
    }

    fn pinned(&self) -> PinnedReference {
        let repository = "registry.example.com/shop/api".parse().unwrap();
        PinnedReference::new(repository, self.digest.clone())
    }

    pub(crate) fn digest(&self) -> &Digest {
        &self.digest
    }
}

/// An SPDX document whose first package is what it describes.
pub(crate) fn spdx(packages: &[&str]) -> Value {
    let list: Vec<Value> = packages
        .iter()
        .map(|name| json!({ "name": name, "SPDXID": format!("SPDXRef-{name}"), "downloadLocation": "NOASSERTION" }))
        .collect();
    json!({
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "api",
        "documentNamespace": "https://acme.example/sbom/1",
        "creationInfo": { "created": "2026-11-20T08:00:00Z", "creators": ["Tool: acme-1"] },
        "packages": list,
        "relationships": [{
            "spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
            "relatedSpdxElement": format!("SPDXRef-{}", packages[0]),
        }],
    })
}

/// A policy with these authorities and the rest of `spec` as given, indented by two.
pub(crate) fn policy(authorities: &[(&str, &Signer)], rest: &str) -> SourceFile {
    let mut text = "apiVersion: countersign.dev/v1alpha1\nkind: ClusterImagePolicy\n\
                    metadata: {name: production}\nspec:\n  \
                    images: {include: [\"registry.example.com/shop/**\"]}\n  authorities:\n"
        .to_owned();
    for (name, signer) in authorities {
        text.push_str(&format!(
            "    - {{name: {name}, key: {{pem: {}}}}}\n",
            signer.yaml()
        ));
    }
    text.push_str(rest);
    file(&text)
}

pub(crate) fn file(text: &str) -> SourceFile {
    SourceFile {
        path: "policies/production.yaml".to_owned(),
        text: text.to_owned(),
    }
}

#[track_caller]
pub(crate) fn load(file: SourceFile) -> PolicySet {
    PolicySet::load(&[file], &TrustRoots::default()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// A policy of one rule, `rego`.
pub(crate) fn inline(rego: &str) -> SourceFile {
    let signer = Signer::new();
    let indented: String = rego
        .lines()
        .map(|line| format!("        {line}\n"))
        .collect();
    policy(
        &[("release", &signer)],
        &format!("  rules:\n    - rego: |\n{indented}"),
    )
}

#[track_caller]
pub(crate) fn refused(file: SourceFile) -> Vec<LoadError> {
    PolicySet::load(&[file], &TrustRoots::default())
        .unwrap_err()
        .errors()
        .to_vec()
}

/// Rules and codes of a verdict, in order.
pub(crate) fn codes(verdict: &Verdict) -> Vec<(&str, &str)> {
    verdict
        .violations
        .iter()
        .map(|violation| (violation.rule.as_str(), violation.code.as_str()))
        .collect()
}

const IN_TOTO: &str = "application/vnd.in-toto+json";
const P256_SPKI_PREFIX: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
pub(crate) const MANIFEST: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[],"annotations":{"a":"b"}}"#;

/// 2026-11-20T08:00:00Z.
const NOW: Timestamp = Timestamp::constant(1_795_161_600, 0);
