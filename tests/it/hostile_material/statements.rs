//! in-toto statements that are signed well, and say something else than they seem to.

use countersign_evidence::Content;
use countersign_image::Digest;
use countersign_testkit::sigstore::{Entry, Signing};
use serde_json::{Value, json};

use super::{Case, SIGNED, codes, image, payload, statement, statement_about};

fn signed(case: &Case, statement: &str) -> Signing {
    case.signer().statement(statement).log(Entry::V1)
}

fn this() -> Value {
    json!({"digest": {"sha256": image().digest().hex()}})
}

fn other() -> Value {
    json!({"digest": {"sha256": "0".repeat(64)}})
}

#[test]
fn cve_2026_39395_a_payload_that_does_not_read_is_refused_though_it_is_signed() {
    let case = Case::new();
    let statement = statement(SIGNED);
    for payload in [&statement[..statement.len() - 1], "", "null", "[]"] {
        let signing = case.signer().statement(payload).log(Entry::V1);
        case.refuses(&signing, "statement_malformed");
    }
}

#[test]
fn cve_2026_39395_the_type_is_the_signed_one_whatever_annotations_say() {
    let case = Case::new();
    let vulnerabilities = "https://cosign.sigstore.dev/attestation/vuln/v1";
    let layer = case
        .signer()
        .statement(statement(vulnerabilities))
        .log(Entry::V1)
        .layer();
    let layer = layer.annotated("predicateType", "https://spdx.dev/Document");

    let evidence = case.judge(&[&layer]);

    assert!(evidence.signatures.is_empty());
    assert_eq!(
        evidence.statements[0].value().predicate_type,
        vulnerabilities
    );
}

#[test]
fn cve_2026_31830_a_statement_about_something_else_is_refused() {
    let case = Case::new();
    let digest = image().digest().hex().to_owned();
    let about = |subject| {
        case.signer()
            .statement(statement_about(&subject, SIGNED))
            .log(Entry::V1)
    };
    let other = Digest::of(b"another image").hex().to_owned();
    case.accepts(&about(json!([{"digest": {"sha256": digest}}])));
    for subject in [
        json!([{"digest": {"sha256": other}}]),
        // The right value under another algorithm's name.
        json!([{"digest": {"sha512": digest}}]),
        json!([{"digest": {"sha3_256": digest}}]),
        json!([{"digest": {"SHA256": digest}}]),
        // A part of the right value, and more than it.
        json!([{"digest": {"sha256": digest[..32]}}]),
        json!([{"digest": {"sha256": format!("{digest}00")}}]),
        json!([{"digest": {"sha256": ""}}]),
        json!([{"digest": {"sha256": digest.to_uppercase()}}]),
        json!([{"name": digest, "digest": {}}]),
        json!([]),
    ] {
        case.refuses(&about(subject), "subject_mismatch");
    }
}

#[test]
fn a_signature_of_another_image_under_this_ones_tag_is_refused() {
    let case = Case::new();
    let (this, other) = (image(), Digest::of(b"another image"));
    let signature = |digest| {
        case.signer()
            .payload(payload(digest))
            .log(Entry::V1)
            .layer()
    };
    case.accepts(&signature(this.digest()));
    case.refuses(&signature(&other), "subject_mismatch");
    let subject = json!([{"digest": {"sha256": other.hex()}}]);
    let statement = statement_about(&subject, SIGNED);
    let moved = case.signer().statement(statement).log(Entry::V1);
    case.refuses(&moved, "subject_mismatch");
    case.refuses(&moved.layer(), "subject_mismatch");
}

#[test]
fn any_one_subject_may_be_the_image() {
    let case = Case::new();
    let about = |subjects: &[Value]| signed(&case, &statement_about(&json!(subjects), SIGNED));
    case.accepts(&about(&[other(), this()]));
    case.refuses(&about(&[other(), other()]), "subject_mismatch");
}

#[test]
fn more_subjects_than_anybody_needs_are_refused() {
    let case = Case::new();
    let about = |count| {
        let mut subjects = vec![other(); count];
        subjects.push(this());
        signed(&case, &statement_about(&json!(subjects), SIGNED))
    };
    case.accepts(&about(1023));
    case.refuses(&about(1024), "too_many");
    case.refuses(&about(100_000), "too_many");
}

#[test]
fn a_statement_without_subjects_is_none() {
    let case = Case::new();
    let mut value: Value = serde_json::from_str(&statement(SIGNED)).unwrap();
    value.as_object_mut().unwrap().remove("subject");
    case.refuses(&signed(&case, &value.to_string()), "statement_malformed");
    for subject in [
        json!(null),
        json!({}),
        json!("sha256"),
        json!([[]]),
        json!([null]),
    ] {
        let signing = signed(&case, &statement_about(&subject, SIGNED));
        case.refuses(&signing, "statement_malformed");
    }
}

