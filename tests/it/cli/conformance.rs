//! The client of the Sigstore conformance suite: its command protocol over the real binary.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::world::fixtures;

#[test]
fn every_conformance_case_has_its_verdict_by_path_and_by_digest() {
    let folder = fixtures().join("conformance");
    let cases = std::fs::read_to_string(folder.join("cases.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&cases).unwrap();
    assert!(cases.len() > 30);
    for case in &cases {
        let text = |name: &str| case[name].as_str();
        let path = |name: &str| folder.join(text(name).unwrap());
        let digest = format!("sha256:{}", text("artifact_sha256").unwrap());
        for artifact in [path("artifact"), PathBuf::from(digest)] {
            let mut client = Command::new(client());
            client.env("COUNTERSIGN", super::binary());
            client
                .arg("verify-bundle")
                .arg("--bundle")
                .arg(path("bundle"));
            match text("key") {
                Some(_) => client.arg("--key").arg(path("key")),
                None => client
                    .args(["--certificate-identity", text("identity").unwrap()])
                    .args(["--certificate-oidc-issuer", text("issuer").unwrap()]),
            };
            if text("trusted_root") != Some("public-good") {
                client.arg("--trusted-root").arg(path("trusted_root"));
            }
            let output = client.arg(&artifact).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            let name = format!("{} with {}: {said}", case["case"], artifact.display());
            match (text("expect"), output.status.code()) {
                (Some("pass"), Some(0)) => {}
                // A key that is none is a mistake of whoever asks.
                (Some("fail"), Some(1)) => assert!(said.contains("error: "), "{name}"),
                (Some("fail"), Some(2)) => assert!(name.contains("wrong-key"), "{name}"),
                (_, code) => panic!("{name}: exit {code:?}"),
            }
        }
    }
}

#[test]
fn the_client_refuses_what_it_does_not_support() {
    let signing = Command::new(client()).arg("sign-bundle").output().unwrap();
    assert_eq!(signing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&signing.stderr).contains("not supported: sign-bundle"));
}

fn client() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("conformance-client")
}
