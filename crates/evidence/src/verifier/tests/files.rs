//! Bundle files of other producers, each with the verdict that its case demands.

use std::sync::Arc;

use countersign_image::Digest;
use serde_json::Value;

use super::*;
use crate::testing::fixture;
use crate::{Artifact, IdentityMatcher, Pattern, PublicKey, Signers, Transparency, TrustRoot};

/// One case: what to ask of which bundle.
struct Case {
    folder: &'static str,
    wire: Value,
}

impl Case {
    fn all(folder: &'static str) -> Vec<Self> {
        let cases: Vec<Value> =
            serde_json::from_slice(&fixture(&format!("{folder}/cases.json"))).unwrap();
        cases
            .into_iter()
            .map(|wire| Self { folder, wire })
            .collect()
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.wire[name].as_str()
    }

    fn file(&self, name: &str) -> Vec<u8> {
        fixture(&format!("{}/{name}", self.folder))
    }

    fn root(&self) -> TrustRoot {
        let (json, scts) = match self.text("trusted_root").unwrap() {
            "public-good" => (fixture("trust/public-good.trusted_root.json"), 1),
            "staging" => (fixture("trust/staging.trusted_root.json"), 1),
            "github-internal" => (fixture("trust/github-internal.trusted_root.json"), 0),
            file => (self.file(file), 1),
        };
        TrustRoot::from_json("theirs", &json, scts).unwrap()
    }

    /// Who is asked for; nobody if the key is no key.
    fn verifier(&self) -> Option<Verifier> {
        let root = self.root();
        let transparency = match root.log_count() {
            0 => Transparency::TIMESTAMP,
            _ => Transparency::LOG,
        };
        let signers = match self.text("key") {
            Some(key) => {
                let pem = String::from_utf8(self.file(key)).unwrap();
                Signers::Keys(vec![PublicKey::from_pem(&pem).ok()?])
            }
            None => Signers::Keyless(vec![IdentityMatcher {
                issuer: Some(Pattern::Exact(self.text("issuer").unwrap().to_owned())),
                subject: Pattern::Exact(self.text("identity").unwrap().to_owned()),
                claims: Default::default(),
            }]),
        };
        Verifier::new(vec![Authority {
            name: "theirs".to_owned(),
            signers,
            trust_root: Some(Arc::new(root)),
            transparency,
        }])
        .ok()
    }

    /// The answer for an artifact: `pass`, or the reason code.
    fn ask(&self, artifact: &Artifact<'_>) -> &'static str {
        let bundle = self.file(self.text("bundle").unwrap());
        let Some(verifier) = self.verifier() else {
            return "no_key";
        };
        match verifier.verify_bundle(&bundle, artifact, NOW) {
            Ok(_) => "pass",
            Err(rejection) => rejection.reason.code(),
        }
    }
}

#[test]
fn every_case_of_the_conformance_suite_has_its_verdict_by_content_and_by_digest() {
    let mut wrong = Vec::new();
    for case in Case::all("conformance") {
        let content = case.file(case.text("artifact").unwrap());
        let digest = Digest::of(&content);
        let answers = [
            case.ask(&Artifact::Bytes(&content)),
            case.ask(&Artifact::Digest(&digest)),
        ];
        let passes = case.text("expect") == Some("pass");
        if answers.iter().any(|answer| (*answer == "pass") != passes) {
            wrong.push((case.text("case").unwrap().to_owned(), answers));
        }
    }
    assert_eq!(wrong, []);
}

#[test]
fn every_bundle_of_other_producers_has_its_verdict() {
    let mut wrong = Vec::new();
    for case in Case::all("bundles") {
        let digest = format!(
            "{}:{}",
            case.text("digest_alg").unwrap(),
            case.text("digest").unwrap()
        );
        let answer = match case.text("artifact") {
            Some(file) => case.ask(&Artifact::Bytes(&case.file(file))),
            None => case.ask(&Artifact::Digest(&digest.parse().unwrap())),
        };
        let expected = case.text("expect").unwrap();
        if expected != "unspecified" && (answer == "pass") != (expected == "pass") {
            wrong.push((case.text("case").unwrap().to_owned(), answer));
        }
    }
    assert_eq!(wrong, []);
}
