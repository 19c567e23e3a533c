//! Signing certificates: who issued them, what for, and who promised to publish them.

use countersign_testkit::sigstore::{
    Algorithm, BundleFlaw, CertificateFlaw, Entry, Key, SIGNED_AT, Scts, Shape, Signer, Signing,
    Sigstore,
};

use super::{Case, SIGNED, WORKFLOW, hours, statement};

fn signed(signer: Signer) -> Signing {
    signer.statement(statement(SIGNED)).log(Entry::V1)
}

#[test]
fn cve_2026_24122_an_expired_intermediate_is_refused() {
    let expiring = |until| {
        Sigstore::shaped()
            .intermediates_valid(SIGNED_AT - hours(999), until)
            .build()
    };
    let valid = Case::of(expiring(SIGNED_AT + hours(1)));
    let expired = Case::of(expiring(SIGNED_AT - hours(1)));
    valid.accepts(&valid.good());
    expired.refuses(&expired.good(), "certificate_expired");
}

#[test]
fn cve_2026_24122_an_expired_intermediate_is_refused_where_no_log_is_asked_for() {
    let expiring = |until| {
        Sigstore::shaped()
            .intermediates_valid(SIGNED_AT - hours(999), until)
            .build()
    };
    let valid = Case::of(expiring(SIGNED_AT + hours(1))).wants(0, 1);
    let expired = Case::of(expiring(SIGNED_AT - hours(1))).wants(0, 1);
    valid.accepts(&valid.unlogged().stamp());
    expired.refuses(&expired.unlogged().stamp(), "certificate_expired");
}

#[test]
fn cve_2026_24122_an_expired_intermediate_that_the_signer_brings_is_refused() {
    let expiring = |until| {
        Sigstore::shaped()
            .intermediates_valid(SIGNED_AT - hours(999), until)
            .build()
    };
    for (until, verdict) in [
        (SIGNED_AT + hours(1), Ok(1)),
        (SIGNED_AT - hours(1), Err("certificate_expired")),
    ] {
        let case = Case::of(expiring(until));
        let case = case.clone().with_root(case.root.roots_only());
        let signing = case.good().v0_1().but(BundleFlaw::Chain);
        assert_eq!(case.judge_file(&signing), verdict);
    }
}

#[test]
fn a_certificate_that_may_issue_others_signs_nothing_else() {
    let case = Case::new();
    case.refuses(
        &signed(case.signer().but(CertificateFlaw::IsAuthority)),
        "certificate_purpose",
    );
}

#[test]
fn a_certificate_must_be_for_signing_code() {
    let case = Case::new();
    case.accepts(&case.good());
    for flaw in [CertificateFlaw::NotForCode, CertificateFlaw::NoPurpose] {
        case.refuses(&signed(case.signer().but(flaw)), "certificate_purpose");
    }
}

#[test]
fn a_certificate_of_the_right_names_by_the_wrong_keys_is_refused() {
    let case = Case::new();
    for flaw in [
        CertificateFlaw::IssuedByStranger,
        CertificateFlaw::SelfSigned,
        CertificateFlaw::Altered,
    ] {
        case.refuses(&signed(case.signer().but(flaw)), "certificate_untrusted");
    }
}

#[test]
fn another_instance_of_sigstore_is_not_ours() {
    let case = Case::new();
    let other = Case::new();
    case.refuses(&other.good(), "certificate_untrusted");
}

#[test]
fn whoever_holds_a_certificate_can_issue_none() {
    let case = Case::new();
    let chained = |signer: Signer| signed(signer).v0_1().but(BundleFlaw::Chain);
    assert_eq!(case.judge_file(&chained(case.signer())), Ok(1));
    let forged = case.signer().but(CertificateFlaw::IssuedByLeaf);
    assert_eq!(
        case.judge_file(&chained(forged.clone())),
        Err("certificate_untrusted")
    );
    let layer = signed(forged).layer();
    case.refuses(&layer, "certificate_untrusted");
}

#[test]
fn a_certificate_counts_while_it_is_valid() {
    let case = Case::new();
    let valid = |from, to| {
        signed(
            case.signer()
                .valid(SIGNED_AT + hours(from), SIGNED_AT + hours(to)),
        )
    };
    case.accepts(&valid(-1, 1));
    case.accepts(&valid(-1, 0));
    case.accepts(&valid(0, 1));
    case.refuses(&valid(-2, -1), "certificate_expired");
    case.refuses(&valid(1, 2), "certificate_expired");
}

#[test]
fn a_root_that_expired_vouches_for_nobody() {
    let until = |to| {
        Sigstore::shaped()
            .root_valid(SIGNED_AT - hours(999), SIGNED_AT + hours(to))
            .build()
    };
    let valid = Case::of(until(1));
    valid.accepts(&valid.good());
    let expired = Case::of(until(-1));
    expired.refuses(&expired.good(), "certificate_expired");
}

