#![expect(
    clippy::indexing_slicing,
    reason = "what is missing in a fixture fails the test"
)]

use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;
use countersign_image::{Attachment, Form, media_type};
use serde_json::{Value, json};

use super::*;
use crate::PublicKey;
use crate::certificate::Leaf;
use crate::dsse::Envelope;
use crate::log::{LogWitness, SignerKey};
use crate::sealed::Sealed;
use crate::simple_signing;
use crate::testing::{
    NOW, annotate, attachment, code, fixture, public_key, skopeo_dir, trust_root,
};

/// The `.att` layer of an image that slsa-github-generator attested.
fn attestation(name: &str) -> Attachment {
    let path = |file: &str| format!("legacy/{name}/{file}.json");
    let manifest: Value = serde_json::from_slice(&fixture(&path("manifest"))).unwrap();
    let bytes = fixture(&path("envelope"));
    let mut attachment = attachment(Form::Envelope, media_type::DSSE_ENVELOPE, bytes);
    for (name, value) in manifest["layers"][0]["annotations"].as_object().unwrap() {
        annotate(&mut attachment, name, value.as_str().unwrap());
    }
    attachment
}

/// The `.sig` layer of an image that was signed with a key and logged.
fn signature() -> Attachment {
    let (_, mut attachments) = skopeo_dir("containers-image-dir-img-cosign-key-rekor-valid");
    attachments.remove(0)
}

fn seal(attachment: &Attachment) -> Result<Sealed, Refusal> {
    let bytes = attachment.bytes.as_deref().unwrap();
    if attachment.form == Form::SimpleSigning {
        return simple_signing::seal(attachment, bytes);
    }
    let envelope: Envelope<'_> = json::bounded_object(bytes, "DSSE envelope")?;
    Ok(envelope.seal(material(attachment)?)?.stored_as(bytes))
}

/// What the public log says of the entry beside a layer.
fn witness(attachment: &Attachment) -> Result<LogWitness, Refusal> {
    let sealed = seal(attachment)?;
    let (key, certificate): (PublicKey, _) = match &sealed.material.signer {
        SignerClaim::Certificate { leaf, .. } => (Leaf::parse(leaf)?.key, Some(leaf.as_slice())),
        _ => (
            public_key("layouts/containers-image-keys/cosign2.pub"),
            None,
        ),
    };
    let signer = SignerKey {
        key: &key,
        certificate,
    };
    let [entry] = sealed.material.entries.as_slice() else {
        panic!("one entry")
    };
    let promise_suffices = sealed.material.promise_suffices;
    let signature = sealed.signatures().next().unwrap();
    let logs = trust_root("public-good");
    let witness = entry.verify(
        logs.logs(),
        &sealed.logged(),
        signature,
        &signer,
        promise_suffices,
        NOW,
    )?;
    Ok(witness.expect("an entry of the public log"))
}

/// The annotation with the log entry, with `change` made to it.
fn with_entry(mut attachment: Attachment, change: impl FnOnce(&mut Value)) -> Attachment {
    let text = &attachment.layer.as_ref().unwrap().annotations[BUNDLE];
    let mut bundle = serde_json::from_str(text).unwrap();
    change(&mut bundle);
    annotate(&mut attachment, BUNDLE, &bundle.to_string());
    attachment
}

#[test]
fn the_promise_of_the_log_is_enough_beside_the_older_forms() {
    for (attachment, time) in [
        (
            attestation("slsa-generator-container-v1.4.0"),
            "2023-01-11T16:52:57Z",
        ),
        (
            attestation("slsa-generator-container-v2.0.0"),
            "2024-04-22T21:35:15Z",
        ),
        (signature(), "2023-01-20T21:57:39Z"),
    ] {
        let found = witness(&attachment).unwrap().time.unwrap();
        assert_eq!(found.to_string(), time);
    }
}

