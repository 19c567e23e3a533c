//! Which policies cover an image.

use std::collections::BTreeMap;

use countersign_policy::{Namespace, PolicySet};

use crate::support::{Signer, file, load};

fn set(selector: &str) -> PolicySet {
    let key = Signer::new().yaml();
    load(file(&format!(
        r#"
apiVersion: countersign.dev/v1alpha1
kind: ClusterImagePolicy
metadata: {{name: production}}
spec:
  images: {{include: ["registry.example.com/shop/**"], exclude: ["registry.example.com/shop/legacy/*"]}}
  namespaceSelector: {selector}
  authorities: [{{name: release, key: {{pem: {key}}}}}]
  rules: [{{rule: signature/signed}}]
"#
    )))
}

fn namespace(name: Option<&str>, labels: Option<&[(&str, &str)]>) -> Namespace {
    let pairs = |labels: &[(&str, &str)]| -> BTreeMap<String, String> {
        labels
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    };
    Namespace {
        name: name.map(str::to_owned),
        labels: labels.map(pairs),
    }
}

/// `Some(decided)` if the policy matches.
fn matches(selector: &str, namespace: &Namespace) -> Option<bool> {
    let set = set(selector);
    let found = set.matching(&"registry.example.com/shop/api".parse().unwrap(), namespace);
    found.first().map(|found| found.undecided.is_none())
}

#[test]
fn include_and_exclude_decide_by_whole_components() {
    let set = set("{}");
    let covers = |name: &str| {
        !set.matching(&name.parse().unwrap(), &Namespace::default())
            .is_empty()
    };
    assert!(covers("registry.example.com/shop/api"));
    assert!(covers("registry.example.com/shop/deep/er"));
    assert!(!covers("registry.example.com/shop/legacy/old"));
    assert!(!covers("registry.example.com/shopping/api"));
    assert!(!covers("registry.example.com.evil.org/shop/api"));
    assert!(!covers("nginx"));
}

#[test]
fn a_selector_over_the_name_is_decided_by_the_name_alone() {
    let selector = "{matchLabels: {kubernetes.io/metadata.name: shop}}";
    assert_eq!(
        matches(selector, &namespace(Some("shop"), None)),
        Some(true)
    );
    assert_eq!(matches(selector, &namespace(Some("other"), None)), None);
    assert_eq!(matches(selector, &namespace(None, None)), Some(false));
    // The name is the API server's word, a label of that name somebody's claim.
    let claimed: &[_] = &[("kubernetes.io/metadata.name", "shop")];
    assert_eq!(
        matches(selector, &namespace(Some("other"), Some(claimed))),
        None
    );
}

#[test]
fn each_operator_decides_as_in_kubernetes() {
    let labels: &[_] = &[("tier", "prod")];
    let known = namespace(Some("shop"), Some(labels));
    for (expression, expected) in [
        (
            "{key: tier, operator: In, values: [prod, stage]}",
            Some(true),
        ),
        ("{key: tier, operator: In, values: [dev]}", None),
        ("{key: team, operator: In, values: [a]}", None),
        ("{key: tier, operator: NotIn, values: [dev]}", Some(true)),
        ("{key: tier, operator: NotIn, values: [prod]}", None),
        ("{key: team, operator: NotIn, values: [a]}", Some(true)),
        ("{key: tier, operator: Exists}", Some(true)),
        ("{key: team, operator: Exists}", None),
        ("{key: team, operator: DoesNotExist}", Some(true)),
        ("{key: tier, operator: DoesNotExist}", None),
    ] {
        assert_eq!(
            matches(&format!("{{matchExpressions: [{expression}]}}"), &known),
            expected,
            "{expression}"
        );
    }
}

#[test]
fn labels_that_nobody_told_count_as_matching_and_say_so() {
    let set = set("{matchLabels: {tier: prod}}");
    let found = set.matching(
        &"registry.example.com/shop/api".parse().unwrap(),
        &namespace(Some("shop"), None),
    );
    let undecided = found[0].undecided.as_deref().unwrap();
    assert!(
        undecided.contains("production") && undecided.contains("tier"),
        "{undecided}"
    );
}

#[test]
fn one_requirement_that_fails_decides_whatever_else_is_unknown() {
    let selector = "{matchLabels: {tier: prod, kubernetes.io/metadata.name: other}}";
    assert_eq!(matches(selector, &namespace(Some("shop"), None)), None);
}
