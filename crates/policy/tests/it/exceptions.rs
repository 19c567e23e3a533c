//! What exceptions cover, and what they do not.

use countersign_policy::{
    Exceptions, Namespace, NearException, PolicySet, TrustRoots, Verdict, WorkloadContext,
};

use crate::support::{Image, Signer, codes, file, policy};

const SIGNED: &str = "signature/signed";
const BOTH: &str = "  rules: [{rule: signature/signed}, {rule: sbom/required}]\n";
const NOW: &str = "2026-11-20T08:00:00Z";
const IMAGES: &str = r#"["registry.example.com/shop/*"]"#;

fn document(name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: countersign.dev/v1alpha1\nkind: ImageException\nmetadata: {{name: {name}}}\nspec: {spec}\n"
    )
}

fn exception(name: &str, images: &str, namespaces: &str, rules: &str, expires: &str) -> String {
    let spec = format!(
        "{{images: {images}, namespaces: [{namespaces}], rules: [{rules}], reason: r, approver: a, expires: \"{expires}\"}}"
    );
    document(name, &spec)
}

fn set(rules: &str, exceptions: &[String]) -> PolicySet {
    let policies = policy(&[("release", &Signer::new())], rules);
    let exceptions = file(&exceptions.concat());
    PolicySet::load(&[exceptions, policies], &TrustRoots::default())
        .unwrap_or_else(|errors| panic!("{errors}"))
}

/// The verdict on an image that nobody signed, in the namespace `shop`.
fn judge(exceptions: &[String]) -> Verdict {
    judge_in(exceptions, Some("shop"))
}

fn judge_in(exceptions: &[String], namespace: Option<&str>) -> Verdict {
    let set = set(BOTH, exceptions);
    let image = Image::new();
    let mut verdict = image.judge_as(&set, &WorkloadContext::default());
    applying(&set, Some(&image), namespace).apply(&mut verdict);
    verdict
}

fn applying<'a>(
    set: &'a PolicySet,
    image: Option<&Image>,
    namespace: Option<&str>,
) -> Exceptions<'a> {
    let namespace = Namespace {
        name: namespace.map(str::to_owned),
        labels: None,
    };
    let repository = "registry.example.com/shop/api".parse().unwrap();
    let digest = image.map(Image::digest);
    set.exceptions(&repository, digest, &namespace, NOW.parse().unwrap())
}

/// The rules that still do not hold, and the exceptions by which others are set aside.
fn outcome(verdict: &Verdict) -> (Vec<&str>, Vec<&str>) {
    let denied = codes(verdict).into_iter().map(|(rule, _)| rule).collect();
    let by = verdict.excepted.iter().flat_map(|one| &one.exceptions);
    (
        denied,
        by.map(|exception| exception.name.as_str()).collect(),
    )
}

fn near(verdict: &Verdict) -> Vec<String> {
    let say = |near: &NearException| format!("{}: {} {}", near.rule, near.exception, near.why);
    verdict.near.iter().map(say).collect()
}

#[test]
fn an_exception_sets_aside_the_rules_that_it_names_and_no_other() {
    let verdict = judge(&[exception(
        "e",
        IMAGES,
        "shop",
        SIGNED,
        "2026-11-20T08:00:01Z",
    )]);
    assert_eq!(outcome(&verdict), (vec!["sbom/required"], vec!["e"]));
    let excepted = &verdict.excepted[0];
    assert_eq!(
        (
            excepted.violation.rule.as_str(),
            excepted.violation.code.as_str()
        ),
        (SIGNED, "unsigned")
    );
    assert!(near(&verdict).is_empty());
}

#[test]
fn what_is_set_aside_of_several_containers_is_kept_once() {
    let one = exception("e", IMAGES, "shop", SIGNED, "2099-01-01T00:00:00Z");
    let found = judge(&[one]);
    let mut verdict = judge(&[]);
    for _ in 0..2 {
        verdict.learn_exceptions(found.clone());
        assert_eq!(
            outcome(&verdict),
            (vec![SIGNED, "sbom/required"], vec!["e"])
        );
    }
}

