//! Certificate authorities made by hand, good ones and bad ones.

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    SanType, SignatureAlgorithm, date_time_ymd,
};
use x509_cert::Certificate;
use x509_cert::der::asn1::Utf8StringRef;
use x509_cert::der::{Decode as _, Encode as _};

/// When [`Ca::leaf`]s are valid.
pub(crate) const SIGNED: Timestamp = Timestamp::constant(1_767_268_800, 0); // 2026-01-01T12:00:00Z
/// The URI that [`Ca::leaf`]s name.
pub(crate) const WORKFLOW: &str = "https://ci.example/build.yml@refs/heads/main";
/// The issuer that [`Ca::leaf`]s name.
pub(crate) const ISSUER: &str = "https://token.ci.example";

/// An authority with its key.
pub(crate) struct Ca {
    pub(crate) der: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

impl Ca {
    /// A self-signed one, valid from 2020 to 2040.
    pub(crate) fn root(name: &str) -> Self {
        Self::root_with(name, &PKCS_ECDSA_P256_SHA256, |_| {})
    }

    pub(crate) fn root_with(
        name: &str,
        algorithm: &'static SignatureAlgorithm,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let mut params = authority(name);
        change(&mut params);
        Self {
            der: params.self_signed(&key).unwrap().der().to_vec(),
            issuer: Issuer::new(params, key),
        }
    }

    /// This root's key and name in another certificate.
    pub(crate) fn renewed(&self, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = KeyPair::try_from(self.issuer.key().serialized_der()).unwrap();
        let certificate = Certificate::from_der(&self.der).unwrap();
        let subject = certificate.tbs_certificate.subject.to_string();
        let mut params = authority(subject.trim_start_matches("CN="));
        change(&mut params);
        Self {
            der: params.self_signed(&key).unwrap().der().to_vec(),
            issuer: Issuer::new(params, key),
        }
    }

    /// One below this one.
    pub(crate) fn sub(&self, name: &str) -> Self {
        self.sub_with(name, |_| {})
    }

    pub(crate) fn sub_with(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut params = authority(name);
        change(&mut params);
        Self {
            der: params.signed_by(&key, &self.issuer).unwrap().der().to_vec(),
            issuer: Issuer::new(params, key),
        }
    }

    /// A signing certificate as Fulcio issues them, valid on the first day of 2026.
    pub(crate) fn leaf(&self) -> Vec<u8> {
        self.leaf_with(|_| {})
    }

    pub(crate) fn leaf_with(&self, change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        self.leaf_of(&key, change)
    }

    pub(crate) fn leaf_of(
        &self,
        key: &KeyPair,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2026, 1, 2);
        params.distinguished_name = DistinguishedName::new();
        params.subject_alt_names = vec![uri(WORKFLOW)];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        params.custom_extensions = vec![fulcio_text(8, ISSUER)];
        change(&mut params);
        params.signed_by(key, &self.issuer).unwrap().der().to_vec()
    }

    pub(crate) fn pem(&self) -> String {
        pem::encode(&pem::Pem::new("CERTIFICATE", self.der.clone()))
    }
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

pub(crate) fn uri(uri: &str) -> SanType {
    SanType::URI(uri.try_into().unwrap())
}

pub(crate) fn email(address: &str) -> SanType {
    SanType::Rfc822Name(address.try_into().unwrap())
}

/// Fulcio's extension `number` with these bytes.
pub(crate) fn fulcio(number: u64, value: &[u8]) -> CustomExtension {
    let oid = [1, 3, 6, 1, 4, 1, 57264, 1, number];
    CustomExtension::from_oid_content(&oid, value.to_vec())
}

/// Fulcio's extension `number` with a text in DER.
pub(crate) fn fulcio_text(number: u64, text: &str) -> CustomExtension {
    fulcio(number, &Utf8StringRef::new(text).unwrap().to_der().unwrap())
}
