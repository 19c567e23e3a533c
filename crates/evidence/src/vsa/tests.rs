#![expect(
    clippy::indexing_slicing,
    reason = "what is missing in a fixture fails the test"
)]

use serde_json::{Value, json};

use super::*;
use crate::testing::fixture;

fn summary() -> Value {
    json!({
        "verifier": {"id": "https://verify.acme.example/gate", "version": {"gate": "2.1"}},
        "timeVerified": "2026-11-20T08:00:00Z",
        "resourceUri": "oci://registry.example/shop/api",
        "policy": {"uri": "https://acme.example/policy/7", "digest": {"sha256": "aa"}},
        "inputAttestations": [{"uri": "https://x/1", "digest": {"sha256": "bb"}}],
        "verificationResult": "PASSED",
        "verifiedLevels": ["SLSA_BUILD_LEVEL_3", "SLSA_SOURCE_LEVEL_UNEVALUATED", "ACME_SCANNED"],
        "dependencyLevels": {"SLSA_BUILD_LEVEL_2": 4},
        "slsaVersion": "1.1",
    })
}

fn read_as(predicate_type: &str, predicate: &Value) -> Result<VerificationSummary, Refusal> {
    let predicate = predicate.to_string();
    read(predicate_type, &predicate)
}

fn read_v1(predicate: &Value) -> Result<VerificationSummary, Refusal> {
    read_as(predicate::VERIFICATION_SUMMARY, predicate)
}

fn with(member: &str, value: Value) -> Value {
    let mut changed = summary();
    changed[member] = value;
    changed
}

#[test]
fn a_summary_comes_out_in_one_shape() {
    let expected = json!({
        "verifier": {"id": "https://verify.acme.example/gate", "version": {"gate": "2.1"}},
        "resourceUri": "oci://registry.example/shop/api",
        "policy": {"uri": "https://acme.example/policy/7", "digest": {"sha256": "aa"}},
        "result": "PASSED",
        "levels": ["SLSA_BUILD_LEVEL_3", "SLSA_SOURCE_LEVEL_UNEVALUATED", "ACME_SCANNED"],
        "dependencyLevels": {"SLSA_BUILD_LEVEL_2": 4},
        "slsaVersion": "1.1",
        "timeVerified": "2026-11-20T08:00:00Z",
        "inputAttestations": [{"uri": "https://x/1", "digest": {"sha256": "bb"}}],
    });
    let found = read_v1(&summary()).unwrap();
    assert_eq!(serde_json::to_value(found).unwrap(), expected);
}

#[test]
fn the_summary_of_a_node_image_of_google_is_read() {
    let envelope: Value =
        serde_json::from_slice(&fixture("provenance/vsa-gke-gce-pre.bcid-vsa.jsonl")).unwrap();
    let payload = crate::base64::decode(envelope["payload"].as_str().unwrap()).unwrap();
    let statement: Value = serde_json::from_slice(&payload).unwrap();
    let found = read_as(
        statement["predicateType"].as_str().unwrap(),
        &statement["predicate"],
    )
    .unwrap();
    assert_eq!(
        serde_json::to_value(&found).unwrap(),
        json!({
            "verifier": {"id": "https://bcid.corp.google.com/verifier/bcid_package_enforcer/v0.1", "version": {}},
            "resourceUri": "gce_image://gke-node-images:gke-12615-gke1418000-cos-101-17162-463-29-c-cgpv1-pre",
            "policy": {
                "uri": "googlefile:/google_src/files/642513192/depot/google3/production/security/bcid/software/gce_image/gke/vm_images.sw_policy.textproto",
                "digest": {}},
            "result": "PASSED", "levels": ["BCID_L1", "SLSA_BUILD_LEVEL_2"],
            "timeVerified": "2024-06-12T07:24:34.351608Z", "inputAttestations": [],
        })
    );
    assert_eq!(found.level("BUILD"), Some(2));
}

#[test]
fn no_dependencies_and_no_word_about_them_differ() {
    for (said, found) in [
        (json!({}), Some(BTreeMap::new())),
        (json!(null), None),
        (
            json!({"SLSA_BUILD_LEVEL_0": 1}),
            Some(BTreeMap::from([("SLSA_BUILD_LEVEL_0".to_owned(), 1)])),
        ),
    ] {
        let summary = read_v1(&with("dependencyLevels", said)).unwrap();
        assert_eq!(summary.dependency_levels, found);
    }
}

#[test]
fn a_level_implies_those_below_it_in_its_track_and_nothing_else() {
    let summary = read_v1(&summary()).unwrap();
    for reached in [
        "SLSA_BUILD_LEVEL_3",
        "SLSA_BUILD_LEVEL_1",
        "SLSA_BUILD_LEVEL_0",
        "ACME_SCANNED",
    ] {
        assert!(summary.reaches(reached), "{reached}");
    }
    assert!(summary.reaches("SLSA_SOURCE_LEVEL_UNEVALUATED"));
    for missed in [
        "SLSA_BUILD_LEVEL_4",
        "SLSA_BUILD_LEVEL_03",
        "SLSA_BUILD_LEVEL_+3",
        "SLSA_BUILD_LEVEL_",
        "SLSA_BUILD_LEVEL_UNEVALUATED",
        "SLSA_SOURCE_LEVEL_0",
        "SLSA_build_LEVEL_1",
        "ACME",
        "",
    ] {
        assert!(!summary.reaches(missed), "{missed}");
    }
    assert_eq!(
        (
            summary.level("BUILD"),
            summary.level("SOURCE"),
            summary.level("")
        ),
        (Some(3), None, None)
    );
}

