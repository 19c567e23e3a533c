//! The contract between a rule and us: what it is given, and what becomes of its answer.

use std::collections::BTreeMap;

use countersign_policy::{PolicySet, Verdict, WorkloadContext};
use serde_json::{Value, json};

use crate::support::{BUILDER, Image, Signer, codes, load, policy, refused};

fn inline(signer: &Signer, rego: &str) -> PolicySet {
    let indented: String = rego
        .lines()
        .map(|line| format!("        {line}\n"))
        .collect();
    load(policy(
        &[("release", signer)],
        &format!("  rules:\n    - rego: |\n        package a\n{indented}"),
    ))
}

fn judge(rego: &str) -> Verdict {
    Image::new().judge(&inline(&Signer::new(), rego))
}

#[track_caller]
fn check(rego: &str, code: &str, message: &str) {
    let verdict = judge(rego);
    assert_eq!(codes(&verdict), [("inline/a", code)], "{rego}");
    let found = &verdict.violations[0].message;
    assert!(found.contains(message), "{found}");
}

#[test]
fn an_error_in_a_rule_denies() {
    check(
        "deny contains 1 if to_number(\"x\") == 1",
        "rule_error",
        "could not parse string as number",
    );
    check(
        "deny contains 1 if not to_number(\"x\")",
        "rule_error",
        "could not parse string as number",
    );
    check(
        "deny contains 1 if startswith(input.now, 7)",
        "rule_error",
        "startswith",
    );
    check(
        "deny contains 1 if f(input.now)\nf(x) if to_number(x) == 1",
        "rule_error",
        "line 3",
    );
}

#[test]
fn rules_that_contradict_each_other_deny() {
    check(
        "x := 1\nx := 2\ndeny contains 1 if x == 3",
        "rule_error",
        "conflict",
    );
}

#[test]
fn a_field_of_another_type_than_expected_denies() {
    let signer = Signer::new();
    let set = inline(
        &signer,
        "deny contains 1 if { some s in input.evidence.provenance; startswith(s.parameters, \"x\") }",
    );
    let verdict = Image::new().built_by(&signer, BUILDER).judge(&set);
    assert_eq!(codes(&verdict), [("inline/a", "rule_error")]);
}

#[test]
fn an_element_of_the_wrong_shape_denies() {
    for element in [
        "\"text\"",
        "7",
        "[\"x\", \"m\"]",
        "{\"msg\": \"no code\"}",
        "{\"code\": \"x\"}",
        "{\"code\": \"x\", \"msg\": 7}",
        "{\"code\": \"Not Snake\", \"msg\": \"m\"}",
        "{\"code\": \"\", \"msg\": \"m\"}",
        "{\"code\": \"x\", \"msg\": \" \"}",
        "{\"code\": \"x\", \"msg\": \"m\", \"severity\": \"low\"}",
        "{\"code\": \"x\", \"msg\": \"m\", \"fix\": [\"a\"]}",
    ] {
        check(
            &format!("deny contains {element}"),
            "rule_result_invalid",
            "`deny` has an element",
        );
        check(
            &format!("deny contains 1 if input.never\nwarn contains {element}"),
            "rule_result_invalid",
            "`warn` has an element",
        );
    }
}

#[test]
fn false_as_an_element_is_no_way_out() {
    check("deny contains false", "rule_result_invalid", "");
    check("deny contains null", "rule_result_invalid", "");
    check("deny contains set()", "rule_result_invalid", "");
}

#[test]
fn too_many_or_too_long_answers_deny_once() {
    let numbers = format!("indexof_n(\"{}\", \"x\")", "x".repeat(100));
    let many = format!(
        "deny contains {{\"code\": \"x\", \"msg\": sprintf(\"%d\", [n])}} if some n in {numbers}"
    );
    check(&many, "rule_limit", "100 elements");
    let long = format!(
        "deny contains {{\"code\": \"x\", \"msg\": concat(\"\", [m | some n in {numbers}; some o in {numbers}; m := \"0123456\"])}}"
    );
    check(&long, "rule_limit", "longer than");
}

