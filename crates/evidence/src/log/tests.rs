#![expect(
    clippy::indexing_slicing,
    reason = "what is missing in a fixture fails the test"
)]

mod bodies;
mod wire;

use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;
use jiff::ToSpan as _;
use serde_json::{Value, json};

use super::*;
use crate::testing::{Case, NOW, Presented, cases, code};
use crate::trust_root::Validity;

/// Rekor v1, a blob's signature.
fn v1() -> Case {
    Case::named("conformance", "happy-path-v0.3")
}

/// Rekor v2, a blob's signature.
fn v2() -> Case {
    Case::named("conformance", "rekor2-happy-path")
}

/// The first entry of a bundle.
fn entry(bundle: &mut Value) -> &mut Value {
    &mut bundle["verificationMaterial"]["tlogEntries"][0]
}

/// The code with which the entry of `case` is refused once `change` is made to it.
#[track_caller]
fn altered(case: &Case, change: impl FnOnce(&mut Value)) -> &'static str {
    let presented = case.read_altered(|bundle| change(entry(bundle)));
    code(presented.and_then(|presented| presented.witnesses()))
}

/// What a case whose log entries are at fault, or a wrong payload beside them, is refused with.
const REFUSED: [(&str, &str); 23] = [
    ("alt-empty-canonicalized-body", "log_entry_mismatch"),
    ("alt-payload-bit-changed", "log_entry_mismatch"),
    ("alt-tlog-spliced", "log_entry_mismatch"),
    ("checkpoint-bad-keyhint_fail", "log_checkpoint_invalid"),
    ("dsse-invalid-sig_fail", "log_entry_mismatch"),
    ("dsse-mismatch-envelope_fail", "log_entry_mismatch"),
    ("incorrect-public-key_fail", "log_entry_mismatch"),
    ("intoto-missing-inclusion-proof_fail", "log_proof_missing"),
    (
        "invalid-checkpoint-signature_fail",
        "log_checkpoint_invalid",
    ),
    ("invalid-inclusion-proof_fail", "malformed"),
    ("java-bad-checkpoint-sig", "log_checkpoint_invalid"),
    ("java-dsse-bad-signature", "log_entry_mismatch"),
    ("java-dsse-mismatched-signature", "log_entry_mismatch"),
    ("java-v2-no-inclusion", "log_proof_missing"),
    (
        "npm-gundam-visor-cli-v1-tag-invalidsigprov",
        "log_entry_mismatch",
    ),
    ("py-no-checkpoint", "malformed"),
    (
        "rekor2-checkpoint-missing-origin_fail",
        "log_checkpoint_invalid",
    ),
    (
        "rekor2-checkpoint-no-matching-signature_fail",
        "log_checkpoint_invalid",
    ),
    ("rekor2-dsse-invalid-sig_fail", "log_entry_mismatch"),
    ("rekor2-no-inclusion-proof_fail", "log_proof_missing"),
    ("set-invalid-signature_fail", "log_promise_invalid"),
    ("signature-mismatch_fail", "log_entry_mismatch"),
    ("wrong-hashedrekord-artifact_fail", "log_entry_mismatch"),
];

#[test]
fn every_entry_of_the_corpus_is_judged_as_its_case_says() {
    let mut refused = 0;
    for case in cases("conformance").chain(cases("bundles")) {
        let expected = REFUSED.iter().find(|(name, _)| *name == case.name);
        let outcome = case.read().and_then(|presented| presented.witnesses());
        match (expected, outcome) {
            (Some((_, expected)), outcome) => {
                refused += 1;
                assert_eq!(code(outcome), *expected, "{}", case.name);
            }
            (None, Err(refusal)) => assert!(!case.passes, "{}: {refusal:?}", case.name),
            (None, Ok(witnesses)) if case.passes => {
                assert!(witnesses.iter().all(Option::is_some), "{}", case.name);
            }
            (None, Ok(_)) => {}
        }
    }
    assert_eq!(refused, REFUSED.len());
}

#[test]
fn a_time_is_the_logs_own_or_none() {
    let time = |case: &Case| case.read().unwrap().witnesses().unwrap()[0].unwrap().time;
    assert_eq!(time(&v1()), Some("2024-03-19T17:26:26Z".parse().unwrap()));
    assert_eq!(time(&v2()), None);
    let unsigned = Case::named("bundles", "alt-no-signed-time");
    assert_eq!(
        time(&unsigned),
        None,
        "a number beside a proof is nobody's word"
    );
}

