//! Simple signing, things that nobody signed or nobody reads, and garbage beside good things.

use serde_json::{Value, json};

use super::*;
use crate::testing::{attachment, signature_attachment, simple_signing};
use countersign_image::Origin;

#[test]
fn a_simple_signing_payload_must_be_of_cosigns_type_about_this_image_and_unambiguous() {
    let signer = Signer::new();
    let key = signer.public();
    let signed = |payload: Vec<u8>| signature_attachment(payload.clone(), &signer.sign(&payload));
    let digest = this_image().digest().to_string();
    let good = String::from_utf8(simple_signing(&digest, &json!({"a": "b", "n": 1}))).unwrap();
    let evidence = check_accepted(&key, signed(good.clone().into_bytes()));
    assert_eq!(evidence.signatures[0].value().annotations.len(), 1);

    let other = format!("sha256:{}", "0".repeat(64));
    let detail = format!("signed by release, but it is about {other}, not this image");
    check_rejected(
        &key,
        signed(simple_signing(&other, &Value::Null)),
        "subject_mismatch",
        &detail,
    );
    let upper = digest.to_uppercase().replace("SHA", "sha");
    let detail = format!("signed by release, but it is about {upper}, not this image");
    check_rejected(
        &key,
        signed(simple_signing(&upper, &Value::Null)),
        "subject_mismatch",
        &detail,
    );

    let atomic = good.replace(
        "cosign container image signature",
        "atomic container signature",
    );
    let detail = "signed by release, but the payload is of type \"atomic container signature\" and not \"cosign container image signature\"";
    check_rejected(
        &key,
        signed(atomic.into_bytes()),
        "payload_type_mismatch",
        detail,
    );

    for bad in [
        good.replacen("\"type\"", "\"type\":\"x\",\"type\"", 1),
        good.replacen(
            "\"image\":",
            &format!("\"image\":{{\"docker-manifest-digest\":\"{other}\"}},\"image\":"),
            1,
        ),
        good.replacen("\"critical\":{", "\"critical\":{\"unheard-of\":1,", 1),
        good.replace("docker-manifest-digest", "Docker-manifest-digest"),
        good.replace("{\"docker-manifest-digest\":", "[")
            .replacen("},\"type\"", "],\"type\"", 1),
        good.replace("critical", "Critical"),
        good.replace("\"a\":\"b\"", "\"a\":\"b\",\"a\":\"c\""),
        format!("{good}{good}"),
        "{}".to_owned(),
    ] {
        let evidence = verifier(&key).verify(
            &this_image(),
            None,
            &[signed(bad.clone().into_bytes())],
            NOW,
        );
        assert_eq!(
            Outcome::from(&evidence),
            Outcome {
                rejected: vec!["malformed"],
                ..Outcome::default()
            },
            "{bad}"
        );
    }
}

#[test]
fn what_nobody_signed_or_nobody_reads_is_named() {
    let signer = Signer::new();
    let bare = |form: Form, media_type: &str| Attachment {
        bytes: None,
        ..attachment(form, media_type, vec![])
    };
    let mut sbom = bare(Form::UnsignedSbom, "text/spdx+json");
    sbom.origin = Origin::SbomTag;
    let referrer = bare(Form::UnsignedSbom, "application/vnd.cyclonedx+json");
    let notation = bare(
        Form::Unsupported("notation".to_owned()),
        "application/jose+json",
    );
    let broken = bare(Form::Malformed("it is an index".to_owned()), "x/y");
    let missing = bare(Form::Bundle, "x/y");
    let evidence = verifier(&signer.public()).verify(
        &this_image(),
        None,
        &[sbom, referrer, notation, broken, missing],
        NOW,
    );
    let found = evidence.rejected.iter().map(|rejection| {
        let crate::Rejection {
            format,
            predicate_type,
            reason,
            detail,
            ..
        } = rejection;
        (
            format.as_str(),
            predicate_type.as_deref(),
            reason.code(),
            detail.as_str(),
        )
    });
    let found: Vec<_> = found.collect();
    let (spdx, cyclonedx) = (
        Some("https://spdx.dev/Document"),
        Some("https://cyclonedx.org/bom"),
    );
    assert_eq!(
        found,
        [
            (
                "sbom-tag",
                spdx,
                "unsigned",
                "an SBOM (text/spdx+json) that nobody signed"
            ),
            (
                "referrer",
                cyclonedx,
                "unsigned",
                "an SBOM (application/vnd.cyclonedx+json) that nobody signed"
            ),
            (
                "notation",
                None,
                "unsupported_format",
                "attached as notation, which is not read"
            ),
            ("referrer", None, "malformed", "it is an index"),
            ("bundle", None, "malformed", "its content was not fetched"),
        ]
    );
}

#[test]
fn garbage_beside_a_good_signature_hides_nothing() {
    let signer = Signer::new();
    let mut attachments: Vec<_> = (0..63).map(|_| changed(&Signer::new(), |_| ())).collect();
    attachments.push(attachment(Form::Bundle, "x/y", b"\xff{".to_vec()));
    attachments.push(changed(&signer, |_| ()));
    let evidence = verifier(&signer.public()).verify(&this_image(), None, &attachments, NOW);
    assert_eq!(
        (evidence.signatures.len(), evidence.rejected.len()),
        (1, 64)
    );
}

#[test]
fn a_detail_repeats_no_control_characters_and_no_endless_text() {
    let signer = Signer::new();
    let hint = format!("\u{1b}[2J\n{}", "x".repeat(10_000));
    let evil = changed(&Signer::new(), |bundle| {
        bundle["verificationMaterial"]["publicKey"]["hint"] = hint.clone().into()
    });
    let mut claimed = evil.clone();
    claimed.annotations.insert(
        "dev.sigstore.bundle.predicateType".to_owned(),
        "\r\n".repeat(10_000),
    );
    let broken = attachment(Form::Malformed(hint.clone()), "x/y", vec![]);
    let unknown = json!({"critical": {&hint: 1}}).to_string().into_bytes();
    let unknown = signature_attachment(unknown.clone(), &signer.sign(&unknown));
    let attachments = [evil, claimed, broken, unknown];
    let evidence = verifier(&signer.public()).verify(&this_image(), None, &attachments, NOW);
    assert_eq!(evidence.rejected.len(), attachments.len());
    for rejection in evidence.rejected {
        for text in [
            rejection.detail,
            rejection.predicate_type.unwrap_or_default(),
        ] {
            assert!(
                text.len() < 2_000 && !text.contains(char::is_control),
                "{text:?}"
            );
        }
    }
}