#[test]
fn both_versions_of_statements_are_read_and_no_other() {
    let case = Case::new();
    let of = |kind: &str| {
        let statement = statement(SIGNED).replace("https://in-toto.io/Statement/v1", kind);
        signed(&case, &statement)
    };
    case.accepts(&of("https://in-toto.io/Statement/v1"));
    case.accepts(&of("https://in-toto.io/Statement/v0.1"));
    for kind in [
        "https://in-toto.io/Statement/v2",
        "https://in-toto.io/statement/v1",
        "",
        "link",
    ] {
        case.refuses(&of(kind), "statement_malformed");
    }
}

#[test]
fn a_type_that_looks_like_the_one_of_signatures_is_none() {
    let case = Case::new();
    for kind in [
        "https://sigstore.dev/cosign/sign/v1/",
        "https://sigstore.dev/cosign/sign/v10",
        "HTTPS://sigstore.dev/cosign/sign/v1",
        "https://sigstore.dev/cosign/sign/v1 ",
        "https://sigstore.dev.evil.example/cosign/sign/v1",
        "https://sigstοre.dev/cosign/sign/v1",
    ] {
        let evidence = case.judge(&[&signed(&case, &statement(kind))]);
        assert_eq!(evidence.signatures.len(), 0, "{kind}");
        assert_eq!(evidence.statements[0].value().predicate_type, kind);
    }
    case.refuses(&signed(&case, &statement("")), "statement_malformed");
}

#[test]
fn a_member_that_stands_twice_is_refused_wherever_it_stands() {
    let case = Case::new();
    let good = statement(SIGNED);
    case.accepts(&signed(&case, &good));
    for (name, value) in [
        (
            r#""predicateType":"#,
            r#""https://slsa.dev/provenance/v1","#,
        ),
        (r#""subject":"#, "[],"),
        (r#""sha256":"#, r#""00","#),
        (r#""predicate":"#, "{},"),
    ] {
        let twice = good.replacen(name, &format!("{name}{value}{name}"), 1);
        assert_ne!(twice, good);
        case.refuses(&signed(&case, &twice), "statement_malformed");
    }
    let deep = good.replacen(r#""predicate":{}"#, r#""predicate":{"a":{"b":1,"b":2}}"#, 1);
    case.refuses(&signed(&case, &deep), "statement_malformed");
}

#[test]
fn provenance_of_one_version_under_the_type_of_another_is_none() {
    let case = Case::new();
    let v1 = json!({
        "buildDefinition": {"buildType": "https://acme.example/build", "externalParameters": {}},
        "runDetails": {"builder": {"id": "https://acme.example/builder"}},
    });
    let v0_2 = json!({
        "builder": {"id": "https://acme.example/builder"},
        "buildType": "https://acme.example/build",
    });
    let of = |kind: &str, predicate: &Value| {
        let mut value: Value = serde_json::from_str(&statement(kind)).unwrap();
        value["predicate"] = predicate.clone();
        signed(&case, &value.to_string())
    };
    case.accepts(&of("https://slsa.dev/provenance/v1", &v1));
    case.accepts(&of("https://slsa.dev/provenance/v0.2", &v0_2));
    for (kind, predicate) in [
        ("https://slsa.dev/provenance/v1", &v0_2),
        ("https://slsa.dev/provenance/v0.2", &v1),
    ] {
        let evidence = case.judge(&[&of(kind, predicate)]);
        assert_eq!(codes(&evidence), ["provenance_malformed"]);
        let content = &evidence.statements[0].value().content;
        assert!(matches!(content, Content::Other), "{content:?}");
    }
}

#[test]
fn kyverno_17130_what_nobody_vouches_for_hands_nothing_to_policies() {
    let case = Case::new();
    let stranger = case
        .sigstore
        .identity("mallory@evil.example", super::ISSUER);
    let theirs = stranger.statement(
        statement("https://slsa.dev/provenance/v1")
            .replace(r#""predicate":{}"#, r#""predicate":{"canary":"trust me"}"#),
    );
    let evidence = case.judge(&[&theirs.log(Entry::V1)]);
    assert_eq!(codes(&evidence), ["identity_mismatch"]);
    assert_eq!(super::count(&evidence), 0);
    assert!(!format!("{:?}", evidence.rejected).contains("trust me"));
}

#[test]
fn cve_2022_35929_a_statement_of_another_type_is_listed_as_what_it_is() {
    let case = Case::new();
    let vulnerabilities = signed(
        &case,
        &statement("https://cosign.sigstore.dev/attestation/vuln/v1"),
    );
    let evidence = case.judge(&[&vulnerabilities]);
    assert!(evidence.signatures.is_empty());
    let content = &evidence.statements[0].value().content;
    assert!(matches!(content, Content::Other), "{content:?}");
}