#[test]
fn a_rule_that_takes_too_long_denies() {
    let each = format!("in indexof_n(\"{}\", \"x\")", "x".repeat(100));
    let rego = format!(
        "deny contains 1 if {{ some x {each}; some y {each}; some z {each}; some w {each}; x + y + z + w == 1 / 3 }}"
    );
    check(&rego, "rule_limit", "time limit");
}

#[test]
fn an_answer_cannot_forge_a_line() {
    let verdict = judge(
        "deny contains {\"code\": \"x\", \"msg\": \"a\\nfake: line\\u001b[31m\", \"fix\": \"b\\r\", \
         \"details\": {\"found\": [\"c\\n\\u202e\"]}}",
    );
    let violation = &verdict.violations[0];
    assert_eq!(violation.message, "a\\u{a}fake: line\\u{1b}[31m");
    assert_eq!(violation.fix.as_deref(), Some("b\\u{d}"));
    assert_eq!(violation.details, json!({ "found": ["c\\u{a}\\u{202e}"] }));
}

#[test]
fn one_rule_that_fails_hides_none_of_the_others() {
    let signer = Signer::new();
    let rules = "  rules:\n    - rego: |\n        package a\n        deny contains 1 if to_number(\"x\") == 1\n    \
                 - {rule: signature/signed}\n";
    let verdict = Image::new().judge(&load(policy(&[("release", &signer)], rules)));
    assert_eq!(
        codes(&verdict),
        [("inline/a", "rule_error"), ("signature/signed", "unsigned")]
    );
}

#[test]
fn what_a_rule_prints_goes_nowhere_and_changes_nothing() {
    let verdict = judge("deny contains 1 if { print(input); input.never }");
    assert_eq!(codes(&verdict), []);
}

#[test]
fn one_policys_rules_see_nothing_of_anothers() {
    let signer = Signer::new();
    let rules = "  rules:\n    - rego: |\n        package a\n        secret := 7\n        deny contains 1 if input.x\n    \
                 - rego: |\n        package b\n        deny contains {\"code\": \"seen\", \"msg\": \"m\"} if data.a\n";
    let errors = refused(policy(&[("release", &signer)], rules));
    assert_eq!((errors.len(), errors[0].code), (1, "rego_unknown_data"));
    assert_eq!(errors[0].message, "there is nothing at `data.a`");
}

#[test]
fn inline_rules_have_empty_parameters_and_the_builders() {
    let verdict = judge(
        "deny contains {\"code\": \"x\", \"msg\": json.marshal([data.params, data.builders])}",
    );
    let data: Value = serde_json::from_str(&verdict.violations[0].message).unwrap();
    assert_eq!(data[0], json!({}));
    let builders = data[1].as_array().unwrap();
    assert_eq!(builders.len(), 9, "the shipped ones");
    for builder in builders {
        assert_eq!(
            builder["authorities"],
            json!([]),
            "no authority of the policy is keyless"
        );
        let pattern = builder["idPattern"].as_str().unwrap();
        assert!(
            pattern.starts_with("^https://") && pattern.ends_with('$'),
            "{pattern}"
        );
        let prefix = builder["idPrefix"].as_str().unwrap();
        let plain = pattern.replace('\\', "");
        assert!(plain[1..].starts_with(prefix), "{prefix} {pattern}");
    }
}

