//! What the names and parameters in a policy mean for its rules.

use countersign_policy::{PolicySet, SourceFile, TrustRoots};

use crate::mistakes::{check, good, refusal};
use crate::support::{Signer, file, load, policy};

#[test]
fn parameters_are_checked_against_the_rule() {
    check(
        "threshold: 1",
        "threshold: 0",
        14,
        "invalid_params",
        "threshold is 0, wanted an integer of at least 1",
    );
    check(
        "threshold: 1",
        "threshold: one",
        14,
        "invalid_params",
        "threshold is a string, wanted an integer",
    );
    check(
        "threshold: 1",
        "threshold: 1.5",
        14,
        "invalid_params",
        "threshold is a number, wanted an integer",
    );
    check(
        "authorities: [release], t",
        "authorities: [], t",
        14,
        "invalid_params",
        "wanted at least 1",
    );
    check(
        "authorities: [release], t",
        "authorities: [7], t",
        14,
        "invalid_params",
        "an item of authorities",
    );
    let error = refusal("threshold: 1", "treshold: 1");
    assert_eq!(
        (error.line, error.column, error.code),
        (14, 65, "unknown_param")
    );
    assert_eq!(error.hint.as_deref(), Some("did you mean `threshold`?"));
    let rule = "{rule: signature/signed, params: {authorities: [release], threshold: 1}}";
    check(
        rule,
        "{rule: provenance/slsa_level}",
        14,
        "missing_param",
        "needs the parameter `minimum`",
    );
    check(
        rule,
        "{rule: provenance/slsa_level, params: {minimum: 4}}",
        14,
        "invalid_params",
        "from 1 to 3",
    );
    check(
        rule,
        "{rule: sbom/required, params: {formats: [spxd]}}",
        14,
        "invalid_params",
        "wanted one of spdx",
    );
    check(
        rule,
        "{rule: sbom/required, params: [spdx]}",
        14,
        "invalid_params",
        "is a list, wanted a mapping",
    );
}

#[test]
fn names_that_nobody_defined_are_refused_with_the_nearest() {
    let error = refusal("{authorities: [release]", "{authorities: [relase]");
    assert_eq!((error.line, error.code), (14, "unknown_authority"));
    assert_eq!(error.hint.as_deref(), Some("did you mean `release`?"));
    let error = refusal(
        "authorities: [release], maxLevel",
        "authorities: [relase], maxLevel",
    );
    assert_eq!((error.line, error.code), (12, "unknown_authority"));
    let error = refusal("signature/signed", "signature/sigend");
    assert_eq!((error.line, error.code), (14, "unknown_rule"));
    assert_eq!(
        error.hint.as_deref(),
        Some("did you mean `signature/signed`?")
    );
}

#[test]
fn a_policy_asks_for_what_its_rules_read_and_no_more() {
    let signer = Signer::new();
    let needs = |rules: &str| load(policy(&[("release", &signer)], rules)).policies()[0].needs();
    let signed = needs("  rules:\n    - {rule: signature/signed}\n");
    assert!(signed.signatures && !signed.attestations && !signed.unsigned_sboms);
    let level = needs("  rules:\n    - {rule: provenance/slsa_level, params: {minimum: 1}}\n");
    assert!(!level.signatures && level.attestations && !level.unsigned_sboms);
    let sbom = needs("  rules:\n    - {rule: sbom/required}\n");
    assert!(!sbom.signatures && sbom.attestations && sbom.unsigned_sboms);
    let rego =
        needs("  rules:\n    - rego: |\n        package a\n        deny contains 1 if input.x\n");
    assert!(rego.signatures && rego.attestations && rego.unsigned_sboms);
}

/// A rule that looks at nothing but the digest.
fn digest_rule() -> SourceFile {
    let text = "# METADATA\n# title: T\n# description: D.\n# custom:\n#   params: { type: object, properties: {} }\n\
                #   reads: [image.digest]\npackage rules.shop.digest\n\n\
                deny contains {\"code\": \"x\", \"msg\": \"x\"} if input.image.digest == \"\"\n";
    SourceFile {
        path: "policies/rules/shop/digest/digest.rego".to_owned(),
        text: text.to_owned(),
    }
}

/// Where it says less than the truth, an image is judged without what was not looked at.
#[test]
fn a_policy_tells_what_its_verdict_depends_on() {
    let signer = Signer::new();
    let digest = format!("registry.example.com/shop/api@sha256:{}", "0".repeat(64));
    let [tagged, pinned] =
        ["registry.example.com/shop/api:1.0", &digest].map(|name| name.parse().unwrap());
    let registries = "{rule: image/registries, params: {allow: [\"**\"]}}";
    let rego =
        "{rego: \"package a\\ndeny contains {\\\"code\\\": \\\"x\\\", \\\"msg\\\": \\\"x\\\"}\"}";
    // Whether it differs by container, looks further at a tag, looks further at a digest, and reads who asks.
    for (rest, expected) in [
        (format!("rules: [{registries}]"), [false; 4]),
        (
            format!("platforms: [linux/amd64]\n  rules: [{registries}]"),
            [false, true, true, false],
        ),
        (
            "rules: [{rule: image/digest_pinned}]".to_owned(),
            [true, false, false, false],
        ),
        (
            "rules: [{rule: image/user}]".to_owned(),
            [false, true, true, false],
        ),
        (
            "rules: [{rule: image/base, params: {names: [\"**\"]}}]".to_owned(),
            [false, true, true, false],
        ),
        (
            "rules: [{anyOf: [{rule: image/digest_pinned}, {rule: sbom/required}]}]".to_owned(),
            [true, true, true, false],
        ),
        (
            "rules: [{rule: shop/digest}]".to_owned(),
            [false, true, false, false],
        ),
        (format!("rules: [{registries}, {rego}]"), [true; 4]),
    ] {
        let policy = policy(&[("release", &signer)], &format!("  {rest}\n"));
        let set = PolicySet::load(&[policy, digest_rule()], &TrustRoots::default()).unwrap();
        let policy = &set.policies()[0];
        let found = [
            policy.reads_use(),
            policy.looks_at(&tagged),
            policy.looks_at(&pinned),
            policy.reads("request", "user"),
        ];
        assert_eq!(found, expected, "{rest}");
    }
}

#[test]
fn signatures_kept_elsewhere_are_asked_for_there() {
    let from = "transparency: none";
    let text = good().replace(
        from,
        "repository: registry.example.com/signatures\n      transparency: none",
    );
    let needs = load(file(&text)).policies()[0].needs();
    assert_eq!(
        needs.repositories,
        ["registry.example.com/signatures".parse().unwrap()]
    );
    check(
        from,
        "repository: \"a:b:c\"",
        10,
        "invalid_value",
        "no repository",
    );
}
