//! Whom a policy may accept, and what each must prove beside its key.

use countersign_evidence::{Authority, Signers, Transparency};
use countersign_policy::{LoadError, PolicySet, TrustRoots};
use serde_json::Value;

use crate::mistakes::KEY;
use crate::support::file;
use crate::trust_roots::{document, public_good};

/// A policy with this one authority, in flow style on line 6.
fn policy(authority: &str) -> String {
    format!(
        "apiVersion: countersign.dev/v1alpha1\nkind: ClusterImagePolicy\nmetadata: {{name: production}}\nspec:\n  \
         authorities:\n    - {authority}\n  images: {{include: [\"**\"]}}\n  rules: [{{rule: signature/signed}}]\n"
    )
}

fn try_load(authority: &str) -> Result<PolicySet, Vec<LoadError>> {
    let documents = [
        file(&policy(authority)),
        document(&format!("{{trustedRoot: {}}}", public_good())),
    ];
    PolicySet::load(&documents, &TrustRoots::default()).map_err(|errors| errors.errors().to_vec())
}

#[track_caller]
fn load(authority: &str) -> Authority {
    let set = try_load(authority).unwrap_or_else(|errors| panic!("{authority}: {errors:#?}"));
    set.policies()[0].verifier().authorities()[0].clone()
}

#[track_caller]
fn refused(authority: &str) -> LoadError {
    let errors = try_load(authority).unwrap_err();
    let [error] = errors.as_slice() else {
        panic!("{authority}: {errors:#?}")
    };
    assert_eq!(
        (error.path.as_str(), error.line),
        ("policies/production.yaml", 6),
        "{error}"
    );
    error.clone()
}

#[track_caller]
fn check(authority: &str, code: &str, message: &str) {
    let error = refused(authority);
    assert_eq!(error.code, code, "{authority}: {error}");
    assert!(error.message.contains(message), "{}", error.message);
}

fn keyless(identities: &str, rest: &str) -> String {
    format!("{{name: ci, keyless: {{trustRoot: public-good, identities: {identities}}}{rest}}}")
}

fn key(rest: &str) -> String {
    format!("{{name: ci, key: {{pem: {}}}{rest}}}", *KEY)
}

/// A certificate of an authority, as PEM in a JSON string.
pub(crate) fn root_certificate() -> String {
    let root: Value = serde_json::from_str(&public_good()).unwrap();
    let certificates = &root["certificateAuthorities"][0]["certChain"]["certificates"];
    let last = certificates.as_array().unwrap().last().unwrap();
    let der = last["rawBytes"].as_str().unwrap();
    format!("-----BEGIN CERTIFICATE-----\\n{der}\\n-----END CERTIFICATE-----\\n")
}

const GOOD: &str = "[{issuer: \"https://i.example\", subject: a@b.example}]";

#[test]
fn keyless_signers_are_named_by_issuer_and_subject() {
    let authority = load(&keyless(
        "[{issuer: \"https://i.example\", subjectPattern: \"https://acme\\\\.example/.*\", claims: {runnerEnvironment: github-hosted}}]",
        "",
    ));
    assert_eq!(authority.trust_root.unwrap().name(), "public-good");
    assert_eq!(authority.transparency, Transparency::LOG);
    let Signers::Keyless(identities) = authority.signers else {
        panic!("{:?}", authority.signers)
    };
    let [identity] = identities.as_slice() else {
        panic!("{identities:?}")
    };
    assert!(
        identity
            .issuer
            .as_ref()
            .unwrap()
            .accepts("https://i.example")
    );
    assert!(identity.subject.accepts("https://acme.example/x"));
    assert!(
        !identity
            .subject
            .accepts("https://evil.example/https://acme.example/x")
    );
    assert_eq!(identity.claims["runnerEnvironment"], "github-hosted");
}

