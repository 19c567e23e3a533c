//! Published advisories about evidence, each made anew: the name of a test begins with that of the advisory it answers.
//!
//! Those about how evidence is found, and about what policies make of it, stand in `weaknesses`.

use countersign_image::Digest;
use countersign_testkit::sigstore::{
    BundleFlaw, CheckpointFlaw, Entry, LogFlaw, Part, SIGNED_AT, Scts, Sigstore, StampFlaw,
};

use super::{Case, SIGNED, hours, image, payload, statement};

#[test]
fn cve_2022_23649_a_log_entry_pasted_from_another_signature_is_refused() {
    let case = Case::new();
    let signature = case.signer().payload(payload(image().digest()));
    case.accepts(&signature.clone().log(Entry::V1).layer());
    for flaw in [
        LogFlaw::OtherPayload,
        LogFlaw::OtherHash,
        LogFlaw::OtherSignature,
        LogFlaw::OtherSigner,
    ] {
        let layer = signature.clone().log_but(Entry::V1, flaw).layer();
        case.refuses(&layer, "log_entry_mismatch");
    }
}

#[test]
fn cve_2022_36056_a_bundle_with_the_log_entry_of_another_signature_is_refused() {
    let case = Case::new();
    case.accepts(&case.good());
    for flaw in [
        LogFlaw::OtherPayload,
        LogFlaw::OtherSignature,
        LogFlaw::OtherSigner,
    ] {
        case.refuses(
            &case.unlogged().log_but(Entry::V1, flaw),
            "log_entry_mismatch",
        );
    }
}

#[test]
fn cve_2022_36056_who_signed_is_compared_however_good_the_bundle_is() {
    let case = Case::new();
    let stranger = case
        .sigstore
        .identity("mallory@evil.example", super::ISSUER);
    let theirs = stranger.statement(statement(SIGNED)).log(Entry::V1);
    case.refuses(&theirs, "identity_mismatch");
}

#[test]
fn cve_2022_36056_an_entry_that_does_not_read_is_no_reason_to_look_away() {
    let case = Case::new();
    case.refuses(
        &case.unlogged().log_but(Entry::V1, LogFlaw::BodyEmpty),
        "log_entry_mismatch",
    );
    let mut bundle = case.good().bundle_value();
    bundle["verificationMaterial"]["tlogEntries"][0]["canonicalizedBody"] = "".into();
    case.refuses(&bundle, "malformed");
}

#[test]
fn cve_2026_22703_an_entry_is_compared_whatever_kind_it_is_of() {
    let case = Case::new().wants(1, 0);
    for entry in [Entry::V1, Entry::Intoto2, Entry::V2] {
        let stamped = case.unlogged().stamp();
        case.accepts(&stamped.clone().log(entry));
        for flaw in [
            LogFlaw::OtherPayload,
            LogFlaw::OtherHash,
            LogFlaw::OtherSignature,
            LogFlaw::OtherSigner,
            LogFlaw::OtherKey,
        ] {
            case.refuses(&stamped.clone().log_but(entry, flaw), "log_entry_mismatch");
        }
    }
}

