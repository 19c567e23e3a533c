//! Alternatives, of which one must hold, and sets of rules.

use countersign_policy::{LoadError, PolicySet, SourceFile, TrustRoots, Verdict};

use crate::support::{Image, Signer, codes, policy};

const SIGNED: &str = "{rule: signature/signed, params: {authorities: [release]}}";
const SBOM: &str = "{rule: sbom/required, params: {min_packages: 1}}";
const LEVEL: &str = "{rule: provenance/slsa_level, params: {minimum: 3}}";

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

fn load(signer: &Signer, rules: &str, others: &[SourceFile]) -> Result<PolicySet, Vec<LoadError>> {
    let policy = policy(&[("release", signer)], &format!("  rules: [{rules}]\n"));
    let files = [&[policy], others].concat();
    PolicySet::load(&files, &TrustRoots::default()).map_err(|errors| errors.errors().to_vec())
}

fn judge(signer: &Signer, image: &Image, rules: &str) -> Verdict {
    image.judge(&load(signer, rules, &[]).unwrap())
}

#[track_caller]
fn refused(rules: &str, others: &[SourceFile]) -> LoadError {
    let errors = load(&Signer::new(), rules, others).unwrap_err();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    errors[0].clone()
}

#[test]
fn one_alternative_is_enough() {
    let signer = Signer::new();
    let any = format!("{{anyOf: [{SBOM}, {SIGNED}]}}");
    let signed = Image::new().signed_by(&signer);
    assert_eq!(codes(&judge(&signer, &signed, &any)), []);
    let described = Image::new().described_by(&signer, &["a", "b"]);
    assert_eq!(codes(&judge(&signer, &described, &any)), []);
    // The other entries must hold all the same.
    let both = format!("{any}, {LEVEL}");
    let verdict = judge(&signer, &signed, &both);
    assert_eq!(
        codes(&verdict),
        [("provenance/slsa_level", "no_provenance")]
    );
}

#[test]
fn where_none_holds_one_denial_tells_what_each_lacks() {
    let signer = Signer::new();
    let verdict = judge(
        &signer,
        &Image::new(),
        &format!("{{anyOf: [{SBOM}, {SIGNED}]}}"),
    );
    assert_eq!(codes(&verdict), [("anyOf", "none_holds")]);
    let violation = &verdict.violations[0];
    assert!(
        violation.message.starts_with(
            "wanted one of 2 alternatives, found none that holds: sbom/required:no_sbom: wanted"
        ),
        "{}",
        violation.message
    );
    assert!(
        violation
            .message
            .contains("; or signature/signed:unsigned: wanted")
    );
    let alternatives = violation.details["alternatives"].as_array().unwrap();
    let rules: Vec<_> = alternatives
        .iter()
        .map(|alternative| alternative[0]["rule"].as_str().unwrap())
        .collect();
    assert_eq!(rules, ["sbom/required", "signature/signed"]);
    let fix = violation.fix.as_deref().unwrap();
    assert!(fix.contains("; or countersign sign"), "{fix}");
}

#[test]
fn alternatives_may_hold_alternatives() {
    let signer = Signer::new();
    let nested = format!("{{anyOf: [{LEVEL}, {{anyOf: [{SBOM}, {SIGNED}]}}]}}");
    let signed = Image::new().signed_by(&signer);
    assert_eq!(codes(&judge(&signer, &signed, &nested)), []);
    let verdict = judge(&signer, &Image::new(), &nested);
    assert_eq!(codes(&verdict), [("anyOf", "none_holds")]);
    let inner = &verdict.violations[0].details["alternatives"][1][0];
    assert_eq!(inner["rule"], "anyOf");
    assert_eq!(inner["details"]["alternatives"][1][0]["code"], "unsigned");
}

#[test]
fn an_alternative_that_fails_does_not_hold() {
    let signer = Signer::new();
    let broken = "{rego: \"package a\\n\\ndeny contains 1 if input.image\"}";
    let verdict = judge(&signer, &Image::new(), &format!("{{anyOf: [{broken}]}}"));
    assert_eq!(codes(&verdict), [("anyOf", "none_holds")]);
    let lacks = &verdict.violations[0].details["alternatives"][0][0];
    assert_eq!(lacks["code"], "rule_result_invalid");
    let any = format!("{{anyOf: [{broken}, {SIGNED}]}}");
    let signed = Image::new().signed_by(&signer);
    assert_eq!(codes(&judge(&signer, &signed, &any)), []);
}