#[test]
fn it_covers_no_other_image_and_no_other_namespace() {
    for (images, namespaces) in [
        (r#"["registry.example.com/shop/other"]"#, "shop"),
        (r#"["registry.example.com/shopping/*"]"#, "shop"),
        (r#"["registry.example.com.evil.org/**"]"#, "shop"),
        (IMAGES, "other"),
        (IMAGES, "shop-2, sho"),
    ] {
        let all = exception("e", images, namespaces, SIGNED, "2099-01-01T00:00:00Z");
        let verdict = judge(&[all]);
        assert_eq!(
            outcome(&verdict),
            (vec![SIGNED, "sbom/required"], vec![]),
            "{images} {namespaces}"
        );
        assert!(near(&verdict).is_empty(), "{images} {namespaces}");
    }
}

#[test]
fn one_with_a_digest_covers_that_digest_alone() {
    let image = Image::new();
    let of = |digest: &str| {
        let images = format!("[\"registry.example.com/shop/api@{digest}\"]");
        exception("e", &images, "shop", SIGNED, "2099-01-01T00:00:00Z")
    };
    let this = judge(&[of(&image.digest().to_string())]);
    assert_eq!(outcome(&this), (vec!["sbom/required"], vec!["e"]));

    let other = format!("sha256:{}", "0".repeat(64));
    let verdict = judge(&[of(&other)]);
    assert_eq!(outcome(&verdict).0, [SIGNED, "sbom/required"]);
    assert_eq!(near(&verdict), [format!("{SIGNED}: e is for {other}")]);
}

#[test]
fn a_digest_that_is_not_known_is_covered_by_none_that_names_one() {
    let images = format!(
        "[\"registry.example.com/shop/api@{}\"]",
        Image::new().digest()
    );
    let set = set(
        BOTH,
        &[exception(
            "e",
            &images,
            "shop",
            SIGNED,
            "2099-01-01T00:00:00Z",
        )],
    );
    let mut verdict = Image::new().judge(&set);
    applying(&set, None, Some("shop")).apply(&mut verdict);
    assert_eq!(outcome(&verdict).0, [SIGNED, "sbom/required"]);
    assert!(near(&verdict)[0].ends_with("and the digest of this image is not known"));
}

#[test]
fn an_expired_one_does_not_apply_and_is_named() {
    // To the second: at that time it is over.
    let verdict = judge(&[exception("e", IMAGES, "shop", SIGNED, NOW)]);
    assert_eq!(outcome(&verdict), (vec![SIGNED, "sbom/required"], vec![]));
    assert_eq!(
        near(&verdict),
        ["signature/signed: e expired at 2026-11-20T08:00:00Z"]
    );
}

#[test]
fn a_namespace_that_is_not_known_is_covered_by_none_and_that_is_said() {
    let one = exception("e", IMAGES, "shop", SIGNED, "2099-01-01T00:00:00Z");
    let verdict = judge_in(&[one], None);
    assert_eq!(outcome(&verdict), (vec![SIGNED, "sbom/required"], vec![]));
    assert_eq!(
        near(&verdict),
        ["signature/signed: e is for the namespace shop, and the namespace is not known"]
    );
}

#[test]
fn two_exceptions_cover_no_more_than_each_by_itself() {
    let far = "2099-01-01T00:00:00Z";
    let other = r#"["registry.example.com/shop/other"]"#;
    // Between them they name this image, this namespace, this rule and a time to come; neither names all.
    let verdict = judge(&[
        exception("image", IMAGES, "shop", "provenance/slsa_level", far),
        exception("rule", other, "shop", SIGNED, far),
        exception("namespace", IMAGES, "other", SIGNED, far),
        exception("time", other, "shop", SIGNED, far),
        exception("expired", IMAGES, "shop", SIGNED, "2020-01-01T00:00:00Z"),
    ]);
    assert_eq!(outcome(&verdict), (vec![SIGNED, "sbom/required"], vec![]));

    let verdict = judge(&[
        exception("a", IMAGES, "shop", SIGNED, far),
        exception("b", IMAGES, "shop", "sbom/required", far),
    ]);
    assert_eq!(outcome(&verdict), (vec![], vec!["a", "b"]));
}

#[test]
fn an_exception_that_lacks_a_field_or_names_nothing_is_refused_with_its_place() {
    let good = format!(
        "{{images: {IMAGES}, namespaces: [shop], rules: [{SIGNED}], reason: r, approver: a, expires: \"2099-01-01T00:00:00Z\"}}"
    );
    let check = |from: &str, to: &str, code: &str, message: &str| {
        assert!(good.contains(from), "{from}");
        let text = document("e", &good.replacen(from, to, 1));
        let policies = policy(&[("release", &Signer::new())], BOTH);
        let loaded = PolicySet::load(&[file(&text), policies], &TrustRoots::default());
        let errors = loaded.unwrap_err();
        let [error] = errors.errors() else {
            panic!("{errors}")
        };
        assert_eq!((error.code, error.line), (code, 5), "{error}");
        assert!(error.message.contains(message), "{error}");
        error.hint.clone().unwrap_or_default()
    };
    for (field, written) in [
        ("images", format!("images: {IMAGES}, ")),
        ("namespaces", "namespaces: [shop], ".to_owned()),
        ("rules", format!("rules: [{SIGNED}], ")),
        ("reason", "reason: r, ".to_owned()),
        ("approver", "approver: a, ".to_owned()),
        ("expires", ", expires: \"2099-01-01T00:00:00Z\"".to_owned()),
    ] {
        check(&written, "", "missing_field", &format!("`{field}`"));
    }
    check("[shop]", "[]", "invalid_value", "namespaces is empty");
    check(IMAGES, "[]", "invalid_value", "images is empty");
    check("signature/signed]", "]", "invalid_value", "rules is empty");
    check(
        "reason: r",
        "reason: ' '",
        "invalid_value",
        "reason is empty",
    );
    check("[shop]", "['*']", "invalid_name", "`*`");
    check(
        "2099-01-01T00:00:00Z",
        "2099-01-01",
        "invalid_value",
        "no time",
    );
    check("2099-01-01T00:00:00Z", "never", "invalid_value", "no time");
    check("shop/*", "shop/api:1", "pattern_tag_or_digest", "may move");
    check("shop/*", "shop/api@sha256:12", "digest_malformed", "");
    let hint = check("signed]", "singed]", "unknown_rule", "signature/singed");
    assert_eq!(hint, "did you mean `signature/signed`?");
    check("signed]", "signed, anyOf]", "unknown_rule", "anyOf");
    check(
        "signed]",
        "signed, inline/no.such]",
        "unknown_rule",
        "inline/no.such",
    );
    check(
        "reason: r",
        "reason: r, policy: p",
        "unknown_field",
        "`policy`",
    );
}

#[test]
fn rego_of_a_policy_is_named_as_it_is_reported() {
    let rules = "  rules: [{rego: \"package shop.owner\\ndeny contains {\\\"code\\\": \\\"no\\\", \\\"msg\\\": \\\"no\\\"}\"}]\n";
    let far = "2099-01-01T00:00:00Z";
    let set = set(
        rules,
        &[exception("e", IMAGES, "shop", "inline/shop.owner", far)],
    );
    let image = Image::new();
    let mut verdict = image.judge(&set);
    applying(&set, Some(&image), Some("shop")).apply(&mut verdict);
    assert_eq!(outcome(&verdict), (vec![], vec!["e"]));
}

#[test]
fn two_exceptions_of_one_name_are_refused() {
    let one = || exception("e", IMAGES, "shop", SIGNED, "2099-01-01T00:00:00Z");
    let policies = policy(&[("release", &Signer::new())], BOTH);
    let text = file(&format!("{}{}", one(), one()));
    let errors = PolicySet::load(&[text, policies], &TrustRoots::default()).unwrap_err();
    assert_eq!(errors.errors()[0].code, "duplicate_name");
}