#[test]
fn cve_2026_22703_intoto_0_0_1_commits_to_the_whole_envelope_and_its_signer() {
    let case = Case::new();
    let attestation = case.unlogged();
    case.accepts(&attestation.clone().log(Entry::Intoto1).layer());
    for flaw in [
        LogFlaw::OtherPayload,
        LogFlaw::OtherHash,
        LogFlaw::OtherSignature,
        LogFlaw::OtherSigner,
        LogFlaw::OtherKey,
    ] {
        let layer = attestation.clone().log_but(Entry::Intoto1, flaw).layer();
        case.refuses(&layer, "log_entry_mismatch");
    }
    // In a bundle the envelope is not as it was logged, and what was logged says nothing of the signature.
    case.refuses(&attestation.log(Entry::Intoto1), "log_entry_mismatch");
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
fn cve_2026_39395_a_payload_that_does_not_read_is_refused_though_it_is_signed() {
    let case = Case::new();
    let statement = statement(SIGNED);
    for payload in [&statement[..statement.len() - 1], "", "null", "[]"] {
        let signing = case.signer().statement(payload).log(Entry::V1);
        case.refuses(&signing, "statement_malformed");
    }
}

#[test]
fn cve_2026_39395_the_type_is_the_signed_one_whatever_annotations_say() {
    let case = Case::new();
    let vulnerabilities = "https://cosign.sigstore.dev/attestation/vuln/v1";
    let layer = case
        .signer()
        .statement(statement(vulnerabilities))
        .log(Entry::V1)
        .layer();
    let layer = layer.annotated("predicateType", "https://spdx.dev/Document");

    let evidence = case.judge(&[&layer]);

    assert!(evidence.signatures.is_empty());
    assert_eq!(
        evidence.statements[0].value().predicate_type,
        vulnerabilities
    );
}

#[test]
fn cve_2024_45395_more_entries_or_timestamps_than_anybody_needs_are_refused() {
    let case = Case::new();
    let logged = |count| (0..count).fold(case.unlogged(), |signing, _| signing.log(Entry::V1));
    case.accepts(&logged(32));
    case.refuses(&logged(33), "too_many");
    let stamped = |count| (0..count).fold(case.good(), |signing, _| signing.stamp());
    case.accepts(&stamped(32));
    case.refuses(&stamped(33), "too_many");
}

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
fn cve_2024_53267_a_log_entry_that_has_nothing_to_do_with_it_is_refused() {
    let case = Case::new();
    let stamped = case.unlogged().stamp();
    case.accepts(&stamped.clone().log(Entry::V2));
    case.refuses(
        &stamped.clone().log_but(Entry::V2, LogFlaw::OtherSigner),
        "log_entry_mismatch",
    );
    case.refuses(
        &stamped.log_but(Entry::V2, LogFlaw::OtherPayload),
        "log_entry_mismatch",
    );
}

#[test]
fn cve_2024_54140_the_signature_of_a_checkpoint_is_verified() {
    let case = Case::new();
    let stamped = case.unlogged().stamp();
    for entry in [Entry::V1, Entry::V2] {
        case.accepts(&stamped.clone().log(entry));
        let forged = stamped
            .clone()
            .log_but(entry, LogFlaw::Checkpoint(CheckpointFlaw::Forged));
        case.refuses(&forged, "log_checkpoint_invalid");
    }
}

#[test]
fn cve_2024_55655_a_certificate_must_be_valid_when_the_log_took_the_entry() {
    let case = Case::new();
    case.accepts(&case.unlogged().log_at(Entry::V1, SIGNED_AT));
    for at in [SIGNED_AT - hours(1), SIGNED_AT + hours(1)] {
        case.refuses(
            &case.unlogged().log_at(Entry::V1, at),
            "certificate_expired",
        );
    }
}

#[test]
fn cve_2024_55655_every_time_that_is_vouched_for_counts_and_not_only_the_kindest() {
    let case = Case::new().wants(1, 1);
    case.accepts(&case.good().stamp());
    case.refuses(
        &case.good().stamp_at(SIGNED_AT + hours(1)),
        "certificate_expired",
    );
    let late = case
        .unlogged()
        .log_at(Entry::V1, SIGNED_AT + hours(1))
        .stamp();
    case.refuses(&late, "certificate_expired");
}

#[test]
fn cve_2026_31830_a_statement_about_something_else_is_refused() {
    let case = Case::new();
    let digest = image().digest().hex().to_owned();
    let about = |subject| {
        case.signer()
            .statement(super::statement_about(&subject, SIGNED))
            .log(Entry::V1)
    };
    let other = Digest::of(b"another image").hex().to_owned();
    case.accepts(&about(serde_json::json!([{"digest": {"sha256": digest}}])));
    for subject in [
        serde_json::json!([{"digest": {"sha256": other}}]),
        // The right value under another algorithm's name.
        serde_json::json!([{"digest": {"sha512": digest}}]),
        serde_json::json!([{"digest": {"sha3_256": digest}}]),
        serde_json::json!([{"digest": {"SHA256": digest}}]),
        // A part of the right value, and more than it.
        serde_json::json!([{"digest": {"sha256": digest[..32]}}]),
        serde_json::json!([{"digest": {"sha256": format!("{digest}00")}}]),
        serde_json::json!([{"digest": {"sha256": ""}}]),
        serde_json::json!([{"digest": {"sha256": digest.to_uppercase()}}]),
        serde_json::json!([{"name": digest, "digest": {}}]),
        serde_json::json!([]),
    ] {
        case.refuses(&about(subject), "subject_mismatch");
    }
}

#[test]
fn cve_2026_49834_one_log_counts_once() {
    let case = Case::new().wants(2, 0);
    case.accepts(&case.good().log(Entry::V2));
    case.refuses(&case.good().log(Entry::V1), "log_missing");
    case.refuses(
        &case.unlogged().log_but(Entry::V1, LogFlaw::Twice),
        "malformed",
    );
}

#[test]
fn cve_2026_49834_one_timestamp_authority_counts_once() {
    let one = Sigstore::new();
    let two = Sigstore::shaped().named("other.example").build();
    let case = Case::of(one.clone())
        .with_root(one.trusted_root().and(&two))
        .wants(0, 2);
    case.accepts(&case.unlogged().stamp().stamp_by(&two));
    case.refuses(&case.unlogged().stamp().stamp(), "timestamp_missing");
}

#[test]
fn cve_2026_49834_one_certificate_log_counts_once() {
    let case = Case::new().with_scts(2);
    let logged = |scts| {
        case.signer()
            .scts(scts)
            .statement(statement(SIGNED))
            .log(Entry::V1)
    };
    case.accepts(&logged(Scts::Two));
    case.refuses(&logged(Scts::Twice), "sct_missing");
}

#[test]
fn cve_2026_54787_keys_count_within_their_windows() {
    let past = |case: &Case, part| {
        let root = case.sigstore.trusted_root();
        root.valid(part, Some(SIGNED_AT - hours(2)), Some(SIGNED_AT - hours(1)))
    };
    for (part, code) in [
        (Part::Logs, "log_time_invalid"),
        (Part::Authorities, "certificate_expired"),
        (Part::CtLogs, "sct_invalid"),
    ] {
        let case = Case::new();
        case.accepts(&case.good());
        let past = past(&case, part);
        let case = case.with_root(past);
        case.refuses(&case.good(), code);
    }
    let case = Case::new().wants(0, 1);
    case.accepts(&case.unlogged().stamp());
    let past = past(&case, Part::TimestampAuthorities);
    let case = case.with_root(past);
    case.refuses(&case.unlogged().stamp(), "timestamp_invalid");
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
fn cve_2025_29778_every_field_of_an_identity_is_compared() {
    let case = Case::new();
    let mut claimed = super::accepting(super::WORKFLOW);
    claimed
        .claims
        .insert("runnerEnvironment", "github-hosted".to_owned());
    let case = case.accepts_only(claimed);
    let run = |signer: countersign_testkit::sigstore::Signer, runner| {
        let signer = signer.claim("runnerEnvironment", runner);
        signer.statement(statement(SIGNED)).log(Entry::V1)
    };
    case.accepts(&run(case.signer(), "github-hosted"));
    let other_issuer = case
        .sigstore
        .identity(super::WORKFLOW, "https://gitlab.com");
    case.refuses(&run(other_issuer, "github-hosted"), "issuer_mismatch");
    let other_subject = case
        .sigstore
        .identity("https://github.com/evil/app", super::ISSUER);
    case.refuses(&run(other_subject, "github-hosted"), "identity_mismatch");
    case.refuses(&run(case.signer(), "self-hosted"), "claim_mismatch");
}

#[test]
fn cve_2026_48815_a_claim_that_the_certificate_does_not_have_is_not_passed_over() {
    let mut claimed = super::accepting(super::WORKFLOW);
    claimed.claims.insert("buildTrigger", "push".to_owned());
    let case = Case::new().accepts_only(claimed);
    let logged = |signer: countersign_testkit::sigstore::Signer| {
        signer.statement(statement(SIGNED)).log(Entry::V1)
    };
    case.accepts(&logged(case.signer().claim("buildTrigger", "push")));
    case.refuses(&logged(case.signer()), "claim_mismatch");
    // The older extension of the same meaning is another claim.
    case.refuses(
        &logged(case.signer().claim("githubWorkflowTrigger", "push")),
        "claim_mismatch",
    );
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
fn cve_2024_51746_the_entry_that_belongs_to_it_does_not_excuse_one_that_does_not() {
    let case = Case::new();
    case.accepts(&case.good().log(Entry::V1));
    for flaw in [LogFlaw::OtherPayload, LogFlaw::OtherSigner] {
        case.refuses(
            &case.good().log_but(Entry::V1, flaw.clone()),
            "log_entry_mismatch",
        );
        case.refuses(
            &case.unlogged().log_but(Entry::V1, flaw).log(Entry::V1),
            "log_entry_mismatch",
        );
    }
}

#[test]
fn a_signature_of_another_image_under_this_ones_tag_is_refused() {
    let case = Case::new();
    let (this, other) = (image(), Digest::of(b"another image"));
    let signature = |digest| {
        case.signer()
            .payload(payload(digest))
            .log(Entry::V1)
            .layer()
    };
    case.accepts(&signature(this.digest()));
    case.refuses(&signature(&other), "subject_mismatch");
    let subject = serde_json::json!([{"digest": {"sha256": other.hex()}}]);
    let statement = super::statement_about(&subject, SIGNED);
    let moved = case.signer().statement(statement).log(Entry::V1);
    case.refuses(&moved, "subject_mismatch");
    case.refuses(&moved.layer(), "subject_mismatch");
}
