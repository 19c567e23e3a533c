//! Parameters that several entries share.

use std::path::PathBuf;

use countersign_policy::{LoadError, PolicySet, SourceFile, TrustRoots, named_files};

use crate::support::{Image, Signer, codes, policy};

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

/// A policy of one entry, `params` and all, in `policies/production.yaml`.
fn document(signer: &Signer, params: &str) -> SourceFile {
    let entry = format!("  rules: [{{rule: signature/signed, {params}}}]\n");
    policy(&[("release", signer)], &entry)
}

fn load(signer: &Signer, params: &str, others: &[SourceFile]) -> Result<PolicySet, Vec<LoadError>> {
    let files = [&[document(signer, params)], others].concat();
    PolicySet::load(&files, &TrustRoots::default()).map_err(|errors| errors.errors().to_vec())
}

#[track_caller]
fn refused(params: &str, others: &[SourceFile]) -> LoadError {
    let errors = load(&Signer::new(), params, others).unwrap_err();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert_eq!(errors[0].path, "policies/production.yaml");
    errors[0].clone()
}

const FROM_FILE: &str = "paramsFrom: {file: lists/two.yaml}";
const FROM_MAP: &str = "paramsFrom: {configMap: {name: lists, key: two.yaml}}";

fn list(text: &str) -> SourceFile {
    file("policies/lists/two.yaml", text)
}

fn config_map(text: &str) -> SourceFile {
    let head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: lists, namespace: shop}\n";
    file(
        "policies/lists.yaml",
        &format!("{head}data: {{two.yaml: \"{text}\"}}\n"),
    )
}

#[test]
fn parameters_are_taken_from_a_file_or_a_config_map() {
    let signer = Signer::new();
    let signed = Image::new().signed_by(&signer);
    for (from, source) in [
        (FROM_FILE, list("threshold: 2\nauthorities: [release]\n")),
        (
            FROM_MAP,
            config_map("{threshold: 2, authorities: [release]}"),
        ),
    ] {
        let judge = |params: &str| {
            let set = load(&signer, params, std::slice::from_ref(&source)).unwrap();
            signed.judge(&set)
        };
        assert_eq!(codes(&judge(from)), [("signature/signed", "threshold")]);
        // What the entry says itself counts.
        let own = format!("{from}, params: {{threshold: 1}}");
        assert_eq!(codes(&judge(&own)), []);
    }
}

#[test]
fn the_files_to_read_are_told_relative_to_the_document() {
    let signer = Signer::new();
    let nested = document(&signer, FROM_FILE);
    let wanted = [PathBuf::from("policies/lists/two.yaml")];
    assert_eq!(named_files(&[nested]), wanted);
    assert!(named_files(&[document(&signer, FROM_MAP)]).is_empty());
}

#[test]
fn the_revision_changes_with_them() {
    let signer = Signer::new();
    let revision = |text: &str| {
        let set = load(&signer, FROM_FILE, &[list(text)]).unwrap();
        set.revision().to_owned()
    };
    assert_ne!(revision("threshold: 1"), revision("threshold: 2"));
}

#[test]
fn what_is_not_there_or_is_no_mapping_is_refused() {
    for (from, others, message) in [
        (
            FROM_FILE,
            vec![],
            "the file policies/lists/two.yaml is not among what was read",
        ),
        (
            FROM_MAP,
            vec![],
            "the key `two.yaml` of a ConfigMap `lists` is not among what was read",
        ),
        (
            FROM_FILE,
            vec![list("[1]")],
            "the file policies/lists/two.yaml is no mapping of parameters",
        ),
        (
            FROM_FILE,
            vec![list("")],
            "the file policies/lists/two.yaml is no mapping of parameters",
        ),
        (
            FROM_MAP,
            vec![config_map("text")],
            "is no mapping of parameters",
        ),
    ] {
        let error = refused(from, &others);
        assert!(error.message.contains(message), "{error}");
        let code = if others.is_empty() {
            "params_unavailable"
        } else {
            "invalid_params"
        };
        assert_eq!((error.line, error.code), (8, code), "{error}");
    }
    let error = refused(FROM_FILE, &[list("a: [")]);
    assert_eq!(error.code, "invalid_params");
    assert!(
        error.message.starts_with("policies/lists/two.yaml:1"),
        "{error}"
    );
}

#[test]
fn they_are_checked_as_if_they_stood_in_the_entry() {
    let error = refused(FROM_FILE, &[list("treshold: 2")]);
    assert_eq!((error.line, error.code), (8, "unknown_param"));
    assert_eq!(error.hint.as_deref(), Some("did you mean `threshold`?"));
    // What the entry does not say itself is taken.
    let from = format!("{FROM_FILE}, params: {{threshold: 1}}");
    let error = refused(&from, &[list("threshold: 2\nauthorities: [nobody]")]);
    assert_eq!((error.line, error.code), (8, "unknown_authority"));
    let error = refused(FROM_MAP, &[config_map("{authorities: [nobody]}")]);
    assert_eq!((error.line, error.code), (8, "unknown_authority"));
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for path in ["../two.yaml", "/etc/two.yaml", "a/../../two.yaml"] {
        let error = refused(&format!("paramsFrom: {{file: {path}}}"), &[]);
        assert_eq!(error.code, "invalid_value", "{path}");
        assert!(
            error.message.contains("leads out of the directory"),
            "{error}"
        );
    }
    let error = refused("paramsFrom: {file: a, configMap: {name: a, key: b}}", &[]);
    assert_eq!(error.code, "invalid_value");
    assert_eq!(refused("paramsFrom: {}", &[]).code, "missing_field");
}

#[test]
fn two_config_maps_of_one_name_are_refused() {
    let mut second = config_map("{threshold: 1}");
    second.path = "policies/more.yaml".to_owned();
    let both = [config_map("{threshold: 2}"), second];
    let errors = load(&Signer::new(), FROM_MAP, &both).unwrap_err();
    assert_eq!(errors[0].code, "duplicate_name");
    assert_eq!(errors[0].path, "policies/more.yaml");
}

#[test]
fn a_set_takes_none() {
    let text =
        format!("title: T\ndescription: D.\nrules:\n  - {{rule: signature/signed, {FROM_FILE}}}\n");
    let own = [file("policies/sets/own.yaml", &text), list("threshold: 2")];
    let errors = load(&Signer::new(), "params: {threshold: 1}", &own).unwrap_err();
    assert_eq!(
        (errors[0].path.as_str(), errors[0].line),
        ("policies/sets/own.yaml", 4)
    );
    assert_eq!(errors[0].message, "a set of rules holds no `paramsFrom`");
}
