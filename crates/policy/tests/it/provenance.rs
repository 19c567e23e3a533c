//! The rules on provenance, on what GitHub's workflows and builders really wrote.

use std::fs;
use std::path::Path;

use countersign_policy::Verdict;
use serde_json::Value;

use crate::builders::signed;
use crate::support::{Image, Signer, codes, load, policy};

/// A workflow with `actions/attest`, provenance 1.0.
const ATTESTED: (&str, &str) = (
    "java-dsse-gha-slsa1",
    r"https://github\.com/loosebazooka/aa-test/.*",
);
/// slsa-github-generator, provenance 0.2.
const GENERATED: (&str, &str) = (
    "gha_generic-v2.1.0-push-v14",
    r"https://github\.com/slsa-framework/slsa-github-generator/.*",
);

/// The codes with which `provenance/<rule>` denies what is in the bundle.
fn denials((bundle, subject): (&str, &str), rule: &str, params: &str) -> Vec<String> {
    complete_codes(&signed(bundle).judge(subject, &rules(rule, params)))
}

fn rules(rule: &str, params: &str) -> String {
    format!("  rules:\n    - {{rule: provenance/{rule}, params: {{{params}}}}}\n")
}

/// The codes of denials, each of which says what was wanted and found, and what to do.
fn complete_codes(verdict: &Verdict) -> Vec<String> {
    for violation in &verdict.violations {
        let found = violation.details["found"].as_array().unwrap();
        assert!(!found.is_empty(), "{violation:?}");
        assert!(violation.details["wanted"].is_string(), "{violation:?}");
        assert!(violation.details["nearest"].is_array(), "{violation:?}");
        assert!(violation.fix.is_some(), "{violation:?}");
    }
    let found = codes(verdict).into_iter();
    found.map(|(_, code)| code.to_owned()).collect()
}

/// What the rule says of what docker/github-builder wrote, 1.0 with mode=max, where the holder of a key vouches for it.
fn of_buildkit(rule: &str, params: &str) -> Verdict {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/provenance");
    let text = fs::read(folder.join("buildkit-slsa1-single-provenance.json")).unwrap();
    let statement: Value = serde_json::from_slice(&text).unwrap();
    let kind = statement["predicateType"].as_str().unwrap();
    let signer = Signer::new();
    let image = Image::new().attested(&signer, kind, &statement["predicate"]);
    image.judge(&load(policy(&[("ci", &signer)], &rules(rule, params))))
}

#[test]
fn provenance_of_buildkit_passes_what_it_should() {
    for (rule, params) in [
        ("required", "versions: [\"1\"]"),
        (
            "build_type",
            "patterns: [\"https://github[.]com/moby/buildkit/.*\"]",
        ),
        (
            "source",
            "repositories: [\"https://github.com/docker/github-builder-test\"]",
        ),
        (
            "revision",
            "allow: [bdb96fcfe8cc9e3a54800bc2537a4d4a14f0c5fe]",
        ),
        ("trigger", "allow: [push, workflow_dispatch, pull_request]"),
        ("detail", "detail: max"),
        ("parameters", "allow: [configSource, request]"),
        (
            "dependencies",
            "complete: true, allow: [\"pkg:docker/.*\", \"https://github.com/docker/.*\"]",
        ),
        ("fresh", "max_age_days: 400"),
    ] {
        let verdict = of_buildkit(rule, params);
        assert!(verdict.violations.is_empty(), "{rule}: {verdict:?}");
    }
}

#[test]
fn provenance_of_buildkit_is_denied_what_it_does_not_show() {
    for (rule, params, code) in [
        (
            "source",
            "repositories: [\"https://github.com/docker/*\"], refs: [refs/heads/.*]",
            "source_not_allowed",
        ),
        ("detail", "detail: min", "other_detail"),
        (
            "parameters",
            "allow: [configSource, request.frontend]",
            "parameter_not_allowed",
        ),
        (
            "dependencies",
            "allow: [\"pkg:docker/.*\"]",
            "dependency_not_allowed",
        ),
        ("reproducible", "want: [hermetic]", "not_reproducible"),
        ("fresh", "max_age_days: 300", "too_old"),
        ("signer_matches_source", "", "signer_differs"),
        ("slsa_level", "minimum: 2", "level_too_low"),
    ] {
        let verdict = of_buildkit(rule, params);
        assert_eq!(complete_codes(&verdict), [code], "{rule}");
    }
}

