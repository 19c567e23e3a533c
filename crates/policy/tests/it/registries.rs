//! Registries as documents: what they say, and what is refused.

use countersign_policy::{LoadError, PolicySet, SourceFile, TrustRoots, named_files};

use crate::authorities::root_certificate;
use crate::mistakes::good;
use crate::support::file;

fn document(name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: countersign.dev/v1alpha1\nkind: Registry\nmetadata: {{name: {name}}}\nspec: {spec}\n"
    )
}

fn load(documents: &str, others: &[SourceFile]) -> Result<PolicySet, Vec<LoadError>> {
    let registries = SourceFile {
        path: "policies/registries.yaml".to_owned(),
        text: documents.to_owned(),
    };
    let files = [&[registries, file(&good())], others].concat();
    PolicySet::load(&files, &TrustRoots::default()).map_err(|errors| errors.errors().to_vec())
}

/// The one mistake of a document with this `spec`: its code, message and hint.
#[track_caller]
fn refused(spec: &str) -> (&'static str, String, String) {
    refused_beside(spec, &[])
}

#[track_caller]
fn refused_beside(spec: &str, others: &[SourceFile]) -> (&'static str, String, String) {
    let errors = load(&document("shop", spec), others).unwrap_err();
    let [error] = errors.as_slice() else {
        panic!("{spec}: {errors:#?}")
    };
    let place = (error.path.as_str(), error.line);
    assert_eq!(place, ("policies/registries.yaml", 5), "{error}");
    let hint = error.hint.clone().unwrap_or_default();
    (error.code, error.message.clone(), hint)
}

fn pem() -> String {
    root_certificate().replace("\\n", "\n")
}

fn ca_file(text: &str) -> SourceFile {
    SourceFile {
        path: "policies/tls/ca.pem".to_owned(),
        text: text.to_owned(),
    }
}

#[test]
fn what_documents_say_is_told_by_host() {
    let documents = document("b", "{host: r.example.com, plainHttp: true}")
        + &document(
            "a",
            &format!(
                "{{host: \"q.example.com:5000\", ca: {{pem: \"{}\"}}}}",
                root_certificate()
            ),
        )
        + &document("c", "{host: s.example.com, ca: {file: tls/ca.pem}}")
        + &document("d", "{host: docker.io}");
    let set = load(&documents, &[ca_file(&pem())]).unwrap();
    let pem = pem();
    let told: Vec<_> = set
        .registries()
        .iter()
        .map(|registry| {
            let ca = registry.ca_pem.as_deref().map(|ca| ca == pem);
            (registry.host.as_str(), registry.plain_http, ca)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("docker.io", false, None),
            ("q.example.com:5000", false, Some(true)),
            ("r.example.com", true, None),
            ("s.example.com", false, Some(true)),
        ]
    );
    assert!(load("", &[]).unwrap().registries().is_empty());
}

#[test]
fn a_host_is_one_that_images_name_and_no_pattern() {
    for host in [
        "'*.example.com'",
        "'**'",
        "registry",
        "https://r.example.com",
        "r.example.com/shop",
        "r.example.com/",
        "'r.example.com:'",
        "'r example.com'",
        "ci@r.example.com",
        "r.example.com:99999",
    ] {
        let (code, message, hint) = refused(&format!("{{host: {host}}}"));
        assert_eq!(code, "invalid_value", "{host}");
        assert!(message.contains("no registry"), "{message}");
        assert!(hint.contains("registry.example.com"), "{host}: {hint}");
    }
    for (host, meant) in [
        ("R.Example.com", "r.example.com"),
        ("index.docker.io", "docker.io"),
    ] {
        let (code, _, hint) = refused(&format!("{{host: {host}}}"));
        assert_eq!(code, "invalid_value", "{host}");
        assert!(hint.ends_with(&format!("`{meant}`")), "{hint}");
    }
    assert_eq!(refused("{plainHttp: true}").0, "missing_field");
}