#[test]
fn an_entry_pasted_from_another_signature_is_refused() {
    // CVE-2022-23649
    let pasted = |to: Attachment, from: &Attachment| {
        let bundle = from.layer.as_ref().unwrap().annotations[BUNDLE].clone();
        let mut to = to;
        annotate(&mut to, BUNDLE, &bundle);
        code(witness(&to))
    };
    let [old, new] = [
        "slsa-generator-container-v1.4.0",
        "slsa-generator-container-v2.0.0",
    ]
    .map(attestation);
    assert_eq!(pasted(old.clone(), &new), "log_entry_mismatch");
    assert_eq!(pasted(new.clone(), &old), "log_entry_mismatch");
    assert_eq!(pasted(signature(), &old), "log_entry_mismatch");
    assert_eq!(pasted(new, &signature()), "log_entry_mismatch");
}

#[test]
fn an_entry_without_a_signature_holds_for_the_envelope_byte_for_byte() {
    let mut attachment = attestation("slsa-generator-container-v1.4.0");
    let mut spaced = attachment.bytes.as_deref().unwrap().to_vec();
    spaced.push(b'\n');
    attachment.bytes = Some(spaced.into());
    // The payload and the signature are the same; but that is more than the entry says.
    let refusal = witness(&attachment).unwrap_err();
    assert_eq!(refusal.reason.code(), "log_entry_mismatch");
    assert_eq!(refusal.detail, "the log entry is of another envelope");
    let mut attachment = attestation("slsa-generator-container-v2.0.0");
    let mut spaced = attachment.bytes.as_deref().unwrap().to_vec();
    spaced.push(b'\n');
    attachment.bytes = Some(spaced.into());
    assert!(witness(&attachment).is_ok(), "this one names the signature");
}

#[test]
fn whatever_the_log_has_signed_cannot_be_changed() {
    let base = attestation("slsa-generator-container-v1.4.0");
    for (member, value, expected) in [
        (
            "integratedTime",
            json!(1_671_575_602),
            "log_promise_invalid",
        ),
        ("integratedTime", json!(0), "log_promise_invalid"),
        ("logIndex", json!(7), "log_promise_invalid"),
        ("logIndex", json!(-7), "malformed"),
        ("logID", json!("7"), "malformed"),
        ("body", json!("e30="), "log_entry_mismatch"),
        ("body", json!("%"), "malformed"),
    ] {
        let change = |bundle: &mut Value| bundle["Payload"][member] = value.clone();
        assert_eq!(
            code(witness(&with_entry(base.clone(), change))),
            expected,
            "{member} {value}"
        );
    }
    for (value, expected) in [
        (json!(""), "log_proof_missing"),
        (json!(null), "log_proof_missing"),
        (json!("AAAA"), "log_promise_invalid"),
        (json!("%"), "malformed"),
    ] {
        let change = |bundle: &mut Value| bundle["SignedEntryTimestamp"] = value.clone();
        assert_eq!(
            code(witness(&with_entry(base.clone(), change))),
            expected,
            "{value}"
        );
    }
}

#[test]
fn a_key_that_lies_beside_an_entry_or_in_place_of_a_certificate_is_nobodys() {
    // GHSA-fx35-mq7g-6g98
    let key = public_key("layouts/bob.pub").to_pem();
    let with_key = with_entry(signature(), |bundle| {
        bundle["rekorPublicKey"] = json!(key);
        bundle["Payload"]["publicKey"] = json!(key);
    });
    witness(&with_key).unwrap();
    let by_another = with_entry(with_key, |bundle| {
        bundle["SignedEntryTimestamp"] = json!("AAAA")
    });
    assert_eq!(code(witness(&by_another)), "log_promise_invalid");
    let mut instead = signature();
    annotate(&mut instead, CERTIFICATE, &key);
    let refusal = seal(&instead).unwrap_err();
    assert_eq!(refusal.reason.code(), "malformed");
    assert_eq!(
        refusal.detail,
        "annotation dev.sigstore.cosign/certificate holds something else than certificates"
    );
}

