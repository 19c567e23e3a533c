//! Statements by a trusted key: which of them count, and as what.

use serde_json::{Value, json};

use super::*;
use crate::evidence::Content;
use crate::testing::{STATEMENT_V1, envelope_attachment, fixture};

const CUSTOM: &str = "https://cosign.sigstore.dev/attestation/v1";
const SIGN: &str = "https://sigstore.dev/cosign/sign/v1";
const SPDX: &str = "https://spdx.dev/Document";

fn hex() -> String {
    this_image().digest().hex().to_owned()
}

/// Signs a good statement with `change` made to it.
fn changed(signer: &Signer, change: impl FnOnce(&mut Value)) -> Attachment {
    let mut json: Value = serde_json::from_slice(&statement(CUSTOM, &json!({}))).unwrap();
    change(&mut json);
    bundle_attachment(&signer.bundle(json.to_string().as_bytes()))
}

#[test]
fn both_versions_of_the_statement_are_read_and_no_other() {
    let signer = Signer::new();
    let typed = |kind: &str| changed(&signer, |json| json["_type"] = kind.into());
    check_accepted(&signer.public(), typed(STATEMENT_V1));
    check_accepted(&signer.public(), typed("https://in-toto.io/Statement/v0.1"));
    for kind in [
        "https://in-toto.io/Statement/v2",
        "https://in-toto.io/Statement/v1/",
        "",
    ] {
        let detail = format!(
            "signed by release, but it does not read as an in-toto statement: its _type is \"{kind}\""
        );
        check_rejected(
            &signer.public(),
            typed(kind),
            "statement_malformed",
            &detail,
        );
    }
}

#[test]
fn any_of_several_subjects_may_be_the_image_by_digest_alone() {
    let signer = Signer::new();
    let other = "0".repeat(64);
    let subjects = |subjects: Value| changed(&signer, |json| json["subject"] = subjects);
    for accepted in [
        json!([{"digest": {"sha256": other}}, {"digest": {"sha256": hex()}}]),
        json!([{"name": "", "digest": {"sha1": "00", "sha512": "11", "sha256": hex()}}]),
        json!([{"name": "no digest"}, {"digest": {}}, {"digest": {"sha256": hex()}}]),
    ] {
        check_accepted(&signer.public(), subjects(accepted));
    }
    let about = |digest: &str| {
        format!("signed by release, but it is about sha256:{digest}, not this image")
    };
    let nothing = "signed by release, but it names no digest of an image";
    for (refused, detail) in [
        (json!([]), nothing.to_owned()),
        (
            json!([{"name": format!("registry.example/shop/api@sha256:{}", hex())}]),
            nothing.to_owned(),
        ),
        (
            json!([{"name": hex(), "digest": {"sha512": hex()}}]),
            nothing.to_owned(),
        ),
        (
            json!([{"digest": {"SHA256": hex()}}, {"digest": {"sha-256": hex()}}]),
            nothing.to_owned(),
        ),
        (json!([{"digest": {"sha256": other}}]), about(&other)),
        (
            json!([{"digest": {"sha256": hex().to_uppercase()}}]),
            about(&hex().to_uppercase()),
        ),
        (
            json!([{"digest": {"sha256": &hex()[..63]}}]),
            about(&hex()[..63]),
        ),
        (
            json!([{"digest": {"sha256": format!("{}0", hex())}}]),
            about(&format!("{}0", hex())),
        ),
    ] {
        check_rejected(
            &signer.public(),
            subjects(refused),
            "subject_mismatch",
            &detail,
        );
    }
}

#[test]
fn a_statement_over_the_limit_of_subjects_is_refused_even_if_the_image_is_among_them() {
    let signer = Signer::new();
    let subjects = |count: usize| {
        let subjects = vec![json!({"digest": {"sha256": hex()}}); count];
        changed(&signer, |json| json["subject"] = subjects.into())
    };
    check_accepted(&signer.public(), subjects(1024));
    let detail = "signed by release, but it has more than 1024 subjects";
    check_rejected(&signer.public(), subjects(1025), "too_many", detail);
}

#[test]
fn json_that_two_readers_could_understand_differently_is_refused() {
    let signer = Signer::new();
    let good = String::from_utf8(statement(CUSTOM, &json!({"a": 1}))).unwrap();
    for bad in [
        good.replacen('{', &format!("{{\"predicateType\":\"{SPDX}\","), 1),
        good.replace("{\"a\":1}", "{\"a\":1,\"a\":2}"),
        good.replace("{\"a\":1}", "1e999"),
        good.replace(
            "{\"a\":1}",
            &format!("{}{}", "[".repeat(200), "]".repeat(200)),
        ),
        format!("{good} {{}}"),
        format!("\u{feff}{good}"),
        good.replace("subject", "Subject"),
        good.replace("\"subject\"", "\"\\u0073ubject\""),
        good.replacen('{', "{\"\\u0073ubject\":[],", 1),
        good.replace("\"sha256\":", "\"sha25\\u0036\":\"00\",\"sha256\":"),
        good.replace("\"predicateType\"", "\"predicate_type\""),
        good.replace(CUSTOM, ""),
        String::new(),
        "null".to_owned(),
        format!(
            "[\"{STATEMENT_V1}\",[{{\"digest\":{{\"sha256\":\"{}\"}}}}],\"{CUSTOM}\",{{}}]",
            hex()
        ),
        good.replace("{\"digest\":", "[")
            .replace(",\"name\":\"whatever\"}", ",null]"),
        good.replace(
            "{\"a\":1}",
            "{\"$serde_json::private::RawValue\":\"{\\\"a\\\":1}\"}",
        ),
    ] {
        let evidence = verifier(&signer.public()).verify(
            &this_image(),
            None,
            &[bundle_attachment(&signer.bundle(bad.as_bytes()))],
            NOW,
        );
        assert_eq!(
            Outcome::from(&evidence).rejected,
            ["statement_malformed"],
            "{bad}"
        );
        assert!(evidence.statements.is_empty());
    }
}

