//! What is done with hostile bytes: one function for each parser of what comes from outside.
//!
//! None may panic, and each asserts what must hold whatever it is fed. The fuzzer calls them with bytes that it makes up,
//! `make test` with the seeds that it starts from.

#![expect(
    clippy::expect_used,
    reason = "what is set up here needs nothing from outside"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_evidence::{
    Artifact, Authority, CertificateChain, Evidence, IdentityMatcher, Pattern, PublicKey, Signers,
    Transparency, TrustRoot, Verifier, check_predicate, dsse_pae,
};
use countersign_image::{
    Attachment, Descriptor, Digest, Document, Form, Origin, PinnedReference, Reference,
    RepositoryPattern, check_strict, media_type,
};
use jiff::Timestamp;
use serde_json::json;
use serde_json::value::RawValue;

/// A target: its name, what is done, and the folders and files of its seeds below `tests/fixtures`.
pub struct Target {
    /// The name of the binary.
    pub name: &'static str,
    /// What is done with the bytes.
    pub run: fn(&[u8]),
    /// Where its seeds are; folders with all that is in them.
    pub seeds: &'static [&'static str],
}

/// Every target.
pub const TARGETS: &[Target] = &[
    target(
        "attachment",
        attachment,
        &["legacy", "dsse", "layouts/c3-sign-attest-single"],
    ),
    target("bundle", bundle, &["bundles", "conformance"]),
    target(
        "certificates",
        certificates,
        &["certificates", "keys", "key-files"],
    ),
    target("json", json, &["conformance", "provenance"]),
    target(
        "manifest",
        manifest,
        &["buildkit", "layouts/buildkit-unsigned-index"],
    ),
    target("pattern", pattern, &["image-refs"]),
    target(
        "predicate",
        predicate,
        &[
            "sbom/small-spdx.json",
            "sbom/busybox-cyclonedx.json",
            "provenance",
        ],
    ),
    target("reference", reference, &["image-refs"]),
    target("statement", statement, &["provenance", "dsse"]),
    target("trust_root", trust_root, &["trust"]),
];

