//! The rules on provenance, on what GitHub's workflows and builders really signed.

use crate::builders::signed;
use crate::support::codes;

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
    let rules = format!("  rules:\n    - {{rule: provenance/{rule}, params: {{{params}}}}}\n");
    let verdict = signed(bundle).judge(subject, &rules);
    let found = codes(&verdict).into_iter();
    found.map(|(_, code)| code.to_owned()).collect()
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
