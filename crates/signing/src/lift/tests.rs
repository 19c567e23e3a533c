use serde_json::{Value, json};

use super::*;

const V1: &str = "https://slsa.dev/provenance/v1";
const V02: &str = "https://slsa.dev/provenance/v0.2";
const NOTES: &str = "https://acme.example/notes/v1";
const BUILDER: &str = "https://builder.acme.example/v1";

#[test]
fn a_statement_about_its_child_is_taken_with_its_predicate_byte_for_byte() {
    let predicate = r#"{ "n":1.0000000000000000001,  "name" : "sbom"}"#;
    let lifted = take(NOTES, predicate, None).unwrap();
    assert_eq!(lifted.predicate.predicate_type(), NOTES);
    assert_eq!(lifted.predicate.content().get(), predicate);
    assert_eq!(lifted.child, child());
    assert!(!lifted.nameless);
}

#[test]
fn provenance_without_a_builder_is_marked_or_given_the_one_that_is_asked_for() {
    for (kind, before, after) in [
        (
            V1,
            r#"{"buildDefinition":{"x":1.0}, "runDetails": {"metadata":{},"builder":{"id":"#,
            "}}}",
        ),
        (
            V02,
            r#"{"invocation":{},"builder" : {"id" : "#,
            r#" }, "buildType":"t"}"#,
        ),
    ] {
        let empty = format!("{before}\"\"{after}");
        assert!(take(kind, &empty, None).unwrap().nameless);
        let named = take(kind, &empty, Some(BUILDER)).unwrap();
        assert!(!named.nameless);
        assert_eq!(
            named.predicate.content().get(),
            format!("{before}\"{BUILDER}\"{after}")
        );
    }
}

#[test]
fn a_builder_that_is_named_is_never_renamed() {
    let predicate =
        format!(r#"{{"buildDefinition":{{}},"runDetails":{{"builder":{{"id":"{BUILDER}"}}}}}}"#);
    let lifted = take(V1, &predicate, Some(BUILDER)).unwrap();
    assert_eq!(lifted.predicate.content().get(), predicate);
    check(
        take(V1, &predicate, Some("https://other")),
        "builder_mismatch",
    );
}

#[test]
fn provenance_without_a_place_for_a_builder_is_refused() {
    for predicate in [
        "{}",
        "[]",
        "1",
        r#"{"runDetails":{}}"#,
        r#"{"builder":["x"]}"#,
        r#"{"builder":{"id":1}}"#,
    ] {
        check(take(V1, predicate, None), "provenance_malformed");
        check(take(V1, predicate, Some(BUILDER)), "statement_malformed");
    }
}

#[test]
fn a_builder_id_is_of_no_concern_to_other_statements() {
    let lifted = take(NOTES, r#"{"builder":{"id":""}}"#, Some(BUILDER)).unwrap();
    assert_eq!(lifted.predicate.content().get(), r#"{"builder":{"id":""}}"#);
}

#[test]
fn a_statement_about_something_else_is_refused() {
    let other = Digest::of(b"other").hex().to_owned();
    for subject in [
        json!([]),
        json!([{"name": "app", "digest": {"sha256": other}}]),
        json!([{"name": "app", "digest": {"sha512": child().digest.hex()}}]),
        json!([{"name": child().digest.hex()}]),
    ] {
        let statement = statement(&json!({"subject": subject}));
        check(
            lift(&child(), &layer(NOTES), &statement, None),
            "subject_mismatch",
        );
    }
}

#[test]
fn what_is_no_statement_of_the_type_that_its_manifest_says_is_refused() {
    for change in [
        json!({"_type": "https://in-toto.io/Statement/v2"}),
        json!({"predicateType": V1}),
        json!({"subject": null}),
    ] {
        let statement = statement(&change);
        check(
            lift(&child(), &layer(NOTES), &statement, None),
            "statement_malformed",
        );
    }
    let twice = br#"{"_type":"https://in-toto.io/Statement/v1","_type":"x","predicateType":"x","subject":[],"predicate":{}}"#;
    check(
        lift(&child(), &layer(NOTES), twice, None),
        "statement_malformed",
    );
    let odd = statement(&json!({"predicateType": "no uri"}));
    let plain = Descriptor {
        annotations: BTreeMap::new(),
        ..layer(NOTES)
    };
    check(lift(&child(), &plain, &odd, None), "predicate_type_unknown");
}

#[track_caller]
fn check(lifted: Result<Lifted, LiftError>, code: &str) {
    let error = lifted.unwrap_err();
    assert_eq!(error.code(), code, "{error}");
}

fn take(kind: &str, predicate: &str, builder_id: Option<&str>) -> Result<Lifted, LiftError> {
    let text = String::from_utf8(statement(
        &json!({"predicateType": kind, "predicate": "HERE"}),
    ))
    .unwrap();
    let statement = text.replace("\"HERE\"", predicate);
    lift(&child(), &layer(kind), statement.as_bytes(), builder_id)
}

fn statement(change: &Value) -> Vec<u8> {
    let mut statement = json!({
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": NOTES,
        "subject": [
            {"name": "_", "digest": {"sha256": Digest::of(b"sibling").hex()}},
            {"name": "pkg:docker/shop/api@1", "digest": {"sha256": child().digest.hex()}},
        ],
        "predicate": {},
    });
    let all = statement.as_object_mut().unwrap();
    all.extend(change.as_object().unwrap().clone());
    statement.to_string().into_bytes()
}

fn child() -> Descriptor {
    Descriptor::new(
        "application/vnd.oci.image.manifest.v1+json",
        Digest::of(b"child"),
        5,
    )
}

fn layer(kind: &str) -> Descriptor {
    let mut layer = Descriptor::new("application/vnd.in-toto+json", Digest::of(b"layer"), 5);
    layer
        .annotations
        .insert(PREDICATE_TYPE.to_owned(), kind.to_owned());
    layer
}