const fn target(name: &'static str, run: fn(&[u8]), seeds: &'static [&'static str]) -> Target {
    Target { name, run, seeds }
}

/// An attached thing with the annotations of its layer: lines of certificate, chain, log entry and timestamp, in JSON
/// strings, before the content.
pub fn attachment(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let mut parts = rest.splitn(ANNOTATIONS.len() + 1, |byte| *byte == 0);
    let mut annotations = BTreeMap::new();
    for name in ANNOTATIONS {
        if let Some(value) = parts.next().filter(|value| !value.is_empty()) {
            let value = String::from_utf8_lossy(value).into_owned();
            annotations.insert((*name).to_owned(), value);
        }
    }
    let content = parts.next().unwrap_or(rest);
    let form = match first % 4 {
        0 => Form::Bundle,
        1 => Form::Envelope,
        2 => Form::SimpleSigning,
        _ => Form::Statement,
    };
    let evidence = judge(&attached(form, content.to_vec(), annotations));
    // Nobody signed it with our key, and nobody logged it in our log.
    assert!(evidence.signatures.is_empty() && evidence.statements.is_empty());
    assert_eq!(evidence.rejected.len(), 1);
}

/// A bundle file, by anybody whom the public instance has certified.
pub fn bundle(data: &[u8]) {
    static ARTIFACT: LazyLock<Digest> = LazyLock::new(|| Digest::of(b"some artifact"));
    let _ = ANYBODY.verify_bundle(data, &Artifact::Digest(&ARTIFACT), now());
    let _ = ANYBODY.verify_bundle(data, &Artifact::Bytes(b"some artifact"), now());
}

/// PEM that an operator gives.
pub fn certificates(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let _ = CertificateChain::from_pem(text);
    if let Ok(key) = PublicKey::from_pem(text) {
        let again = PublicKey::from_pem(&key.to_pem());
        assert_eq!(again.ok().as_ref(), Some(&key));
    }
}

/// Strict JSON is JSON.
pub fn json(data: &[u8]) {
    if check_strict(data).is_ok() {
        assert!(serde_json::from_slice::<&RawValue>(data).is_ok());
    }
}

/// A manifest or an index.
pub fn manifest(data: &[u8]) {
    for declared in [
        None,
        Some(media_type::OCI_INDEX),
        Some(media_type::OCI_MANIFEST),
    ] {
        if let Ok(Document::Index(index)) = Document::parse(data, declared) {
            let children = index.runnable().unwrap_or_default();
            for listed in index.attestation_manifests().unwrap_or_default() {
                assert!(children.contains(&listed.child), "it speaks of no child");
                assert_ne!(listed.manifest.digest, listed.child.digest);
            }
        }
    }
}

/// A pattern of repositories.
pub fn pattern(data: &[u8]) {
    let Some(pattern) = parsed::<RepositoryPattern>(data) else {
        return;
    };
    let again: RepositoryPattern = pattern.to_string().parse().expect("what is shown is read");
    assert_eq!(again.to_string(), pattern.to_string());
}

/// A predicate behind the line that names its type.
pub fn predicate(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n');
    let (kind, predicate) = data.split_at(end.unwrap_or(0));
    let (Ok(kind), Ok(predicate)) = (
        std::str::from_utf8(kind),
        serde_json::from_slice::<&RawValue>(predicate),
    ) else {
        return;
    };
    for kind in [
        kind,
        "https://spdx.dev/Document",
        "https://cyclonedx.org/bom",
        "https://slsa.dev/provenance/v0.2",
        "https://slsa.dev/provenance/v1",
        "https://slsa.dev/verification_summary/v1",
    ] {
        let _ = check_predicate(kind, predicate);
    }
}

/// A reference to an image.
pub fn reference(data: &[u8]) {
    let Some(reference) = parsed::<Reference>(data) else {
        return;
    };
    let again: Reference = reference
        .to_string()
        .parse()
        .expect("what is shown is read");
    assert_eq!(again.to_string(), reference.to_string());
    assert_eq!(again.digest(), reference.digest());
}

/// A payload that was signed with the key that is trusted.
pub fn statement(data: &[u8]) {
    let signature = KEY
        .sign(&SystemRandom::new(), &dsse_pae(media_type::IN_TOTO, data))
        .expect("the key signs");
    let envelope = json!({
        "payloadType": media_type::IN_TOTO,
        "payload": STANDARD.encode(data),
        "signatures": [{ "sig": STANDARD.encode(signature) }],
    });
    let envelope = envelope.to_string().into_bytes();
    let evidence = judge(&attached(Form::Envelope, envelope, BTreeMap::new()));
    let subjects = evidence.statements.iter().map(|found| found.subject());
    let subjects = subjects.chain(evidence.signatures.iter().map(|found| found.subject()));
    for subject in subjects {
        let hex = subject.hex().as_bytes();
        assert!(
            data.windows(hex.len()).any(|window| window == hex),
            "it does not name its subject"
        );
    }
}

/// A trust root.
pub fn trust_root(data: &[u8]) {
    if let Ok(root) = TrustRoot::from_json("fuzz", data, 1) {
        let summary = root.summary();
        let holds = summary.certificate_authorities.len() + summary.logs.len();
        assert!(
            holds + root.timestamp_authority_count() > 0,
            "it could verify nothing"
        );
    }
}

fn parsed<T: std::str::FromStr>(data: &[u8]) -> Option<T> {
    std::str::from_utf8(data).ok()?.parse().ok()
}

fn judge(attachment: &Attachment) -> Evidence {
    static IMAGE: LazyLock<PinnedReference> = LazyLock::new(|| {
        let digest = Digest::of(b"some image");
        PinnedReference::new("registry.example/app".parse().expect("a name"), digest)
    });
    OURS.verify(&IMAGE, None, std::slice::from_ref(attachment), now())
}

fn attached(form: Form, content: Vec<u8>, annotations: BTreeMap<String, String>) -> Attachment {
    let mut layer = Descriptor::new(
        "application/octet-stream",
        Digest::of(&content),
        content.len() as u64,
    );
    layer.annotations = annotations;
    Attachment {
        form,
        origin: Origin::Referrer,
        manifest: Digest::of(b"some manifest"),
        layer: Some(layer),
        artifact_type: None,
        annotations: BTreeMap::new(),
        bytes: Some(content.into()),
    }
}

fn now() -> Timestamp {
    Timestamp::constant(1_795_000_000, 0)
}

fn public_good() -> Arc<TrustRoot> {
    TrustRoot::built_in("public-good").expect("it is built in")
}

static KEY: LazyLock<EcdsaKeyPair> = LazyLock::new(|| {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("keys can be made")
});

/// Believes [`KEY`], and whoever logged a signature with it; and nobody who has a certificate.
static OURS: LazyLock<Verifier> = LazyLock::new(|| {
    let der: PublicKeyX509Der<'_> = KEY.public_key().as_der().expect("a key has a form");
    let key = PublicKey::from_spki_der(der.as_ref()).expect("it is one");
    let keys = Authority {
        name: "key".to_owned(),
        signers: Signers::Keys(vec![key]),
        trust_root: None,
        transparency: Transparency::NONE,
    };
    let nobody = IdentityMatcher {
        issuer: Some(Pattern::Exact("https://issuer.example".to_owned())),
        subject: Pattern::Exact("nobody".to_owned()),
        claims: BTreeMap::new(),
    };
    let keyless = Authority {
        name: "keyless".to_owned(),
        signers: Signers::Keyless(vec![nobody]),
        trust_root: Some(public_good()),
        transparency: Transparency::LOG,
    };
    Verifier::new(vec![keys, keyless]).expect("they are authorities")
});

/// Believes everybody with a certificate of the public instance.
static ANYBODY: LazyLock<Verifier> = LazyLock::new(|| {
    let any = || Pattern::matching(".*").expect("a pattern");
    Verifier::new(vec![Authority {
        name: "anybody".to_owned(),
        signers: Signers::Keyless(vec![IdentityMatcher {
            issuer: Some(any()),
            subject: any(),
            claims: BTreeMap::new(),
        }]),
        trust_root: Some(public_good()),
        transparency: Transparency::LOG,
    }])
    .expect("it is an authority")
});

/// The annotations of cosign that come before the content.
const ANNOTATIONS: &[&str] = &[
    "dev.cosignproject.cosign/signature",
    "dev.sigstore.cosign/certificate",
    "dev.sigstore.cosign/chain",
    "dev.sigstore.cosign/bundle",
    "dev.sigstore.cosign/rfc3161timestamp",
    "in-toto.io/predicate-type",
];
