//! A `.sig` of a key, from bytes to verified, against one bare verification of its signature.

use std::collections::BTreeMap;

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_evidence::{Authority, PublicKey, Signers, Transparency, Verifier};
use countersign_image::{
    Attachment, Descriptor, Digest, Form, Origin, PinnedReference, media_type,
};
use jiff::Timestamp;

use crate::Row;
use crate::clock::both;

pub(crate) fn row() -> Row {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("its public half");
    let key = PublicKey::from_spki_der(der.as_ref()).expect("a key");
    let verifier = Verifier::new(vec![Authority {
        name: "release".to_owned(),
        signers: Signers::Keys(vec![key]),
        trust_root: None,
        transparency: Transparency::NONE,
    }])
    .expect("an authority");
    let image = PinnedReference::new(
        "registry.example/app".parse().expect("a name"),
        Digest::of(b"app"),
    );
    let payload = format!(
        r#"{{"critical":{{"identity":{{"docker-reference":"registry.example/app"}},"image":{{"docker-manifest-digest":"{}"}},"type":"cosign container image signature"}},"optional":null}}"#,
        image.digest()
    );
    let signature = pair
        .sign(&SystemRandom::new(), payload.as_bytes())
        .expect("a signature");
    let attachment = attachment(&payload, signature.as_ref());
    let bare = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, pair.public_key().as_ref());
    let (cost, base) = both(
        3000,
        || {
            let evidence = verifier.verify(
                &image,
                None,
                std::slice::from_ref(&attachment),
                Timestamp::UNIX_EPOCH,
            );
            assert_eq!(evidence.signatures.len(), 1);
            evidence
        },
        || {
            bare.verify(payload.as_bytes(), signature.as_ref())
                .expect("it verifies")
        },
    );
    Row::ratio(".sig of a key, to one P-256 verification", cost, base, 3.0)
}

fn attachment(payload: &str, signature: &[u8]) -> Attachment {
    let digest = Digest::of(payload.as_bytes());
    let mut layer = Descriptor::new(
        media_type::SIMPLE_SIGNING,
        digest.clone(),
        payload.len() as u64,
    );
    layer.annotations.insert(
        "dev.cosignproject.cosign/signature".to_owned(),
        STANDARD.encode(signature),
    );
    Attachment {
        form: Form::SimpleSigning,
        origin: Origin::SignatureTag,
        manifest: digest,
        layer: Some(layer),
        artifact_type: None,
        annotations: BTreeMap::new(),
        bytes: Some(payload.to_owned().into()),
    }
}