#[test]
fn a_path_is_no_longer_than_its_authorities_allow() {
    for (shape, verdict) in [
        (Sigstore::shaped().intermediates(2), Ok(1)),
        (
            Sigstore::shaped().path_length_exceeded(),
            Err("certificate_untrusted"),
        ),
    ] {
        let case = Case::of(shape.build());
        let case = case.clone().with_root(case.root.roots_only());
        let chained = case.good().v0_1().but(BundleFlaw::Chain);
        assert_eq!(case.judge_file(&chained), verdict);
    }
}

#[test]
fn a_path_length_binds_where_the_trust_root_lists_every_authority_too() {
    let built = |shape: Shape| Case::of(shape.build());
    let long = built(Sigstore::shaped().intermediates(2));
    long.accepts(&long.good());
    let exceeded = built(Sigstore::shaped().path_length_exceeded());
    exceeded.refuses(&exceeded.good(), "certificate_untrusted");
}

#[test]
fn a_chain_of_a_hundred_certificates_is_too_many() {
    let case = Case::of(Sigstore::shaped().intermediates(100).build());
    let case = case.clone().with_root(case.root.roots_only());
    let chained = case.good().v0_1().but(BundleFlaw::Chain);
    assert_eq!(case.judge_file(&chained), Err("too_many"));
    case.refuses(&case.good().layer(), "too_many");
}

#[test]
fn a_certificate_must_be_promised_to_a_certificate_log_of_the_trust_root() {
    let case = Case::new();
    let promised = |scts| signed(case.signer().scts(scts));
    case.accepts(&promised(Scts::One));
    case.accepts(&promised(Scts::Two));
    case.refuses(&promised(Scts::None), "sct_missing");
    case.refuses(&promised(Scts::UnknownLog), "sct_missing");
    for scts in [Scts::Forged, Scts::OtherCertificate, Scts::OtherIssuer] {
        case.refuses(&promised(scts), "sct_invalid");
    }
}

#[test]
fn an_instance_without_certificate_logs_needs_no_promises() {
    let case = Case::new().with_scts(0);
    case.accepts(&signed(case.signer().scts(Scts::None)));
}

#[test]
fn sigstore_rust_153_two_issuers_of_one_name_are_told_apart_by_their_keys() {
    let case = Case::of(Sigstore::shaped().twin_issuer().build());
    case.accepts(&case.good());
    case.refuses(
        &signed(case.signer().scts(Scts::OtherIssuer)),
        "sct_invalid",
    );
}

#[test]
fn every_curve_that_fulcio_allows_is_read() {
    for algorithm in [
        Algorithm::P384,
        Algorithm::P521,
        Algorithm::Ed25519,
        Algorithm::Rsa2048,
    ] {
        let case = Case::of(Sigstore::shaped().algorithm(Algorithm::P384).build());
        let signer = || case.signer().with_key(Key::generate(algorithm));
        case.accepts(&signed(signer()));
        case.refuses(
            &signed(signer()).but(BundleFlaw::SignatureAltered),
            "signature_invalid",
        );
    }
}

#[test]
fn an_authority_of_ones_own_is_judged_by_the_same_measure() {
    let name = "spiffe://acme.example/release";
    let case = Case::new().wants(0, 0).accepts_holders(name);
    let valid = |to| {
        let signer = case.sigstore.holder(name);
        signer.valid(SIGNED_AT - hours(1), SIGNED_AT + hours(to))
    };
    let bundle = |signer: Signer| signer.statement(statement(SIGNED));
    case.accepts(&bundle(valid(48)));
    case.refuses(&bundle(valid(1)), "certificate_expired");
    case.refuses(
        &bundle(valid(48).but(CertificateFlaw::IssuedByStranger)),
        "certificate_untrusted",
    );
    case.refuses(
        &bundle(valid(48).but(CertificateFlaw::NoPurpose)),
        "certificate_purpose",
    );
    let other = case.sigstore.holder("spiffe://acme.example/dev");
    let other = other.valid(SIGNED_AT - hours(1), SIGNED_AT + hours(48));
    case.refuses(&bundle(other), "identity_mismatch");
}

#[test]
fn what_fulcio_says_of_a_holder_is_nothing_that_another_authority_can_say() {
    let case = Case::new().wants(1, 0).accepts_holders(WORKFLOW);
    case.accepts(&case.good());
    let verified = case.judge(&[&case.good()]);
    let identity = serde_json::to_value(verified.signatures[0].identity()).unwrap();
    assert_eq!(identity.get("issuer"), None);
}
