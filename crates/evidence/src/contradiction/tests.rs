#![expect(
    clippy::indexing_slicing,
    reason = "what is missing in a fixture fails the test"
)]

mod forged;
mod real;

use std::collections::BTreeMap;

use serde_json::Value;

use super::*;
use crate::predicate;
use crate::provenance;

type Claims = BTreeMap<&'static str, String>;

fn certificate(subject: &str, claims: Claims) -> Identity {
    Identity::Certificate {
        issuer: Some("https://token.actions.githubusercontent.com".to_owned()),
        subject: subject.to_owned(),
        claims,
    }
}

fn provenance(predicate_type: &str, predicate: &Value) -> Provenance {
    let predicate = predicate.to_string();
    provenance::read(predicate_type, &predicate).unwrap()
}

#[test]
fn a_run_has_one_meaning_in_its_two_spellings() {
    let run = |repository, id, attempt| {
        Some(Run {
            repository,
            id,
            attempt,
        })
    };
    for (text, found) in [
        (
            "https://github.com/acme/app/actions/runs/12/attempts/3",
            run(Some("https://github.com/acme/app"), "12", Some("3")),
        ),
        (
            "https://github.com/acme/app/actions/runs/12",
            run(Some("https://github.com/acme/app"), "12", None),
        ),
        ("12-3", run(None, "12", Some("3"))),
        ("12", None),
        ("12-", None),
        ("-3", None),
        ("a-b", None),
        ("jckf4dzdrb4i99ygsshezjtsq", None),
        ("11f6c682-3451-4f72-ac2a-8e386eab66af", None),
        ("https://github.com/acme/app/actions/runs/", None),
        (
            "https://github.com/acme/app/actions/runs/12/attempts/",
            None,
        ),
        ("https://github.com/acme/app/actions/runs/12/jobs", None),
        ("https://gitlab.com/acme/app/-/jobs/12", None),
        ("", None),
    ] {
        assert_eq!(Run::parse(text), found, "{text}");
    }
}

#[test]
fn the_holder_of_a_key_is_contradicted_by_nothing() {
    let key = Identity::Key {
        fingerprint: "sha256:00".to_owned(),
    };
    let statement = real::statement("bundles/bcr-module-bazel.sigstore.json");
    let found = provenance(predicate::SLSA_PROVENANCE_V1, &statement["predicate"]);
    assert!(between(&key, &found).is_none());
}
