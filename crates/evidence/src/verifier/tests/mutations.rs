//! Good things with one thing changed: never evidence, or not changed where it counts.

use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::*;
use crate::testing::{layout, public_key};

/// Judges `attachment` of the case `name` under alice's key.
fn judge(name: &str, attachment: Attachment) -> Evidence {
    let (image, _) = layout(name);
    verifier(&public_key("layouts/alice.pub")).verify(&image, None, &[attachment], NOW)
}

#[track_caller]
fn check(name: &str, attachment: Attachment, codes: &[&str], what: &str) {
    let outcome = Outcome::from(&judge(name, attachment));
    assert!(
        outcome.signatures == 0 && outcome.statements.is_empty(),
        "{name}: verifies with another {what}"
    );
    assert!(
        codes.contains(&outcome.rejected[0]),
        "{name}: {what}: {:?}",
        outcome.rejected
    );
}

fn with_bytes(attachment: &Attachment, bytes: Vec<u8>) -> Attachment {
    Attachment {
        bytes: Some(bytes.into()),
        ..attachment.clone()
    }
}

/// Positions spread over `length`, all of them where they are few.
fn positions(length: usize) -> impl Iterator<Item = usize> {
    (0..length).step_by(1 + length / 400)
}

#[test]
fn a_changed_byte_of_a_simple_signing_payload_never_verifies() {
    for name in [
        "c2-sign-single",
        "c2-sign-multiarch-recursive",
        "connaisseur-multi-cosigned-alice",
    ] {
        let (_, attachments) = layout(name);
        let payload = attachments[0].bytes.clone().unwrap();
        for at in 0..payload.len() {
            let mut changed = payload.to_vec();
            changed[at] ^= 0x01;
            check(
                name,
                with_bytes(&attachments[0], changed),
                &["key_mismatch"],
                &format!("byte {at}"),
            );
        }
        for changed in [
            &payload[1..],
            &payload[..payload.len() - 1],
            &[&payload[..], b" "].concat(),
            b"",
        ] {
            check(
                name,
                with_bytes(&attachments[0], changed.to_vec()),
                &["key_mismatch"],
                "length",
            );
        }
    }
}

#[test]
fn a_changed_signature_annotation_never_verifies() {
    let name = "c2-sign-single";
    let (_, attachments) = layout(name);
    let signature =
        &attachments[0].layer.as_ref().unwrap().annotations["dev.cosignproject.cosign/signature"];
    let signature = STANDARD.decode(signature).unwrap();
    let with = |text: &str| {
        let mut attachment = attachments[0].clone();
        crate::testing::annotate(&mut attachment, "dev.cosignproject.cosign/signature", text);
        attachment
    };
    for at in 0..signature.len() {
        let mut changed = signature.clone();
        changed[at] ^= 0x01;
        check(
            name,
            with(&STANDARD.encode(changed)),
            &["key_mismatch"],
            &format!("signature byte {at}"),
        );
    }
    for text in ["", "====", "%%%", "é"] {
        check(name, with(text), &["malformed"], "signature encoding");
    }
    let mut without = attachments[0].clone();
    without.layer.as_mut().unwrap().annotations.clear();
    check(name, without, &["malformed"], "missing signature");
    check(
        name,
        Attachment {
            layer: None,
            ..attachments[0].clone()
        },
        &["malformed"],
        "missing layer",
    );
}

/// The JSON of `attachment`, and where its envelope is.
fn envelope_of(attachment: &Attachment) -> (Value, &'static str) {
    let json: Value = serde_json::from_slice(attachment.bytes.as_ref().unwrap()).unwrap();
    let pointer = if json.get("dsseEnvelope").is_some() {
        "/dsseEnvelope"
    } else {
        ""
    };
    (json, pointer)
}

#[test]
fn an_envelope_with_a_changed_byte_in_payload_signature_or_type_never_verifies() {
    for name in [
        "c3-sign-attest-single",
        "c2-attest-4types",
        "statement-two-subjects-second-matches",
    ] {
        let (_, attachments) = layout(name);
        for attachment in &attachments {
            // The hint of a bundle is alice's, so there it is known that the content must have changed.
            let code = if attachment.form == Form::Bundle {
                "signature_invalid"
            } else {
                "key_mismatch"
            };
            for field in ["/payload", "/signatures/0/sig"] {
                let (json, envelope) = envelope_of(attachment);
                let bytes = STANDARD.decode(
                    json.pointer(&format!("{envelope}{field}"))
                        .unwrap()
                        .as_str()
                        .unwrap(),
                );
                let bytes = bytes.unwrap();
                for at in positions(bytes.len()) {
                    let mut changed = bytes.clone();
                    changed[at] ^= 0x01;
                    let mut json = json.clone();
                    *json.pointer_mut(&format!("{envelope}{field}")).unwrap() =
                        STANDARD.encode(changed).into();
                    let changed = with_bytes(attachment, json.to_string().into_bytes());
                    check(name, changed, &[code], &format!("{field} byte {at}"));
                }
            }
            for (kind, code) in [
                ("application/vnd.in-toto+xml", "payload_type_mismatch"),
                ("text/plain", "payload_type_mismatch"),
                ("", "payload_type_mismatch"),
            ] {
                let (mut json, envelope) = envelope_of(attachment);
                *json
                    .pointer_mut(&format!("{envelope}/payloadType"))
                    .unwrap() = kind.into();
                check(
                    name,
                    with_bytes(attachment, json.to_string().into_bytes()),
                    &[code],
                    "payloadType",
                );
            }
        }
    }
}

#[test]
fn any_changed_byte_of_a_stored_bundle_is_refused_or_changes_nothing_that_counts() {
    let name = "c3-sign-attest-single";
    let (_, attachments) = layout(name);
    for attachment in &attachments {
        let good = judge(name, attachment.clone());
        let bytes = attachment.bytes.clone().unwrap();
        for at in positions(bytes.len()) {
            for mask in [0x01, 0x20, 0x80] {
                let mut changed = bytes.to_vec();
                changed[at] ^= mask;
                let found = judge(name, with_bytes(attachment, changed));
                if found.rejected.is_empty() {
                    // A byte of the hint, or of a member that is not read.
                    assert_eq!(
                        Outcome::from(&found),
                        Outcome::from(&good),
                        "byte {at} ^ {mask:#x}"
                    );
                } else {
                    let outcome = Outcome::from(&found);
                    assert!(
                        outcome.signatures == 0 && outcome.statements.is_empty(),
                        "byte {at} ^ {mask:#x}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_wrong_hint_neither_helps_nor_hurts() {
    let name = "c3-sign-attest-single";
    let (_, attachments) = layout(name);
    for hint in ["\"AAAA\"", "\"\"", "null"] {
        let (mut json, _) = envelope_of(&attachments[0]);
        *json
            .pointer_mut("/verificationMaterial/publicKey/hint")
            .unwrap() = serde_json::from_str(hint).unwrap();
        let evidence = judge(
            name,
            with_bytes(&attachments[0], json.to_string().into_bytes()),
        );
        assert_eq!(evidence.rejected, []);
    }
}
