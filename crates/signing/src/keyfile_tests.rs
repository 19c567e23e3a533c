//! Key files of others open, ours open again, and hostile ones are refused for the right reason.

use std::fs;
use std::path::PathBuf;

use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Row {
    file: String,
    password: Option<String>,
    public_key: Option<String>,
    expect: String,
    code: Option<String>,
}

#[test]
fn every_key_of_the_table_opens_or_is_refused_as_it_says() {
    let rows: Vec<Row> = serde_json::from_str(&fixture("keys.json")).unwrap();
    assert_eq!(rows.len(), 17);
    for row in rows {
        let opened = open(
            &fixture(&row.file),
            row.password.as_deref().unwrap_or_default(),
        );
        match (opened, row.code) {
            (Ok(key), None) => {
                let public = row
                    .public_key
                    .unwrap_or_else(|| fixture(&row.file.replace(".pem", ".pub")));
                assert_eq!(key.public_key().to_pem(), public, "{}", row.file);
                assert_eq!(row.expect, "ok");
                signs(&key);
            }
            (Err(error), Some(code)) => assert_eq!(error.code(), code, "{}", row.file),
            (opened, code) => panic!("{}: {opened:?}, wanted {code:?}", row.file),
        }
    }
}

#[test]
fn a_wrong_password_is_an_error_of_its_own() {
    let error = open(&fixture("rs-ecdsa-p256.key"), "Password").unwrap_err();
    assert_eq!(error.code(), "wrong_password");
    assert!(error.hint().is_some());
}

#[test]
fn a_generated_key_opens_again_with_its_password_only() {
    let key = PrivateKey::generate().unwrap();
    let text = key.to_encrypted_pem(b"correct horse").unwrap();
    assert!(text.starts_with("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"));

    let again = open(&text, "correct horse").unwrap();
    assert_eq!(
        again.public_key().fingerprint(),
        key.public_key().fingerprint()
    );
    assert_eq!(open(&text, "").unwrap_err().code(), "wrong_password");
}

#[test]
fn every_kind_of_imported_key_survives_its_box() {
    for name in [
        "import/validecp384.pem",
        "import/p521-pkcs8.pem",
        "import/validrsa.pem",
        "import/ed25519-pkcs8.pem",
    ] {
        let key = open(&fixture(name), "").unwrap();
        let again = open(&key.to_encrypted_pem(b"").unwrap(), "").unwrap();
        assert_eq!(
            again.public_key().to_pem(),
            key.public_key().to_pem(),
            "{name}"
        );
        signs(&again);
    }
}

#[test]
fn costs_that_cosign_does_not_write_are_refused_before_a_password_is_asked_for() {
    for (written, changed) in [
        (r#""N":32768"#, r#""N":1073741824"#),
        (r#""N":32768"#, r#""N":16384"#),
        (r#""r":8"#, r#""r":4096"#),
        (r#""p":1"#, r#""p":2"#),
    ] {
        let error = KeyFile::parse(&edited(written, changed)).unwrap_err();
        assert_eq!(error.code(), "key_cost_refused", "{changed}");
    }
}

#[test]
fn the_highest_cost_that_cosign_writes_is_paid() {
    let error = open(&edited(r#""N":32768"#, r#""N":131072"#), "password").unwrap_err();
    assert_eq!(error.code(), "wrong_password");
}

#[test]
fn each_kind_of_key_signs_as_cosign_verifies() {
    for (name, algorithm) in [
        (
            "validecpkcs8",
            &signature::ECDSA_P256_SHA256_ASN1 as &dyn VerificationAlgorithm,
        ),
        ("validecp384", &signature::ECDSA_P384_SHA384_ASN1),
        ("p521-pkcs8", &signature::ECDSA_P521_SHA512_ASN1),
        ("validrsa", &signature::RSA_PKCS1_2048_8192_SHA256),
        ("ed25519-pkcs8", &signature::ED25519),
    ] {
        let key = open(&fixture(&format!("import/{name}.pem")), "").unwrap();
        let spki = pem::parse(key.public_key().to_pem()).unwrap();
        let parsed = ParsedPublicKey::new(algorithm, spki.contents()).unwrap();
        parsed
            .verify_sig(b"message", &key.sign(b"message").unwrap())
            .unwrap();
    }
}

#[test]
fn boxes_that_are_not_what_cosign_writes_are_malformed() {
    for (written, changed) in [
        ("nacl/secretbox", "aes-gcm"),
        (r#""name":"scrypt""#, r#""name":"none""#),
        (r#""nonce":""#, r#""nonce":"AAAA"#),
        (r#""ciphertext":""#, r#""ciphertext":"!"#),
        (r#"{"kdf""#, r#"{"ciphertext":"","kdf""#),
    ] {
        let error = KeyFile::parse(&edited(written, changed)).unwrap_err();
        assert_eq!(error.code(), "key_malformed", "{changed}");
    }
    assert_eq!(
        KeyFile::parse("no key here").unwrap_err().code(),
        "key_malformed"
    );
    assert_eq!(
        KeyFile::parse(&"A".repeat(MAX_BYTES + 1))
            .unwrap_err()
            .code(),
        "key_malformed"
    );
}

#[test]
fn secrets_are_not_printed() {
    let key = PrivateKey::generate().unwrap();
    let printed = format!("{key:?}");
    assert_eq!(
        printed,
        format!(
            "PrivateKey {{ public: {:?}, .. }}",
            key.public_key().fingerprint()
        )
    );
}

fn open(text: &str, password: &str) -> Result<PrivateKey, KeyError> {
    match KeyFile::parse(text)? {
        KeyFile::Encrypted(key) => key.open(password.as_bytes()),
        KeyFile::Plain(key) => Ok(*key),
    }
}

fn signs(key: &PrivateKey) {
    let signature = key.sign(b"message").unwrap();
    assert!(key.public_key().verify(b"message", &signature).is_ok());
    assert!(key.public_key().verify(b"massage", &signature).is_err());
}

/// A key file whose box was changed in one place.
fn edited(written: &str, changed: &str) -> String {
    let block = pem::parse(fixture("rs-ecdsa-p256.key")).unwrap();
    let text = String::from_utf8(block.contents().to_vec()).unwrap();
    assert!(text.contains(written), "{written} is not in {text}");
    pem::encode(&Pem::new(block.tag(), text.replacen(written, changed, 1)))
}

fn fixture(name: &str) -> String {
    let path: PathBuf = [
        env!("CARGO_MANIFEST_DIR"),
        "../../tests/fixtures/key-files",
        name,
    ]
    .iter()
    .collect();
    fs::read_to_string(path).unwrap()
}