#[test]
fn warnings_are_those_of_the_alternative_that_holds() {
    let signer = Signer::new();
    let warns = |package: &str, denies: bool| {
        format!(
            "{{rego: \"package {package}\\n\\ndeny contains {{\\\"code\\\": \\\"x\\\", \\\"msg\\\": \\\"x\\\"}} if {denies}\\n\\n\
             warn contains {{\\\"code\\\": \\\"w\\\", \\\"msg\\\": \\\"{package} warns\\\"}}\"}}"
        )
    };
    let any = format!(
        "{{anyOf: [{}, {}, {}]}}",
        warns("a", true),
        warns("b", false),
        warns("c", false)
    );
    let verdict = judge(&signer, &Image::new(), &any);
    assert_eq!(codes(&verdict), []);
    assert_eq!(verdict.warnings, ["inline/b: b warns"]);
}

#[test]
fn what_alternatives_need_is_collected() {
    let signer = Signer::new();
    let set = load(&signer, &format!("{{anyOf: [{SBOM}, {SIGNED}]}}"), &[]).unwrap();
    let needs = set.policies()[0].needs();
    assert!(needs.signatures && needs.attestations && needs.unsigned_sboms);
    assert!(set.policies()[0].reads("evidence", "sboms"));
}

#[test]
fn mistakes_in_alternatives_are_told() {
    assert_eq!(refused("{anyOf: []}", &[]).code, "no_rules");
    let error = refused("{anyOf: [{rule: signature/singed}]}", &[]);
    assert_eq!(error.code, "unknown_rule");
    assert_eq!(
        error.hint.as_deref(),
        Some("did you mean `signature/signed`?")
    );
    let error = refused(&format!("{{anyOf: [{SIGNED}], params: {{a: 1}}}}"), &[]);
    assert_eq!(error.code, "invalid_value");
    let error = refused(&format!("{{anyOf: [{SIGNED}], rule: sbom/required}}"), &[]);
    assert_eq!(
        error.message,
        "a rule entry has more than one of rule, rego, anyOf, ruleSet"
    );
    let deep = format!("{}{SIGNED}{}", "{anyOf: [".repeat(9), "]}".repeat(9));
    assert_eq!(
        refused(&deep, &[]).message,
        "anyOf is nested more than 8 deep"
    );
    let twice = "{rego: \"package a\\ndeny contains 1 if input.x\"}";
    let error = refused(&format!("{{anyOf: [{twice}, {twice}]}}"), &[]);
    assert_eq!(error.code, "duplicate_name");
}

const OWN: &str = "title: T\ndescription: D.\nrules:\n  - {rule: sbom/required, params: {min_packages: 1}}\n  - \
                   {rule: signature/signed, params: {threshold: 2}}\n  - anyOf: [{rule: provenance/required}]\n";

#[test]
fn a_set_stands_for_its_entries() {
    let signer = Signer::new();
    let verdict = judge(&signer, &Image::new(), "{ruleSet: baseline}");
    assert_eq!(codes(&verdict), [("anyOf", "none_holds")]);
    let signed = Image::new().signed_by(&signer);
    assert_eq!(codes(&judge(&signer, &signed, "{ruleSet: baseline}")), []);
}

#[test]
fn every_shipped_set_can_be_used_and_denies_what_has_nothing() {
    let signer = Signer::new();
    for name in [
        "baseline",
        "slsa-2",
        "slsa-3",
        "release",
        "audit-everything",
    ] {
        let verdict = judge(&signer, &Image::new(), &format!("{{ruleSet: {name}}}"));
        assert_ne!(codes(&verdict), [], "{name}");
    }
}

