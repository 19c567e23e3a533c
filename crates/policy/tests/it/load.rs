//! Documents that are refused: each mistake with its place, code and advice.

use std::sync::LazyLock;

use countersign_policy::{LoadError, Mode, Platforms, PolicySet};

use crate::support::{Signer, file, load, policy, refused};

/// A policy that is right, one field a line.
fn good() -> String {
    format!(
        r#"apiVersion: countersign.dev/v1alpha1
kind: ClusterImagePolicy
metadata: {{name: production}}
spec:
  images:
    include: ["registry.example.com/shop/**"]
  authorities:
    - name: release
      key: {{pem: {}}}
      transparency: none
  builders:
    - {{id: "https://builder.acme.example/v1", authorities: [release], maxLevel: 3}}
  rules:
    - {{rule: signature/signed, params: {{authorities: [release], threshold: 1}}}}
"#,
        *KEY
    )
}

static KEY: LazyLock<String> = LazyLock::new(|| Signer::new().yaml());

/// The one error that changing `from` to `to` makes: its line, code, message and hint.
#[track_caller]
fn refusal(from: &str, to: &str) -> LoadError {
    let text = good();
    assert!(text.contains(from), "{from}");
    let errors = refused(file(&text.replacen(from, to, 1)));
    let [error] = errors.as_slice() else {
        panic!("{errors:#?}")
    };
    error.clone()
}

#[track_caller]
fn check(from: &str, to: &str, line: u32, code: &str, message: &str) {
    let error = refusal(from, to);
    assert_eq!((error.line, error.code), (line, code), "{error}");
    assert!(error.message.contains(message), "{}", error.message);
    assert_eq!(error.path, "policies/production.yaml");
}

#[test]
fn a_good_policy_loads() {
    let set = load(file(&good()));
    let policy = &set.policies()[0];
    assert_eq!(
        (policy.name(), policy.mode()),
        ("production", Mode::Enforce)
    );
    assert_eq!(policy.platforms(), &Platforms::All);
    assert_eq!(policy.verifier().authorities().len(), 1);
}

#[test]
fn an_unknown_field_is_refused_with_its_place_and_the_one_that_was_meant() {
    let error = refusal("  rules:", "  rulez: []\n  rules:");
    assert_eq!(
        error.to_string(),
        "policies/production.yaml:13:3: spec has no field `rulez`"
    );
    assert_eq!(
        (error.code, error.hint.as_deref()),
        ("unknown_field", Some("did you mean `rules`?"))
    );
    for (from, to, line) in [
        ("kind:", "foo: 1\nkind:", 2),
        ("{name: production}", "{name: production, namespace: x}", 3),
        ("    include:", "    only: []\n    include:", 6),
        (
            "      transparency:",
            "      log: none\n      transparency:",
            10,
        ),
        ("key: {pem", "key: {kms: x, pem", 9),
        ("maxLevel: 3", "maxLevel: 3, level: 3", 12),
        ("threshold: 1}}", "threshold: 1}, foo: 1}", 14),
    ] {
        check(from, to, line, "unknown_field", "has no field");
    }
}

#[test]
fn what_is_missing_is_refused() {
    check(
        "kind: ClusterImagePolicy\n",
        "",
        1,
        "missing_field",
        "needs the field `kind`",
    );
    check(
        "{name: production}",
        "{}",
        3,
        "missing_field",
        "metadata needs the field `name`",
    );
    let key = format!("{{pem: {}}}", *KEY);
    check(&key, "{}", 9, "missing_field", "key needs the field `pem`");
}

#[test]
fn an_empty_configuration_is_refused() {
    for documents in [vec![], vec![file("")], vec![file("---\n# nothing\n---\n")]] {
        let errors = PolicySet::load(&documents).unwrap_err();
        assert_eq!(errors.errors()[0].code, "no_policies");
    }
    check(
        "[\"registry.example.com/shop/**\"]",
        "[]",
        6,
        "no_images",
        "covers no image",
    );
    let text = good();
    let rules = &text[text.find("    - {rule").unwrap()..];
    check(rules, "    []\n", 14, "no_rules", "no rules");
}

#[test]
fn unknown_versions_and_kinds_are_refused_with_those_that_are_known() {
    let error = refusal("v1alpha1", "v1");
    assert_eq!((error.line, error.code), (1, "unknown_api_version"));
    assert!(error.hint.unwrap().contains("countersign.dev/v1alpha1"));
    let error = refusal("ClusterImagePolicy", "Policy");
    assert_eq!((error.line, error.code), (2, "unknown_kind"));
    for kind in [
        "ClusterImagePolicy",
        "ImageException",
        "ImagePolicy",
        "Registry",
        "TrustRoot",
    ] {
        assert!(error.hint.as_deref().unwrap().contains(kind), "{kind}");
    }
}

#[test]
fn kinds_and_features_to_come_say_so() {
    for kind in ["ImageException", "ImagePolicy", "Registry", "TrustRoot"] {
        check(
            "ClusterImagePolicy",
            kind,
            2,
            "unsupported_kind",
            "not supported yet",
        );
    }
    let key = good()
        .lines()
        .find(|line| line.contains("pem"))
        .unwrap()
        .trim()
        .to_owned();
    for (from, to, line) in [
        (key.as_str(), "keyless: {identities: []}", 9),
        (key.as_str(), "certificate: {}", 9),
        (key.as_str(), "key: {secretRef: {name: a, key: b}}", 9),
        ("transparency: none", "transparency: log", 10),
        ("transparency: none", "transparency: timestamp", 10),
        (
            "{rule: signature/signed",
            "{anyOf: [], rule: signature/signed",
            14,
        ),
        (
            "{rule: signature/signed",
            "{ruleSet: baseline, rule: signature/signed",
            14,
        ),
    ] {
        let error = refusal(from, to);
        assert_eq!(
            (error.line, error.code),
            (line, "unsupported_feature"),
            "{error}"
        );
    }
}

