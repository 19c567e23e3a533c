//! Kinds and features that are not known, or not yet.

use crate::mistakes::{good, refusal};

#[test]
fn unknown_versions_and_kinds_are_refused_with_those_that_are_known() {
    let error = refusal("v1alpha1", "v1");
    assert_eq!((error.line, error.code), (1, "unknown_api_version"));
    assert!(error.hint.unwrap().contains("countersign.dev/v1alpha1"));
    // Of a ConfigMap both are known, and neither by itself makes one.
    let error = refusal("countersign.dev/v1alpha1", "v1");
    assert_eq!((error.line, error.code), (1, "unknown_api_version"));
    let error = refusal("ClusterImagePolicy", "ConfigMap");
    assert_eq!((error.line, error.code), (2, "unknown_kind"));
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
fn features_to_come_say_so() {
    let key = good()
        .lines()
        .find(|line| line.contains("pem"))
        .unwrap()
        .trim()
        .to_owned();
    let error = refusal(&key, "key: {secretRef: {name: a, key: b}}");
    assert_eq!(
        (error.line, error.code),
        (9, "unsupported_feature"),
        "{error}"
    );
}
