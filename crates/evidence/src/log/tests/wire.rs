//! Entries that are none.

use serde_json::{Value, json};

use super::{altered, entry, v1, v2};
use crate::testing::code;

#[test]
fn numbers_are_read_as_text_and_bare_and_refused_when_they_are_none() {
    let read = |value: Value| {
        v1().read_altered(|bundle| entry(bundle)["logIndex"] = value)
            .map(|_| ())
    };
    read(json!("79571823")).unwrap();
    read(json!(79_571_823)).unwrap();
    read(json!("9223372036854775807")).unwrap();
    for number in [
        json!("-1"),
        json!(-1),
        json!("9223372036854775808"),
        json!(9_223_372_036_854_775_808_u64),
        json!("9".repeat(100_000)),
        json!("007"),
        json!("+7"),
        json!(" 7"),
        json!("7.0"),
        json!(7.5),
        json!(""),
        json!([7]),
        json!(true),
    ] {
        let shown: String = number.to_string().chars().take(40).collect();
        assert_eq!(code(read(number)), "malformed", "{shown}");
    }
}

#[test]
fn what_every_entry_must_have_is_asked_for() {
    for member in ["logId", "kindVersion", "canonicalizedBody"] {
        for value in [Value::Null, json!({}), json!(""), json!([]), json!(7)] {
            let shown = format!("{member} {value}");
            assert_eq!(
                altered(&v1(), |entry| entry[member] = value),
                "malformed",
                "{shown}"
            );
        }
    }
    for (parent, member, value) in [
        ("logId", "keyId", json!("AAAA")),
        ("logId", "keyId", json!("%")),
        ("inclusionPromise", "signedEntryTimestamp", json!("%")),
        ("inclusionProof", "rootHash", json!("%")),
        ("inclusionProof", "hashes", json!([""])),
        ("inclusionProof", "hashes", json!(["AAAA"])),
        ("inclusionProof", "hashes", json!([null])),
        ("inclusionProof", "treeSize", json!("-1")),
        ("inclusionProof", "checkpoint", json!(null)),
        ("inclusionProof", "checkpoint", json!({})),
        ("inclusionProof", "checkpoint", json!({"envelope": ""})),
    ] {
        let shown = format!("{parent}.{member} {value}");
        assert_eq!(
            altered(&v1(), |entry| entry[parent][member] = value),
            "malformed",
            "{shown}"
        );
    }
}

#[test]
fn a_zero_may_be_left_out_as_protobuf_does() {
    let zero = |case: crate::testing::Case| {
        let presented = case.read_altered(|bundle| {
            let entry = entry(bundle).as_object_mut().unwrap();
            entry.remove("logIndex");
            entry.remove("integratedTime");
        });
        presented.unwrap().material().entries[0].clone()
    };
    assert_eq!((zero(v2()).index, zero(v2()).integrated), (0, None));
}

#[test]
fn proofs_without_end_are_refused() {
    let hash = "Fnnj13Uu1jdksPc4HZLapKX329dVlD5+MGNsiqBq1XM=";
    for count in [65, 100_000] {
        let refused = altered(&v1(), |entry| {
            entry["inclusionProof"]["hashes"] = json!(vec![hash; count]);
        });
        assert_eq!(refused, "too_many", "{count}");
    }
}