#[test]
fn values_of_the_wrong_kind_are_refused() {
    check(
        "{name: production}",
        "{name: 7}",
        3,
        "wrong_type",
        "metadata.name is a number, wanted a string",
    );
    check(
        "{name: production}",
        "{name: Prod_uction}",
        3,
        "invalid_name",
        "no name for a policy",
    );
    check(
        "[\"registry.example.com/shop/**\"]",
        "everything",
        6,
        "wrong_type",
        "is a string, wanted a list",
    );
    check(
        "  rules:",
        "  mode: strict\n  rules:",
        13,
        "invalid_value",
        "unknown mode `strict`",
    );
    check(
        "transparency: none",
        "transparency: maybe",
        10,
        "invalid_value",
        "unknown transparency",
    );
    check(
        "maxLevel: 3",
        "maxLevel: 4",
        12,
        "invalid_value",
        "from 1 to 3",
    );
    check(
        "maxLevel: 3",
        "maxLevel: \"3\"",
        12,
        "invalid_value",
        "from 1 to 3",
    );
    check(
        "  rules:",
        "  platforms: [linux]\n  rules:",
        13,
        "invalid_value",
        "no platform",
    );
    check(
        "  rules:",
        "  platforms: []\n  rules:",
        13,
        "invalid_value",
        "names none",
    );
    check(
        "{rule: signature/signed",
        "{rego: x, rule: signature/signed",
        14,
        "invalid_value",
        "not both",
    );
    let selector = "  namespaceSelector: {matchExpressions: [{key: a, operator: Is}]}\n  rules:";
    check(
        "  rules:",
        selector,
        13,
        "invalid_value",
        "no operator `Is`",
    );
}

#[test]
fn patterns_that_could_be_meant_in_two_ways_are_refused() {
    check(
        "registry.example.com/shop/**",
        "*/shop",
        6,
        "pattern_ambiguous",
        "*/shop",
    );
    check(
        "registry.example.com/shop/**",
        "a.example/b:1",
        6,
        "pattern_tag_or_digest",
        "b:1",
    );
}

#[test]
fn keys_that_are_no_public_keys_are_refused() {
    let key = good()
        .lines()
        .find(|line| line.contains("pem"))
        .unwrap()
        .trim()
        .to_owned();
    check(&key, "key: {pem: hello}", 9, "key_not_pem", "");
    let private = "-----BEGIN PRIVATE KEY-----\\nAA==\\n-----END PRIVATE KEY-----\\n";
    check(
        &key,
        &format!("key: {{pem: \"{private}\"}}"),
        9,
        "key_is_private",
        "",
    );
}

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
fn names_that_are_taken_are_refused() {
    let text = good();
    let errors = PolicySet::load(&[file(&text), file(&text)]).unwrap_err();
    let error = &errors.errors()[0];
    assert_eq!((error.line, error.code), (3, "duplicate_name"));
    assert!(
        error.message.contains("policies/production.yaml:3"),
        "{error}"
    );
    let signer = Signer::new();
    let rules = "  rules:\n    - {rule: signature/signed}\n";
    let errors = refused(policy(&[("release", &signer), ("release", &signer)], rules));
    assert_eq!((errors.len(), errors[0].code), (1, "duplicate_name"));
}

#[test]
fn yaml_that_two_readers_could_understand_in_two_ways_is_refused() {
    check("  rules:", "  rules: []\n  rules:", 14, "yaml", "duplicate");
    check("spec:", "<<: {}\nspec:", 4, "yaml", "merge");
    check("spec:", "spec: [", 6, "yaml", "");
    // In YAML 1.1 this is a boolean.
    check(
        "{name: production}",
        "{name: production, labels: {a: b}, x: yes}",
        3,
        "unknown_field",
        "x",
    );
}

#[test]
fn all_mistakes_are_told_at_once_in_order() {
    let text = good()
        .replace("maxLevel: 3", "maxLevel: 9")
        .replace("transparency: none", "transparency: log")
        .replace("threshold: 1", "threshold: 0, foo: 1");
    let errors = refused(file(&text));
    let found: Vec<_> = errors
        .iter()
        .map(|error| (error.line, error.code))
        .collect();
    assert_eq!(
        found,
        [
            (10, "unsupported_feature"),
            (12, "invalid_value"),
            (14, "invalid_params"),
            (14, "unknown_param")
        ]
    );
}

#[test]
fn one_file_may_hold_several_policies_and_policies_stand_in_order_of_name() {
    let second = good().replace("production", "audit");
    let set = load(file(&format!("{}---\n{second}", good())));
    let names: Vec<_> = set.policies().iter().map(|policy| policy.name()).collect();
    assert_eq!(names, ["audit", "production"]);
}

#[test]
fn the_revision_changes_with_the_documents() {
    let text = good();
    let revision = |text: &str| load(file(text)).revision().to_owned();
    assert_eq!(revision(&text), revision(&text));
    assert_ne!(
        revision(&text),
        revision(&text.replace("threshold: 1", "threshold: 2"))
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
