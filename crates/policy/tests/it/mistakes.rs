//! A good policy, and what one change makes of it.

use std::sync::LazyLock;

use countersign_policy::LoadError;

use crate::support::{Signer, file, refused};

/// A policy that is right, one field a line.
pub(crate) fn good() -> String {
    format!(
        r#"apiVersion: countersign.dev/v1alpha1
kind: ClusterImagePolicy
metadata: {{name: production}}
spec:
  images:
    include: ["registry.example.com/shop/**"]
  authorities:
    - name: release
      key: {{pem: {}}}
      transparency: none
  builders:
    - {{id: "https://builder.acme.example/v1", authorities: [release], maxLevel: 3}}
  rules:
    - {{rule: signature/signed, params: {{authorities: [release], threshold: 1}}}}
"#,
        *KEY
    )
}

pub(crate) static KEY: LazyLock<String> = LazyLock::new(|| Signer::new().yaml());

/// The one error that changing `from` to `to` makes: its line, code, message and hint.
#[track_caller]
pub(crate) fn refusal(from: &str, to: &str) -> LoadError {
    let text = good();
    assert!(text.contains(from), "{from}");
    let errors = refused(file(&text.replacen(from, to, 1)));
    let [error] = errors.as_slice() else {
        panic!("{errors:#?}")
    };
    error.clone()
}

#[track_caller]
pub(crate) fn check(from: &str, to: &str, line: u32, code: &str, message: &str) {
    let error = refusal(from, to);
    assert_eq!((error.line, error.code), (line, code), "{error}");
    assert!(error.message.contains(message), "{}", error.message);
    assert_eq!(error.path, "policies/production.yaml");
}
