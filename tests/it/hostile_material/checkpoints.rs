//! Checkpoints: texts that a log signed, and those that only look so.

use countersign_testkit::sigstore::{CheckpointFlaw, Entry, LogFlaw};

use super::Case;

#[track_caller]
fn refuses(flaw: CheckpointFlaw, code: &str) {
    let case = Case::new();
    for entry in [Entry::V1, Entry::V2] {
        let stamped = case.unlogged().stamp();
        case.accepts(&stamped.clone().log(entry));
        case.refuses(
            &stamped.log_but(entry, LogFlaw::Checkpoint(flaw.clone())),
            code,
        );
    }
}

#[test]
fn a_proof_needs_a_checkpoint() {
    refuses(CheckpointFlaw::Missing, "malformed");
}

#[test]
fn a_checkpoint_must_be_signed_by_its_log() {
    for flaw in [
        CheckpointFlaw::Unsigned,
        CheckpointFlaw::ByStranger,
        CheckpointFlaw::WitnessOnly,
        CheckpointFlaw::Altered,
    ] {
        refuses(flaw, "log_checkpoint_invalid");
    }
}

#[test]
fn a_checkpoint_of_another_tree_proves_nothing() {
    refuses(CheckpointFlaw::OtherRoot, "log_proof_invalid");
}

#[test]
fn a_checkpoint_of_another_size_proves_nothing_to_rekor_v1() {
    let case = Case::new();
    let flaw = LogFlaw::Checkpoint(CheckpointFlaw::OtherSize);
    case.refuses(
        &case.unlogged().log_but(Entry::V1, flaw),
        "log_proof_invalid",
    );
}

#[test]
fn a_size_that_is_no_number_is_refused() {
    for size in [
        "18446744073709551616",
        "1e9",
        "-1",
        "+11",
        "011",
        "",
        "0x0b",
        " 11",
    ] {
        refuses(
            CheckpointFlaw::Size(size.to_owned()),
            "log_checkpoint_invalid",
        );
    }
}

#[test]
fn a_checkpoint_of_a_tree_that_cannot_be_proves_nothing() {
    for size in ["18446744073709551615", "0"] {
        refuses(CheckpointFlaw::Size(size.to_owned()), "log_proof_invalid");
    }
}

#[test]
fn a_text_before_the_text_that_was_signed_is_refused() {
    refuses(CheckpointFlaw::TwoOrigins, "log_checkpoint_invalid");
}

#[test]
fn a_log_signs_under_its_own_name_and_hint() {
    refuses(CheckpointFlaw::OtherOrigin, "log_checkpoint_invalid");
    refuses(CheckpointFlaw::OtherHint, "log_checkpoint_invalid");
}

#[test]
fn another_log_with_the_same_key_is_another_log() {
    let case = Case::new();
    let flaw = LogFlaw::Checkpoint(CheckpointFlaw::OtherLogOfTheKey);
    let signing = case.unlogged().log_but(Entry::V2, flaw).stamp();
    case.refuses(&signing, "log_checkpoint_invalid");
}
