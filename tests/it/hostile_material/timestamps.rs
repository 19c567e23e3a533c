//! RFC 3161 timestamps: what they are of, when, and by whom.

use countersign_testkit::sigstore::{Algorithm, Entry, Part, SIGNED_AT, Sigstore, StampFlaw};

use super::{Case, hours, image, payload};

/// Asks for a timestamp and no log.
fn case() -> Case {
    Case::new().wants(0, 1)
}

#[test]
fn cve_2026_39984_a_certificate_put_first_into_the_bag_lends_nothing() {
    let case = Case::new().wants(0, 1);
    case.accepts(&case.unlogged().stamp_but(StampFlaw::StrangersInTheBag));
    for flaw in [StampFlaw::Impersonated, StampFlaw::WrongPurpose] {
        case.refuses(&case.unlogged().stamp_but(flaw), "timestamp_invalid");
    }
}

#[test]
fn a_timestamp_must_be_of_this_signature() {
    let case = case();
    case.accepts(&case.unlogged().stamp());
    case.refuses(
        &case.unlogged().stamp_but(StampFlaw::OtherImprint),
        "timestamp_invalid",
    );
}

#[test]
fn a_timestamp_must_be_signed_by_its_authority() {
    let case = case();
    for flaw in [
        StampFlaw::Forged,
        StampFlaw::TimeAltered(SIGNED_AT + jiff::SignedDuration::from_secs(1)),
        StampFlaw::NoAttributes,
    ] {
        case.refuses(&case.unlogged().stamp_but(flaw), "timestamp_invalid");
    }
}

#[test]
fn an_answer_without_a_token_is_no_timestamp() {
    let case = case();
    case.refuses(
        &case.unlogged().stamp_but(StampFlaw::Refused),
        "timestamp_invalid",
    );
    let mut bundle = case.unlogged().stamp().bundle_value();
    let token =
        &mut bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"][0];
    for text in ["AAAA", "MAA="] {
        token["signedTimestamp"] = text.into();
    }
    case.refuses(&bundle, "timestamp_invalid");
}

#[test]
fn an_authority_that_nobody_trusts_proves_no_time() {
    let case = case();
    let other = Sigstore::new();
    case.refuses(&case.unlogged().stamp_by(&other), "timestamp_invalid");
    case.accepts(&case.unlogged().stamp().stamp_by(&other));
}

#[test]
fn a_token_need_not_bring_its_certificate() {
    let case = case();
    case.accepts(&case.unlogged().stamp_bare());
}

#[test]
fn a_certificate_must_be_valid_when_it_was_stamped() {
    let case = case();
    case.refuses(
        &case.unlogged().stamp_at(SIGNED_AT + hours(1)),
        "certificate_expired",
    );
    case.refuses(
        &case.unlogged().stamp_at(SIGNED_AT - hours(1)),
        "certificate_expired",
    );
}

#[test]
fn an_authoritys_own_certificate_must_be_valid_when_it_stamps() {
    let until = |to| {
        let shape = Sigstore::shaped().tsa_valid(SIGNED_AT - hours(99), SIGNED_AT + hours(to));
        Case::of(shape.build()).wants(0, 1)
    };
    let valid = until(1);
    valid.accepts(&valid.unlogged().stamp());
    let expired = until(-1);
    expired.refuses(&expired.unlogged().stamp(), "timestamp_invalid");
}

#[test]
fn an_authority_counts_within_its_window() {
    let case = case();
    let within = |from, to| {
        let root = case.sigstore.trusted_root();
        let window = (Some(SIGNED_AT + hours(from)), Some(SIGNED_AT + hours(to)));
        case.clone()
            .with_root(root.valid(Part::TimestampAuthorities, window.0, window.1))
    };
    within(-1, 0).accepts(&case.unlogged().stamp());
    within(-2, -1).refuses(&case.unlogged().stamp(), "timestamp_invalid");
    within(1, 2).refuses(&case.unlogged().stamp(), "timestamp_invalid");
}

#[test]
fn authorities_of_every_curve_and_below_intermediates_are_read() {
    for shape in [
        Sigstore::shaped().tsa_algorithm(Algorithm::P384),
        Sigstore::shaped().tsa_algorithm(Algorithm::P521),
        Sigstore::shaped().tsa_algorithm(Algorithm::Rsa2048),
        Sigstore::shaped().tsa_intermediates(2),
    ] {
        let case = Case::of(shape.build()).wants(0, 1);
        case.accepts(&case.unlogged().stamp());
        case.refuses(
            &case.unlogged().stamp_but(StampFlaw::Forged),
            "timestamp_invalid",
        );
    }
}

#[test]
fn an_authority_under_a_hundred_certificates_cannot_be_loaded() {
    let sigstore = Sigstore::shaped().tsa_intermediates(100).build();
    let root = sigstore.trusted_root_json();
    let refused = countersign_evidence::TrustRoot::from_json("test", root.as_bytes(), 1);
    assert_eq!(refused.unwrap_err().code(), "trust_root_certificate");
}

#[test]
fn a_bad_timestamp_beside_a_good_one_hides_nothing() {
    let case = case();
    let stamped = || case.unlogged().stamp();
    case.accepts(&stamped().stamp_but(StampFlaw::OtherImprint));
    case.accepts(&case.unlogged().stamp_but(StampFlaw::Forged).stamp());
}

#[test]
fn a_timestamp_is_no_entry_of_a_log() {
    let case = Case::new().wants(1, 0);
    case.refuses(&case.unlogged().stamp(), "log_missing");
    let case = Case::new().wants(1, 1);
    case.refuses(&case.good(), "timestamp_missing");
    case.accepts(&case.good().stamp());
}

#[test]
fn legacy_layers_are_stamped_as_cosign_does_it() {
    let case = case();
    let signature = case.signer().payload(payload(image().digest()));
    case.accepts(&signature.clone().stamp().layer());
    case.refuses(
        &signature.stamp_but(StampFlaw::OtherImprint).layer(),
        "timestamp_invalid",
    );
    case.accepts(&case.unlogged().stamp().layer());
    case.refuses(
        &case.unlogged().stamp_but(StampFlaw::OtherImprint).layer(),
        "timestamp_invalid",
    );
    case.accepts(&case.unlogged().log(Entry::V1).stamp().layer());
}
