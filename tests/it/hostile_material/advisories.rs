//! Published advisories about log entries and times, each made anew.
//!
//! Here and in the other modules the name of a test begins with that of the advisory it answers.

use countersign_testkit::sigstore::{CheckpointFlaw, Entry, LogFlaw, SIGNED_AT};

use super::{Case, ISSUER, SIGNED, hours, image, payload, statement};

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
    let stranger = case.sigstore.identity("mallory@evil.example", ISSUER);
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
fn cve_2026_22703_the_type_of_the_payload_is_compared_where_an_entry_has_it() {
    let case = Case::new();
    for entry in [Entry::Intoto2, Entry::V2] {
        let stamped = case.unlogged().stamp();
        case.accepts(&stamped.clone().log(entry));
        let other = stamped.log_but(entry, LogFlaw::OtherPayloadType);
        case.refuses(&other, "log_entry_mismatch");
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
