#![expect(
    clippy::indexing_slicing,
    reason = "what is missing in a fixture fails the test"
)]

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::*;
use crate::testing::{STATEMENT_V1, fixture, fixture_path};

const CUSTOM: &str = "https://cosign.sigstore.dev/attestation/v1";

fn digest(of: &str) -> Digest {
    Digest::of(of.as_bytes())
}

fn sha512() -> Digest {
    format!("sha512:{}", "5".repeat(128)).parse().unwrap()
}

fn statement(predicate_type: &str, subject: &Value, predicate: &Value) -> Bytes {
    let statement = json!({
        "_type": STATEMENT_V1, "subject": subject, "predicateType": predicate_type, "predicate": predicate,
    });
    statement.to_string().into()
}

fn about(subject: &Value, artifact: &[&Digest]) -> bool {
    let read = read(&statement(CUSTOM, subject, &json!({}))).unwrap();
    read.about(artifact).is_some()
}

#[test]
fn each_of_several_subjects_is_covered_by_its_digest_and_no_other() {
    let (a, b, c) = (digest("a"), digest("b"), digest("c"));
    let subject = json!([
        {"name": "a", "digest": {"sha256": a.hex()}},
        {"name": c.to_string(), "digest": {"sha256": b.hex(), "gitCommit": c.hex()}},
    ]);
    assert!(about(&subject, &[&a]) && about(&subject, &[&b]));
    assert!(
        !about(&subject, &[&c]),
        "neither a name nor another algorithm"
    );
    assert!(!about(&subject, &[]), "nothing is no artifact");
}

#[test]
fn every_other_spelling_of_a_digest_is_another_digest() {
    let a = digest("a");
    let hex = a.hex();
    for digests in [
        json!({"sha256": hex.to_uppercase()}),
        json!({"sha256": &hex[..63]}),
        json!({"sha256": format!("{hex}0")}),
        json!({"sha256": a.to_string()}),
        json!({"sha256": format!(" {hex}")}),
        json!({"SHA256": hex}),
        json!({"sha-256": hex}),
        json!({"sha512": hex}),
        json!({"": hex}),
        json!({}),
    ] {
        assert!(!about(&json!([{"digest": digests}]), &[&a]), "{digests}");
    }
}

#[test]
fn all_digests_that_are_known_of_an_artifact_must_agree() {
    let (a, b, long) = (digest("a"), digest("b"), sha512());
    let both = |sha256: &Digest, sha512: &str| json!([{"digest": {"sha256": sha256.hex(), "sha512": sha512}}]);
    assert!(about(&both(&a, long.hex()), &[&a, &long]));
    assert!(
        about(&both(&a, "other"), &[&a]),
        "of an image, only the one is known"
    );
    assert!(!about(&both(&a, "other"), &[&a, &long]));
    assert!(!about(&both(&b, long.hex()), &[&a, &long]));
    let only_long = json!([{"digest": {"sha512": long.hex()}}]);
    assert!(about(&only_long, &[&a, &long]), "of a file, both are known");
    assert!(!about(&only_long, &[&a]), "of an image, this says nothing");
    // Two subjects do not make up one.
    let split = json!([{"digest": {"sha256": a.hex(), "sha512": "other"}}, {"digest": {"sha256": b.hex(), "sha512": long.hex()}}]);
    assert!(!about(&split, &[&a, &long]));
}

