//! The rules on what Git knew and on images, on what BuildKit really wrote and on what images say of themselves.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_policy::Verdict;
use serde_json::{Value, json};

use crate::support::{BUILDER, Image, Signer, codes, load, policy};

const V02: &str = "https://slsa.dev/provenance/v0.2";

fn fixture(path: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    serde_json::from_slice(&fs::read(folder.join(path)).unwrap()).unwrap()
}

/// A build of a checkout, with docker buildx.
fn of_a_checkout() -> Value {
    let envelope = fixture("provenance/docker-attest-example_attestation.json");
    let payload = STANDARD.decode(envelope["payload"].as_str().unwrap());
    let statement: Value = serde_json::from_slice(&payload.unwrap()).unwrap();
    statement["predicate"].clone()
}

/// A build of a repository that BuildKit fetched.
fn of_a_repository() -> Value {
    let blob = "4efc1daf5276de13d358c242c9ce21f161c00234ab9bbac05e792b30f3f31350";
    let layout = "layouts/slsa-generator-container-v2.0.0/blobs/sha256";
    fixture(&format!("{layout}/{blob}"))["predicate"].clone()
}

/// The codes with which the rule denies an image of this provenance.
fn denials(provenance: &Value, rule: &str, params: &str) -> Vec<String> {
    let signer = Signer::new();
    let rules = format!("  rules:\n    - {{rule: {rule}, params: {{{params}}}}}\n");
    let set = load(policy(&[("ci", &signer)], &rules));
    let verdict = Image::new().attested(&signer, V02, provenance).judge(&set);
    let found = codes(&verdict).into_iter();
    found.map(|(_, code)| code.to_owned()).collect()
}

#[test]
fn a_checkout_tells_its_commit_and_its_remote_and_no_more() {
    let built = of_a_checkout();
    for (rule, params, expected) in [
        (
            "git/revision",
            "allow: [5914df2930aba701d6ddc3ba9272a5732dfe8ab4]",
            None,
        ),
        (
            "git/revision",
            "allow: [\"0000000000000000000000000000000000000000\"]",
            Some("revision_not_allowed"),
        ),
        ("git/clean", "", None),
        ("git/clean", "fetched: true", Some("not_clean")),
        ("git/remote", "allow: [github.com/docker/*]", None),
        (
            "git/remote",
            "allow: [github.com/docker-evil/*]",
            Some("remote_not_allowed"),
        ),
        ("git/dockerfile", "allow: [\"**\"]", Some("no_dockerfile")),
        ("image/base", "names: [alpine, docker/*]", None),
        ("image/base", "names: [alpine]", Some("base_not_allowed")),
    ] {
        let expected: Vec<&str> = expected.into_iter().collect();
        assert_eq!(denials(&built, rule, params), expected, "{rule} {params}");
    }
}

#[test]
fn a_checkout_with_changes_is_denied() {
    let mut built = of_a_checkout();
    let vcs = &mut built["metadata"]["https://mobyproject.org/buildkit@v1#metadata"]["vcs"];
    vcs["revision"] = "5914df2930aba701d6ddc3ba9272a5732dfe8ab4-dirty".into();
    assert_eq!(denials(&built, "git/clean", ""), ["dirty"]);
    assert_eq!(denials(&built, "git/revision", ""), ["no_revision"]);
}

#[test]
fn what_buildkit_fetched_is_clean_and_has_its_dockerfile_in_the_repository() {
    let built = of_a_repository();
    for (rule, params, expected) in [
        ("git/revision", "", None),
        ("git/clean", "fetched: true", None),
        (
            "git/remote",
            "allow: [\"git@github.com:slsa-framework/example-package\"]",
            None,
        ),
        ("git/dockerfile", "allow: [Dockerfile]", None),
        (
            "git/dockerfile",
            "allow: [deploy/*]",
            Some("dockerfile_not_allowed"),
        ),
        ("image/base", "names: [golang, gcr.io/distroless/*]", None),
        (
            "image/base",
            "names: [golang, distroless/*]",
            Some("base_not_allowed"),
        ),
    ] {
        let expected: Vec<&str> = expected.into_iter().collect();
        assert_eq!(denials(&built, rule, params), expected, "{rule} {params}");
    }
}

