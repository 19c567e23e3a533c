//! Hostile evidence: each published failure of a verifier and each way of bending what Sigstore signs, with the one reason
//! for which it is refused; and its unaltered neighbour, which verifies.
//!
//! Everything is made by the testkit's Sigstore but for the cases of `fixtures/`, and judged without a registry, except
//! where finding the evidence is what an attack is about.

mod advisories;
mod bundles;
mod certificates;
mod checkpoints;
mod envelopes;
mod identities;
mod legacy;
mod logs;
mod policies;
mod statements;
mod thresholds;
mod timestamps;
mod trust_roots;
mod weaknesses;

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_evidence::{
    Artifact, Authority, CertificateChain, Evidence, IdentityMatcher, Pattern, PublicKey, Signers,
    Transparency, TrustRoot, Verifier,
};
use countersign_image::{
    Attachment, Descriptor, Digest, Form, Origin, PinnedReference, media_type,
};
use countersign_testkit::Layer;
use countersign_testkit::sigstore::{
    BundleFlaw, Entry, SIGNED_AT, Signer, Signing, Sigstore, TrustedRoot,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const WORKFLOW: &str = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";
const SIGNED: &str = "https://sigstore.dev/cosign/sign/v1";

/// A Sigstore, and an authority that accepts one identity of it. Things are judged a day after they were signed.
#[derive(Clone)]
struct Case {
    sigstore: Sigstore,
    root: TrustedRoot,
    scts: usize,
    transparency: Transparency,
    signers: Signers,
}

impl Case {
    fn new() -> Self {
        Self::of(Sigstore::new())
    }

    fn of(sigstore: Sigstore) -> Self {
        Self {
            root: sigstore.trusted_root(),
            sigstore,
            scts: 1,
            transparency: Transparency::LOG,
            signers: Signers::Keyless(vec![accepting(WORKFLOW)]),
        }
    }

    fn with_root(self, root: TrustedRoot) -> Self {
        Self { root, ..self }
    }

    fn with_scts(self, scts: usize) -> Self {
        Self { scts, ..self }
    }

    fn wants(self, logs: u8, timestamps: u8) -> Self {
        let transparency = Transparency { logs, timestamps };
        Self {
            transparency,
            ..self
        }
    }

    fn accepts_only(self, identity: IdentityMatcher) -> Self {
        let signers = Signers::Keyless(vec![identity]);
        Self { signers, ..self }
    }

    /// Accepts the holders of keys instead.
    fn accepts_keys(self, signers: &[&Signer]) -> Self {
        let key = |signer: &&Signer| PublicKey::from_pem(&signer.public_key_pem()).unwrap();
        let signers = Signers::Keys(signers.iter().map(key).collect());
        Self { signers, ..self }
    }

    /// Accepts holders of certificates of the authority alone, as if it were no Fulcio.
    fn accepts_holders(self, name: &str) -> Self {
        let chain = CertificateChain::from_pem(&self.sigstore.authority_pem()).unwrap();
        let identity = IdentityMatcher {
            issuer: None,
            ..accepting(name)
        };
        let signers = Signers::Certificates {
            chain: Arc::new(chain),
            identities: vec![identity],
        };
        Self { signers, ..self }
    }

    /// Whom the authority accepts.
    fn signer(&self) -> Signer {
        self.sigstore.identity(WORKFLOW, ISSUER)
    }

    /// A bundle that verifies.
    fn good(&self) -> Signing {
        self.unlogged().log(Entry::V1)
    }

    /// The same, logged nowhere yet.
    fn unlogged(&self) -> Signing {
        self.signer().statement(statement(SIGNED))
    }

    fn verifier(&self) -> Verifier {
        let root = TrustRoot::from_json("test", self.root.json().as_bytes(), self.scts).unwrap();
        let authority = Authority {
            name: "ci".to_owned(),
            signers: self.signers.clone(),
            trust_root: Some(Arc::new(root)),
            transparency: self.transparency,
        };
        Verifier::new(vec![authority]).unwrap()
    }

    fn judge(&self, things: &[&dyn Attach]) -> Evidence {
        let attachments: Vec<_> = things.iter().map(|thing| thing.attach()).collect();
        self.verifier().verify(&image(), None, &attachments, now())
    }

    #[track_caller]
    fn accepts(&self, thing: &dyn Attach) {
        let evidence = self.judge(&[thing]);
        assert_eq!(evidence.rejected, [], "the neighbour must verify");
        assert_eq!(count(&evidence), 1, "and count once");
    }

    #[track_caller]
    fn refuses(&self, thing: &dyn Attach, code: &str) {
        let evidence = self.judge(&[thing]);
        let found = codes(&evidence);
        assert_eq!(found, [code], "{:?}", evidence.rejected);
        assert_eq!(count(&evidence), 0, "what is refused counts for nothing");
    }

    /// Judges a bundle file and not one that is attached to an image.
    fn judge_file(&self, signing: &Signing) -> Result<usize, &'static str> {
        self.judge_bytes(&signing.bundle())
    }

    fn judge_bytes(&self, bundle: &[u8]) -> Result<usize, &'static str> {
        let digest = image().digest().clone();
        let artifact = Artifact::Digest(&digest);
        let verified = self.verifier().verify_bundle(bundle, &artifact, now());
        verified
            .map(|verified| verified.len())
            .map_err(|rejection| rejection.reason.code())
    }
}