#[test]
fn a_failure_reaches_nothing_and_keeps_its_force() {
    let mut failed = with("verificationResult", json!("FAILED"));
    let summary = read_v1(&failed).unwrap();
    assert_eq!(summary.result, SummaryResult::Failed);
    assert_eq!(serde_json::to_value(summary.result).unwrap(), "FAILED");
    assert!(!summary.reaches("SLSA_BUILD_LEVEL_0") && !summary.reaches("ACME_SCANNED"));
    assert_eq!(summary.level("BUILD"), None);
    // What is wrong beside the verdict does not turn it into a mere rejection.
    failed["verifiedLevels"] = json!(["FAILED", "SLSA_BUILD_LEVEL_1", "SLSA_BUILD_LEVEL_2"]);
    failed["timeVerified"] = json!("yesterday");
    assert_eq!(read_v1(&failed).unwrap().result, SummaryResult::Failed);
}

// Otherwise an older summary that passed would speak alone.
#[test]
fn a_failure_keeps_its_force_without_all_that_a_summary_must_have() {
    for member in ["resourceUri", "policy", "verifiedLevels"] {
        for without in [json!(null), json!({}), json!(7)] {
            let mut failed = with("verificationResult", json!("FAILED"));
            failed[member] = without;
            let summary = read_v1(&failed).unwrap();
            assert_eq!(summary.result, SummaryResult::Failed, "{failed}");
            assert_eq!(summary.verifier.id, self::summary()["verifier"]["id"]);
            assert!(!summary.reaches("SLSA_BUILD_LEVEL_0"));
        }
    }
    for nobody in [json!(null), json!({}), json!({"id": ""})] {
        let mut failed = with("verificationResult", json!("FAILED"));
        failed["verifier"] = nobody;
        assert_eq!(read_v1(&failed).unwrap_err().reason, Reason::VsaMalformed);
    }
}

#[test]
fn what_is_not_said_outright_is_refused() {
    let mut rows: Vec<(Value, &str)> = vec![
        (
            with("verificationResult", json!("passed")),
            "verificationResult is \"passed\"",
        ),
        (
            with("verificationResult", json!("")),
            "verificationResult is \"\"",
        ),
        (with("verificationResult", json!(true)), "expected a string"),
        (with("verifier", json!({"id": ""})), "verifier.id is empty"),
        (
            with("verifier", json!(["https://x", {}])),
            "expected an object",
        ),
        (with("verifier", json!({})), "missing field `id`"),
        (with("resourceUri", json!("")), "resourceUri is empty"),
        (with("policy", json!({"uri": ""})), "policy.uri is empty"),
        (with("policy", json!({"digest": {}})), "missing field `uri`"),
        (
            with("verifiedLevels", json!("SLSA_BUILD_LEVEL_3")),
            "expected a sequence",
        ),
        (
            with("verifiedLevels", json!(["FAILED"])),
            "verifiedLevels says FAILED",
        ),
        (
            with(
                "verifiedLevels",
                json!(["SLSA_BUILD_LEVEL_1", "SLSA_BUILD_LEVEL_3"]),
            ),
            "more than one level of the track BUILD",
        ),
        (
            with(
                "verifiedLevels",
                json!(["SLSA_BUILD_LEVEL_3", "SLSA_BUILD_LEVEL_3"]),
            ),
            "more than one level",
        ),
        (
            with(
                "verifiedLevels",
                json!(["SLSA_BUILD_LEVEL_3", "SLSA_BUILD_LEVEL_UNEVALUATED"]),
            ),
            "more than one level",
        ),
        (
            with("dependencyLevels", json!({"SLSA_BUILD_LEVEL_1": -1})),
            "invalid value",
        ),
        (
            with("timeVerified", json!("yesterday")),
            "timeVerified is \"yesterday\"",
        ),
        (json!([]), "not a JSON object"),
        (json!(null), "not a JSON object"),
    ];
    for member in [
        "verifier",
        "resourceUri",
        "policy",
        "verificationResult",
        "verifiedLevels",
    ] {
        let mut without = summary();
        without.as_object_mut().unwrap().remove(member);
        rows.push((without, "missing field"));
        rows.push((with(member, json!(null)), "invalid type: null"));
    }
    for (predicate, detail) in rows {
        let refusal = read_v1(&predicate).unwrap_err();
        assert_eq!(refusal.reason, Reason::VsaMalformed, "{predicate}");
        assert!(refusal.detail.contains(detail), "{}", refusal.detail);
    }
}

#[test]
fn what_came_before_version_1_is_refused_and_not_passed_over() {
    let old = json!({"verifier": {"id": "https://x"}, "verification_result": "FAILED", "policy_level": "SLSA_LEVEL_3"});
    let refusal = read_as("https://slsa.dev/verification_summary/v0.2", &old).unwrap_err();
    assert_eq!(refusal.reason, Reason::UnsupportedFormat);
}
