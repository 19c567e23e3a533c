//! Signatures that services have seen: what they say is verified before anything is pushed, and before a log forgets
//! nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up must stop")]

mod lab;
mod misdeeds;
mod oidc;

use countersign_evidence::{Identity, Signers, Transparency};
use countersign_signing::{Endpoints, KeyFile, PrivateKey};
use countersign_testkit::Sigstore;

use crate::lab::{ISSUER, Lab, SUBJECT, identity};

#[tokio::test]
async fn an_identity_signs_and_exactly_it_is_verified_with_either_kind_of_log() {
    for (version, logs_a_time) in [(1, true), (2, false)] {
        let lab = Lab::new().await;
        let published = lab.sign(version).await.unwrap();
        let Identity::Certificate {
            issuer, subject, ..
        } = &published.identity
        else {
            panic!("a certificate signed");
        };
        assert_eq!(
            (issuer.as_deref(), subject.as_str()),
            (Some(ISSUER), SUBJECT)
        );

        let demanded = Transparency {
            logs: 1,
            timestamps: 1,
        };
        let evidence = lab.evidence(identity(), demanded).await;
        assert_eq!(evidence.rejected, []);
        let signature = &evidence.signatures[0];
        assert_eq!(signature.identity(), &published.identity);
        assert!(signature.logged());

        let bundle = lab.bundle(&published).await;
        let material = &bundle["verificationMaterial"];
        assert!(material["certificate"]["rawBytes"].is_string());
        assert_eq!(material["publicKey"], serde_json::Value::Null);
        let entry = &material["tlogEntries"][0];
        assert_eq!(entry["integratedTime"].is_string(), logs_a_time, "{entry}");
        assert_eq!(
            entry["inclusionPromise"].is_object(),
            logs_a_time,
            "{entry}"
        );
    }
}

#[tokio::test]
async fn a_key_is_shown_to_what_the_config_names_and_the_bundle_proves_it() {
    type Choice = fn(&mut Endpoints);
    let no_stamps: Choice = |endpoints| endpoints.timestamp_authorities.clear();
    let no_logs: Choice = |endpoints| endpoints.logs.clear();
    for (version, choose, logs, timestamps) in [
        (1, (|_| ()) as Choice, 1, 1),
        (2, |_| (), 1, 1),
        (2, no_stamps, 1, 0),
        (2, no_logs, 0, 1),
    ] {
        let lab = Lab::new().await;
        let key = PrivateKey::generate().unwrap();
        let published = lab.sign_with(&key, version, choose).await.unwrap();
        let keys = || Signers::Keys(vec![key.public_key().clone()]);
        let evidence = lab
            .evidence(keys(), Transparency { logs, timestamps })
            .await;
        assert_eq!((evidence.signatures.len(), evidence.rejected.len()), (1, 0));
        assert_eq!(evidence.signatures[0].logged(), logs == 1);
        let more = Transparency {
            logs: 1,
            timestamps: 1,
        };
        let evidence = lab.evidence(keys(), more).await;
        assert_eq!(
            evidence.signatures.len(),
            usize::from(logs + timestamps == 2)
        );
        let bundle = lab.bundle(&published).await;
        let hint = &bundle["verificationMaterial"]["publicKey"]["hint"];
        assert_eq!(hint.as_str(), Some(key.public_key().hint().as_str()));
    }
}

#[tokio::test]
async fn every_kind_of_key_goes_into_the_logs_that_take_it() {
    for (name, versions) in [
        ("validecpkcs8", &[1, 2][..]),
        ("validecp384", &[1, 2]),
        ("p521-pkcs8", &[1, 2]),
        ("validrsapkcs8", &[1, 2]),
        ("ed25519-pkcs8", &[1]),
    ] {
        for version in [1, 2] {
            let lab = Lab::new().await;
            let signed = lab.sign_with(&key(name), version, |_| ()).await;
            let code = signed.err().map(|error| error.code());
            let refused = !versions.contains(&version);
            assert_eq!(
                code,
                refused.then_some("key_unsupported"),
                "{name} v{version}"
            );
            assert_eq!(lab.pushed() == 0, refused);
        }
    }
}

#[tokio::test]
async fn what_a_log_of_the_first_kind_has_already_is_taken_from_there() {
    let lab = Lab::new().await;
    // RSA signs alike each time, and without a timestamp the bundle is the same.
    let key = key("validrsapkcs8");
    let only_log = |endpoints: &mut Endpoints| endpoints.timestamp_authorities.clear();
    let once = lab.sign_with(&key, 1, only_log).await.unwrap();
    let twice = lab.sign_with(&key, 1, only_log).await.unwrap();
    assert_eq!(lab.bundle(&once).await, lab.bundle(&twice).await);
    assert_eq!(lab.services.log().count("GET /api/v1/log/entries/*"), 1);
}

#[tokio::test]
async fn services_of_another_instance_than_the_trust_root_are_found_out_before_a_log_knows() {
    let lab = Lab::new().await;
    let other = Sigstore::new();
    for version in [1, 2] {
        let error = lab.sign_under(&other, version).await.unwrap_err();
        assert_eq!(error.code(), "timestamp_invalid", "{error}");
    }
    assert_eq!((lab.pushed(), lab.logged()), (0, 0));
}

fn key(name: &str) -> PrivateKey {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/fixtures/key-files/import"
    );
    let text = std::fs::read_to_string(format!("{folder}/{name}.pem")).unwrap();
    match KeyFile::parse(&text).unwrap() {
        KeyFile::Plain(key) => *key,
        KeyFile::Encrypted(_) => panic!("these are plain"),
    }
}
