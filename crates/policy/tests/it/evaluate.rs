//! The shipped rules on evidence that was really signed.

use countersign_policy::{Mode, PolicySet};

use crate::support::{BUILDER, Image, Signer, codes, load, policy};

const RULES: &str = r#"  builders:
    - {id: "https://builder.acme.example/v1", authorities: [ci], maxLevel: 3}
  rules:
    - {rule: signature/signed, params: {authorities: [release]}}
    - {rule: provenance/slsa_level, params: {minimum: 3}}
    - {rule: provenance/builder_id, params: {allow: ["https://builder.acme.example/v1"]}}
    - {rule: sbom/required}
"#;

struct World {
    release: Signer,
    ci: Signer,
    stranger: Signer,
    set: PolicySet,
}

fn world() -> World {
    let (release, ci) = (Signer::new(), Signer::new());
    let set = load(policy(&[("release", &release), ("ci", &ci)], RULES));
    World {
        release,
        ci,
        stranger: Signer::new(),
        set,
    }
}

#[test]
fn an_image_with_all_that_is_asked_for_satisfies_the_policy() {
    let World {
        release, ci, set, ..
    } = world();
    let image = Image::new()
        .signed_by(&release)
        .built_by(&ci, BUILDER)
        .described_by(&ci, &["api", "lib"]);
    let verdict = image.judge(&set);
    assert_eq!(codes(&verdict), []);
    assert_eq!(
        (verdict.policy.as_str(), verdict.mode),
        ("production", Mode::Enforce)
    );
    assert_eq!(verdict.authorities, ["ci", "release"]);
}

#[test]
fn an_image_with_nothing_violates_every_rule_and_learns_what_to_do() {
    let World { set, .. } = world();
    let image = Image::new();
    let verdict = image.judge(&set);
    assert_eq!(
        codes(&verdict),
        [
            ("signature/signed", "unsigned"),
            ("provenance/slsa_level", "no_provenance"),
            ("provenance/builder_id", "no_provenance"),
            ("sbom/required", "no_sbom"),
        ]
    );
    let pinned = format!("registry.example.com/shop/api@{}", image.digest());
    for violation in &verdict.violations {
        let fix = violation.fix.as_deref().unwrap();
        assert!(
            fix.starts_with("countersign ") && fix.ends_with(&pinned),
            "{fix}"
        );
        assert!(
            violation.message.starts_with("wanted "),
            "{}",
            violation.message
        );
    }
    assert_eq!(verdict.authorities, [] as [&str; 0]);
}

#[test]
fn what_a_stranger_signed_counts_for_nothing_and_is_the_nearest_miss() {
    let World { stranger, set, .. } = world();
    let image = Image::new()
        .signed_by(&stranger)
        .built_by(&stranger, BUILDER)
        .described_by(&stranger, &["api", "lib"]);
    let verdict = image.judge(&set);
    assert_eq!(verdict.violations.len(), 4, "{verdict:?}");
    for violation in &verdict.violations {
        let nearest = violation.details["nearest"].as_array().unwrap();
        assert_eq!(nearest.len(), 1, "{violation:?}");
        let nearest = nearest[0].as_str().unwrap();
        assert!(nearest.contains("signed by another key"), "{nearest}");
    }
}

#[test]
fn a_builder_that_is_not_allowed_is_named() {
    let World {
        release, ci, set, ..
    } = world();
    let image = Image::new()
        .signed_by(&release)
        .built_by(&ci, "https://elsewhere.example/v1")
        .described_by(&ci, &["api", "lib"]);
    let verdict = image.judge(&set);
    assert_eq!(
        codes(&verdict),
        [
            ("provenance/slsa_level", "level_too_low"),
            ("provenance/builder_id", "builder_not_allowed")
        ]
    );
    for violation in &verdict.violations {
        assert!(
            violation.message.contains("https://elsewhere.example/v1"),
            "{}",
            violation.message
        );
    }
}

#[test]
fn an_allowed_builder_by_the_word_of_another_authority_proves_level_1_only() {
    let World {
        release, ci, set, ..
    } = world();
    let image = Image::new()
        .signed_by(&release)
        .built_by(&release, BUILDER)
        .described_by(&ci, &["api", "lib"]);
    let verdict = image.judge(&set);
    assert_eq!(
        codes(&verdict),
        [
            ("provenance/slsa_level", "level_too_low"),
            ("provenance/builder_id", "builder_not_allowed")
        ]
    );
    let message = &verdict.violations[0].message;
    assert!(
        message.contains("found level 1") && message.contains("only by the word of ci"),
        "{message}"
    );
}

