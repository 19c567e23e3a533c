//! Sigstore bundles by a trusted key that are not what they should be.

use serde_json::{Value, json};

use super::*;
use crate::testing::{annotate, signature_attachment, simple_signing};

#[test]
fn a_bundle_is_of_version_0_3_or_refused() {
    let signer = Signer::new();
    let typed = |media_type: Value| changed(&signer, |bundle| bundle["mediaType"] = media_type);
    check_accepted(
        &signer.public(),
        typed("application/vnd.dev.sigstore.bundle+json;version=0.3".into()),
    );
    let old = " where they are attached to an image; those of version 0.3 are";
    let unknown = "; those of versions 0.1 to 0.3 are";
    for (other, which) in [
        ("application/vnd.dev.sigstore.bundle+json;version=0.1", old),
        ("application/vnd.dev.sigstore.bundle+json;version=0.2", old),
        ("application/vnd.dev.sigstore.bundle.v0.4+json", unknown),
        ("application/vnd.dev.sigstore.bundle.v0.30+json", unknown),
        ("application/json", unknown),
    ] {
        let detail = format!("bundles of media type {other} are not read{which}");
        check_rejected(
            &signer.public(),
            typed(other.into()),
            "unsupported_format",
            &detail,
        );
    }
    check_rejected(
        &signer.public(),
        typed(Value::Null),
        "malformed",
        "the bundle has no mediaType",
    );
}

#[test]
fn a_bundle_spelt_as_a_list_is_refused() {
    let signer = Signer::new();
    let bundle = signer.bundle(&payload());
    let members = ["mediaType", "verificationMaterial", "dsseEnvelope"].map(|name| &bundle[name]);
    let detail = "it does not read as a Sigstore bundle: JSON has another shape than expected: it is not a JSON object";
    check_rejected(
        &signer.public(),
        bundle_attachment(&json!(members)),
        "malformed",
        detail,
    );
}

#[test]
fn a_bundle_holds_exactly_one_of_each_or_is_refused() {
    let signer = Signer::new();
    let key = signer.public();
    let without = |member: &str| {
        changed(&signer, |bundle| {
            drop(bundle.as_object_mut().unwrap().remove(member))
        })
    };
    let material =
        |material: Value| changed(&signer, |bundle| bundle["verificationMaterial"] = material);
    let blob =
        json!({"messageDigest": {"algorithm": "SHA2_256", "digest": "AA=="}, "signature": "AA=="});
    let either = "the bundle must hold either a dsseEnvelope or a messageSignature";
    check_rejected(&key, without("dsseEnvelope"), "malformed", either);
    check_rejected(
        &key,
        changed(&signer, |bundle| bundle["messageSignature"] = blob.clone()),
        "malformed",
        either,
    );
    let only_blob = changed(&signer, |bundle| {
        bundle["dsseEnvelope"] = Value::Null;
        bundle["messageSignature"] = blob;
    });
    let detail = "the bundle signs a blob (messageSignature) and not a statement about an image";
    check_rejected(&key, only_blob, "unsupported_format", detail);

    let detail = "the bundle has no verificationMaterial";
    check_rejected(&key, without("verificationMaterial"), "malformed", detail);
    let detail = "the bundle must name either a key or a certificate";
    check_rejected(&key, material(json!({})), "malformed", detail);
    let both = json!({"publicKey": {}, "certificate": {"rawBytes": "AA=="}});
    check_rejected(&key, material(both), "malformed", detail);
    check_accepted(
        &key,
        material(json!({"publicKey": {}, "tlogEntries": [], "somethingNew": 1})),
    );

    let twice = changed(&signer, |bundle| {
        let signatures = bundle["dsseEnvelope"]["signatures"].as_array_mut().unwrap();
        signatures.push(signatures[0].clone());
    });
    check_rejected(
        &key,
        twice,
        "malformed",
        "the bundle has 2 signatures, where it must have one",
    );
}

#[test]
fn a_certificate_is_named_as_what_it_is() {
    let signer = Signer::new();
    let detail = "signed with a certificate, which authority release does not accept";
    let stranger = changed(&Signer::new(), |bundle| {
        bundle["verificationMaterial"] = json!({"certificate": {"rawBytes": "AA=="}});
    });
    check_rejected(&signer.public(), stranger, "certificate_untrusted", detail);
    let payload = simple_signing(&this_image().digest().to_string(), &Value::Null);
    let mut stranger = signature_attachment(payload.clone(), &Signer::new().sign(&payload));
    annotate(
        &mut stranger,
        "dev.sigstore.cosign/certificate",
        CERTIFICATE,
    );
    check_rejected(&signer.public(), stranger, "certificate_untrusted", detail);
    // The key decides where it verifies, whatever certificate lies beside it.
    let mut own = signature_attachment(payload.clone(), &signer.sign(&payload));
    annotate(&mut own, "dev.sigstore.cosign/certificate", CERTIFICATE);
    check_accepted(&signer.public(), own);
}

/// PEM; what is in it matters to nobody here.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