#[test]
fn annotations_are_those_of_the_subject_that_is_asked_about() {
    let (a, b) = (digest("a"), digest("b"));
    let subject = json!([
        {"digest": {"sha256": a.hex()}, "annotations": {"env": "test"}},
        {"digest": {"sha256": b.hex()}, "annotations": {"env": "prod", "count": 1, "text": "\"\u{1}"}},
    ]);
    let read = read(&statement(predicate::COSIGN_SIGN, &subject, &json!({}))).unwrap();
    let annotations = |digest: &Digest| match read.about(&[digest]) {
        Some(Claim::Signature(signature)) => serde_json::to_value(signature.annotations).unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(annotations(&a), json!({"env": "test"}));
    assert_eq!(annotations(&b), json!({"env": "prod", "text": "\"\u{1}"}));
}

#[test]
fn a_statement_about_something_else_says_about_what() {
    let (a, b) = (digest("a"), digest("b"));
    for (subject, detail) in [
        (json!([]), "it names no digest of an image".to_owned()),
        (
            json!([{"digest": {"sha1": "00"}}]),
            "it names no digest of an image".to_owned(),
        ),
        (
            json!([{"digest": {"sha256": a.hex()}}]),
            format!("it is about {a}, not this image"),
        ),
        (
            json!([{"digest": {"sha256": a.hex()}}, {"digest": {}}, {"digest": {"sha256": b.hex()}}]),
            format!("it is about {a} and 1 more, none of them this image"),
        ),
    ] {
        let refusal = read(&statement(CUSTOM, &subject, &json!({})))
            .unwrap()
            .mismatch();
        assert_eq!(
            (refusal.reason, refusal.detail),
            (Reason::SubjectMismatch, detail)
        );
        assert_eq!(refusal.predicate_type.as_deref(), Some(CUSTOM));
    }
}

#[test]
fn reading_stops_at_the_first_subject_or_digest_too_many() {
    let subjects = |count: usize| {
        json!(vec![
            json!({"digest": {"sha256": digest("a").hex()}});
            count
        ])
    };
    assert!(about(&subjects(1024), &[&digest("a")]));
    let digests = |count: usize| {
        let digests = (0..count).map(|number| (number.to_string(), json!("00")));
        json!([{"digest": digests.collect::<serde_json::Map<_, _>>()}])
    };
    assert!(read(&statement(CUSTOM, &digests(32), &json!({}))).is_ok());
    for (subject, detail) in [
        (subjects(1025), "it has more than 1024 subjects"),
        (digests(33), "it has more than 32 digests of one subject"),
    ] {
        let payload = statement(CUSTOM, &subject, &json!({}));
        let whole = std::str::from_utf8(&payload).unwrap();
        let too_many = |refusal: Refusal| {
            assert_eq!(refusal.reason, Reason::TooMany, "{}", refusal.detail);
            assert!(refusal.detail.starts_with(detail), "{}", refusal.detail);
        };
        too_many(read(&payload).unwrap_err());
        // What follows is no JSON any more: whoever got there would say so.
        let (head, _) = whole.split_at(whole.rfind(']').unwrap());
        let cut = format!("{}{head},garbage", " ".repeat(LARGE));
        too_many(check_size(cut.as_bytes()).unwrap_err());
    }
    // Text from outside cannot pass for it.
    let other = br#"{"_type":"x","predicateType":"x","subject":"more than 1024 subjects"}"#;
    let refusal = read(&Bytes::from_static(other));
    assert_eq!(refusal.unwrap_err().reason, Reason::StatementMalformed);
}

#[test]
fn a_bare_statement_must_name_subjects_and_be_what_its_layer_says() {
    let a = digest("a");
    let subject = json!([{"digest": {"sha256": a.hex()}}]);
    let payload = statement(CUSTOM, &subject, &json!({}));
    for annotated in [None, Some(CUSTOM)] {
        let read = read_bare(&payload, annotated).unwrap();
        assert!(read.about(&[&a]).is_some() && read.about(&[&digest("b")]).is_none());
    }
    for annotated in [
        "",
        "https://cosign.sigstore.dev/attestation/v1/",
        predicate::SPDX,
    ] {
        let refusal = read_bare(&payload, Some(annotated)).unwrap_err();
        assert_eq!(refusal.reason, Reason::PredicateMismatch);
        assert_eq!(refusal.predicate_type.as_deref(), Some(CUSTOM));
    }
    for nothing in [json!([]), json!(null)] {
        let refusal = read_bare(&statement(CUSTOM, &nothing, &json!({})), None).unwrap_err();
        assert_eq!(refusal.reason, Reason::SubjectMismatch, "{nothing}");
    }
    let refusal = read(&statement(CUSTOM, &json!(null), &json!({}))).unwrap_err();
    assert_eq!(
        refusal.reason,
        Reason::StatementMalformed,
        "signed, it is no statement at all"
    );
}

#[test]
fn a_bare_statement_is_no_signature() {
    let subject = json!([{"digest": {"sha256": digest("a").hex()}}]);
    let payload = statement(predicate::COSIGN_SIGN, &subject, &json!({}));
    assert!(read(&payload).is_ok());
    let refusal = read_bare(&payload, Some(predicate::COSIGN_SIGN)).unwrap_err();
    assert_eq!(refusal.reason, Reason::PredicateMismatch);
}

#[test]
fn a_summary_is_content_and_a_malformed_one_is_a_flaw() {
    let subject = json!([{"digest": {"sha256": digest("a").hex()}}]);
    let mut summary = json!({
        "verifier": {"id": "https://x"}, "resourceUri": "oci://x", "policy": {"uri": "https://p"},
        "verificationResult": "FAILED", "verifiedLevels": ["FAILED"],
    });
    let content = |predicate: &Value| {
        let payload = statement(predicate::VERIFICATION_SUMMARY, &subject, predicate);
        let read = read(&payload).unwrap();
        match read.about(&[&digest("a")]) {
            Some(Claim::Statement(statement)) => (statement.content, read.flaw),
            other => panic!("{other:?}"),
        }
    };
    let (found, flaw) = content(&summary);
    assert!(
        matches!(&found, Content::VerificationSummary(summary) if summary.result == crate::SummaryResult::Failed)
    );
    assert!(flaw.is_none());
    summary["verificationResult"] = json!("MAYBE");
    let (found, flaw) = content(&summary);
    assert!(matches!(found, Content::Other));
    assert_eq!(flaw.unwrap().reason, Reason::VsaMalformed);
}

#[test]
fn what_is_in_an_attestation_manifest_of_buildkit_is_read() {
    let blob = |digest: &str| {
        fixture(&format!(
            "layouts/buildkit-unsigned-index/blobs/sha256/{digest}"
        ))
    };
    let child = "7a76cec943853f9f7105b1976afa1bf7cd5bb6afc4e9d5852dd8da7cf81ae86e";
    let child: Digest = format!("sha256:{child}").parse().unwrap();
    for (digest, predicate_type) in [
        (
            "371954672cfaa92735d6fbd70a787aac618a41d4c8ec8d6e12bd12d0cc601706",
            predicate::SLSA_PROVENANCE_V02,
        ),
        (
            "da5651e8877b960aa30f32f317fbeba28f5e06f1ce4d3895b3b8770140280a2e",
            predicate::SPDX,
        ),
    ] {
        let read = read_bare(&blob(digest).into(), Some(predicate_type)).unwrap();
        assert!(
            read.flaw.is_none() && read.about(&[&child]).is_some(),
            "{predicate_type}"
        );
    }
}

#[test]
fn members_are_those_that_another_reader_sees() {
    let mut compared = 0;
    for folder in ["bundles", "provenance", "sbom"] {
        for entry in std::fs::read_dir(fixture_path(folder)).unwrap() {
            let path = entry.unwrap().path();
            let Ok(text) = std::fs::read_to_string(&path) else {
                continue;
            };
            let Ok(expected) = serde_json::from_str::<BTreeMap<&str, &RawValue>>(&text) else {
                continue;
            };
            let Ok(members) = strict_members(&text) else {
                continue;
            };
            let expected = expected.iter().map(|(name, value)| (*name, value.get()));
            let members: BTreeMap<_, _> = members.into_iter().collect();
            assert_eq!(members, expected.collect(), "{}", path.display());
            compared += 1;
        }
    }
    assert!(compared > 50, "{compared}");
}