#[test]
fn the_input_is_as_the_contract_says() {
    let signer = Signer::new();
    let set = inline(&signer, "deny contains 1 if input.x");
    let image = Image::new()
        .signed_by(&signer)
        .signed_by(&Signer::new())
        .built_by(&signer, BUILDER)
        .described_by(&signer, &["api", "lib"]);
    let workload = WorkloadContext {
        kind: "Pod".to_owned(),
        namespace: Some("shop".to_owned()),
        labels: BTreeMap::from([("owner".to_owned(), "a".to_owned())]),
        container: "api".to_owned(),
        path: "spec.containers[0].image".to_owned(),
        ..WorkloadContext::default()
    };
    let input = image.input(&set, &workload);
    assert_eq!(input["apiVersion"], "countersign.dev/input/v1");
    assert_eq!(input["now"], "2026-11-20T08:00:00Z");
    assert_eq!(
        input["image"],
        json!({
            "reference": "registry.example.com/shop/api:1.4",
            "registry": "registry.example.com",
            "repository": "registry.example.com/shop/api",
            "tag": "1.4",
            "digest": image.digest().to_string(),
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "platforms": [],
            "annotations": { "index": {}, "manifest": { "a": "b" } },
        })
    );
    assert_eq!(
        input["workload"],
        json!({
            "kind": "Pod", "namespace": "shop", "labels": { "owner": "a" }, "annotations": {},
            "container": { "name": "api", "path": "spec.containers[0].image" },
        })
    );
    assert_eq!(
        input["request"],
        json!({ "operation": "CREATE", "user": { "name": "", "groups": [] }, "dryRun": false })
    );
    check_evidence(&input["evidence"], &signer, &image.digest().to_string());
}

fn check_evidence(evidence: &Value, signer: &Signer, digest: &str) {
    let identity = json!({ "kind": "key", "subject": signer.public.fingerprint() });
    assert_eq!(
        evidence["signatures"],
        json!([{
            "authorities": ["release"], "identity": identity, "annotations": {}, "format": "cosign-tag",
            "times": [], "logged": false, "subject": digest, "platform": null,
        }])
    );
    let [provenance] = evidence["provenance"].as_array().unwrap().as_slice() else {
        panic!("{evidence}")
    };
    assert_eq!(provenance["builderId"], BUILDER);
    assert_eq!(
        provenance["predicateType"],
        "https://slsa.dev/provenance/v1"
    );
    let [sbom] = evidence["sboms"].as_array().unwrap().as_slice() else {
        panic!("{evidence}")
    };
    assert_eq!((&sbom["kind"], &sbom["root"]), (&json!("spdx"), &json!(0)));
    for entry in [provenance, sbom] {
        assert_eq!(entry["authorities"], json!(["release"]));
        assert_eq!(
            (&entry["identity"], &entry["platform"]),
            (&identity, &Value::Null)
        );
    }
    let attestations = evidence["attestations"].as_array().unwrap();
    assert_eq!(attestations.len(), 2);
    assert!(
        attestations
            .iter()
            .all(|attestation| attestation.get("predicate").is_none())
    );
    let [rejected] = evidence["rejected"].as_array().unwrap().as_slice() else {
        panic!("{evidence}")
    };
    assert_eq!(
        (&rejected["reason"], &rejected["format"]),
        (&json!("key_mismatch"), &json!("cosign-tag"))
    );
}

#[test]
fn without_a_workload_there_is_nothing_to_see_of_one() {
    let set = inline(&Signer::new(), "deny contains 1 if input.x");
    let input = Image::new().input(&set, &WorkloadContext::default());
    assert_eq!(
        input["workload"],
        json!({ "labels": {}, "annotations": {} })
    );
}

#[test]
fn what_the_author_of_a_pod_or_an_image_writes_hides_no_part_of_the_input() {
    let set = inline(
        &Signer::new(),
        r#"deny contains {"code": "latest", "msg": "no"} if input.workload.kind == "Pod""#,
    );
    for value in ["7", "not a number"] {
        let annotations = [("$serde_json::private::Number".to_owned(), value.to_owned())];
        let workload = WorkloadContext {
            kind: "Pod".to_owned(),
            annotations: annotations.into(),
            ..Default::default()
        };
        let verdict = Image::new().judge_as(&set, &workload);
        assert_eq!(codes(&verdict), [("inline/a", "latest")], "{value}");
    }
}
