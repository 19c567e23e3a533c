//! Trust roots that contradict themselves, and what those that merely look odd mean.

use countersign_evidence::TrustRoot;
use countersign_testkit::sigstore::{Part, SIGNED_AT, Sigstore, TrustedRoot};
use serde_json::{Value, json};

use super::{Case, hours};

fn load(root: &TrustedRoot, scts: usize) -> Result<(), &'static str> {
    let loaded = TrustRoot::from_json("test", root.json().as_bytes(), scts);
    loaded.map(|_| ()).map_err(|error| error.code())
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
fn a_root_that_could_verify_nothing_is_an_error() {
    let root = Sigstore::new().trusted_root();
    assert_eq!(load(&root, 1), Ok(()));
    let empty = root
        .without(Part::Logs)
        .without(Part::Authorities)
        .without(Part::TimestampAuthorities);
    assert_eq!(load(&empty, 1), Err("trust_root_empty"));
    let nothing = TrustRoot::from_json("test", b"", 1).unwrap_err();
    assert_eq!(nothing.code(), "trust_root_malformed");
}

#[test]
fn a_window_that_ends_before_it_begins_is_an_error() {
    let root = Sigstore::new().trusted_root();
    let (early, late) = (Some(SIGNED_AT - hours(1)), Some(SIGNED_AT + hours(1)));
    for part in [
        Part::Logs,
        Part::Authorities,
        Part::CtLogs,
        Part::TimestampAuthorities,
    ] {
        assert_eq!(load(&root.clone().valid(part, early, late), 1), Ok(()));
        let reversed = root.clone().valid(part, late, early);
        assert_eq!(load(&reversed, 1), Err("trust_root_window"), "{part:?}");
    }
}

#[test]
fn a_window_may_be_open_at_its_end_and_not_at_its_beginning() {
    let case = Case::new().wants(1, 1);
    let root = || case.sigstore.trusted_root();
    let start = Some(SIGNED_AT - hours(1));
    for part in [
        Part::Logs,
        Part::Authorities,
        Part::CtLogs,
        Part::TimestampAuthorities,
    ] {
        let open = case.clone().with_root(root().valid(part, start, None));
        open.accepts(&case.good().stamp());
        let unbegun = root().valid(part, None, start);
        assert_eq!(load(&unbegun, 1), Err("trust_root_window"), "{part:?}");
    }
    let boundless = root().valid(Part::Logs, None, None);
    assert_eq!(load(&boundless, 1), Err("trust_root_window"));
}

#[test]
fn authorities_whose_windows_overlap_are_both_asked() {
    let case = Case::new();
    let listed = |first: (i64, i64), second: (i64, i64)| {
        case.sigstore.trusted_root().altered(|root| {
            let authorities = root["certificateAuthorities"].as_array_mut().unwrap();
            authorities.push(authorities[0].clone());
            for (authority, (from, to)) in authorities.iter_mut().zip([first, second]) {
                let at = |offset| (SIGNED_AT + hours(offset)).to_string();
                authority["validFor"] = json!({"start": at(from), "end": at(to)});
            }
        })
    };
    for (first, second) in [((-3, 1), (-1, 3)), ((-9, -8), (-1, 1)), ((-1, 1), (8, 9))] {
        case.clone()
            .with_root(listed(first, second))
            .accepts(&case.good());
    }
    let neither = case.clone().with_root(listed((-9, -1), (1, 9)));
    neither.refuses(&case.good(), "certificate_expired");
}

#[test]
fn one_log_id_with_two_keys_is_an_error() {
    let (one, two) = (Sigstore::new(), Sigstore::new());
    let root = one.trusted_root().and(&two).altered(|root| {
        root["tlogs"][2]["logId"] = root["tlogs"][0]["logId"].clone();
    });
    assert_eq!(load(&root, 1), Err("trust_root_duplicate_log"));
}

#[test]
fn a_key_or_certificate_that_does_not_read_is_an_error_and_not_left_out() {
    let root = Sigstore::new().trusted_root();
    for (pointer, code) in [
        ("/tlogs/0/publicKey/rawBytes", "trust_root_key"),
        ("/tlogs/0/logId/keyId", "trust_root_key"),
        ("/ctlogs/1/publicKey/rawBytes", "trust_root_key"),
        (
            "/certificateAuthorities/0/certChain/certificates/0/rawBytes",
            "trust_root_certificate",
        ),
        (
            "/timestampAuthorities/0/certChain/certificates/0/rawBytes",
            "trust_root_certificate",
        ),
    ] {
        let broken = root.clone().altered(|root: &mut Value| {
            *root.pointer_mut(pointer).unwrap() = "AAAA".into();
        });
        assert_eq!(load(&broken, 1), Err(code), "{pointer}");
    }
}

#[test]
fn a_key_for_another_purpose_does_not_become_a_logs_by_its_place() {
    let case = Case::new();
    let swapped = case.sigstore.trusted_root().altered(|root| {
        let ct_log = root["ctlogs"][0].clone();
        root["tlogs"][0]["publicKey"] = ct_log["publicKey"].clone();
    });
    case.clone()
        .with_root(swapped)
        .refuses(&case.good(), "log_checkpoint_invalid");
}