#[test]
fn an_entry_of_another_log_is_no_witness_and_no_fault() {
    let stranger = v1()
        .read_altered(|bundle| entry(bundle)["logId"]["keyId"] = json!("AAAA".repeat(10) + "AAA="))
        .unwrap()
        .witnesses()
        .unwrap();
    assert_eq!(stranger, [None]);
    let wrong_instance = Case::named("conformance", "bundle-from-wrong-instance_fail");
    assert_eq!(wrong_instance.read().unwrap().witnesses().unwrap(), [None]);
}

#[test]
fn whatever_the_log_has_signed_cannot_be_changed() {
    let promised = "log_promise_invalid";
    assert_eq!(
        altered(&v1(), |entry| entry["logIndex"] = json!("79571824")),
        promised
    );
    assert_eq!(
        altered(&v1(), |entry| entry["integratedTime"] = json!("1710869187")),
        promised
    );
    assert_eq!(
        altered(&v1(), |entry| entry["integratedTime"] = json!("0")),
        promised
    );
    let of_another = v2().read().unwrap().signature().to_vec();
    let foreign = STANDARD.encode(of_another);
    assert_eq!(
        altered(
            &v1(),
            |entry| entry["inclusionPromise"]["signedEntryTimestamp"] = json!(foreign)
        ),
        promised
    );
}

#[test]
fn each_part_of_a_proof_counts() {
    let proof = |case: &Case, member: &str, value: Value| {
        altered(case, |entry| entry["inclusionProof"][member] = value)
    };
    let hash = json!("Fnnj13Uu1jdksPc4HZLapKX329dVlD5+MGNsiqBq1XM=");
    for (member, value) in [
        ("logIndex", json!("75408391")),
        ("logIndex", json!("75408393")),
        ("treeSize", json!("75408394")),
        (
            "rootHash",
            json!("60ll7idWI1jYRZzxc+jKflYoW+4jWxgZaGR15ASsWt4="),
        ),
        ("rootHash", json!("")),
        ("hashes", json!([])),
        ("hashes", json!(vec![&hash; 64])),
    ] {
        let shown = format!("{member} {value}");
        assert_eq!(proof(&v1(), member, value), "log_proof_invalid", "{shown}");
    }
    let old = v1().bundle["verificationMaterial"]["tlogEntries"][0]["inclusionProof"].clone();
    let other = Case::named("bundles", "py-gha-wheel");
    assert_eq!(
        altered(&other, |entry| entry["inclusionProof"] = old),
        "log_proof_invalid"
    );
    assert_eq!(proof(&v2(), "hashes", json!([])), "log_proof_invalid");
    assert_eq!(
        altered(&v2(), |entry| entry["logIndex"] = json!("734")),
        "log_proof_invalid"
    );
}

#[test]
fn of_rekor_v2_what_the_checkpoint_says_is_not_looked_for_elsewhere() {
    let witnesses = v2()
        .read_altered(|bundle| {
            let proof = &mut entry(bundle)["inclusionProof"];
            proof["logIndex"] = json!("1");
            proof["treeSize"] = json!("1");
            proof["rootHash"] = Value::Null;
        })
        .unwrap()
        .witnesses()
        .unwrap();
    assert!(witnesses[0].is_some());
}

