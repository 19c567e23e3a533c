#![expect(
    clippy::indexing_slicing,
    reason = "what is missing in a fixture fails the test"
)]

use aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA512;

use super::material::{parse_as, verify_ed25519ph};
use super::*;
use crate::testing::fixture;

fn key(file: &str) -> PublicKey {
    PublicKey::from_pem(&String::from_utf8(fixture(&format!("keys/{file}"))).unwrap()).unwrap()
}

#[track_caller]
fn check_refused(file: &str, code: &str) {
    let text = String::from_utf8(fixture(file)).unwrap();
    assert_eq!(
        PublicKey::from_pem(&text).map_err(|error| error.code()),
        Err(code),
        "{file}"
    );
}

#[test]
fn every_kind_of_key_is_read_and_written_back() {
    for (file, algorithm) in [
        ("made/p256.pub", KeyAlgorithm::EcdsaP256),
        ("made/p384.pub", KeyAlgorithm::EcdsaP384),
        ("made/p521.pub", KeyAlgorithm::EcdsaP521),
        ("made/rsa2048.pub", KeyAlgorithm::Rsa),
        ("algs/rsa_public.pem", KeyAlgorithm::Rsa),
        ("made/ed25519.pub", KeyAlgorithm::Ed25519),
        ("pc-examples-cosign.pub", KeyAlgorithm::EcdsaP256),
    ] {
        let key = key(file);
        assert_eq!(key.algorithm(), algorithm, "{file}");
        assert_eq!(
            key.to_pem().as_bytes(),
            fixture(&format!("keys/{file}")),
            "{file}"
        );
        assert_eq!(PublicKey::from_spki_der(key.spki_der()), Ok(key));
    }
}

#[test]
fn public_halves_of_the_key_files_are_read() {
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&fixture("keys/keys.json")).unwrap();
    let keys: Vec<_> = rows
        .iter()
        .filter_map(|row| row.get("public_key")?.as_str())
        .collect();
    assert_eq!(keys.len(), 5);
    for pem in keys {
        assert_eq!(PublicKey::from_pem(pem).unwrap().to_pem(), pem);
    }
}

#[test]
fn a_key_is_named_by_the_hash_of_its_spki() {
    // The hint is the one that cosign 3.1.1 wrote into the bundles of c3-sign-attest-single.
    let alice = String::from_utf8(fixture("layouts/alice.pub")).unwrap();
    let alice = PublicKey::from_pem(&alice).unwrap();
    assert_eq!(alice.hint(), "kvgxNHkKgkLLOzoyXk834ehofNcm1m1PukV5DzvfnyY=");
    assert_eq!(
        alice.fingerprint(),
        "sha256:92f83134790a8242cb3b3a325e4f37e1e8687cd726d66d4fba45790f3bdf9f26"
    );
}

#[test]
fn a_pkcs1_key_is_the_same_key_as_its_spki() {
    assert_eq!(key("made/rsa2048-pkcs1.pub"), key("made/rsa2048.pub"));
    assert_eq!(
        key("made/rsa2048-pkcs1.pub").fingerprint(),
        key("made/rsa2048.pub").fingerprint()
    );
}

#[test]
fn what_is_no_acceptable_public_key_is_refused_with_its_reason() {
    check_refused("keys/import/validecpkcs8.pem", "key_is_private");
    check_refused("keys/import/validrsa.pem", "key_is_private");
    check_refused("keys/import/validecp384.pem", "key_is_private");
    check_refused("layouts/alice.key", "key_is_private");
    check_refused("keys/made/certificate.pem", "key_is_certificate");
    check_refused("keys/made/message", "key_not_pem");
    check_refused("keys/made/rsa1024.pub", "key_weak");
    check_refused("keys/made/rsa5120.pub", "key_weak");
    check_refused("keys/made/ed25519-small-order.pub", "key_weak");
    check_refused("keys/made/rsa-pss.pub", "key_unsupported");
    check_refused("keys/made/secp256k1.pub", "key_unsupported");
    check_refused("keys/made/p256-compressed.pub", "key_malformed");
}

#[test]
fn a_private_key_is_refused_without_being_repeated() {
    let text = String::from_utf8(fixture("keys/import/validecpkcs8.pem")).unwrap();
    let error = PublicKey::from_pem(&text).unwrap_err();
    assert_eq!(
        error.to_string(),
        "this is a private key; a public key is wanted"
    );
    assert!(error.hint().is_some_and(|hint| hint.contains(".pub")));
}

#[test]
fn pem_must_hold_exactly_one_key() {
    let pem = key("made/p256.pub").to_pem();
    let code = |text: &str| {
        PublicKey::from_pem(text)
            .map_err(|error| error.code())
            .err()
    };
    assert_eq!(code(&pem), None);
    assert_eq!(code(&pem.replace('\n', "\r\n")), None);
    assert_eq!(code(&format!("{pem}{pem}")), Some("key_several"));
    assert_eq!(code(""), Some("key_not_pem"));
    assert_eq!(
        code(&pem.replace("PUBLIC KEY", "PGP KEY")),
        Some("key_unknown_block")
    );
    assert_eq!(code(&pem.replace("MFkw", "MFkx")), Some("key_malformed"));
}

