//! What the tests of this crate share: fixtures, a signer, and attachments made by hand.

#![expect(
    clippy::indexing_slicing,
    reason = "what is missing in a fixture fails the test"
)]

pub(crate) mod ca;
mod layout;
mod presented;
pub(crate) mod tsa;

use std::collections::BTreeMap;
use std::path::PathBuf;

use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use countersign_image::{
    Attachment, Descriptor, Digest, Form, Origin, PinnedReference, media_type,
};
use serde_json::{Value, json};

pub(crate) use layout::{layout, skopeo_dir};
pub(crate) use presented::{Case, Presented, cases, code, trust_root};

use crate::{Authority, PublicKey, Signers, Transparency, Verifier, dsse_pae};

pub(crate) const STATEMENT_V1: &str = "https://in-toto.io/Statement/v1";

pub(crate) fn fixture_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures")
        .join(name)
}

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let path = fixture_path(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A certificate of `certificates`, or the one of a bundle, in DER.
pub(crate) fn certificate(name: &str) -> Vec<u8> {
    if !name.contains('/') {
        let text = fixture(&format!("certificates/{name}.pem"));
        return pem::parse(text).unwrap().into_contents();
    }
    let bundle: Value = serde_json::from_slice(&fixture(name)).unwrap();
    let material = &bundle["verificationMaterial"];
    let chain = &material["x509CertificateChain"]["certificates"];
    let der = [&material["certificate"], &chain[0]]
        .into_iter()
        .find_map(|certificate| certificate["rawBytes"].as_str());
    STANDARD.decode(der.unwrap()).unwrap()
}

pub(crate) fn public_key(name: &str) -> PublicKey {
    PublicKey::from_pem(&String::from_utf8(fixture(name)).unwrap()).unwrap()
}

pub(crate) fn authority(name: &str, keys: &[&PublicKey]) -> Authority {
    let keys = keys.iter().copied().cloned().collect();
    Authority {
        name: name.to_owned(),
        signers: Signers::Keys(keys),
        trust_root: None,
        transparency: Transparency::NONE,
    }
}

/// When the tests judge.
pub(crate) const NOW: jiff::Timestamp = jiff::Timestamp::constant(1_795_000_000, 0);

/// A verifier with one authority, `release`.
pub(crate) fn verifier(key: &PublicKey) -> Verifier {
    Verifier::new(vec![authority("release", &[key])]).unwrap()
}

pub(crate) fn image(digest: &Digest) -> PinnedReference {
    PinnedReference::new("registry.example/shop/api".parse().unwrap(), digest.clone())
}

/// The image that hand-made statements speak of.
pub(crate) fn this_image() -> PinnedReference {
    image(&Digest::of(b"this image"))
}

/// A P-256 key.
pub(crate) struct Signer {
    pair: EcdsaKeyPair,
}

impl Signer {
    pub(crate) fn new() -> Self {
        Self {
            pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
        }
    }

    pub(crate) fn public(&self) -> PublicKey {
        let der: PublicKeyX509Der<'_> = self.pair.public_key().as_der().unwrap();
        PublicKey::from_spki_der(der.as_ref()).unwrap()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair
            .sign(&SystemRandom::new(), message)
            .unwrap()
            .as_ref()
            .to_vec()
    }

    /// A DSSE envelope around `payload`.
    pub(crate) fn envelope(&self, payload: &[u8]) -> Value {
        let signature = self.sign(&dsse_pae(media_type::IN_TOTO, payload));
        json!({
            "payloadType": media_type::IN_TOTO,
            "payload": STANDARD.encode(payload),
            "signatures": [{"sig": STANDARD.encode(signature)}],
        })
    }

    /// A bundle v0.3 around `payload`.
    pub(crate) fn bundle(&self, payload: &[u8]) -> Value {
        json!({
            "mediaType": media_type::BUNDLE_V03,
            "verificationMaterial": {"publicKey": {"hint": self.public().hint()}},
            "dsseEnvelope": self.envelope(payload),
        })
    }
}

/// A statement about [`this_image`].
pub(crate) fn statement(predicate_type: &str, predicate: &Value) -> Vec<u8> {
    let sha256 = this_image().digest().hex().to_owned();
    let statement = json!({
        "_type": STATEMENT_V1,
        "subject": [{"name": "whatever", "digest": {"sha256": sha256}}],
        "predicateType": predicate_type,
        "predicate": predicate,
    });
    statement.to_string().into_bytes()
}

/// A simple-signing payload about `digest`.
pub(crate) fn simple_signing(digest: &str, optional: &Value) -> Vec<u8> {
    let payload = json!({
        "critical": {
            "identity": {"docker-reference": "registry.example/shop/api"},
            "image": {"docker-manifest-digest": digest},
            "type": "cosign container image signature",
        },
        "optional": optional,
    });
    payload.to_string().into_bytes()
}

pub(crate) fn bundle_attachment(bundle: &Value) -> Attachment {
    attachment(
        Form::Bundle,
        media_type::BUNDLE_V03,
        bundle.to_string().into_bytes(),
    )
}

pub(crate) fn envelope_attachment(envelope: &Value) -> Attachment {
    attachment(
        Form::Envelope,
        media_type::DSSE_ENVELOPE,
        envelope.to_string().into_bytes(),
    )
}

/// A `.sig` layer with `payload` and `signature`.
pub(crate) fn signature_attachment(payload: Vec<u8>, signature: &[u8]) -> Attachment {
    let mut attachment = attachment(Form::SimpleSigning, media_type::SIMPLE_SIGNING, payload);
    annotate(
        &mut attachment,
        "dev.cosignproject.cosign/signature",
        &STANDARD.encode(signature),
    );
    attachment
}

pub(crate) fn annotate(attachment: &mut Attachment, name: &str, value: &str) {
    attachment
        .layer
        .as_mut()
        .unwrap()
        .annotations
        .insert(name.to_owned(), value.to_owned());
}

pub(crate) fn attachment(form: Form, media_type: &str, bytes: Vec<u8>) -> Attachment {
    let origin = match form {
        Form::SimpleSigning => Origin::SignatureTag,
        Form::Envelope => Origin::AttestationTag,
        _ => Origin::Referrer,
    };
    Attachment {
        form,
        origin,
        manifest: Digest::of(b"the manifest that carries it"),
        layer: Some(Descriptor::new(
            media_type,
            Digest::of(&bytes),
            bytes.len() as u64,
        )),
        artifact_type: None,
        annotations: BTreeMap::new(),
        bytes: Some(bytes.into()),
    }
}