#[test]
fn credentials_and_mirrors_are_refused_by_name() {
    let (code, _, hint) = refused("{host: r.example.com, credentials: {username: ci}}");
    assert_eq!(code, "unsupported_feature");
    assert!(hint.contains("--docker-config"), "{hint}");
    let (code, message, _) = refused("{host: r.example.com, mirrors: [m.example.com]}");
    assert_eq!(code, "unsupported_feature");
    assert!(message.contains("mirrors"), "{message}");
    let (code, _, hint) = refused("{host: r.example.com, plainHTTP: true}");
    assert_eq!(
        (code, hint.as_str()),
        ("unknown_field", "did you mean `plainHttp`?")
    );
    let (code, ..) = refused("{host: r.example.com, plainHttp: \"true\"}");
    assert_eq!(code, "wrong_type");
    let spec = format!(
        "{{host: r.example.com, plainHttp: true, ca: {{pem: \"{}\"}}}}",
        root_certificate()
    );
    assert_eq!(refused(&spec).0, "invalid_value");
}

#[test]
fn certificates_that_cannot_be_used_are_refused_wherever_they_are() {
    let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let half = format!("{}{broken}", pem());
    for (text, code) in [
        ("", "certificate_not_pem"),
        ("hello", "certificate_not_pem"),
        (broken, "certificate_unusable"),
        (half.as_str(), "certificate_unusable"),
        (key, "certificate_is_private_key"),
    ] {
        let inline = format!("{{host: r.example.com, ca: {{pem: {text:?}}}}}");
        let (found, _, hint) = refused(&inline);
        assert_eq!(found, code, "{text}");
        assert!(hint.contains("BEGIN CERTIFICATE"), "{hint}");
        let named = "{host: r.example.com, ca: {file: tls/ca.pem}}";
        let (found, message, _) = refused_beside(named, &[ca_file(text)]);
        assert_eq!(found, code, "{text}");
        assert!(message.contains("tls/ca.pem"), "{message}");
    }
    let named = "{host: r.example.com, ca: {file: tls/ca.pem}}";
    assert_eq!(refused(named).0, "ca_unavailable");
    let outside = "{host: r.example.com, ca: {file: ../ca.pem}}";
    assert_eq!(refused(outside).0, "invalid_value");
    let both = "{host: r.example.com, ca: {file: ca.pem, pem: x}}";
    assert_eq!(refused(both).0, "invalid_value");
    assert_eq!(refused("{host: r.example.com, ca: {}}").0, "missing_field");
}

#[test]
fn the_file_of_certificates_is_one_to_read_and_no_other_is() {
    let named = |spec: &str| {
        let document = SourceFile {
            path: "policies/registries.yaml".to_owned(),
            text: document("shop", spec),
        };
        named_files(&[document])
    };
    let inside = named("{host: r.example.com, ca: {file: ./tls/ca.pem}}");
    assert_eq!(
        inside,
        ["policies/tls/ca.pem"].map(std::path::PathBuf::from)
    );
    assert!(named("{host: r.example.com, ca: {file: ../ca.pem}}").is_empty());
    assert!(named("{host: r.example.com, ca: {file: /etc/ca.pem}}").is_empty());
}

#[test]
fn a_policy_that_is_named_as_certificates_is_not_left_out_silently() {
    let spec = "{host: r.example.com, ca: {file: production.yaml}}";
    let errors = load(&document("shop", spec), &[]).unwrap_err();
    assert!(
        errors
            .iter()
            .any(|error| error.code == "certificate_not_pem")
    );
}

#[test]
fn two_documents_for_one_host_or_of_one_name_are_refused() {
    for (name, host, code) in [
        ("b", "r.example.com", "duplicate_host"),
        ("a", "s.example.com", "duplicate_name"),
    ] {
        let both = document("a", "{host: r.example.com}")
            + &document(name, &format!("{{host: {host}, plainHttp: true}}"));
        let errors = load(&both, &[]).unwrap_err();
        let [error] = errors.as_slice() else {
            panic!("{errors:#?}")
        };
        assert_eq!((error.code, error.line), (code, 9), "{error}");
        assert!(error.message.contains("registries.yaml:4"), "{error}");
    }
}