#[test]
fn an_identity_that_leaves_out_half_is_refused() {
    for (identities, code, message) in [
        ("[]", "no_identities", "accepts no identity"),
        ("{}", "wrong_type", "wanted a list"),
        (
            "[{subject: a}]",
            "missing_field",
            "one of issuer, issuerPattern",
        ),
        (
            "[{issuer: a}]",
            "missing_field",
            "one of subject, subjectPattern",
        ),
        (
            "[{issuer: a, issuerPattern: b, subject: c}]",
            "invalid_value",
            "more than one of issuer, issuerPattern",
        ),
        (
            "[{issuer: a, subject: b, subjectPattern: c}]",
            "invalid_value",
            "more than one of subject",
        ),
        (
            "[{issuer: \"\", subject: b}]",
            "invalid_value",
            "issuer is empty",
        ),
        (
            "[{issuer: a, subjectPattern: \"\"}]",
            "invalid_value",
            "subjectPattern is empty",
        ),
        (
            "[{issuer: a, subjectPattern: \"(\"}]",
            "invalid_pattern",
            "no regular expression",
        ),
        (
            "[{issuer: a, subject: b, claim: {}}]",
            "unknown_field",
            "no field `claim`",
        ),
        (
            "[{issuer: a, subject: b, claims: []}]",
            "wrong_type",
            "claims is a list",
        ),
        (
            "[{issuer: a, subject: b, claims: {runnerEnvironment: 7}}]",
            "wrong_type",
            "value of a claim",
        ),
    ] {
        check(&keyless(identities, ""), code, message);
    }
}

#[test]
fn a_claim_that_no_certificate_has_is_refused_with_the_one_that_was_meant() {
    let claims = |name: &str| {
        keyless(
            &format!("[{{issuer: a, subject: b, claims: {{{name}: x}}}}]"),
            "",
        )
    };
    let error = refused(&claims("runnerEnviroment"));
    assert_eq!(error.code, "unknown_claim");
    assert_eq!(
        error.hint.as_deref(),
        Some("did you mean `runnerEnvironment`?")
    );
    let hint = refused(&claims("foo")).hint.unwrap();
    assert!(
        hint.contains("sourceRepositoryURI") && hint.contains("buildTrigger"),
        "{hint}"
    );
}

#[test]
fn keyless_signers_need_a_proof_of_time_and_a_root() {
    let error = refused(&keyless(GOOD, ", transparency: none"));
    assert_eq!(error.code, "keyless_without_proof");
    assert!(error.hint.is_some());
    check(
        &keyless(GOOD, ", transparency: {logs: 0, timestamps: 0}"),
        "keyless_without_proof",
        "",
    );
    check(
        "{name: ci, keyless: {identities: [{issuer: a, subject: b}]}}",
        "missing_field",
        "`trustRoot`",
    );
    let error = refused(
        "{name: ci, keyless: {trustRoot: public-god, identities: [{issuer: a, subject: b}]}}",
    );
    assert_eq!(error.code, "unknown_trust_root");
    assert_eq!(error.hint.as_deref(), Some("did you mean `public-good`?"));
    check(
        &keyless(GOOD, ", trustRoot: lab"),
        "invalid_value",
        "beside their identities",
    );
}

#[test]
fn a_root_without_a_log_asks_for_a_timestamp() {
    let authority = load(&keyless(GOOD, "").replace("public-good", "github"));
    assert_eq!(authority.transparency, Transparency::TIMESTAMP);
    check(
        &keyless(GOOD, ", transparency: log").replace("public-good", "github"),
        "trust_root_too_few_logs",
        "more logs than trust root github has",
    );
}

#[test]
fn a_root_of_a_document_is_found_wherever_it_stands() {
    let authority = load(&keyless(GOOD, "").replace("public-good", "lab"));
    assert_eq!(authority.trust_root.unwrap().name(), "lab");
}

#[test]
fn a_root_that_is_wrong_is_told_once() {
    let broken = [
        file(&policy(&keyless(GOOD, "").replace("public-good", "lab"))),
        document("{trustedRoot: {}}"),
    ];
    let errors = PolicySet::load(&broken, &TrustRoots::default()).unwrap_err();
    let codes: Vec<_> = errors.errors().iter().map(|error| error.code).collect();
    assert_eq!(codes, ["trust_root_media_type"]);
}

