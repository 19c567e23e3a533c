//! What a rule's METADATA says of its parameters, and what comes of it.

use countersign_policy::{LoadError, PolicySet, SourceFile, TrustRoots};
use serde_json::json;

use crate::support::{Image, Signer, codes, policy};

/// A rule of one's own with these lines of `custom` and this body, and a policy whose only entry has `params`.
fn load(custom: &[&str], body: &str, params: &str) -> Result<PolicySet, Vec<LoadError>> {
    load_with(&Signer::new(), custom, body, params)
}

fn load_with(
    signer: &Signer,
    custom: &[&str],
    body: &str,
    params: &str,
) -> Result<PolicySet, Vec<LoadError>> {
    let custom: String = custom.iter().map(|line| format!("#   {line}\n")).collect();
    let rule = SourceFile {
        path: "rules/shop/r/r.rego".to_owned(),
        text: format!(
            "# METADATA\n# title: T\n# description: D.\n# custom:\n{custom}package rules.shop.r\n\n{body}\n"
        ),
    };
    let entry = format!("  rules: [{{rule: shop/r, params: {params}}}]\n");
    let files = [policy(&[("release", signer)], &entry), rule];
    PolicySet::load(&files, &TrustRoots::default()).map_err(|errors| errors.errors().to_vec())
}

const DENY: &str =
    "deny contains {\"code\": \"told\", \"msg\": sprintf(\"%v\", [data.params])} if input.image";

/// The one mistake of a rule whose parameter `p` has this schema, with these parameters.
#[track_caller]
fn mistake(schema: &str, params: &str) -> LoadError {
    let schema = format!("params: {{ type: object, properties: {{ p: {schema} }} }}");
    let mut errors = load(&[&schema, "reads: [image]"], DENY, params).unwrap_err();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    errors.remove(0)
}

#[track_caller]
fn told(schema: &str, params: &str) -> String {
    let schema = format!("params: {{ type: object, properties: {{ p: {schema} }} }}");
    let set = load(&[&schema, "reads: [image]"], DENY, params).unwrap();
    let verdict = Image::new().judge(&set);
    assert_eq!(codes(&verdict), [("shop/r", "told")]);
    verdict.violations[0].message.clone()
}

#[test]
fn a_pattern_holds_for_the_whole_text() {
    let schema = "{ type: string, pattern: \"[a-z]+\" }";
    assert_eq!(told(schema, "{p: abc}"), "{\"p\": \"abc\"}");
    for wrong in ["abc1", "1abc"] {
        let error = mistake(schema, &format!("{{p: {wrong}}}"));
        assert_eq!(error.code, "invalid_params");
        let wanted = format!("p is `{wrong}`, wanted a match of \"[a-z]+\"");
        assert_eq!(error.message, wanted);
    }
}

#[test]
fn a_regular_expression_must_be_one() {
    let schema = "{ type: string, format: regex }";
    assert_eq!(told(schema, "{p: a.c}"), "{\"p\": \"a.c\"}");
    let error = mistake(schema, "{p: a(}");
    assert_eq!(error.code, "invalid_params");
    assert!(
        error.message.starts_with("p: it is no regular expression"),
        "{error}"
    );
}

#[test]
fn a_schema_must_be_one_that_can_be_checked() {
    let schema = "{ type: object, format: json-schema }";
    assert_eq!(
        told(schema, "{p: {type: object}}"),
        "{\"p\": {\"type\": \"object\"}}"
    );
    let error = mistake(schema, "{p: {properties: {a: {tpye: string}}}}");
    assert_eq!(error.code, "invalid_params");
    let wanted =
        "p is no JSON schema: schema.properties.a.tpye: is a keyword that is not supported";
    assert_eq!(error.message, wanted);
    assert_eq!(mistake(schema, "{p: text}").code, "invalid_params");
}

#[test]
fn the_name_of_an_authority_must_be_one_of_the_policy() {
    let schema = "{ type: string, format: authority }";
    assert_eq!(told(schema, "{p: release}"), "{\"p\": \"release\"}");
    let error = mistake(schema, "{p: relaese}");
    assert_eq!(error.code, "unknown_authority");
    assert_eq!(error.hint.as_deref(), Some("did you mean `release`?"));
}

#[test]
fn what_is_not_written_has_its_default() {
    let schema = "{ type: array, items: { type: string }, default: [a, b] }";
    assert_eq!(told(schema, "{}"), "{\"p\": [\"a\", \"b\"]}");
    assert_eq!(told(schema, "{p: []}"), "{\"p\": []}");
}

