//! How often things count: identities, logs and authorities, and never signatures, entries or tokens.

use std::collections::BTreeSet;

use countersign_testkit::sigstore::{Entry, LogFlaw, Scts, Sigstore};

use super::{Case, SIGNED, count, statement};

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
fn one_identity_that_signs_twice_is_one() {
    let case = Case::new();
    let evidence = case.judge(&[&case.good(), &case.good()]);
    let identities: BTreeSet<_> = evidence
        .signatures
        .iter()
        .map(|one| one.identity())
        .collect();
    assert_eq!((evidence.signatures.len(), identities.len()), (2, 1));
}

#[test]
fn one_signature_that_is_attached_twice_is_one() {
    let case = Case::new();
    let good = case.good().bundle();
    let evidence = case.judge(&[&good, &good, &good]);
    let identities: BTreeSet<_> = evidence
        .signatures
        .iter()
        .map(|one| one.identity())
        .collect();
    assert_eq!(identities.len(), 1);
}

#[test]
fn one_key_with_a_certificate_and_without_is_not_two_of_an_authority() {
    let case = Case::new();
    let key = case.sigstore.key();
    let by_key = case.clone().accepts_keys(&[&key]);
    by_key.accepts(&key.statement(statement(SIGNED)).log(Entry::V1));
    // A keyless authority has no use for a key, whatever the log says of it.
    case.refuses(
        &key.statement(statement(SIGNED)).log(Entry::V1),
        "key_mismatch",
    );
}

#[test]
fn what_is_good_is_found_behind_what_is_bad_and_counts_once() {
    let case = Case::new();
    let stranger = case
        .sigstore
        .identity("mallory@evil.example", super::ISSUER);
    let bad = stranger.statement(statement(SIGNED)).log(Entry::V1);
    let (good, garbage) = (case.good(), b"garbage".to_vec());
    for order in [
        [&good as &dyn super::Attach, &bad, &garbage],
        [&bad, &good, &garbage],
        [&garbage, &bad, &good],
    ] {
        assert_eq!(count(&case.judge(&order)), 1);
    }
}

#[test]
fn logs_of_two_instances_are_two() {
    let one = Sigstore::new();
    let two = Sigstore::shaped().named("other.example").build();
    let case = Case::of(one.clone())
        .with_root(one.trusted_root().and(&two))
        .wants(2, 0);
    case.accepts(&case.good().log_by(&two, Entry::V1));
    case.refuses(&case.good(), "log_missing");
}

#[test]
fn a_certificate_is_not_lent_time_by_an_authority_that_is_not_trusted() {
    let other = Sigstore::new();
    let case = Case::new();
    case.refuses(
        &case.unlogged().log(Entry::V2).stamp_by(&other),
        "timestamp_invalid",
    );
    case.refuses(
        &case.unlogged().log(Entry::V2).log_by(&other, Entry::V1),
        "time_missing",
    );
}
