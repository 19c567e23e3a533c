//! Whom a certificate names, and whom an authority means: issuer and subject, both whole.

use countersign_evidence::{IdentityMatcher, Pattern};
use countersign_testkit::sigstore::{CertificateFlaw, Entry, San, Signer, Signing};

use super::{Case, ISSUER, SIGNED, WORKFLOW, accepting, statement};

fn signed(signer: Signer) -> Signing {
    signer.statement(statement(SIGNED)).log(Entry::V1)
}

fn matching(pattern: &str) -> IdentityMatcher {
    IdentityMatcher {
        subject: Pattern::matching(pattern).unwrap(),
        ..accepting("")
    }
}

#[test]
fn cve_2025_29778_every_field_of_an_identity_is_compared() {
    let case = Case::new();
    let mut claimed = accepting(WORKFLOW);
    claimed
        .claims
        .insert("runnerEnvironment", "github-hosted".to_owned());
    let case = case.accepts_only(claimed);
    let run = |signer: Signer, runner| {
        let signer = signer.claim("runnerEnvironment", runner);
        signer.statement(statement(SIGNED)).log(Entry::V1)
    };
    case.accepts(&run(case.signer(), "github-hosted"));
    let other_issuer = case.sigstore.identity(WORKFLOW, "https://gitlab.com");
    case.refuses(&run(other_issuer, "github-hosted"), "issuer_mismatch");
    let other_subject = case
        .sigstore
        .identity("https://github.com/evil/app", ISSUER);
    case.refuses(&run(other_subject, "github-hosted"), "identity_mismatch");
    case.refuses(&run(case.signer(), "self-hosted"), "claim_mismatch");
}

#[test]
fn cve_2026_48815_a_claim_that_the_certificate_does_not_have_is_not_passed_over() {
    let mut claimed = accepting(WORKFLOW);
    claimed.claims.insert("buildTrigger", "push".to_owned());
    let case = Case::new().accepts_only(claimed);
    let logged = |signer: Signer| signer.statement(statement(SIGNED)).log(Entry::V1);
    case.accepts(&logged(case.signer().claim("buildTrigger", "push")));
    case.refuses(&logged(case.signer()), "claim_mismatch");
    // The older extension of the same meaning is another claim.
    case.refuses(
        &logged(case.signer().claim("githubWorkflowTrigger", "push")),
        "claim_mismatch",
    );
}

#[test]
fn cve_2026_22772_a_pattern_of_subjects_must_match_all_of_it() {
    let case = Case::new().accepts_only(matching(r"https://github\.com/acme/.+"));
    case.accepts(&case.good());
    for name in [
        "https://evil.example/https://github.com/acme/app",
        "https://evil.example/?https://github.com/acme/app",
        "https://github.com/acme/",
        "https://github.com.evil.example/acme/app",
    ] {
        let stranger = case.sigstore.identity(name, ISSUER);
        case.refuses(&signed(stranger), "identity_mismatch");
    }
    // Where a pattern's `.` or `$` would stop.
    let two_lines = "https://github.com/acme/app\nhttps://evil.example";
    let stranger = case.sigstore.identity(two_lines, ISSUER);
    case.refuses(&signed(stranger), "certificate_malformed");
}

#[test]
fn cve_2026_22772_each_branch_of_a_pattern_is_anchored() {
    let case = Case::new().accepts_only(matching(
        "https://github.com/acme/app|https://gitlab.com/acme",
    ));
    let named = |name: &str| signed(case.sigstore.identity(name, ISSUER));
    case.accepts(&named("https://gitlab.com/acme"));
    case.refuses(
        &named("https://github.com/acme/app-of-mallory"),
        "identity_mismatch",
    );
    case.refuses(
        &named("https://evil.example/https://gitlab.com/acme"),
        "identity_mismatch",
    );
}

#[test]
fn cve_2026_22772_a_pattern_of_issuers_must_match_all_of_it() {
    let case = Case::new().accepts_only(IdentityMatcher {
        issuer: Some(Pattern::matching(r"https://[a-z]+\.actions\.example").unwrap()),
        ..accepting(WORKFLOW)
    });
    let issued = |issuer: &str| signed(case.sigstore.identity(WORKFLOW, issuer));
    case.accepts(&issued("https://token.actions.example"));
    for issuer in [
        "https://token.actions.example.evil.example",
        "https://evil.example/https://token.actions.example",
        "https://tokenXactions.example",
    ] {
        case.refuses(&issued(issuer), "issuer_mismatch");
    }
}