/// What can be attached to an image.
trait Attach {
    fn attach(&self) -> Attachment;
}

impl Attach for Signing {
    fn attach(&self) -> Attachment {
        self.bundle().attach()
    }
}

impl Attach for Value {
    fn attach(&self) -> Attachment {
        self.to_string().into_bytes().attach()
    }
}

impl Attach for Vec<u8> {
    fn attach(&self) -> Attachment {
        let layer = Layer::new(media_type::BUNDLE_V03, self.clone());
        attachment(Form::Bundle, Origin::Referrer, &layer)
    }
}

impl Attach for Layer {
    fn attach(&self) -> Attachment {
        if self.media_type == media_type::DSSE_ENVELOPE {
            attachment(Form::Envelope, Origin::AttestationTag, self)
        } else {
            attachment(Form::SimpleSigning, Origin::SignatureTag, self)
        }
    }
}

fn attachment(form: Form, origin: Origin, layer: &Layer) -> Attachment {
    let descriptor: Descriptor = serde_json::from_value(json!({
        "mediaType": layer.media_type,
        "digest": Digest::of(&layer.bytes).to_string(),
        "size": layer.bytes.len(),
        "annotations": layer.annotations,
    }))
    .unwrap();
    Attachment {
        form,
        origin,
        manifest: Digest::of(b"the manifest that carries it"),
        layer: Some(descriptor),
        artifact_type: None,
        annotations: BTreeMap::new(),
        bytes: Some(layer.bytes.clone()),
    }
}

fn accepting(name: &str) -> IdentityMatcher {
    IdentityMatcher {
        issuer: Some(Pattern::Exact(ISSUER.to_owned())),
        subject: Pattern::Exact(name.to_owned()),
        claims: BTreeMap::new(),
    }
}

fn image() -> PinnedReference {
    let repository = "registry.example/shop/api".parse().unwrap();
    PinnedReference::new(repository, Digest::of(b"this image"))
}

/// A statement about [`image`].
fn statement(predicate_type: &str) -> String {
    statement_about(
        &json!([{"digest": {"sha256": image().digest().hex()}}]),
        predicate_type,
    )
}

fn statement_about(subject: &Value, predicate_type: &str) -> String {
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subject,
        "predicateType": predicate_type,
        "predicate": {},
    });
    statement.to_string()
}

/// That a good bundle verifies, and the same with this flaw does not.
#[track_caller]
fn refuses(flaw: BundleFlaw, code: &str) {
    let case = Case::new();
    case.accepts(&case.good());
    case.refuses(&case.good().but(flaw), code);
}

/// A simple-signing payload about an image.
fn payload(digest: &Digest) -> String {
    let payload = json!({
        "critical": {
            "identity": {"docker-reference": "registry.example/shop/api"},
            "image": {"docker-manifest-digest": digest.to_string()},
            "type": "cosign container image signature",
        },
        "optional": null,
    });
    payload.to_string()
}

fn now() -> Timestamp {
    SIGNED_AT + hours(24)
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

fn codes(evidence: &Evidence) -> Vec<&'static str> {
    let rejected = evidence.rejected.iter();
    rejected.map(|rejection| rejection.reason.code()).collect()
}

/// How many things count for something.
fn count(evidence: &Evidence) -> usize {
    evidence.signatures.len() + evidence.statements.len()
}