#[test]
fn der_with_a_byte_too_many_or_a_point_off_the_curve_is_no_key() {
    let der = key("made/p256.pub").spki_der().to_vec();
    let longer = [der.as_slice(), b"\0"].concat();
    assert_eq!(PublicKey::from_spki_der(&longer), Err(KeyError::Malformed));
    let mut off_curve = der.clone();
    *off_curve.last_mut().unwrap() ^= 1;
    assert_eq!(
        PublicKey::from_spki_der(&off_curve),
        Err(KeyError::Malformed)
    );
    for end in 0..der.len() {
        assert!(PublicKey::from_spki_der(&der[..end]).is_err());
    }
}

#[test]
fn each_key_verifies_with_its_own_hash_and_the_one_older_clients_used() {
    let message = fixture("keys/made/message");
    for (file, signature) in [
        ("p256.pub", "p256.sha256.sig"),
        ("p384.pub", "p384.sha384.sig"),
        ("p384.pub", "p384.sha256.sig"),
        ("p521.pub", "p521.sha512.sig"),
        ("p521.pub", "p521.sha256.sig"),
        ("rsa2048.pub", "rsa2048.sha256.sig"),
        ("ed25519.pub", "ed25519.sig"),
    ] {
        let key = key(&format!("made/{file}"));
        let signature = fixture(&format!("keys/made/{signature}"));
        assert_eq!(key.verify(&message, &signature), Ok(()), "{file}");
        assert_eq!(
            key.verify(b"something else", &signature),
            Err(BadSignature),
            "{file}"
        );
        assert_eq!(key.verify(&message, &[]), Err(BadSignature), "{file}");
        for at in 0..signature.len() {
            let mut changed = signature.clone();
            changed[at] ^= 0x01;
            assert_eq!(
                key.verify(&message, &changed),
                Err(BadSignature),
                "{file}, byte {at}"
            );
        }
    }
}

#[test]
fn padding_and_encoding_other_than_the_agreed_ones_do_not_verify() {
    let message = fixture("keys/made/message");
    let pss = fixture("keys/made/rsa2048.pss-sha256.sig");
    assert_eq!(
        key("made/rsa2048.pub").verify(&message, &pss),
        Err(BadSignature)
    );
    let mut trailing = fixture("keys/made/p256.sha256.sig");
    trailing.push(0);
    assert_eq!(
        key("made/p256.pub").verify(&message, &trailing),
        Err(BadSignature)
    );
}

#[test]
fn rsa_goes_with_sha256_only() {
    let rsa = key("algs/rsa_public.pem");
    let file = |name: &str| fixture(&format!("keys/algs/{name}"));
    assert_eq!(rsa.verify(&file("file1"), &file("file1.rsa.sig")), Ok(()));
    assert_eq!(
        rsa.verify(&file("file2"), &file("file2.rsa512.sig")),
        Err(BadSignature)
    );
    // The signature is good, and the hash is what makes the difference.
    let info = SubjectPublicKeyInfoRef::from_der(rsa.spki_der()).unwrap();
    let with_sha512 = parse_as(
        &RSA_PKCS1_2048_8192_SHA512,
        info.subject_public_key.as_bytes().unwrap(),
    )
    .unwrap();
    assert!(
        with_sha512
            .verify_sig(&file("file2"), &file("file2.rsa512.sig"))
            .is_ok()
    );
}

#[test]
fn ed25519ph_is_its_own_scheme_and_both_are_accepted_for_a_key() {
    let rfc8032 = key("made/rfc8032-ed25519ph.pub");
    let signature = fixture("keys/made/rfc8032-ed25519ph.sig");
    let Material::Ed25519 { pure, prehashed } = &rfc8032.material else {
        panic!("an Ed25519 key")
    };
    assert!(verify_ed25519ph(prehashed, b"abc", &signature));
    assert!(
        pure.verify_sig(b"abc", &signature).is_err(),
        "must not verify as plain Ed25519"
    );
    assert_eq!(rfc8032.verify(b"abc", &signature), Ok(()));
    assert_eq!(rfc8032.verify(b"abd", &signature), Err(BadSignature));

    let plain = key("made/ed25519.pub");
    let Material::Ed25519 { prehashed, .. } = &plain.material else {
        panic!("an Ed25519 key")
    };
    assert!(!verify_ed25519ph(
        prehashed,
        &fixture("keys/made/message"),
        &fixture("keys/made/ed25519.sig")
    ));
}

#[test]
fn debug_output_names_the_key_only() {
    let shown = format!("{:?}", key("pc-examples-cosign.pub"));
    assert!(
        shown.starts_with("PublicKey(ECDSA P-256 sha256:"),
        "{shown}"
    );
}
