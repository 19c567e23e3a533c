//! Who is accepted: all of issuer, subject and claims, each of them whole.

use super::*;

const GITHUB: &str = "https://token.actions.githubusercontent.com";
const RELEASE: &str = "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1";

fn matching(pattern: &str) -> Pattern {
    Pattern::matching(pattern).unwrap()
}

fn exact(text: &str) -> Pattern {
    Pattern::Exact(text.to_owned())
}

fn signer(issuer: Option<&str>, subject: &str, claims: &[(&'static str, &str)]) -> Identity {
    Identity::Certificate {
        issuer: issuer.map(str::to_owned),
        subject: subject.to_owned(),
        claims: claims
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect(),
    }
}

fn matcher(
    issuer: Option<Pattern>,
    subject: Pattern,
    claims: &[(&'static str, &str)],
) -> IdentityMatcher {
    IdentityMatcher {
        issuer,
        subject,
        claims: claims
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect(),
    }
}

#[track_caller]
fn refused(matcher: &IdentityMatcher, identity: &Identity, reason: Reason, detail: &str) {
    let refusal = matcher.check(identity).unwrap_err();
    assert_eq!((refusal.reason, refusal.detail.as_str()), (reason, detail));
}

#[test]
fn a_pattern_matches_all_of_a_text_or_nothing() {
    for (pattern, text, accepted) in [
        (
            "https://github.com/acme/.*",
            "https://github.com/acme/app",
            true,
        ),
        (
            "https://github.com/acme/",
            "https://github.com/acme/app",
            false,
        ),
        // CVE-2026-22772 and its kind.
        (
            "https://github.com/acme/.*",
            "https://evil.example/https://github.com/acme/app",
            false,
        ),
        ("acme", "acme.evil", false),
        ("acme", "not-acme", false),
        ("a|b", "a", true),
        ("a|b", "b", true),
        ("a|b", "ax", false),
        ("a|b", "xb", false),
        ("a|ab", "ab", true),
        ("^a$", "a", true),
        ("^a$", "a\n", false),
        ("a$", "a\nb", false),
        (r"\Aa|b\z", "b", true),
        (r"\Aa|b\z", "ac", false),
        ("(?m)^a$", "b\na\nb", false),
        ("(?m)^a$|^b$", "a\nb", false),
        ("a.*", "a\nb", false),
        ("(?s)a.*", "a\nb", true),
        ("(?i)ACME", "acme", true),
        ("acme", "ACME", false),
        ("", "", true),
        ("", "a", false),
        ("(?x) a  b # comment\n", "ab", true),
    ] {
        assert_eq!(
            matching(pattern).accepts(text),
            accepted,
            "{pattern:?} {text:?}"
        );
    }
    assert!(exact("a.c").accepts("a.c"));
    assert!(!exact("a.c").accepts("abc"));
}

#[test]
fn what_is_no_pattern_by_itself_is_none_between_anchors() {
    for pattern in [
        "a)|(b",
        ")|(",
        "a)",
        "(a",
        "[",
        "a\\",
        "(?:",
        "*",
        "(?P<a>x)(?P<a>y)",
        "(?=a)",
    ] {
        assert!(Pattern::matching(pattern).is_err(), "{pattern}");
    }
    // Would swallow the anchor.
    assert!(Pattern::matching("(?x)a # comment").is_err());
}

#[test]
fn patterns_have_a_bound() {
    let error = Pattern::matching("(a{1000}){1000}").unwrap_err();
    assert!(error.to_string().starts_with("it is no regular expression"));
    assert!(Pattern::matching(&"(".repeat(10_000)).is_err());
    assert!(Pattern::matching(&format!("{}{}", "(".repeat(10_000), ")".repeat(10_000))).is_err());
    // Less than the library would bear, and more than names of workflows need.
    assert!(Pattern::matching("\\w{150}").is_err());
    Pattern::matching("https://github\\.com/\\w{1,39}/\\w{1,39}/.*").unwrap();
}

#[test]
fn issuer_and_subject_and_claims_must_all_be_as_wanted() {
    let hosted = ("runnerEnvironment", "github-hosted");
    let wanted = matcher(
        Some(exact(GITHUB)),
        matching("https://github.com/acme/[^/]+/\\.github/workflows/release\\.yml@refs/tags/v.*"),
        &[hosted],
    );
    let push = ("buildTrigger", "push");
    wanted
        .check(&signer(Some(GITHUB), RELEASE, &[push, hosted]))
        .unwrap();
    refused(
        &wanted,
        &signer(Some("https://accounts.google.com"), RELEASE, &[hosted]),
        Reason::IssuerMismatch,
        "issuer is \"https://accounts.google.com\", wanted \"https://token.actions.githubusercontent.com\"",
    );
    refused(
        &wanted,
        &signer(None, RELEASE, &[hosted]),
        Reason::IssuerMismatch,
        "issuer is absent, wanted \"https://token.actions.githubusercontent.com\"",
    );
    refused(
        &wanted,
        &signer(Some(GITHUB), "https://github.com/evil/app", &[hosted]),
        Reason::IdentityMismatch,
        "subject is \"https://github.com/evil/app\", wanted a match of \"https://github.com/acme/[^/]+/\\.github/workflows/release\\.yml@refs/tags/v.*\"",
    );
    refused(
        &wanted,
        &signer(
            Some(GITHUB),
            RELEASE,
            &[("runnerEnvironment", "self-hosted")],
        ),
        Reason::ClaimMismatch,
        "runnerEnvironment is \"self-hosted\", wanted \"github-hosted\"",
    );
    refused(
        &wanted,
        &signer(Some(GITHUB), RELEASE, &[push]),
        Reason::ClaimMismatch,
        "runnerEnvironment is absent, wanted \"github-hosted\"",
    );
    refused(
        &wanted,
        &Identity::Key {
            fingerprint: "sha256:00".to_owned(),
        },
        Reason::IdentityMismatch,
        "the signer is a key, wanted a certificate",
    );
}

#[test]
fn a_subject_is_never_accepted_under_an_issuer_that_nobody_asked_for() {
    let without = matcher(None, exact("a@example.com"), &[]);
    without.check(&signer(None, "a@example.com", &[])).unwrap();
    refused(
        &without,
        &signer(Some(GITHUB), "a@example.com", &[]),
        Reason::IssuerMismatch,
        "issuer is \"https://token.actions.githubusercontent.com\", wanted none",
    );
}

#[test]
fn an_issuer_may_be_a_pattern_too() {
    let wanted = matcher(
        Some(matching("https://[a-z]+\\.example")),
        exact("a@b"),
        &[],
    );
    wanted
        .check(&signer(Some("https://ci.example"), "a@b", &[]))
        .unwrap();
    for issuer in ["https://ci.example.evil", "https://evil/https://ci.example"] {
        let refusal = wanted.check(&signer(Some(issuer), "a@b", &[])).unwrap_err();
        assert_eq!(refusal.reason, Reason::IssuerMismatch);
    }
}

#[test]
fn both_of_two_long_names_are_shown() {
    let long = |end: &str| format!("https://github.com/acme/{}{end}", "a".repeat(150));
    let wanted = matcher(None, exact(&long("b")), &[]);
    let refusal = wanted.check(&signer(None, &long("c"), &[])).unwrap_err();
    for shown in [long("b"), long("c")] {
        assert!(refusal.detail.contains(&shown), "{}", refusal.detail);
    }
    let endless = "é".repeat(100_000);
    let refusal = wanted.check(&signer(None, &endless, &[])).unwrap_err();
    assert!(refusal.detail.chars().count() < 500);
}
