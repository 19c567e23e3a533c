//! Rules of one's own, beside the policies.

use countersign_policy::{LoadError, PolicySet, SourceFile, TrustRoots, WorkloadContext};

use crate::support::{Image, Signer, codes, policy};

const OWNER: &str = r#"# METADATA
# title: Pods have an owner
# description: The pod carries a label.
# custom:
#   params: { type: object, properties: { label: { type: string, default: owner } } }
#   reads: [workload.labels]
package rules.shop.owner

deny contains {"code": "no_owner", "msg": "pods need an owner"} if not input.workload.labels[data.params.label]
"#;

fn rule(path: &str, text: &str) -> SourceFile {
    SourceFile {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

/// A policy of the entry `entry`, and `rules` beside it.
fn load(entry: &str, rules: &[SourceFile]) -> Result<PolicySet, Vec<LoadError>> {
    let document = policy(
        &[("release", &Signer::new())],
        &format!("  rules: [{entry}]\n"),
    );
    let files = [&[document], rules].concat();
    PolicySet::load(&files, &TrustRoots::default()).map_err(|errors| errors.errors().to_vec())
}

#[track_caller]
fn check(rules: &[SourceFile], path: &str, code: &str, message: &str) {
    let errors = load("{rule: signature/signed}", rules).unwrap_err();
    let [error] = errors.as_slice() else {
        panic!("{errors:#?}")
    };
    assert_eq!((error.path.as_str(), error.code), (path, code), "{error}");
    assert!(error.message.contains(message), "{error}");
}

const PATH: &str = "policies/rules/shop/owner/owner.rego";

#[test]
fn a_rule_beside_the_policies_is_used_by_the_name_of_its_folders() {
    let owner = [rule(PATH, OWNER)];
    let set = load("{rule: shop/owner, params: {label: team}}", &owner).unwrap();
    let verdict = Image::new().judge(&set);
    assert_eq!(codes(&verdict), [("shop/owner", "no_owner")]);
    let workload = WorkloadContext {
        labels: [("team".to_owned(), "shop".to_owned())].into(),
        ..Default::default()
    };
    assert_eq!(codes(&Image::new().judge_as(&set, &workload)), []);
}

#[test]
fn its_parameters_are_checked_and_its_name_is_suggested() {
    let owner = [rule(PATH, OWNER)];
    let errors = load("{rule: shop/owner, params: {labels: team}}", &owner).unwrap_err();
    assert_eq!(errors[0].code, "unknown_param");
    assert_eq!(errors[0].hint.as_deref(), Some("did you mean `label`?"));
    let errors = load("{rule: shop/owners}", &owner).unwrap_err();
    assert_eq!(errors[0].code, "unknown_rule");
    assert_eq!(
        errors[0].hint.as_deref(),
        Some("did you mean `shop/owner`?")
    );
}

#[test]
fn a_name_of_the_library_may_not_be_taken() {
    let text = OWNER.replace("rules.shop.owner", "rules.signature.signed");
    let path = "policies/rules/signature/signed/signed.rego";
    check(
        &[rule(path, &text)],
        path,
        "duplicate_name",
        "the library has a rule `signature/signed`",
    );
}

#[test]
fn two_rules_of_one_name_are_refused() {
    let second = "other/rules/shop/owner/owner.rego";
    let both = [rule(PATH, OWNER), rule(second, OWNER)];
    check(&both, second, "duplicate_name", PATH);
}

#[test]
fn a_rule_that_nobody_uses_must_load_all_the_same() {
    let path = "policies/rules/shop/other/other.rego";
    check(
        &[rule(path, OWNER)],
        path,
        "rego_package",
        "rules.shop.other",
    );
    let stray = "policies/rules/owner.rego";
    check(
        &[rule(stray, OWNER)],
        stray,
        "library",
        "rules/<category>/<id>/<id>.rego",
    );
}

#[test]
fn the_revision_changes_with_the_rules() {
    let revision = |text: &str| {
        let set = load("{rule: signature/signed}", &[rule(PATH, text)]).unwrap();
        set.revision().to_owned()
    };
    assert_ne!(
        revision(OWNER),
        revision(&OWNER.replace("need an", "want an"))
    );
}

#[test]
fn a_directory_of_rules_alone_has_no_policy() {
    let errors = PolicySet::load(&[rule(PATH, OWNER)], &TrustRoots::default()).unwrap_err();
    assert_eq!(errors.errors()[0].code, "no_policies");
}
