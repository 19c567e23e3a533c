//! Entries of transparency logs: what they are of, when they were taken, and what proves that the log has them.

use countersign_testkit::sigstore::{Entry, LogFlaw, Part, SIGNED_AT, Sigstore};
use serde_json::json;

use super::{Case, hours, now};

/// Every kind of entry that a bundle can have, with the time that Rekor v2 does not give.
const ENTRIES: [Entry; 3] = [Entry::V1, Entry::Intoto2, Entry::V2];

#[track_caller]
fn refuses_in_every_log(flaw: &LogFlaw, code: &str) {
    let case = Case::new();
    for entry in ENTRIES {
        let stamped = case.unlogged().stamp();
        case.accepts(&stamped.clone().log(entry));
        case.refuses(&stamped.log_but(entry, flaw.clone()), code);
    }
}

#[test]
fn an_entry_must_name_this_very_certificate() {
    let case = Case::new();
    for entry in [Entry::V1, Entry::V2] {
        let stamped = case.unlogged().stamp();
        case.refuses(
            &stamped.log_but(entry, LogFlaw::OtherCertificate),
            "log_entry_mismatch",
        );
    }
}

#[test]
fn an_entry_of_another_kind_than_it_says_is_refused() {
    refuses_in_every_log(&LogFlaw::KindLies, "log_entry_mismatch");
    refuses_in_every_log(&LogFlaw::BodyEmpty, "log_entry_mismatch");
}

#[test]
fn an_entry_of_a_blob_is_none_of_an_envelope_around_it() {
    let case = Case::new();
    let statement = super::statement(super::SIGNED);
    let blob = case.signer().payload(&statement).log(Entry::V1);
    let entries = &blob.bundle_value()["verificationMaterial"]["tlogEntries"];
    let mut bundle = case.good().bundle_value();
    bundle["verificationMaterial"]["tlogEntries"] = entries.clone();
    case.refuses(&bundle, "log_entry_mismatch");
    // One of what the envelope's signature is made over says the same as an entry of Rekor v2, and will do.
    case.accepts(&case.unlogged().log(Entry::HashedRekord));
}

#[test]
fn an_envelope_entry_is_none_of_a_payload() {
    let case = Case::new();
    let signature = case
        .signer()
        .payload(super::payload(super::image().digest()));
    case.accepts(&signature.clone().log(Entry::V1).layer());
    // As the log would have taken the same bytes in an envelope.
    let enveloped = case
        .signer()
        .statement(super::payload(super::image().digest()));
    let entry = enveloped.log(Entry::V1).layer().annotations["dev.sigstore.cosign/bundle"].clone();
    let layer = signature
        .layer()
        .annotated("dev.sigstore.cosign/bundle", &entry);
    case.refuses(&layer, "log_entry_mismatch");
}

#[test]
fn an_entry_needs_a_proof_of_inclusion() {
    refuses_in_every_log(&LogFlaw::ProofMissing, "log_proof_missing");
}

#[test]
fn a_proof_of_inclusion_must_lead_to_the_root() {
    for flaw in [
        LogFlaw::ProofOfOther,
        LogFlaw::ProofIndexTooLarge,
        LogFlaw::ProofEmpty,
        LogFlaw::ProofHashes(3),
        LogFlaw::ProofHashes(64),
    ] {
        refuses_in_every_log(&flaw, "log_proof_invalid");
    }
}

#[test]
fn a_proof_of_more_hashes_than_any_tree_has_levels_is_refused_unread() {
    for count in [65, 100_000] {
        refuses_in_every_log(&LogFlaw::ProofHashes(count), "too_many");
    }
}

#[test]
fn a_proof_of_rekor_v1_is_of_the_tree_that_the_checkpoint_describes() {
    let case = Case::new();
    for flaw in [LogFlaw::ProofRootLies, LogFlaw::ProofSizeLies] {
        case.refuses(
            &case.unlogged().log_but(Entry::V1, flaw),
            "log_proof_invalid",
        );
    }
}

#[test]
fn what_a_proof_of_rekor_v2_repeats_of_the_checkpoint_is_not_looked_at() {
    let case = Case::new();
    for flaw in [LogFlaw::ProofRootLies, LogFlaw::ProofSizeLies] {
        case.accepts(&case.unlogged().log_but(Entry::V2, flaw).stamp());
    }
}

#[test]
fn numbers_that_are_none_are_refused() {
    let case = Case::new();
    let good = case.good().bundle_value();
    case.accepts(&good);
    for number in [
        json!("-1"),
        json!("18446744073709551616"),
        json!("1e3"),
        json!(1.5),
        json!(""),
    ] {
        for pointer in [
            "/logIndex",
            "/inclusionProof/logIndex",
            "/inclusionProof/treeSize",
            "/integratedTime",
        ] {
            let mut bundle = good.clone();
            let entry = &mut bundle["verificationMaterial"]["tlogEntries"][0];
            *entry.pointer_mut(pointer).unwrap() = number.clone();
            let evidence = case.judge(&[&bundle]);
            assert_eq!(super::count(&evidence), 0, "{pointer} {number}");
            let code = evidence.rejected[0].reason.code();
            let negative = pointer == "/integratedTime" && number == json!("-1");
            let expected = if negative {
                "log_promise_invalid"
            } else {
                "malformed"
            };
            assert_eq!(code, expected, "{pointer} {number}");
        }
    }
}

#[test]
fn a_promise_of_inclusion_must_be_of_this_entry_and_by_this_log() {
    let case = Case::new();
    case.accepts(&case.good());
    for flaw in [
        LogFlaw::PromiseOfOther,
        LogFlaw::PromiseForged,
        LogFlaw::IndexAltered,
        LogFlaw::TimeAltered(SIGNED_AT + jiff::SignedDuration::from_secs(1)),
    ] {
        case.refuses(
            &case.unlogged().log_but(Entry::V1, flaw),
            "log_promise_invalid",
        );
    }
}