#[test]
fn a_signature_is_a_statement_of_the_sign_type_only() {
    let signer = Signer::new();
    let subject = json!([
        {"digest": {"sha256": "0".repeat(64)}, "annotations": {"env": "other"}},
        {"digest": {"sha256": hex()}, "annotations": {"env": "prod", "count": 1}},
    ]);
    let signed = changed(&signer, |json| {
        json["predicateType"] = SIGN.into();
        json["subject"] = subject;
    });
    let evidence = check_accepted(&signer.public(), signed);
    let annotations = &evidence.signatures[0].value().annotations;
    assert_eq!(
        annotations.iter().collect::<Vec<_>>(),
        [(&"env".to_owned(), &"prod".to_owned())]
    );

    for other in [
        CUSTOM,
        "https://sigstore.dev/cosign/sign/v1.1",
        "https://sigstore.dev/cosign/sign",
    ] {
        let attested = changed(&signer, |json| json["predicateType"] = other.into());
        let evidence = check_accepted(&signer.public(), attested);
        assert!(
            evidence.signatures.is_empty(),
            "{other} does not say that the image is signed"
        );
    }
}

#[test]
fn a_statement_keeps_its_signed_predicate_as_it_was_written() {
    let signer = Signer::new();
    let payload = String::from_utf8(statement(CUSTOM, &json!("PLACE"))).unwrap();
    let payload = payload.replace("\"PLACE\"", "{ \"Data\" : 1.50 }");
    let evidence = check_accepted(
        &signer.public(),
        envelope_attachment(&signer.envelope(payload.as_bytes())),
    );
    let statement = evidence.statements[0].value();
    assert_eq!(statement.predicate, "{ \"Data\" : 1.50 }");
    assert!(matches!(statement.content, Content::Other));
    let without = changed(&signer, |json| {
        drop(json.as_object_mut().unwrap().remove("predicate"))
    });
    assert_eq!(
        check_accepted(&signer.public(), without).statements[0]
            .value()
            .predicate,
        "null"
    );
}

#[test]
fn a_predicate_that_is_not_its_type_is_a_statement_without_content_and_says_why() {
    let signer = Signer::new();
    let spdx: Value = serde_json::from_slice(&fixture("sbom/alpine-small-spdx.json")).unwrap();
    let cyclonedx: Value = serde_json::from_slice(&fixture("sbom/busybox-cyclonedx.json")).unwrap();
    let syft = json!({"artifacts": [], "descriptor": {"name": "syft"}});
    let v1 = json!({"buildDefinition": {"buildType": "x"}, "runDetails": {"builder": {"id": "y"}}});
    for (predicate_type, predicate, code) in [
        (SPDX, &cyclonedx, "predicate_mismatch"),
        (
            "https://cyclonedx.org/bom/v1.4",
            &spdx,
            "predicate_mismatch",
        ),
        ("https://spdx.dev/Document/v3", &spdx, "predicate_mismatch"),
        (SPDX, &json!({}), "sbom_malformed"),
        (SPDX, &json!(null), "sbom_malformed"),
        (SPDX, &json!("SPDXVersion: SPDX-2.3\n"), "sbom_malformed"),
        (SPDX, &json!("<rdf:RDF/>"), "unsupported_format"),
        (SPDX, &syft, "predicate_mismatch"),
        (
            "https://slsa.dev/verification_summary/v1",
            &json!({"verificationResult": "PASSED"}),
            "vsa_malformed",
        ),
        (
            "https://slsa.dev/provenance/v0.1",
            &v1,
            "provenance_malformed",
        ),
        (
            "https://slsa.dev/provenance/v0.2",
            &v1,
            "provenance_malformed",
        ),
        (
            "https://slsa.dev/provenance/v1",
            &json!({"builder": {"id": "x"}}),
            "provenance_malformed",
        ),
        (
            "https://slsa.dev/provenance/v0.2",
            &json!({"builder": ["x"]}),
            "provenance_malformed",
        ),
        (
            "https://slsa.dev/provenance/v1",
            &json!({"buildDefinition": {}, "runDetails": {"builder": ["x"]}}),
            "provenance_malformed",
        ),
        (
            "https://slsa.dev/provenance/v1",
            &json!({"buildDefinition": {}, "runDetails": [{"id": "x"}]}),
            "provenance_malformed",
        ),
    ] {
        let payload = statement(predicate_type, predicate);
        let attachment = bundle_attachment(&signer.bundle(&payload));
        let evidence = verifier(&signer.public()).verify(&this_image(), None, &[attachment], NOW);
        let outcome = Outcome::from(&evidence);
        assert_eq!(outcome.rejected, [code], "{predicate_type}");
        assert_eq!(outcome.statements, [predicate_type]);
        assert!(matches!(
            evidence.statements[0].value().content,
            Content::Other
        ));
        assert_eq!(
            evidence.rejected[0].predicate_type.as_deref(),
            Some(predicate_type)
        );
        assert!(
            evidence.rejected[0]
                .detail
                .starts_with("signed by release, but ")
        );
    }
}
