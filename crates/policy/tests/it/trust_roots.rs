//! Trust roots as documents: where they come from, and what is refused.

use std::fs;
use std::path::Path;

use countersign_policy::{
    LoadError, PolicySet, SourceFile, TrustRootFacts, TrustRootLocation, TrustRootOrigin,
    TrustRoots, TufLocation, TufRepository, trust_root_sources,
};
use serde_json::Value;

use crate::mistakes::good;
use crate::support::file;

/// The trust root of Sigstore's public instance.
pub(crate) fn public_good() -> String {
    let path = "../evidence/roots/public-good.json";
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// A document of a trust root `lab` with this `spec`, in flow style.
pub(crate) fn document(spec: &str) -> SourceFile {
    SourceFile {
        path: "policies/lab.yaml".to_owned(),
        text: format!(
            "apiVersion: countersign.dev/v1alpha1\nkind: TrustRoot\nmetadata: {{name: lab}}\nspec: {spec}\n"
        ),
    }
}

fn inline(root: &str) -> SourceFile {
    document(&format!("{{trustedRoot: {root}}}"))
}

fn load(document: SourceFile, roots: &TrustRoots) -> Result<PolicySet, Vec<LoadError>> {
    let documents = [document, file(&good())];
    PolicySet::load(&documents, roots).map_err(|errors| errors.errors().to_vec())
}

#[track_caller]
fn refused(document: SourceFile, roots: &TrustRoots) -> LoadError {
    let errors = load(document, roots).unwrap_err();
    let [error] = errors.as_slice() else {
        panic!("{errors:#?}")
    };
    assert_eq!(error.path, "policies/lab.yaml");
    error.clone()
}

#[track_caller]
fn check(spec: &str, line: u32, code: &str, message: &str) {
    let error = refused(document(spec), &TrustRoots::default());
    assert_eq!((error.line, error.code), (line, code), "{error}");
    assert!(error.message.contains(message), "{}", error.message);
}

#[test]
fn a_root_may_stand_in_its_document() {
    let set = load(inline(&public_good()), &TrustRoots::default()).unwrap();
    let [root] = set.trust_roots() else {
        panic!("{:?}", set.trust_roots())
    };
    assert_eq!((root.root.name(), root.root.scts()), ("lab", 1));
    assert_eq!(root.origin, TrustRootOrigin::Inline);
    assert!(root.root.log_count() > 0);
    let without = format!("{{trustedRoot: {}, requireSct: false}}", public_good());
    let set = load(document(&without), &TrustRoots::default()).unwrap();
    assert_eq!(set.trust_roots()[0].root.scts(), 0);
}

#[test]
fn a_root_that_is_elsewhere_is_asked_for_and_handed_in() {
    let by_file = document("{file: roots/lab.json}");
    let [source] = trust_root_sources(std::slice::from_ref(&by_file))
        .try_into()
        .unwrap();
    assert_eq!(source.name, "lab");
    assert_eq!(
        source.location,
        TrustRootLocation::File("roots/lab.json".to_owned())
    );
    assert_eq!(
        source.beside("roots/lab.json"),
        Path::new("policies/roots/lab.json")
    );
    assert_eq!(source.beside("/etc/lab.json"), Path::new("/etc/lab.json"));
    let mut roots = TrustRoots::default();
    let facts = TrustRootFacts {
        version: Some(7),
        ..TrustRootFacts::default()
    };
    roots.provide("lab", public_good(), facts);
    let set = load(by_file, &roots).unwrap();
    let root = &set.trust_roots()[0];
    assert_eq!(root.origin, TrustRootOrigin::Read(source.location));
    assert_eq!(root.facts, facts);
}

#[test]
fn a_root_may_be_a_target_of_a_tuf_repository() {
    let location = |spec: &str| {
        let [source] = trust_root_sources(&[document(spec)]).try_into().unwrap();
        source.location
    };
    let tuf = |repository, root: Option<&str>, target: &str| {
        TrustRootLocation::Tuf(TufLocation {
            repository,
            root: root.map(str::to_owned),
            target: target.to_owned(),
        })
    };
    assert_eq!(
        location("{tuf: {url: \"https://tuf.lab.example\"}}"),
        tuf(
            TufRepository::Url("https://tuf.lab.example".to_owned()),
            None,
            "trusted_root.json"
        )
    );
    assert_eq!(
        location("{tuf: {directory: mirror, root: root.json, target: lab.json}}"),
        tuf(
            TufRepository::Directory("mirror".to_owned()),
            Some("root.json"),
            "lab.json"
        )
    );
}

#[test]
fn documents_that_need_nothing_read_name_nothing() {
    let documents = [inline(&public_good()), file(&good()), file("spec: [")];
    assert_eq!(trust_root_sources(&documents), []);
}

#[test]
fn a_root_that_nobody_read_is_refused_where_it_is_named() {
    check(
        "{file: lab.json}",
        4,
        "trust_root_unavailable",
        "nobody has read it",
    );
    let mut roots = TrustRoots::default();
    roots.unavailable("lab", "no such file");
    let error = refused(document("{file: lab.json}"), &roots);
    assert_eq!(
        error.to_string(),
        "policies/lab.yaml:4:14: the trust root `lab` could not be read: no such file"
    );
}

#[test]
fn a_root_that_would_verify_nothing_is_refused() {
    check(
        "{trustedRoot: {}}",
        4,
        "trust_root_media_type",
        "`lab` cannot be used",
    );
    check(
        "{trustedRoot: []}",
        4,
        "trust_root_malformed",
        "`lab` cannot be used",
    );
    check(
        "{trustedRoot: \"\"}",
        4,
        "trust_root_malformed",
        "`lab` cannot be used",
    );
    let media_type = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";
    let empty = format!("{{trustedRoot: {{mediaType: \"{media_type}\"}}}}");
    check(
        &empty,
        4,
        "trust_root_empty",
        "nothing could ever be verified",
    );
    let mut roots = TrustRoots::default();
    for (json, code) in [("", "trust_root_malformed"), ("{", "trust_root_malformed")] {
        roots.provide("lab", json, TrustRootFacts::default());
        assert_eq!(
            refused(document("{file: lab.json}"), &roots).code,
            code,
            "{json}"
        );
    }
}

#[test]
fn certificate_logs_that_there_are_none_of_cannot_be_asked_for() {
    let mut root: Value = serde_json::from_str(&public_good()).unwrap();
    root.as_object_mut().unwrap().remove("ctlogs");
    let error = refused(inline(&root.to_string()), &TrustRoots::default());
    assert_eq!(error.code, "trust_root_no_certificate_log");
    assert!(error.hint.unwrap().contains("requireSct: false"));
    let waived = format!("{{trustedRoot: {root}, requireSct: false}}");
    assert!(load(document(&waived), &TrustRoots::default()).is_ok());
}

#[test]
fn exactly_one_source_is_wanted() {
    check(
        "{}",
        4,
        "missing_field",
        "needs one of trustedRoot, file, tuf",
    );
    check("{requireSct: true}", 4, "missing_field", "needs one of");
    check(
        "{file: a, tuf: {url: \"https://x\"}}",
        4,
        "invalid_value",
        "more than one of",
    );
    check(
        "{tuf: {}}",
        4,
        "missing_field",
        "tuf needs one of url, directory",
    );
    check(
        "{tuf: {url: \"https://x\", directory: y}}",
        4,
        "invalid_value",
        "tuf has more than one of",
    );
    check(
        "{tuf: {url: \"ftp://x\"}}",
        4,
        "invalid_value",
        "no URL of a server",
    );
    check("{file: \"\"}", 4, "invalid_value", "file is empty");
    check(
        "{file: a, requireSct: 1}",
        4,
        "wrong_type",
        "requireSct is a number",
    );
}

#[test]
fn unknown_fields_are_refused_with_their_place() {
    let mut roots = TrustRoots::default();
    roots.provide("lab", public_good(), TrustRootFacts::default());
    for (spec, field) in [
        ("{file: a, requireSCT: true}", "requireSCT"),
        ("{tuf: {url: \"https://x\", cache: y}}", "cache"),
    ] {
        let error = refused(document(spec), &roots);
        assert_eq!((error.line, error.code), (4, "unknown_field"), "{error}");
        assert!(error.message.contains(field), "{error}");
    }
}

#[test]
fn names_that_are_taken_are_refused() {
    for name in ["public-good", "github"] {
        let mut taken = inline(&public_good());
        taken.text = taken.text.replace("name: lab", &format!("name: {name}"));
        let error = refused(taken, &TrustRoots::default());
        assert_eq!((error.line, error.code), (3, "duplicate_name"));
        assert!(error.message.contains("built in"), "{error}");
    }
    let mut twice = inline(&public_good());
    twice.text = format!("{0}---\n{0}", twice.text);
    let error = refused(twice, &TrustRoots::default());
    assert_eq!(error.code, "duplicate_name");
    assert!(error.message.contains("policies/lab.yaml:3"), "{error}");
}

#[test]
fn a_set_without_a_policy_is_refused_whatever_roots_it_has() {
    let errors = PolicySet::load(&[inline(&public_good())], &TrustRoots::default()).unwrap_err();
    assert_eq!(errors.errors()[0].code, "no_policies");
}

#[test]
fn the_revision_changes_with_what_was_read() {
    let revision = |json: &str| {
        let mut roots = TrustRoots::default();
        roots.provide("lab", json, TrustRootFacts::default());
        load(document("{file: lab.json}"), &roots)
            .unwrap()
            .revision()
            .to_owned()
    };
    let root = public_good();
    assert_eq!(revision(&root), revision(&root));
    assert_ne!(revision(&root), revision(&format!("{root}\n")));
}