#[test]
fn which_proof_is_asked_for_depends_on_what_else_there_could_be() {
    let without = |case: &Case, members: &[&str], media_type: &str| {
        let presented = case.read_altered(|bundle| {
            bundle["mediaType"] = json!(media_type);
            for member in members {
                entry(bundle)[member] = Value::Null;
            }
        });
        presented.and_then(|presented| presented.witnesses())
    };
    const V01: &str = "application/vnd.dev.sigstore.bundle+json;version=0.1";
    const V02: &str = "application/vnd.dev.sigstore.bundle+json;version=0.2";
    let v3 = v1().bundle["mediaType"].as_str().unwrap().to_owned();
    let (promise, proof) = ("inclusionPromise", "inclusionProof");
    // `certificate` is read in every version, so that the media type is all that differs.
    assert!(
        without(&v1(), &[proof], V01).unwrap()[0]
            .unwrap()
            .time
            .is_some()
    );
    assert!(
        without(&v1(), &[promise], V02).unwrap()[0]
            .unwrap()
            .time
            .is_none()
    );
    assert_eq!(code(without(&v1(), &[proof], V02)), "log_proof_missing");
    assert_eq!(code(without(&v1(), &[proof], &v3)), "log_proof_missing");
    assert_eq!(
        code(without(&v1(), &[promise, proof], V01)),
        "log_proof_missing"
    );
    assert_eq!(code(without(&v2(), &[proof], V01)), "log_proof_missing");
    // A log of this version makes no promises, so one that stands there is made up.
    let promised = json!({"signedEntryTimestamp": "AAAA"});
    let made_up = altered(&v2(), |entry| entry[promise] = promised.clone());
    assert_eq!(made_up, "log_promise_invalid");
    let case = v2();
    let presented = case.read_altered(|bundle| {
        entry(bundle)["integratedTime"] = json!("1750000000");
        entry(bundle)[promise] = promised.clone();
    });
    let refusal = presented.unwrap().witnesses().unwrap_err();
    assert!(refusal.detail.ends_with("logs of this version make none"));
    for media_type in [V01, V02] {
        let instead = case.read_altered(|bundle| {
            bundle["mediaType"] = json!(media_type);
            entry(bundle)[promise] = promised.clone();
            entry(bundle)[proof] = Value::Null;
        });
        let instead = code(instead.and_then(|presented| presented.witnesses()));
        assert_eq!(instead, "log_proof_missing", "{media_type}");
    }
}

#[test]
fn what_is_there_must_verify_even_where_less_would_do() {
    let case = Case::named("conformance", "happy-path-v0.1");
    let other_root = "60ll7idWI1jYRZzxc+jKflYoW+4jWxgZaGR15ASsWt4=";
    let root = altered(&case, |entry| {
        entry["inclusionProof"]["rootHash"] = json!(other_root)
    });
    assert_eq!(root, "log_proof_invalid");
    // The public log's own release of CPython: its proofs have no checkpoint, its promise is good.
    let cpython = Case::named("bundles", "py-python-3.12.5-tgz");
    assert_eq!(code(cpython.read().map(|_| ())), "malformed");
}

#[test]
fn an_entry_is_neither_from_the_future_nor_from_outside_the_time_of_the_logs_key() {
    let case = v1();
    let presented = case.read().unwrap();
    let time: Timestamp = "2024-03-19T17:26:26Z".parse().unwrap();
    let at = |start: Option<Timestamp>, end: Option<Timestamp>, now: Timestamp| {
        let mut logs = case.root.logs().to_vec();
        for log in &mut logs {
            log.valid = Validity { start, end };
        }
        presented.verify(&presented.material().entries[0], &logs, now)
    };
    let second = 1.second();
    assert!(
        at(Some(time), Some(time), time).unwrap().is_some(),
        "both ends belong to it"
    );
    for (start, end, now) in [
        // More than clocks differ.
        (Some(time - 99.second()), None, time - 61.second()),
        (Some(time + second), None, NOW),
        (Some(time - second), Some(time - second), NOW),
        (None, None, NOW),
        (Some(NOW + second), None, NOW),
    ] {
        let refused = code(at(start, end, now));
        assert_eq!(refused, "log_time_invalid", "{start:?} {end:?} {now}");
    }
}

#[test]
fn a_log_whose_key_does_not_count_yet_is_no_witness_even_without_a_time() {
    let case = v2();
    let presented = case.read().unwrap();
    let as_of =
        |now: Timestamp| presented.verify(&presented.material().entries[0], case.root.logs(), now);
    let started = case.root.logs()[1].valid.start.unwrap();
    assert!(as_of(started).unwrap().is_some());
    assert_eq!(code(as_of(started - 1.second())), "log_time_invalid");
}

#[test]
fn one_entry_is_the_same_wherever_it_stands_twice() {
    let (one, other) = (v1(), v2());
    let (one, other) = (one.read().unwrap(), other.read().unwrap());
    let entry = |presented: &Presented<'_>| presented.material().entries[0].clone();
    assert!(entry(&one).is_same(&entry(&one)));
    assert!(!entry(&one).is_same(&entry(&other)));
}
