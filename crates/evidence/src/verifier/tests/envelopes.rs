//! DSSE envelopes: what a signature must be over, and how it may be written.

use ::base64::Engine as _;
use ::base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use countersign_image::media_type::IN_TOTO;
use serde_json::{Value, json};

use super::*;
use crate::dsse_pae;
use crate::testing::{envelope_attachment, fixture, image};

fn signed_over(signer: &Signer, message: &[u8]) -> Attachment {
    let signature = STANDARD.encode(signer.sign(message));
    changed(signer, |bundle| {
        bundle["dsseEnvelope"]["signatures"][0]["sig"] = signature.into()
    })
}

const CHANGED: &str =
    "names the key of release, but does not verify with it: changed since it was signed";

#[test]
fn a_signature_over_anything_but_the_exact_pae_is_refused() {
    let signer = Signer::new();
    let (key, body) = (signer.public(), payload());
    check_accepted(&key, signed_over(&signer, &dsse_pae(IN_TOTO, &body)));
    let padded = format!("DSSEv1 0{} {IN_TOTO} {} ", IN_TOTO.len(), body.len());
    for message in [
        body.clone(),
        [padded.as_bytes(), &body].concat(),
        dsse_pae("text/plain", &body),
        dsse_pae(IN_TOTO, STANDARD.encode(&body).as_bytes()),
        [&dsse_pae(IN_TOTO, &body)[..], b"\n"].concat(),
    ] {
        check_rejected(
            &key,
            signed_over(&signer, &message),
            "signature_invalid",
            CHANGED,
        );
    }
}

#[test]
fn both_alphabets_of_base64_are_read() {
    let signer = Signer::new();
    for encode in [
        |bytes: &[u8]| URL_SAFE.encode(bytes),
        |bytes: &[u8]| STANDARD_NO_PAD.encode(bytes),
    ] {
        let mut envelope = signer.envelope(&payload());
        envelope["payload"] = encode(&payload()).into();
        let signature = signer.sign(&dsse_pae(IN_TOTO, &payload()));
        envelope["signatures"][0]["sig"] = encode(&signature).into();
        check_accepted(&signer.public(), envelope_attachment(&envelope));
    }
}

#[test]
fn an_envelope_verifies_by_any_of_its_signatures_whatever_the_keyid_says() {
    let signer = Signer::new();
    let good = signer.envelope(&payload())["signatures"][0]["sig"].clone();
    let foreign = Signer::new().envelope(&payload())["signatures"][0]["sig"].clone();
    let with = |signatures: Value| {
        let mut envelope = signer.envelope(&payload());
        envelope["signatures"] = signatures;
        envelope_attachment(&envelope)
    };
    let key = signer.public();
    let lie = Signer::new().public().hint();
    check_accepted(
        &key,
        with(json!([{"sig": "%%%"}, {"sig": ""}, {"sig": foreign}, {"sig": good, "keyid": lie}])),
    );
    let nobody =
        "verifies with no key of authority release: signed by another key, or changed since";
    check_rejected(
        &key,
        with(json!([{"sig": foreign, "keyid": key.hint()}])),
        "key_mismatch",
        nobody,
    );
    check_rejected(
        &key,
        with(json!([])),
        "malformed",
        "the envelope has no signature",
    );
    let garbage = "the signature in the envelope is empty or not base64";
    check_rejected(
        &key,
        with(json!([{"sig": ""}, {"sig": "%"}])),
        "malformed",
        garbage,
    );
    let nine = vec![json!({"sig": good}); 9];
    check_rejected(
        &key,
        with(nine.into()),
        "too_many",
        "the DSSE envelope has a list of more than 8 elements, which is the most that is read",
    );
}

#[test]
fn vectors_of_dsse_are_judged_as_they_say() {
    let vectors: Vec<Value> = serde_json::from_slice(&fixture("dsse/dsse-vectors.json")).unwrap();
    for (vector, (signed, code)) in vectors.iter().zip([
        (true, None),
        (true, None),
        (false, Some("subject_mismatch")),
    ]) {
        let key = PublicKey::from_pem(vector["public_key"].as_str().unwrap()).unwrap();
        let digest = format!("sha256:{}", vector["digest_sha256"].as_str().unwrap())
            .parse()
            .unwrap();
        let evidence = verifier(&key).verify(
            &image(&digest),
            None,
            &[envelope_attachment(&vector["envelope"])],
            NOW,
        );
        let found = evidence
            .statements
            .first()
            .map(|statement| statement.value().predicate_type.as_str());
        assert_eq!(found.is_some(), signed, "{}", vector["case"]);
        assert_eq!(Outcome::from(&evidence).rejected.first().copied(), code);
        let as_asked = found == vector["predicate_type"].as_str();
        assert_eq!(as_asked, vector["expect"] == "pass", "{}", vector["case"]);
    }
    let example = &vectors[3];
    assert_eq!(
        dsse_pae("http://example.com/HelloWorld", b"hello world"),
        example["pae"].as_str().unwrap().as_bytes()
    );
    let detail = "it holds http://example.com/HelloWorld, and no in-toto statement (application/vnd.in-toto+json)";
    let key = Signer::new().public();
    check_rejected(
        &key,
        envelope_attachment(&example["envelope"]),
        "payload_type_mismatch",
        detail,
    );
}