#[test]
fn a_run_that_only_a_key_vouches_for_is_no_builder_and_the_signer_is_to_be_pinned() {
    for params in [
        "allow: [\"https://github.com/docker/github-builder-test\"]",
        "patterns: [\"https://github.com/docker/github-builder-test/actions/runs/.*\"]",
    ] {
        let verdict = of_buildkit("builder_id", params);
        assert_eq!(complete_codes(&verdict), ["builder_not_allowed"]);
        let fix = verdict.violations[0].fix.as_deref().unwrap();
        assert!(fix.contains("pin the signer"), "{fix}");
        assert!(
            fix.ends_with(r"https://github\.com/docker/github-builder-test/\.github/workflows/.*"),
            "{fix}"
        );
    }
}

#[test]
fn provenance_1_of_a_workflow_passes_what_it_should() {
    for (rule, params) in [
        ("required", "versions: [\"1\"]"),
        (
            "build_type",
            "allow: [\"https://actions.github.io/buildtypes/workflow/v1\"]",
        ),
        (
            "source",
            "repositories: [\"git@github.com:loosebazooka/AA-test.git\"], refs: [refs/heads/main], \
             repository_ids: [\"891715444\"], owner_ids: [\"1304826\"]",
        ),
        (
            "revision",
            "allow: [ebff8dfbd609b7b22237c7719ce07f2dc7934f5f]",
        ),
        ("trigger", "allow: [push, workflow_dispatch]"),
        ("parameters", "allow: [workflow]"),
        (
            "dependencies",
            "allow: [\"git[+]https://github.com/loosebazooka/.*\"]",
        ),
        ("fresh", "max_age_days: 1000"),
        ("signer_matches_source", "authorities: [ci]"),
    ] {
        assert!(denials(ATTESTED, rule, params).is_empty(), "{rule}");
    }
}

#[test]
fn provenance_1_of_a_workflow_is_denied_what_it_does_not_show() {
    for (rule, params, code) in [
        ("required", "versions: [\"0.2\"]", "version_not_allowed"),
        (
            "build_type",
            "patterns: [\"https://mobyproject.org/.*\"]",
            "build_type_not_allowed",
        ),
        (
            "source",
            "repositories: [\"https://github.com/loosebazooka/aa\"]",
            "source_not_allowed",
        ),
        (
            "source",
            "repositories: [\"https://github.com/loosebazooka/*\"], refs: [refs/tags/.*]",
            "source_not_allowed",
        ),
        (
            "source",
            "repositories: [\"https://github.com/loosebazooka/*\"], owner_ids: [\"1\"]",
            "source_not_allowed",
        ),
        (
            "source",
            "repositories: [\"https://github.com/loosebazooka/*\"], repository_ids: [\"1304826\"]",
            "source_not_allowed",
        ),
        (
            "revision",
            "allow: [\"0000000000000000000000000000000000000000\"]",
            "revision_not_allowed",
        ),
        ("trigger", "allow: [push]", "trigger_not_allowed"),
        (
            "parameters",
            "allow: [workflow.ref]",
            "parameter_not_allowed",
        ),
        (
            "dependencies",
            "allow: [pkg:docker/.*]",
            "dependency_not_allowed",
        ),
        ("dependencies", "complete: true", "dependencies_unknown"),
        ("fresh", "max_age_days: 100", "too_old"),
        ("detail", "detail: max", "other_detail"),
        ("reproducible", "want: [hermetic]", "not_reproducible"),
    ] {
        assert_eq!(denials(ATTESTED, rule, params), [code], "{rule} {params}");
    }
}

#[test]
fn provenance_0_2_of_a_generator_is_judged_by_the_same_rules() {
    for (rule, params) in [
        ("required", "versions: [\"0.2\"]"),
        (
            "source",
            "repositories: [\"https://github.com/slsa-framework/*\"], refs: [\"refs/tags/v[0-9]+\"], owner_ids: [\"80431187\"]",
        ),
        (
            "revision",
            "allow: [4d329c75e7ec1725f7c9ce917a8799d408d06be3]",
        ),
        ("trigger", "allow: [push]"),
        ("parameters", "allow: []"),
        ("dependencies", "pinned: true"),
        ("signer_matches_source", ""),
    ] {
        assert!(denials(GENERATED, rule, params).is_empty(), "{rule}");
    }
    for (rule, params, code) in [
        (
            "source",
            "repositories: [\"https://github.com/slsa-framework/slsa-github-generator\"]",
            "source_not_allowed",
        ),
        (
            "trigger",
            "allow: [workflow_dispatch]",
            "trigger_not_allowed",
        ),
    ] {
        assert_eq!(denials(GENERATED, rule, params), [code], "{rule}");
    }
}