#[test]
fn a_schema_that_would_be_half_enforced_is_refused() {
    for (schema, message) in [
        (
            "{ type: string, default: 1 }",
            "the default is a number, wanted a string",
        ),
        (
            "{ type: string, format: date }",
            "the format `date` is not supported here",
        ),
        (
            "{ type: string, format: json-schema }",
            "the format `json-schema` is not supported here",
        ),
        (
            "{ type: string, minimum: 1 }",
            "`minimum` does not belong to the type string",
        ),
        (
            "{ type: integer, pattern: a }",
            "`pattern` does not belong to the type integer",
        ),
        (
            "{ type: integer, minimum: low }",
            "minimum must be an integer",
        ),
        (
            "{ type: object, additionalProperties: { type: string } }",
            "additionalProperties must be true or false",
        ),
        ("{ type: number }", "the type `number` is not supported"),
        (
            "{ type: string, pattern: a( }",
            "pattern: it is no regular expression",
        ),
    ] {
        let errors = load(
            &[
                &format!("params: {{ type: object, properties: {{ p: {schema} }} }}"),
                "reads: [image]",
            ],
            DENY,
            "{}",
        )
        .unwrap_err();
        let error = errors.first().unwrap();
        assert!(error.message.contains(message), "{schema}: {error}");
        assert_eq!(
            (error.path.as_str(), error.line),
            ("rules/shop/r/r.rego", 5),
            "{error}"
        );
    }
}

const SCHEMA_RULE: &str = r#"
deny contains {"code": "none", "msg": "no such statement"} if count(predicates) == 0

deny contains {"code": "mismatch", "msg": sprintf("%v", [result[1]])} if {
	some predicate in predicates
	result := json.match_schema(predicate, data.params.schema)
	not result[0]
}

predicates := [attestation.predicate | some attestation in input.evidence.attestations]
"#;

#[test]
fn a_parameter_names_the_predicates_that_a_rule_is_given() {
    let custom = [
        "params: { type: object, required: [kind, schema], properties: { kind: { type: string }, schema: { type: object, format: json-schema } } }",
        "predicates: [{ param: kind }]",
        "reads: [evidence.attestations]",
    ];
    let signer = Signer::new();
    let kind = "https://acme.example/review/v1";
    let load = |kind: &str| {
        let params = format!("{{kind: \"{kind}\", schema: {{required: [approved]}}}}");
        load_with(&signer, &custom, SCHEMA_RULE, &params).unwrap()
    };
    let image = || Image::new().attested(&signer, kind, &json!({"approved": true}));
    assert_eq!(codes(&image().judge(&load(kind))), []);
    let other = load("https://acme.example/other");
    assert_eq!(codes(&image().judge(&other)), [("shop/r", "none")]);
    let image = Image::new().attested(&signer, kind, &json!({}));
    let verdict = image.judge(&load(kind));
    assert_eq!(codes(&verdict), [("shop/r", "mismatch")]);
    assert!(
        verdict.violations[0]
            .message
            .contains("`approved` is missing")
    );
}

#[test]
fn the_parameter_that_names_predicates_must_be_there() {
    let custom = ["predicates: [{ param: kind }]", "reads: [image]"];
    let errors = load(&custom, DENY, "{}").unwrap_err();
    assert_eq!((errors[0].line, errors[0].code), (5, "metadata"));
    let message = "the rule has no parameter `kind` that is a string";
    assert_eq!(errors[0].message, message);
}

#[test]
fn a_part_that_a_parameter_lets_in_is_given_and_asked_for_only_then() {
    let custom = [
        "params: { type: object, properties: { deep: { type: boolean, default: false } } }",
        "reads: [image.digest, { part: image.config, when: deep }]",
    ];
    let body = r#"deny contains {"code": "blind", "msg": "x"} if not input.image.config"#;
    let image = Image::new().configured("linux/amd64", &serde_json::json!({}));
    let shallow = load(&custom, body, "{}").unwrap();
    assert!(!shallow.policies()[0].needs().config);
    assert_eq!(codes(&image.judge(&shallow)), [("shop/r", "blind")]);
    let deep = load(&custom, body, "{deep: true}").unwrap();
    assert!(deep.policies()[0].needs().config);
    assert_eq!(codes(&image.judge(&deep)), []);
}

#[test]
fn the_parameter_that_lets_a_part_in_must_be_a_boolean_of_the_rule() {
    let custom = [
        "params: { type: object, properties: { deep: { type: boolean }, depth: { type: integer } } }",
        "reads: [{ part: image.config, when: depth }]",
    ];
    let errors = load(&custom, DENY, "{}").unwrap_err();
    assert_eq!((errors[0].line, errors[0].code), (6, "metadata"));
    let message = "the rule has no parameter `depth` that is a boolean";
    assert_eq!(errors[0].message, message);
    assert_eq!(errors[0].hint.as_deref(), Some("known: deep"));
}

#[test]
fn a_schema_that_is_none_denies() {
    let custom = ["reads: [image]"];
    let body = r##"deny contains {"code": "mismatch", "msg": "x"} if not json.match_schema(input.image, {"$ref": "#"})[0]"##;
    let verdict = Image::new().judge(&load(&custom, body, "{}").unwrap());
    assert_eq!(codes(&verdict), [("shop/r", "rule_error")]);
    let message = &verdict.violations[0].message;
    assert!(message.contains("schema.$ref"), "{message}");
}