#[test]
fn a_set_holds_for_a_build_of_a_repository_up_to_the_level_of_its_builder() {
    let signer = Signer::new();
    let mut built = of_a_repository();
    built["builder"]["id"] = BUILDER.into();
    let image = Image::new().attested(&signer, V02, &built);
    let judge = |level: u8, set: &str| {
        let rest = format!(
            "  builders:\n    - {{id: \"{BUILDER}\", authorities: [ci], maxLevel: {level}}}\n  \
             rules: [{{ruleSet: {set}}}]\n"
        );
        let verdict = image.judge(&load(policy(&[("ci", &signer)], &rest)));
        let found = codes(&verdict).into_iter();
        let found = found.map(|(rule, code)| format!("{rule}:{code}"));
        found.collect::<Vec<_>>()
    };
    let none: [&str; 0] = [];
    assert_eq!(judge(3, "slsa-3"), none);
    assert_eq!(judge(2, "slsa-3"), ["provenance/slsa_level:level_too_low"]);
    assert_eq!(judge(2, "slsa-2"), none);
    assert_eq!(judge(1, "slsa-2"), ["provenance/slsa_level:level_too_low"]);
    assert_eq!(judge(1, "baseline"), none);
}

/// What the rule says of an image that two platforms configure in these ways.
fn verdict(rule: &str, params: &str, amd64: &Value, arm64: &Value) -> Verdict {
    let rules = format!("  rules:\n    - {{rule: {rule}, params: {{{params}}}}}\n");
    let image = Image::new()
        .configured("linux/amd64", amd64)
        .configured("linux/arm64", arm64);
    image.judge(&load(policy(&[("ci", &Signer::new())], &rules)))
}

/// What buildx writes into the configuration where it is told to.
fn labelled(revision: &str) -> Value {
    let labels = json!({
        "org.opencontainers.image.revision": revision,
        "org.opencontainers.image.source": "https://github.com/acme/app",
        "com.docker.image.source.entrypoint": "deploy/Dockerfile",
    });
    json!({ "created": "2026-11-01T00:00:00Z", "config": { "Labels": labels, "User": "65532:0" } })
}

const COMMIT: &str = "5914df2930aba701d6ddc3ba9272a5732dfe8ab4";

#[test]
fn labels_that_nobody_signed_count_only_where_they_are_let_and_with_a_warning() {
    let image = labelled(COMMIT);
    for (rule, params) in [
        ("git/revision", ""),
        ("git/clean", ""),
        ("git/remote", "allow: [github.com/acme/*]"),
        ("git/dockerfile", "allow: [deploy/*]"),
    ] {
        let denied = verdict(rule, params, &image, &image);
        assert_eq!(codes(&denied), [(rule, "no_provenance")]);
        assert_eq!(denied.violations[0].details["nearest"], json!([]), "{rule}");

        let lenient = [params, "allow_unsigned_labels: true"];
        let lenient = lenient.join(if params.is_empty() { "" } else { ", " });
        let admitted = verdict(rule, &lenient, &image, &image);
        assert_eq!(codes(&admitted), [], "{rule}");
        let [warning] = admitted.warnings.as_slice() else {
            panic!("{rule}: {:?}", admitted.warnings);
        };
        assert!(warning.contains("which nobody signed"), "{warning}");

        let other = json!({ "config": { "Labels": {} } });
        let differs = verdict(rule, &lenient, &image, &other);
        assert_eq!(codes(&differs), [(rule, "no_provenance")]);
    }
    let changed = labelled(&format!("{COMMIT}-dirty"));
    for rule in ["git/revision", "git/clean"] {
        let denied = verdict(rule, "allow_unsigned_labels: true", &changed, &changed);
        assert_eq!(codes(&denied), [(rule, "no_provenance")]);
    }
}

#[test]
fn every_platform_must_be_configured_as_a_rule_wants_it() {
    let good = labelled(COMMIT);
    let bad = json!({ "created": "2020-01-01T00:00:00Z", "config": { "User": "0" } });
    for (rule, params, code) in [
        ("image/user", "numeric: true", "root"),
        ("image/age", "max_age_days: 30", "too_old"),
        (
            "image/labels",
            "required: [{name: org.opencontainers.image.revision, pattern: \"[0-9a-f]+\"}]",
            "labels_missing",
        ),
    ] {
        assert_eq!(codes(&verdict(rule, params, &good, &good)), [], "{rule}");
        assert_eq!(codes(&verdict(rule, params, &good, &bad)), [(rule, code)]);
    }
    let platforms = "required: [linux/amd64, linux/arm64], only: true";
    assert_eq!(
        codes(&verdict("image/platforms", platforms, &good, &bad)),
        []
    );
    let denied = verdict(
        "image/platforms",
        "required: [linux/amd64], only: true",
        &good,
        &bad,
    );
    assert_eq!(
        codes(&denied),
        [("image/platforms", "platform_not_allowed")]
    );
}