#[test]
fn a_promise_that_does_not_hold_is_not_excused_by_a_proof_that_does() {
    let case = Case::new();
    case.accepts(&case.good().stamp());
    case.refuses(
        &case
            .unlogged()
            .log_but(Entry::V1, LogFlaw::PromiseForged)
            .stamp(),
        "log_promise_invalid",
    );
}

#[test]
fn a_time_that_the_log_did_not_sign_is_none() {
    let case = Case::new();
    let unpromised = case.unlogged().log_but(Entry::V1, LogFlaw::PromiseMissing);
    case.refuses(&unpromised, "time_missing");
    case.accepts(&unpromised.stamp());
}

#[test]
fn rekor_v2_makes_no_promises() {
    let case = Case::new();
    let mut bundle = case.unlogged().log(Entry::V2).stamp().bundle_value();
    case.accepts(&bundle);
    let promised = case.good().bundle_value();
    let promised = &promised["verificationMaterial"]["tlogEntries"][0];
    let entry = &mut bundle["verificationMaterial"]["tlogEntries"][0];
    for name in ["inclusionPromise", "integratedTime"] {
        entry[name] = promised[name].clone();
    }
    case.refuses(&bundle, "log_promise_invalid");
}

#[test]
fn rekor_v2_gives_no_time_whatever_its_entry_says() {
    let case = Case::new();
    let signing = case.unlogged().log(Entry::V2);
    case.refuses(&signing, "time_missing");
    let mut bundle = signing.bundle_value();
    bundle["verificationMaterial"]["tlogEntries"][0]["integratedTime"] =
        SIGNED_AT.as_second().to_string().into();
    case.refuses(&bundle, "time_missing");
}

#[test]
fn an_entry_from_the_future_is_refused() {
    let case = Case::new();
    let signer = case
        .signer()
        .valid(SIGNED_AT - hours(1), SIGNED_AT + hours(99));
    let at = |time| {
        signer
            .statement(super::statement(super::SIGNED))
            .log_at(Entry::V1, time)
    };
    // The clocks of two machines differ a little.
    case.accepts(&at(now() + jiff::SignedDuration::from_secs(60)));
    case.refuses(
        &at(now() + jiff::SignedDuration::from_secs(61)),
        "log_time_invalid",
    );
}

#[test]
fn an_entry_from_outside_the_window_of_the_logs_key_is_refused() {
    let case = Case::new();
    let within = |from, to| {
        let root = case.sigstore.trusted_root();
        case.clone().with_root(root.valid(
            Part::Logs,
            Some(SIGNED_AT + hours(from)),
            Some(SIGNED_AT + hours(to)),
        ))
    };
    within(-1, 0).accepts(&case.good());
    within(0, 1).accepts(&case.good());
    within(-2, -1).refuses(&case.good(), "log_time_invalid");
    within(1, 2).refuses(&case.good(), "log_time_invalid");
}

#[test]
fn a_log_that_nobody_trusts_is_as_good_as_none() {
    let other = Sigstore::new();
    let case = Case::new();
    case.refuses(&case.unlogged().log_by(&other, Entry::V1), "log_missing");
    case.refuses(&case.unlogged(), "log_missing");
    case.accepts(&case.good().log_by(&other, Entry::V1));
    case.refuses(
        &case.unlogged().log_but(Entry::V1, LogFlaw::LogIdLies),
        "log_checkpoint_invalid",
    );
}

#[test]
fn jans_14636_a_media_type_that_demands_less_changes_nothing() {
    let case = Case::new();
    let without_proof = || case.unlogged().log_but(Entry::V1, LogFlaw::ProofMissing);
    case.accepts(&case.good());
    case.refuses(&without_proof(), "log_proof_missing");
    case.refuses(&without_proof().v0_1(), "unsupported_format");
    case.refuses(&without_proof().media_type(""), "malformed");
    case.refuses(&case.good().v0_1(), "unsupported_format");
}

#[test]
fn jans_14636_rekor_v2_has_a_proof_in_every_version_of_bundles() {
    let case = Case::new();
    let stamped = case.unlogged().v0_1().stamp();
    assert_eq!(case.judge_file(&stamped.clone().log(Entry::V2)), Ok(1));
    let without = stamped.log_but(Entry::V2, LogFlaw::ProofMissing);
    assert_eq!(case.judge_file(&without), Err("log_proof_missing"));
    // Nor does a promise help that such a log cannot have made.
    let promised = case.good().bundle_value();
    let promised = &promised["verificationMaterial"]["tlogEntries"][0];
    let mut bundle = without.bundle_value();
    let entry = &mut bundle["verificationMaterial"]["tlogEntries"][0];
    for name in ["inclusionPromise", "integratedTime"] {
        entry[name] = promised[name].clone();
    }
    let verdict = case.judge_bytes(bundle.to_string().as_bytes());
    assert_eq!(verdict, Err("log_proof_missing"));
}

#[test]
fn bundle_files_of_version_0_1_may_have_a_promise_alone() {
    let case = Case::new();
    let v0_1 = |flaw| case.unlogged().v0_1().log_but(Entry::V1, flaw);
    assert_eq!(case.judge_file(&v0_1(LogFlaw::ProofMissing)), Ok(1));
    assert_eq!(
        case.judge_file(&v0_1(LogFlaw::PromiseMissing)),
        Err("time_missing")
    );
    assert_eq!(
        case.judge_file(&v0_1(LogFlaw::PromiseForged)),
        Err("log_promise_invalid")
    );
}
