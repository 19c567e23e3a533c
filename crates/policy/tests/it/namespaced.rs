//! Policies of one namespace: what they may say, and whom they cover.

use countersign_policy::{Namespace, PolicySet};

use crate::support::{Signer, file, load, refused};

fn document(metadata: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: countersign.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {metadata}\nspec:\n  \
         images: {{include: [\"**\"]}}\n  authorities: [{{name: release, key: {{pem: {}}}}}]\n{spec}",
        Signer::new().yaml()
    )
}

const OURS: &str = "{name: release, namespace: shop}";
const SIGNED: &str = "  rules: [{rule: signature/signed}]\n";

/// The policies that cover an image in the namespace, and what was undecided.
fn covering(set: &PolicySet, namespace: Option<&str>) -> Vec<(String, bool)> {
    let namespace = Namespace {
        name: namespace.map(str::to_owned),
        labels: None,
    };
    let found = set.matching(
        &"registry.example.com/shop/api".parse().unwrap(),
        &namespace,
    );
    found
        .iter()
        .map(|found| (found.policy.name().to_owned(), found.undecided.is_some()))
        .collect()
}

#[test]
fn one_covers_its_own_namespace_alone() {
    let both = document(OURS, SIGNED) + &document("{name: release, namespace: other}", SIGNED);
    let set = load(file(&both));
    assert!(set.policies().iter().all(|policy| policy.is_namespaced()));
    let named = |name: &str, undecided| (name.to_owned(), undecided);
    assert_eq!(covering(&set, Some("shop")), [named("shop/release", false)]);
    assert_eq!(
        covering(&set, Some("other")),
        [named("other/release", false)]
    );
    assert_eq!(covering(&set, Some("shop-2")), []);
    // Where the namespace is not known, what might apply does.
    let all = [named("other/release", true), named("shop/release", true)];
    assert_eq!(covering(&set, None), all);
}

#[test]
fn what_is_not_for_a_namespace_to_say_is_refused() {
    let rego =
        "{rego: \"package a\\ndeny contains {\\\"code\\\": \\\"no\\\", \\\"msg\\\": \\\"no\\\"}\"}";
    for (metadata, spec, line, code) in [
        ("{name: release}", SIGNED.to_owned(), 4, "missing_field"),
        (
            "{name: release, namespace: 'sh*'}",
            SIGNED.to_owned(),
            4,
            "invalid_name",
        ),
        (
            OURS,
            format!("{SIGNED}  namespaceSelector: {{}}\n"),
            9,
            "unknown_field",
        ),
        (
            OURS,
            format!("  rules: [{rego}]\n"),
            8,
            "unsupported_feature",
        ),
        (
            OURS,
            format!("  rules: [{{anyOf: [{{rule: signature/signed}}, {{anyOf: [{rego}]}}]}}]\n"),
            8,
            "unsupported_feature",
        ),
    ] {
        let errors = refused(file(&document(metadata, &spec)));
        let found: Vec<_> = errors
            .iter()
            .map(|error| (error.line, error.code))
            .collect();
        assert_eq!(found, [(line, code)], "{errors:?}");
    }
}

#[test]
fn no_other_kind_belongs_to_a_namespace() {
    let text = document(OURS, SIGNED).replace("ImagePolicy", "ClusterImagePolicy");
    let [error] = &refused(file(&text))[..] else {
        panic!("one mistake")
    };
    assert_eq!((error.line, error.code), (4, "unknown_field"));
}

#[test]
fn two_of_one_name_in_one_namespace_are_refused() {
    let errors = refused(file(&(document(OURS, SIGNED) + &document(OURS, SIGNED))));
    assert_eq!(errors[0].code, "duplicate_name");
}
