//! Documents that are refused: each mistake with its place, code and advice.

use countersign_policy::{Mode, PolicySet, TrustRoots};

use crate::mistakes::{KEY, check, good, refusal};
use crate::support::{Signer, file, load, policy, refused};

#[test]
fn a_good_policy_loads() {
    let set = load(file(&good()));
    let policy = &set.policies()[0];
    assert_eq!(
        (policy.name(), policy.mode()),
        ("production", Mode::Enforce)
    );
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
        let errors = PolicySet::load(&documents, &TrustRoots::default()).unwrap_err();
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
        "no name for a document",
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
    for (platforms, code, message) in [
        ("[]", "no_platforms", "demands nothing"),
        ("linux/amd64", "invalid_value", "wanted `all` or a list"),
        ("[linux]", "invalid_value", "`linux` is no platform"),
        ("[linux/arm/v7/x]", "invalid_value", "is no platform"),
        ("[\"linux/\"]", "invalid_value", "is no platform"),
        ("[all]", "invalid_value", "`all` is no platform"),
        ("[7]", "wrong_type", "a platform is a number"),
    ] {
        let to = format!("  platforms: {platforms}\n  rules:");
        check("  rules:", &to, 13, code, message);
    }
    check(
        "{rule: signature/signed",
        "{rego: x, rule: signature/signed",
        14,
        "invalid_value",
        "more than one of rule, rego, anyOf, ruleSet",
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
fn names_that_are_taken_are_refused() {
    let text = good();
    let errors = PolicySet::load(&[file(&text), file(&text)], &TrustRoots::default()).unwrap_err();
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
        .replace("transparency: none", "transparency: maybe")
        .replace("threshold: 1", "threshold: 0, foo: 1");
    let errors = refused(file(&text));
    let found: Vec<_> = errors
        .iter()
        .map(|error| (error.line, error.code))
        .collect();
    assert_eq!(
        found,
        [
            (10, "invalid_value"),
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