#[test]
fn an_identity_that_is_longer_or_shorter_by_a_little_is_another() {
    let case = Case::new();
    case.accepts(&case.good());
    for name in [
        &format!("{WORKFLOW}-evil"),
        &format!("{WORKFLOW}\0"),
        &WORKFLOW[..WORKFLOW.len() - 1],
        &WORKFLOW.replace("acme", "Acme"),
    ] {
        let stranger = signed(case.sigstore.identity(name, ISSUER));
        let evidence = case.judge(&[&stranger]);
        assert_eq!(super::count(&evidence), 0, "{name:?}");
    }
}

#[test]
fn a_certificate_names_exactly_one_subject() {
    let case = Case::new();
    let named = |names: Vec<San>| signed(case.signer().names(names));
    let right = San::Uri(WORKFLOW.to_owned());
    let other = San::Uri("https://github.com/mallory/app".to_owned());
    case.accepts(&named(vec![right.clone()]));
    case.refuses(&named(vec![]), "certificate_malformed");
    case.refuses(
        &named(vec![right.clone(), other.clone()]),
        "certificate_malformed",
    );
    case.refuses(&named(vec![other, right.clone()]), "certificate_malformed");
    case.refuses(
        &named(vec![right, San::Email("mallory@evil.example".to_owned())]),
        "certificate_malformed",
    );
    case.refuses(
        &named(vec![San::Dns("github.com".to_owned())]),
        "certificate_malformed",
    );
    case.refuses(
        &named(vec![San::Uri(String::new())]),
        "certificate_malformed",
    );
}

#[test]
fn every_kind_of_name_that_fulcio_gives_is_read() {
    for name in [
        WORKFLOW,
        "alice@acme.example",
        "alice!acme.example",
        "alice",
    ] {
        let case = Case::new().accepts_only(accepting(name));
        case.accepts(&signed(case.sigstore.identity(name, ISSUER)));
        case.refuses(
            &signed(case.sigstore.identity("mallory", ISSUER)),
            "identity_mismatch",
        );
    }
}

#[test]
fn an_email_address_vouched_for_by_another_issuer_is_somebody_else() {
    let case = Case::new().accepts_only(accepting("alice@acme.example"));
    let by = |issuer: &str| signed(case.sigstore.identity("alice@acme.example", issuer));
    case.accepts(&by(ISSUER));
    case.refuses(&by("https://accounts.google.com"), "issuer_mismatch");
}

#[test]
fn the_issuer_may_stand_in_the_old_extension_alone() {
    let case = Case::new();
    case.accepts(&signed(
        case.signer().but(CertificateFlaw::IssuerInOldExtensionOnly),
    ));
    let other = case.sigstore.identity(WORKFLOW, "https://gitlab.com");
    let other = other.but(CertificateFlaw::IssuerInOldExtensionOnly);
    case.refuses(&signed(other), "issuer_mismatch");
}

#[test]
fn an_issuer_that_can_be_read_in_two_ways_is_refused() {
    use CertificateFlaw as Flaw;
    let case = Case::new();
    case.accepts(&case.good());
    let gitlab = || "https://gitlab.com".to_owned();
    for flaw in [
        Flaw::IssuerContradicts(gitlab()),
        Flaw::IssuerTwice(gitlab()),
        Flaw::IssuerNotDer,
        Flaw::IssuerMissing,
    ] {
        case.refuses(&signed(case.signer().but(flaw)), "certificate_malformed");
    }
    let gitlab = case.sigstore.identity(WORKFLOW, "https://gitlab.com");
    let gitlab = gitlab.but(Flaw::IssuerContradicts(ISSUER.to_owned()));
    case.refuses(&signed(gitlab), "certificate_malformed");
}

#[test]
fn a_claim_that_stands_twice_is_refused() {
    let case = Case::new();
    let hosted = case.signer().claim("runnerEnvironment", "github-hosted");
    case.accepts(&signed(hosted.clone()));
    for second in ["self-hosted", "github-hosted"] {
        let twice = hosted.clone().claim("runnerEnvironment", second);
        case.refuses(&signed(twice), "certificate_malformed");
    }
}

#[test]
fn old_and_new_claims_that_contradict_each_other_are_refused() {
    let case = Case::new();
    let of = |old: &str| {
        let signer = case.signer().claim("githubWorkflowRepository", old);
        signed(signer.claim("sourceRepositoryURI", "https://github.com/acme/app"))
    };
    case.accepts(&of("acme/app"));
    case.refuses(&of("mallory/app"), "certificate_malformed");
}
