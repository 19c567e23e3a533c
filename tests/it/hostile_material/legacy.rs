//! cosign's older forms: what stands in the annotations of `.sig` and `.att` layers.

use countersign_image::Digest;
use countersign_testkit::Layer;
use countersign_testkit::sigstore::{BundleFlaw, Entry, LogFlaw, SIGNED_AT, Sigstore};
use serde_json::Value;

use super::{Case, hours, image, payload};

const BUNDLE: &str = "dev.sigstore.cosign/bundle";
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
const CHAIN: &str = "dev.sigstore.cosign/chain";

/// A `.sig` layer and an `.att` layer that verify.
fn layers(case: &Case) -> [Layer; 2] {
    let signature = case.signer().payload(payload(image().digest()));
    [signature.log(Entry::V1).layer(), case.good().layer()]
}

fn altered(layer: &Layer, name: &str, alter: impl FnOnce(&str) -> String) -> Layer {
    let text = alter(&layer.annotations[name]);
    layer.clone().annotated(name, &text)
}

fn without(mut layer: Layer, name: &str) -> Layer {
    layer.annotations.remove(name);
    layer
}

#[test]
fn ghsa_fx35_mq7g_6g98_a_public_key_is_no_certificate() {
    let case = Case::new();
    let mallory = case.sigstore.key();
    for layer in layers(&case) {
        case.accepts(&layer);
        let key = layer.annotated(CERTIFICATE, &mallory.public_key_pem());
        case.refuses(&key, "malformed");
    }
}

#[test]
fn ghsa_fx35_mq7g_6g98_a_key_that_the_log_entry_brings_is_nobodys() {
    let case = Case::new();
    let mallory = case.sigstore.key();
    let theirs = mallory
        .payload(payload(image().digest()))
        .log(Entry::V1)
        .layer();
    // Signed and logged by a key that nobody knows; and again with a good certificate beside it.
    case.refuses(&theirs, "key_mismatch");
    let [signature, _] = layers(&case);
    let dressed = theirs.annotated(CERTIFICATE, &signature.annotations[CERTIFICATE]);
    case.refuses(&dressed, "signature_invalid");
}

#[test]
fn a_promise_must_be_of_this_layer_and_by_the_log() {
    let case = Case::new();
    let signature = case.signer().payload(payload(image().digest()));
    for flaw in [
        LogFlaw::PromiseOfOther,
        LogFlaw::PromiseForged,
        LogFlaw::IndexAltered,
    ] {
        let layer = signature.clone().log_but(Entry::V1, flaw.clone()).layer();
        case.refuses(&layer, "log_promise_invalid");
        let layer = case.unlogged().log_but(Entry::V1, flaw).layer();
        case.refuses(&layer, "log_promise_invalid");
    }
}

#[test]
fn a_layer_without_a_promise_is_in_no_log() {
    let case = Case::new();
    for layer in layers(&case) {
        case.refuses(&without(layer.clone(), BUNDLE), "log_missing");
        let unsigned = altered(&layer, BUNDLE, |text| {
            let mut bundle: Value = serde_json::from_str(text).unwrap();
            bundle["SignedEntryTimestamp"] = "".into();
            bundle.to_string()
        });
        case.refuses(&unsigned, "log_proof_missing");
    }
}

#[test]
fn the_time_in_a_promise_is_the_one_that_the_log_signed() {
    let case = Case::new();
    for layer in layers(&case) {
        let earlier = altered(&layer, BUNDLE, |text| {
            let mut bundle: Value = serde_json::from_str(text).unwrap();
            bundle["Payload"]["integratedTime"] = (SIGNED_AT - hours(1)).as_second().into();
            bundle.to_string()
        });
        case.refuses(&earlier, "log_promise_invalid");
    }
}

#[test]
fn annotations_that_do_not_read_are_refused_and_not_passed_over() {
    let case = Case::new();
    for layer in layers(&case) {
        for (name, text) in [
            (BUNDLE, "{}"),
            (BUNDLE, "null"),
            (BUNDLE, "[]"),
            (CERTIFICATE, "not PEM"),
            (CHAIN, "not PEM"),
            ("dev.sigstore.cosign/rfc3161timestamp", "{}"),
        ] {
            case.refuses(&layer.clone().annotated(name, text), "malformed");
        }
    }
}

#[test]
fn a_certificate_annotation_holds_one_certificate() {
    let case = Case::new();
    for layer in layers(&case) {
        let two = altered(&layer, CERTIFICATE, |text| text.repeat(2));
        case.refuses(&two, "malformed");
        case.refuses(&altered(&layer, CHAIN, |text| text.repeat(40)), "too_many");
    }
}

#[test]
fn a_chain_that_comes_along_is_no_reason_to_trust_it() {
    let case = Case::new();
    let other = Case::of(Sigstore::new());
    for layer in layers(&other) {
        case.refuses(&layer, "certificate_untrusted");
    }
    for layer in layers(&case) {
        case.accepts(&without(layer, CHAIN));
    }
}

#[test]
fn the_signature_annotation_is_the_signature() {
    let case = Case::new();
    let [signature, _] = layers(&case);
    let name = "dev.cosignproject.cosign/signature";
    case.refuses(&without(signature.clone(), name), "malformed");
    for text in ["", "not base64!"] {
        case.refuses(&signature.clone().annotated(name, text), "malformed");
    }
    let changed = case
        .signer()
        .payload(payload(&Digest::of(b"another image")));
    let changed = changed.log(Entry::V1).layer();
    let swapped = signature.annotated(name, &changed.annotations[name]);
    case.refuses(&swapped, "signature_invalid");
}

#[test]
fn a_payload_of_another_type_under_the_same_signer_signs_no_image() {
    let case = Case::new();
    let signed = |payload: &str| case.signer().payload(payload).log(Entry::V1).layer();
    let good = payload(image().digest());
    case.accepts(&signed(&good));
    let atomic = good.replace(
        "cosign container image signature",
        "atomic container signature",
    );
    case.refuses(&signed(&atomic), "payload_type_mismatch");
    case.refuses(&signed("just a file"), "malformed");
    let twice = good.replacen(
        r#""image":"#,
        r#""image":{"docker-manifest-digest":"sha256:00"},"image":"#,
        1,
    );
    case.refuses(&signed(&twice), "malformed");
    let more = good.replacen(
        r#""critical":{"#,
        r#""critical":{"expires":"2020-01-01","#,
        1,
    );
    case.refuses(&signed(&more), "malformed");
}

#[test]
fn an_envelope_that_was_changed_is_refused() {
    let case = Case::new();
    let changed = case.good().but(BundleFlaw::SignatureAltered).layer();
    case.refuses(&changed, "signature_invalid");
    let replaced =
        BundleFlaw::PayloadReplaced(super::statement("https://spdx.dev/Document").into_bytes());
    case.refuses(&case.good().but(replaced).layer(), "signature_invalid");
}
