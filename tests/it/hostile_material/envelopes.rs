//! DSSE envelopes: which bytes were signed, how often, and as what.

use countersign_testkit::sigstore::{BundleFlaw, Entry, Signing};

use super::{Case, SIGNED, refuses, statement};

#[test]
fn cve_2023_33957_signatures_without_end_are_refused() {
    let case = Case::new();
    let layer = |count| {
        case.unlogged()
            .log(Entry::V1)
            .but(BundleFlaw::Signatures(count))
            .layer()
    };
    case.accepts(&layer(8));
    case.refuses(&layer(9), "too_many");
    case.refuses(&layer(100_000), "too_many");
}

#[test]
fn ghsa_r2xv_vpr2_42m9_a_signature_over_the_bare_payload_is_refused() {
    let case = Case::new();
    case.accepts(&case.good());
    case.refuses(
        &case.good().but(BundleFlaw::PayloadSigned),
        "signature_invalid",
    );
}

#[test]
fn what_was_changed_after_it_was_signed_is_refused() {
    let other = statement("https://slsa.dev/provenance/v1");
    refuses(
        BundleFlaw::PayloadReplaced(other.into_bytes()),
        "signature_invalid",
    );
    refuses(BundleFlaw::SignatureAltered, "signature_invalid");
}

#[test]
fn a_signature_must_be_over_the_encoding_of_dsse_and_no_other() {
    for flaw in [
        BundleFlaw::PayloadSigned,
        BundleFlaw::LengthWithLeadingZero,
        BundleFlaw::NoLengths,
    ] {
        refuses(flaw, "signature_invalid");
    }
}

#[test]
fn where_type_ends_and_payload_begins_is_part_of_what_is_signed() {
    let case = Case::new();
    // The same text behind `DSSEv1`, but for its lengths, when the type takes the first word of the payload.
    let payload = format!("x {}", statement(SIGNED));
    let split = case
        .signer()
        .envelope(&payload, "application/vnd.in-toto+json");
    let joined = BundleFlaw::PayloadTypeReplaced("application/vnd.in-toto+json x".to_owned());
    case.refuses(&split.log(Entry::V1).but(joined), "payload_type_mismatch");
}

#[test]
fn a_payload_of_another_type_is_no_statement() {
    let case = Case::new();
    for kind in [
        "text/plain",
        "application/json",
        "application/vnd.in-toto+JSON",
        "",
    ] {
        let signing = case
            .signer()
            .envelope(statement(SIGNED), kind)
            .log(Entry::V1);
        case.refuses(&signing, "payload_type_mismatch");
    }
    let swapped = |kind: &str| BundleFlaw::PayloadTypeReplaced(kind.to_owned());
    case.refuses(
        &case.good().but(swapped("text/plain")),
        "payload_type_mismatch",
    );
    let plain = case
        .signer()
        .envelope(statement(SIGNED), "text/plain")
        .log(Entry::V1);
    case.refuses(
        &plain.but(swapped("application/vnd.in-toto+json")),
        "signature_invalid",
    );
}

#[test]
fn a_bundle_has_one_signature() {
    for count in [0, 2] {
        refuses(BundleFlaw::Signatures(count), "malformed");
    }
    refuses(BundleFlaw::Signatures(100_000), "too_many");
    refuses(BundleFlaw::SignatureOfOtherFirst, "malformed");
}

#[test]
fn a_layer_may_have_some_signatures_of_which_one_is_enough() {
    let case = Case::new();
    let layer = |flaw| case.unlogged().log(Entry::V1).but(flaw).layer();
    case.accepts(&layer(BundleFlaw::SignatureOfOtherFirst));
    case.accepts(&layer(BundleFlaw::Signatures(2)));
    case.refuses(&layer(BundleFlaw::Signatures(0)), "malformed");
}

#[test]
fn what_an_envelope_says_of_its_key_is_never_believed() {
    let case = Case::new();
    case.accepts(
        &case
            .good()
            .but(BundleFlaw::KeyId("somebody else".to_owned())),
    );
    let (release, stranger) = (case.sigstore.key(), case.sigstore.key());
    let case = case.clone().wants(0, 0).accepts_keys(&[&release]);
    let signed = |signing: Signing, hint: &str| {
        let mut bundle = signing.bundle_value();
        bundle["verificationMaterial"]["publicKey"]["hint"] = hint.into();
        bundle["dsseEnvelope"]["signatures"][0]["keyid"] = hint.into();
        bundle
    };
    let own = release.statement(statement(SIGNED));
    let hint = own.bundle_value()["verificationMaterial"]["publicKey"]["hint"].clone();
    let hint = hint.as_str().unwrap();
    case.accepts(&own);
    case.accepts(&signed(own, "whatever"));
    let theirs = stranger.statement(statement(SIGNED));
    case.refuses(&theirs, "key_mismatch");
    case.refuses(&signed(theirs, hint), "signature_invalid");
}

#[test]
fn base64_is_read_in_either_alphabet_and_never_loosely() {
    let case = Case::new();
    case.accepts(&case.good().but(BundleFlaw::UrlSafe));
    case.accepts(&case.good().but(BundleFlaw::NoPadding));
    case.refuses(&case.good().but(BundleFlaw::LineFeedInPayload), "malformed");
    let good = case.good().bundle_value();
    for text in [
        "not base64!",
        "",
        "+_8=",
        "+/9=",
        "AAAA=",
        "AAAA\n",
        " AAAA",
    ] {
        let mut bundle = good.clone();
        bundle["dsseEnvelope"]["signatures"][0]["sig"] = text.into();
        case.refuses(&bundle, "malformed");
    }
}