#[test]
fn a_root_of_which_no_proof_is_asked_is_refused() {
    let error = refused(&key(", trustRoot: lab"));
    assert_eq!(error.code, "invalid_value");
    assert!(
        error.message.contains("no proof is asked for"),
        "{}",
        error.message
    );
    assert!(error.hint.unwrap().contains("transparency: log"));
    let authority = load(&key(", transparency: none, trustRoot: lab"));
    assert_eq!(authority.transparency, Transparency::NONE);
}

#[test]
fn keys_prove_nothing_more_unless_it_is_asked_for() {
    let authority = load(&key(""));
    assert_eq!(authority.transparency, Transparency::NONE);
    assert!(authority.trust_root.is_none());
    for (written, expected) in [
        ("none", Transparency::NONE),
        ("log", Transparency::LOG),
        ("timestamp", Transparency::TIMESTAMP),
        (
            "{logs: 1, timestamps: 1}",
            Transparency {
                logs: 1,
                timestamps: 1,
            },
        ),
        ("{timestamps: 1}", Transparency::TIMESTAMP),
    ] {
        let authority = load(&key(&format!(", transparency: {written}")));
        assert_eq!(authority.transparency, expected);
        let root = authority.trust_root.map(|root| root.name().to_owned());
        let default = (expected != Transparency::NONE).then(|| "public-good".to_owned());
        assert_eq!(root, default, "{written}");
    }
    let authority = load(&key(", transparency: log, trustRoot: lab"));
    assert_eq!(authority.trust_root.unwrap().name(), "lab");
}

#[test]
fn proofs_that_nobody_could_bring_are_refused_where_they_are_asked_for() {
    let error = refused(&key(", transparency: {logs: 200}"));
    assert_eq!(error.code, "trust_root_too_few_logs");
    assert!(error.column > 100, "{error}");
    for (written, code) in [
        (
            "{timestamps: 200}",
            "trust_root_too_few_timestamp_authorities",
        ),
        ("{logs: 256}", "invalid_value"),
        ("{logs: -1}", "invalid_value"),
        ("{logs: one}", "invalid_value"),
        ("{log: 1}", "unknown_field"),
        ("maybe", "invalid_value"),
        ("[log]", "wrong_type"),
    ] {
        check(&key(&format!(", transparency: {written}")), code, "");
    }
}

#[test]
fn own_certificates_are_named_by_their_authority_and_their_subject() {
    let pem = root_certificate();
    let certificate =
        |fields: &str| format!("{{name: ops, certificate: {{chain: \"{pem}\", {fields}}}}}");
    let authority = load(&certificate("identities: [{subject: ops@acme.example}]"));
    assert!(matches!(authority.signers, Signers::Certificates { .. }));
    assert_eq!(authority.transparency, Transparency::NONE);
    check(&certificate("identities: []"), "no_identities", "");
    check(
        &certificate("identities: [{issuer: a, subject: b}]"),
        "unknown_field",
        "no field `issuer`",
    );
    check(
        &certificate("identities: [{subject: b, claims: {}}]"),
        "unknown_field",
        "`claims`",
    );
    check(
        "{name: ops, certificate: {chain: hello, identities: [{subject: b}]}}",
        "certificate_not_pem",
        "the chain cannot be used",
    );
    check(
        "{name: ops, certificate: {identities: [{subject: b}]}}",
        "missing_field",
        "needs the field `chain`",
    );
}

#[test]
fn exactly_one_kind_of_signer_is_wanted() {
    check(
        "{name: ci}",
        "missing_field",
        "one of key, keyless, certificate",
    );
    let both = key(", keyless: {trustRoot: public-good, identities: [{issuer: a, subject: b}]}");
    check(
        &both,
        "invalid_value",
        "more than one of key, keyless, certificate",
    );
}

#[test]
fn built_in_roots_that_are_used_are_told() {
    let set = try_load(&keyless(GOOD, "")).unwrap();
    let names: Vec<_> = set
        .trust_roots()
        .iter()
        .map(|root| root.root.name())
        .collect();
    assert_eq!(names, ["lab", "public-good"]);
}