#[test]
fn provenance_that_two_authorities_vouch_for_counts_by_the_one_that_is_listed() {
    let shared = Signer::new();
    let rules = RULES.replace("- {rule: sbom/required}\n", "");
    let set = load(policy(&[("release", &shared), ("ci", &shared)], &rules));
    let verdict = Image::new()
        .signed_by(&shared)
        .built_by(&shared, BUILDER)
        .judge(&set);
    assert_eq!(codes(&verdict), []);
    assert_eq!(verdict.authorities, ["ci", "release"]);
}

#[test]
fn two_authorities_with_one_key_are_one_signer() {
    let shared = Signer::new();
    let rules = "  rules:\n    - {rule: signature/signed, params: {threshold: 2}}\n";
    let set = load(policy(&[("release", &shared), ("ci", &shared)], rules));
    let verdict = Image::new()
        .signed_by(&shared)
        .signed_by(&shared)
        .judge(&set);
    assert_eq!(codes(&verdict), [("signature/signed", "threshold")]);
}

#[test]
fn two_keys_are_two_signers() {
    let (release, ci) = (Signer::new(), Signer::new());
    let rules = "  rules:\n    - {rule: signature/signed, params: {threshold: 2}}\n";
    let set = load(policy(&[("release", &release), ("ci", &ci)], rules));
    assert_eq!(
        codes(&Image::new().signed_by(&release).signed_by(&ci).judge(&set)),
        []
    );
}

#[test]
fn an_sbom_that_nobody_signed_is_the_nearest_miss_and_attesting_the_fix() {
    let World {
        release, ci, set, ..
    } = world();
    let image = Image::new()
        .signed_by(&release)
        .built_by(&ci, BUILDER)
        .with_unsigned_sbom();
    let verdict = image.judge(&set);
    assert_eq!(codes(&verdict), [("sbom/required", "no_sbom")]);
    let violation = &verdict.violations[0];
    let nearest = violation.details["nearest"][0].as_str().unwrap();
    assert!(nearest.contains("nobody signed"), "{nearest}");
    let fix = violation.fix.as_deref().unwrap();
    assert!(
        fix.starts_with("countersign attest --key KEY --type spdxjson"),
        "{fix}"
    );
}

#[test]
fn an_sbom_that_lists_the_image_alone_is_not_enough() {
    let World {
        release, ci, set, ..
    } = world();
    let image = Image::new()
        .signed_by(&release)
        .built_by(&ci, BUILDER)
        .described_by(&ci, &["api"]);
    assert_eq!(
        codes(&image.judge(&set)),
        [("sbom/required", "sbom_insufficient")]
    );
}

#[test]
fn an_authority_is_named_only_for_what_a_rule_looks_at() {
    let (release, ci) = (Signer::new(), Signer::new());
    let rules = "  rules:\n    - {rule: signature/signed}\n";
    let set = load(policy(&[("release", &release), ("ci", &ci)], rules));
    let verdict = Image::new()
        .signed_by(&release)
        .built_by(&ci, BUILDER)
        .judge(&set);
    assert_eq!(verdict.authorities, ["release"]);
}

/// A name by which readers of JSON tell their own numbers and raw values from objects.
#[test]
fn a_key_that_a_reader_of_json_keeps_to_itself_hides_no_evidence_from_a_rule() {
    let (release, ci) = (Signer::new(), Signer::new());
    let set = load(policy(
        &[("release", &release), ("ci", &ci)],
        "  builders:\n    - {id: x, authorities: [ci], maxLevel: 3}\n  rules:\n    \
         - {rule: provenance/slsa_level, params: {minimum: 3}}\n",
    ));
    for key in [
        "$serde_json::private::Number",
        "$serde_json::private::RawValue",
    ] {
        for value in ["not a number", "{}", "7"] {
            let predicate = serde_json::json!({
                "buildDefinition": { "buildType": "b", "externalParameters": { "args": { key: value } } },
                "runDetails": { "builder": { "id": "x" } },
            });
            let image =
                Image::new().attested(&release, "https://slsa.dev/provenance/v1", &predicate);
            let verdict = image.judge(&set);
            assert_eq!(
                codes(&verdict),
                [("provenance/slsa_level", "no_provenance")],
                "{key} {value}"
            );
        }
    }
}