#[test]
fn annotations_that_do_not_read_are_named() {
    let certificate = pem(1);
    for (name, text, expected, detail) in [
        (
            CERTIFICATE,
            "nothing".to_owned(),
            "malformed",
            "holds something else than certificates",
        ),
        (
            CERTIFICATE,
            "-----BEGIN CERTIFICATE-----\n%\n-----END CERTIFICATE-----".to_owned(),
            "malformed",
            "is not PEM",
        ),
        (CERTIFICATE, pem(2), "malformed", "is not one certificate"),
        (
            CERTIFICATE,
            pem(33),
            "too_many",
            "has 33 certificates, at most 32 are read",
        ),
        (BUNDLE, "{".to_owned(), "malformed", "cosign"),
        (BUNDLE, "[]".to_owned(), "malformed", "cosign"),
        (
            BUNDLE,
            r#"{"SignedEntryTimestamp":"","SignedEntryTimestamp":""}"#.to_owned(),
            "malformed",
            "twice",
        ),
        (TIMESTAMP, "{}".to_owned(), "malformed", "cosign"),
        (
            TIMESTAMP,
            r#"{"SignedRFC3161Timestamp":""}"#.to_owned(),
            "malformed",
            "is empty or not base64",
        ),
        (
            TIMESTAMP,
            r#"{"SignedRFC3161Timestamp":"%"}"#.to_owned(),
            "malformed",
            "is empty or not base64",
        ),
    ] {
        let mut attachment = signature();
        annotate(&mut attachment, name, &text);
        let refusal = seal(&attachment).unwrap_err();
        assert_eq!(refusal.reason.code(), expected, "{name} {text}");
        assert!(refusal.detail.contains(detail), "{}", refusal.detail);
    }
    for (chain, expected) in [
        (pem(33), "too_many"),
        ("-----BEGIN A-----\n%".to_owned(), "malformed"),
    ] {
        let mut attachment = signature();
        annotate(&mut attachment, CERTIFICATE, &certificate);
        annotate(&mut attachment, CHAIN, &chain);
        assert_eq!(code(seal(&attachment)), expected);
    }
}

#[test]
fn what_cosign_leaves_empty_is_not_there() {
    let mut attachment = signature();
    for name in [CERTIFICATE, CHAIN, BUNDLE, TIMESTAMP] {
        annotate(&mut attachment, name, "");
    }
    let material = material(&attachment).unwrap();
    assert_eq!(material.signer, SignerClaim::Nothing);
    assert!(material.entries.is_empty() && material.timestamps.is_empty());
}

#[test]
fn a_chain_without_a_certificate_says_nothing_and_one_beside_it_helps_to_find_a_path() {
    let mut attachment = signature();
    annotate(&mut attachment, CHAIN, &pem(2));
    assert_eq!(material(&attachment).unwrap().signer, SignerClaim::Nothing);
    annotate(&mut attachment, CERTIFICATE, &pem(1));
    let claim = SignerClaim::Certificate {
        leaf: vec![0; 3],
        intermediates: vec![vec![0; 3]; 2],
    };
    assert_eq!(material(&attachment).unwrap().signer, claim);
}

#[test]
fn a_timestamp_is_of_the_signature_or_of_the_envelope_as_stored() {
    let attestation = attestation("slsa-generator-container-v2.0.0");
    let sealed = seal(&attestation).unwrap();
    let signature_bytes = sealed.signatures().next().unwrap();
    let stored = attestation.bytes.as_deref().unwrap();
    assert_eq!(sealed.stamped(signature_bytes), [signature_bytes, stored]);
    let mut simple = signature();
    let token = json!({"SignedRFC3161Timestamp": STANDARD.encode("a token")});
    annotate(&mut simple, TIMESTAMP, &token.to_string());
    let sealed = seal(&simple).unwrap();
    assert_eq!(sealed.material.timestamps, [b"a token"]);
    let signature_bytes = sealed.signatures().next().unwrap();
    assert_eq!(sealed.stamped(signature_bytes), [signature_bytes]);
}

/// Certificates, as far as PEM goes.
fn pem(count: usize) -> String {
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".repeat(count)
}
