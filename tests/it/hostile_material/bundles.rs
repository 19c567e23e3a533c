//! Sigstore bundles: one answer to every question, or none.

use countersign_testkit::sigstore::{BundleFlaw, Entry};
use serde_json::json;

use super::{Case, SIGNED, refuses, statement};

#[test]
fn a_bundle_names_one_certificate_or_one_key() {
    refuses(BundleFlaw::KeyBesideCertificate, "malformed");
    refuses(BundleFlaw::NoMaterial, "malformed");
}

#[test]
fn version_0_3_has_one_certificate_and_no_chain() {
    refuses(BundleFlaw::Chain, "malformed");
    refuses(BundleFlaw::ChainWithRoot, "malformed");
    refuses(BundleFlaw::ChainEmpty, "malformed");
}

#[test]
fn a_root_is_no_signers_certificate() {
    // It is refused for its lack of a signature, before anybody could ask what the certificate is for.
    refuses(BundleFlaw::RootForCertificate, "signature_invalid");
}

#[test]
fn a_bundle_has_one_content() {
    refuses(BundleFlaw::BothContents, "malformed");
    refuses(BundleFlaw::NoContent, "malformed");
}

#[test]
fn the_signature_of_a_blob_says_nothing_of_an_image() {
    let case = Case::new();
    let blob = case.signer().payload(statement(SIGNED)).log(Entry::V1);
    case.refuses(&blob, "unsupported_format");
}

#[test]
fn a_media_type_that_is_not_known_is_not_guessed() {
    let case = Case::new();
    case.accepts(
        &case
            .good()
            .media_type("application/vnd.dev.sigstore.bundle+json;version=0.3"),
    );
    for media_type in [
        "application/vnd.dev.sigstore.bundle.v0.4+json",
        "application/vnd.dev.sigstore.bundle.v0.3+JSON",
        "application/vnd.dev.sigstore.bundle+json;version=0.30",
        "application/json",
    ] {
        case.refuses(&case.good().media_type(media_type), "unsupported_format");
    }
}

#[test]
fn a_chain_is_read_in_the_files_that_may_have_one() {
    let case = Case::new();
    for flaw in [BundleFlaw::Chain, BundleFlaw::ChainWithRoot] {
        assert_eq!(case.judge_file(&case.good().v0_1().but(flaw)), Ok(1));
    }
    let empty = case.good().v0_1().but(BundleFlaw::ChainEmpty);
    assert_eq!(case.judge_file(&empty), Err("malformed"));
}

#[test]
fn a_member_that_stands_twice_is_refused() {
    let case = Case::new();
    let bundle = String::from_utf8(case.good().bundle()).unwrap();
    case.accepts(&bundle.clone().into_bytes());
    let twice = bundle.replacen('{', r#"{"mediaType":"application/json","#, 1);
    case.refuses(&twice.into_bytes(), "malformed");
}

#[test]
fn what_is_no_object_is_refused() {
    let case = Case::new();
    for bytes in ["", "null", "[]", "\"\"", "{}", "{} {}", "\u{feff}{}"] {
        case.refuses(&bytes.as_bytes().to_vec(), "malformed");
    }
    let list = json!([case.good().bundle_value()]);
    case.refuses(&list, "malformed");
}

#[test]
fn a_bundle_over_the_limit_is_refused_unread() {
    let case = Case::new();
    let predicate = "x".repeat(countersign_image::limits::STATEMENT_BYTES);
    let bundle = json!({"mediaType": predicate});
    case.refuses(&bundle, "too_many");
}
