//! Chains of one's own: what is accepted, and what is called by its name.

use super::*;
use crate::testing::ca::Ca;
use crate::testing::fixture;

#[track_caller]
fn refused(text: &str, code: &str) {
    let error = CertificateChain::from_pem(text).unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    assert!(error.hint().is_some());
}

#[test]
fn roots_and_intermediates_come_in_any_order() {
    let root = Ca::root("root");
    let (sub, other) = (root.sub("sub"), Ca::root("other"));
    for authorities in [
        vec![&root],
        vec![&root, &sub],
        vec![&sub, &root],
        vec![&other, &sub, &root],
    ] {
        let text: String = authorities.iter().map(|ca| ca.pem()).collect();
        let chain = CertificateChain::from_pem(&format!("# who may sign\n{text}")).unwrap();
        let ends = chain.anchors().trust().len();
        assert_eq!(ends + chain.anchors().between().len(), authorities.len());
    }
}

#[test]
fn a_chain_without_a_root_is_refused() {
    let sub = Ca::root("root").sub("sub");
    refused(&sub.pem(), "certificate_root_missing");
    // Says that it signed itself, and did not.
    let pretender = Ca::root("root").sub("root");
    refused(&pretender.pem(), "certificate_root_missing");
}

#[test]
fn what_is_no_authority_is_refused() {
    let root = Ca::root("root");
    let leaf = pem::encode(&pem::Pem::new("CERTIFICATE", root.leaf()));
    refused(&format!("{}{leaf}", root.pem()), "certificate_unusable");
    for name in [
        "bogus-root-invalid-ku",
        "bogus-leaf-missing-eku",
        "bogus-leaf-invalid-eku",
    ] {
        let text = String::from_utf8(fixture(&format!("certificates/{name}.pem"))).unwrap();
        refused(&text, "certificate_unusable");
    }
    let no_authority = Ca::root_with("no", &rcgen::PKCS_ECDSA_P256_SHA256, |params| {
        params.is_ca = rcgen::IsCa::ExplicitNoCa;
    });
    refused(&no_authority.pem(), "certificate_unusable");
    let tls = Ca::root_with("tls", &rcgen::PKCS_ECDSA_P256_SHA256, |params| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    });
    refused(&tls.pem(), "certificate_unusable");
}

#[test]
fn what_is_no_certificate_is_refused() {
    refused("", "certificate_not_pem");
    refused("no PEM at all", "certificate_not_pem");
    refused(
        "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
        "certificate_not_pem",
    );
    refused(
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "certificate_unusable",
    );
    let key = rcgen::KeyPair::generate().unwrap();
    refused(&key.serialize_pem(), "certificate_is_private_key");
    let root = Ca::root("root").pem();
    refused(
        &format!("{root}{}", key.public_key_pem()),
        "certificate_unknown_block",
    );
    refused(
        &root.repeat(limits::CERTIFICATES + 1),
        "certificates_too_many",
    );
}