#[test]
fn a_set_of_ones_own_is_used_by_its_name() {
    let signer = Signer::new();
    let own = [file("policies/sets/own.yaml", OWN)];
    let set = load(&signer, "{ruleSet: own}", &own).unwrap();
    let verdict = Image::new().signed_by(&signer).judge(&set);
    let wanted = [
        ("sbom/required", "no_sbom"),
        ("signature/signed", "threshold"),
        ("anyOf", "none_holds"),
    ];
    assert_eq!(codes(&verdict), wanted);
}

#[test]
fn a_later_entry_replaces_the_parameters_of_a_rule_in_a_set() {
    let signer = Signer::new();
    let own = [file("policies/sets/own.yaml", OWN)];
    let image = Image::new()
        .signed_by(&signer)
        .described_by(&signer, &["a", "b"]);
    let judge = |rules: &str| image.judge(&load(&signer, rules, &own).unwrap());
    let relaxed = judge("{ruleSet: own}, {rule: signature/signed, params: {threshold: 1}}");
    assert_eq!(codes(&relaxed), [("anyOf", "none_holds")]);
    // One that stands before adds to it, and what is among alternatives stays there.
    let before = judge("{rule: signature/signed, params: {threshold: 1}}, {ruleSet: own}");
    let wanted = [("signature/signed", "threshold"), ("anyOf", "none_holds")];
    assert_eq!(codes(&before), wanted);
    let required = judge("{ruleSet: own}, {rule: provenance/required}");
    let wanted = [
        ("signature/signed", "threshold"),
        ("anyOf", "none_holds"),
        ("provenance/required", "no_provenance"),
    ];
    assert_eq!(codes(&required), wanted);
}

#[test]
fn a_set_among_alternatives_must_hold_as_a_whole() {
    let signer = Signer::new();
    let own = [file("policies/sets/own.yaml", OWN)];
    let rules = format!("{{anyOf: [{{ruleSet: own}}, {LEVEL}]}}");
    let set = load(&signer, &rules, &own).unwrap();
    let verdict = Image::new().described_by(&signer, &["a", "b"]).judge(&set);
    assert_eq!(codes(&verdict), [("anyOf", "none_holds")]);
    let lacks = verdict.violations[0].details["alternatives"][0]
        .as_array()
        .unwrap();
    assert_eq!(lacks.len(), 2);
}

#[test]
fn mistakes_in_sets_are_told_where_they_are() {
    let error = refused("{ruleSet: basline}", &[]);
    assert_eq!(error.code, "unknown_rule_set");
    assert_eq!(error.hint.as_deref(), Some("did you mean `baseline`?"));
    let path = "policies/sets/own.yaml";
    for (rules, code, line) in [
        ("[{rule: signature/singed}]", "unknown_rule", 3),
        ("[{ruleSet: baseline}]", "invalid_value", 3),
        ("[{anyOf: [{rego: \"package a\"}]}]", "invalid_value", 3),
        ("[]", "no_rules", 3),
    ] {
        let text = format!("title: T\ndescription: D.\nrules: {rules}\n");
        let error = refused(SIGNED, &[file(path, &text)]);
        assert_eq!(
            (error.path.as_str(), error.line, error.code),
            (path, line, code)
        );
    }
    let error = refused(SIGNED, &[file(path, "rules: [{rule: image/user}]\n")]);
    assert_eq!((error.path.as_str(), error.code), (path, "missing_field"));
    let error = refused(SIGNED, &[file("policies/sets/baseline.yaml", OWN)]);
    assert_eq!(error.code, "duplicate_name");
    // Only the policy knows which authorities there are.
    let text = "title: T\ndescription: D.\nrules:\n  - {rule: signature/signed, params: {authorities: [reelase]}}\n";
    let error = refused("{ruleSet: own}", &[file(path, text)]);
    assert_eq!(
        (error.path.as_str(), error.code),
        ("policies/production.yaml", "unknown_authority")
    );
    assert!(
        error
            .message
            .starts_with("in the set `own`, policies/sets/own.yaml:4:"),
        "{error}"
    );
}

#[test]
fn a_directory_of_documents_may_be_called_sets() {
    let signer = Signer::new();
    let mut document = policy(
        &[("release", &signer)],
        "  rules: [{rule: signature/signed}]\n",
    );
    document.path = "sets/p.yaml".to_owned();
    assert!(PolicySet::load(&[document], &TrustRoots::default()).is_ok());
}
