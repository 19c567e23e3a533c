//! A timestamp authority whose tokens are made by hand, good ones and bad ones.

use countersign_image::Digest;
use rcgen::{CertificateParams, CustomExtension, KeyPair, SignatureAlgorithm, SigningKey as _};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use super::ca::Ca;

/// An authority: its certificates, leaf first, and the key of the leaf.
pub(crate) struct Tsa {
    pub(crate) chain: Vec<Vec<u8>>,
    key: KeyPair,
}

/// What a token is made of; all of it in DER.
pub(crate) struct Parts {
    pub(crate) status: Option<u8>,
    pub(crate) version: u8,
    pub(crate) imprint_hash: Vec<u8>,
    pub(crate) imprint: Vec<u8>,
    pub(crate) time: Vec<u8>,
    /// The hash of the signer, and the algorithm of the signature.
    pub(crate) digest: Vec<u8>,
    pub(crate) algorithm: Vec<u8>,
    pub(crate) serial: Vec<u8>,
    /// Attributes beside content type and message digest, which come first.
    pub(crate) more_attributes: Vec<u8>,
    pub(crate) content_type: Vec<u8>,
    pub(crate) message_digest: Option<Vec<u8>>,
    pub(crate) signers: usize,
    /// Certificates and other things between content and signers.
    pub(crate) between: Vec<u8>,
}

impl Tsa {
    /// One that signs with a key of this kind, valid on the first day of 2026.
    pub(crate) fn new(algorithm: &'static SignatureAlgorithm) -> Self {
        Self::with(algorithm, |_| ())
    }

    /// The same with other certificates.
    pub(crate) fn with(
        algorithm: &'static SignatureAlgorithm,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let root = Ca::root("timestamps");
        let between = root.sub("timestamps of today");
        let leaf = between.leaf_of(&key, |params| {
            params.extended_key_usages = Vec::new();
            params.custom_extensions = vec![usage(&[TIME_STAMPING], true)];
            change(params);
        });
        Self {
            chain: vec![leaf, between.der, root.der],
            key,
        }
    }

    /// A token of `bytes`, from noon of the first day of 2026.
    pub(crate) fn token(&self, bytes: &[u8]) -> Vec<u8> {
        self.token_with(bytes, |_| ())
    }

    pub(crate) fn token_with(&self, bytes: &[u8], change: impl FnOnce(&mut Parts)) -> Vec<u8> {
        let leaf = Certificate::from_der(&self.chain[0]).unwrap();
        let mut parts = Parts {
            status: Some(0),
            version: 1,
            imprint_hash: oid(SHA256),
            imprint: sha256(bytes),
            time: tlv(0x18, b"20260101120000Z"),
            digest: oid(SHA256),
            algorithm: oid(ECDSA_SHA256),
            serial: tlv(2, leaf.tbs_certificate.serial_number.as_bytes()),
            more_attributes: Vec::new(),
            content_type: oid(TST_INFO),
            message_digest: None,
            signers: 1,
            between: Vec::new(),
        };
        change(&mut parts);
        parts.encode(&self.key)
    }
}

impl Parts {
    fn encode(self, key: &KeyPair) -> Vec<u8> {
        let content = sequence(&[
            tlv(2, &[self.version]),
            oid("1.2.3"),
            sequence(&[sequence(&[self.imprint_hash]), tlv(4, &self.imprint)]),
            tlv(2, &[7]),
            self.time,
        ]);
        let message_digest = self.message_digest.unwrap_or_else(|| sha256(&content));
        let attributes = [
            sequence(&[oid(CONTENT_TYPE), tlv(0x31, &self.content_type)]),
            sequence(&[oid(MESSAGE_DIGEST), tlv(0x31, &tlv(4, &message_digest))]),
            self.more_attributes,
        ]
        .concat();
        let signature = key.sign(&tlv(0x31, &attributes)).unwrap();
        let signer = sequence(&[
            tlv(2, &[1]),
            sequence(&[sequence(&[]), self.serial]),
            sequence(&[self.digest]),
            tlv(0xa0, &attributes),
            sequence(&[self.algorithm]),
            tlv(4, &signature),
        ]);
        let signed_data = sequence(&[
            tlv(2, &[3]),
            tlv(0x31, &[]),
            sequence(&[oid(TST_INFO), tlv(0xa0, &tlv(4, &content))]),
            self.between,
            tlv(0x31, &signer.repeat(self.signers)),
        ]);
        let token = sequence(&[oid(SIGNED_DATA), tlv(0xa0, &signed_data)]);
        match self.status {
            Some(status) => sequence(&[sequence(&[tlv(2, &[status])]), token]),
            None => token,
        }
    }
}

/// The extended key usage extension.
pub(crate) fn usage(purposes: &[&str], critical: bool) -> CustomExtension {
    let purposes: Vec<_> = purposes.iter().map(|purpose| oid(purpose)).collect();
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 37], sequence(&purposes));
    extension.set_criticality(critical);
    extension
}

pub(crate) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

pub(crate) fn oid(text: &str) -> Vec<u8> {
    tlv(6, spki::ObjectIdentifier::new_unwrap(text).as_bytes())
}

pub(crate) fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap().to_be_bytes();
    let header = match (value.len(), length) {
        (..0x80, [_, low]) => vec![tag, low],
        (..0x100, [_, low]) => vec![tag, 0x81, low],
        (_, [high, low]) => vec![tag, 0x82, high, low],
    };
    [header.as_slice(), value].concat()
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    let digest = Digest::of(bytes);
    let pairs = digest.hex().as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

pub(crate) const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";
pub(crate) const SHA256: &str = "2.16.840.1.101.3.4.2.1";
pub(crate) const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";
const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
