//! Tests of schemas and of what they are held against.

use regorus::Value;

use super::JsonSchema;

fn json(text: &str) -> Value {
    Value::from_json_str(text).unwrap()
}

/// Checks that `schema` takes each document of `good` and none of `bad`.
#[track_caller]
fn check(schema: &str, good: &[&str], bad: &[&str]) {
    let compiled = JsonSchema::compile(&json(schema)).unwrap();
    for document in good {
        assert_eq!(
            compiled.mismatches(&json(document)),
            [],
            "{schema} {document}"
        );
    }
    for document in bad {
        assert_ne!(
            compiled.mismatches(&json(document)),
            [],
            "{schema} {document}"
        );
    }
}

#[track_caller]
fn refused(schema: &str, message: &str) {
    let error = JsonSchema::compile(&json(schema)).unwrap_err().to_string();
    assert_eq!(error, message);
}

#[test]
fn types_are_those_of_json() {
    check("{}", &["null", "1", "[]"], &[]);
    check(r#"{"type": "string"}"#, &[r#""""#], &["1", "null", "{}"]);
    check(
        r#"{"type": "integer"}"#,
        &["1", "-2", "1.0"],
        &["1.5", r#""1""#],
    );
    check(
        r#"{"type": ["number", "null"]}"#,
        &["1.5", "null"],
        &["true"],
    );
    check(r#"{"type": "boolean"}"#, &["true"], &["0"]);
    check(r#"{"type": "array"}"#, &["[]"], &["{}"]);
    check(r#"{"type": "object"}"#, &["{}"], &["[]"]);
}

#[test]
fn values_are_compared_as_values() {
    check(
        r#"{"enum": [1, "a", [2]]}"#,
        &["1", "1.0", r#""a""#, "[2]"],
        &["2", "[]"],
    );
    check(r#"{"const": null}"#, &["null"], &["0"]);
}

#[test]
fn objects_are_held_by_names_counts_and_what_else_they_have() {
    let schema = r#"{"properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": false}"#;
    check(
        schema,
        &[r#"{"a": 1}"#, "[]"],
        &["{}", r#"{"a": "x"}"#, r#"{"a": 1, "b": 2}"#],
    );
    let schema = r#"{"properties": {"a": {}}, "additionalProperties": {"type": "integer"}}"#;
    check(schema, &[r#"{"a": "x", "b": 1}"#], &[r#"{"b": "x"}"#]);
    let schema = r#"{"minProperties": 1, "maxProperties": 2, "additionalProperties": true}"#;
    check(
        schema,
        &[r#"{"a": 1}"#],
        &["{}", r#"{"a": 1, "b": 2, "c": 3}"#],
    );
}

#[test]
fn arrays_are_held_by_items_counts_and_uniqueness() {
    check(
        r#"{"items": {"minimum": 2}}"#,
        &["[]", "[2, 3]"],
        &["[2, 1]"],
    );
    check(
        r#"{"minItems": 1, "maxItems": 2}"#,
        &["[1]", "[1, 1]"],
        &["[]", "[1, 2, 3]"],
    );
    check(
        r#"{"uniqueItems": true}"#,
        &["[1, [1]]"],
        &["[[1], 2, [1]]", "[1, 1.0]"],
    );
    check(r#"{"uniqueItems": false}"#, &["[1, 1]"], &[]);
}

#[test]
fn numbers_and_texts_have_bounds() {
    check(
        r#"{"minimum": 1, "maximum": 2}"#,
        &["1", "2", r#""3""#],
        &["0", "2.5"],
    );
    check(
        r#"{"exclusiveMinimum": 1, "exclusiveMaximum": 2}"#,
        &["1.5"],
        &["1", "2"],
    );
    check(
        r#"{"minLength": 2, "maxLength": 3}"#,
        &[r#""éé""#],
        &[r#""é""#, r#""abcd""#],
    );
    check(r#"{"pattern": "b.d"}"#, &[r#""abcde""#, "1"], &[r#""bd""#]);
}

#[test]
fn schemas_are_combined() {
    let two = r#"[{"minimum": 1}, {"maximum": 3}]"#;
    check(&format!(r#"{{"allOf": {two}}}"#), &["2"], &["0", "4"]);
    check(&format!(r#"{{"oneOf": {two}}}"#), &["0", "4"], &["2"]);
    check(
        r#"{"anyOf": [{"type": "null"}, {"minimum": 3}]}"#,
        &["null", "3"],
        &["2"],
    );
    check(r#"{"not": {"type": "null"}}"#, &["1"], &["null"]);
}

#[test]
fn the_first_mismatches_are_told_with_their_place() {
    let schema = json(r#"{"properties": {"packages": {"items": {"required": ["name"]}}}}"#);
    let schema = JsonSchema::compile(&schema).unwrap();
    let mismatches = schema.mismatches(&json(r#"{"packages": [{"name": 1}, {}]}"#));
    let [mismatch] = mismatches.as_slice() else {
        panic!("{mismatches:?}")
    };
    assert_eq!(mismatch.field, "(root).packages.1");
    assert_eq!(
        (mismatch.keyword, &*mismatch.message),
        ("required", "`name` is missing")
    );
    let many = format!("{{\"packages\": [{}]}}", ["{}"; 40].join(","));
    assert_eq!(schema.mismatches(&json(&many)).len(), 16);
}

#[test]
fn what_would_not_be_checked_is_refused() {
    refused(
        r#"{"properties": {"a": {"format": "date"}}}"#,
        "schema.properties.a.format: is a keyword that is not supported",
    );
    refused(
        r##"{"$ref": "#"}"##,
        "schema.$ref: is a keyword that is not supported",
    );
    refused(
        r#"{"type": "text"}"#,
        "schema.type: must name types of JSON",
    );
    refused(
        r#"{"anyOf": []}"#,
        "schema.anyOf: must be a list that is not empty",
    );
    refused(r#"{"items": [{}]}"#, "schema.items: must be an object");
    refused(
        r#"{"required": [1]}"#,
        "schema.required: must be a list of strings",
    );
    refused(
        r#"{"minItems": -1}"#,
        "schema.minItems: must be an integer that is not negative",
    );
    refused(r#"{"minimum": "1"}"#, "schema.minimum: must be a number");
    refused(
        r#"{"exclusiveMinimum": true}"#,
        "schema.exclusiveMinimum: must be a number",
    );
    refused(
        r#"{"pattern": "("}"#,
        "schema.pattern: must be a regular expression",
    );
    refused(
        r#"{"uniqueItems": 1}"#,
        "schema.uniqueItems: must be a boolean",
    );
    refused("true", "schema: must be an object");
}

#[test]
fn schemas_that_are_too_deep_or_too_large_are_refused() {
    let deep = format!("{}{{}}{}", r#"{"not": "#.repeat(70), "}".repeat(70));
    let error = JsonSchema::compile(&json(&deep)).unwrap_err().to_string();
    assert!(
        error.ends_with("is too deep, or the schema too large"),
        "{error}"
    );
    let wide = format!(r#"{{"anyOf": [{}]}}"#, vec!["{}"; 1000].join(","));
    let error = JsonSchema::compile(&json(&wide)).unwrap_err().to_string();
    assert_eq!(
        error,
        "schema.anyOf.999: is too deep, or the schema too large"
    );
}
