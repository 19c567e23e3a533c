//! Keys that sign, and how X.509, Rekor and trust roots spell their algorithms.

use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};

use super::{base64, der, sha256};

/// What kind of key, and with it which hash it signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA over P-256 with SHA-256, which is what everybody uses.
    P256,
    /// ECDSA over P-384 with SHA-384.
    P384,
    /// ECDSA over P-521 with SHA-512.
    P521,
    /// Ed25519, not prehashed.
    Ed25519,
    /// RSA of 2048 bits with PKCS #1 v1.5 and SHA-256.
    Rsa2048,
}

/// A private key.
#[derive(Clone, Debug)]
pub struct Key {
    algorithm: Algorithm,
    pair: Arc<Pair>,
    spki: Vec<u8>,
}

#[derive(Debug)]
enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
    /// The public half alone.
    Elsewhere,
}

impl Key {
    /// A P-256 key that somebody else holds. It signs nothing here.
    pub fn elsewhere(spki: &[u8]) -> Self {
        Self {
            algorithm: Algorithm::P256,
            pair: Arc::new(Pair::Elsewhere),
            spki: spki.to_vec(),
        }
    }

    /// A fresh one.
    pub fn generate(algorithm: Algorithm) -> Self {
        let (pair, spki) = match algorithm {
            Algorithm::P256 => ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING),
            Algorithm::P384 => ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING),
            Algorithm::P521 => ecdsa(&ECDSA_P521_SHA512_ASN1_SIGNING),
            Algorithm::Ed25519 => {
                let pair = Ed25519KeyPair::generate().unwrap();
                let spki = spki(pair.public_key());
                (Pair::Ed25519(pair), spki)
            }
            Algorithm::Rsa2048 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
                let spki = spki(pair.public_key());
                (Pair::Rsa(pair), spki)
            }
        };
        Self {
            algorithm,
            pair: Arc::new(pair),
            spki,
        }
    }

    /// Its algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its public half as DER of SubjectPublicKeyInfo.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// Its public half as PEM.
    pub fn public_key_pem(&self) -> String {
        pem("PUBLIC KEY", &self.spki)
    }

    /// The hint that bundles name it by.
    pub fn hint(&self) -> String {
        base64(sha256(&self.spki))
    }

    /// A signature of these bytes.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &*self.pair {
            Pair::Ecdsa(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .unwrap();
                signature
            }
            Pair::Elsewhere => panic!("this key is held by somebody else"),
        }
    }

    /// The bare public key of an Ed25519 key; for others, whatever stands in their SPKI's place.
    pub(super) fn raw(&self) -> &[u8] {
        match &*self.pair {
            Pair::Ecdsa(pair) => pair.public_key().as_ref(),
            Pair::Ed25519(pair) => pair.public_key().as_ref(),
            Pair::Rsa(pair) => pair.public_key().as_ref(),
            Pair::Elsewhere => &self.spki,
        }
    }
}

impl Algorithm {
    /// As certificates spell it.
    pub(super) fn der(self) -> Vec<u8> {
        match self {
            Self::P256 => der::algorithm("1.2.840.10045.4.3.2"),
            Self::P384 => der::algorithm("1.2.840.10045.4.3.3"),
            Self::P521 => der::algorithm("1.2.840.10045.4.3.4"),
            Self::Ed25519 => der::algorithm("1.3.101.112"),
            Self::Rsa2048 => der::sequence([der::oid("1.2.840.113549.1.1.11"), der::null()]),
        }
    }

    /// As trust roots and Rekor v2 spell it.
    pub(super) fn details(self) -> &'static str {
        match self {
            Self::P256 => "PKIX_ECDSA_P256_SHA_256",
            Self::P384 => "PKIX_ECDSA_P384_SHA_384",
            Self::P521 => "PKIX_ECDSA_P521_SHA_512",
            Self::Ed25519 => "PKIX_ED25519",
            Self::Rsa2048 => "PKIX_RSA_PKCS1V15_2048_SHA256",
        }
    }

    /// The object identifier of the hash that it signs.
    pub(super) fn hash(self) -> &'static str {
        match self {
            Self::P256 | Self::Rsa2048 => "2.16.840.1.101.3.4.2.1",
            Self::P384 => "2.16.840.1.101.3.4.2.2",
            Self::P521 | Self::Ed25519 => "2.16.840.1.101.3.4.2.3",
        }
    }

    /// The hash that it signs, as Rekor v2 spells it, of these bytes.
    pub(super) fn digest(self, bytes: &[u8]) -> (&'static str, Vec<u8>) {
        use aws_lc_rs::digest::{SHA384, SHA512, digest};
        match self {
            Self::P384 => ("SHA2_384", digest(&SHA384, bytes).as_ref().to_vec()),
            Self::P521 | Self::Ed25519 => ("SHA2_512", digest(&SHA512, bytes).as_ref().to_vec()),
            Self::P256 | Self::Rsa2048 => ("SHA2_256", sha256(bytes).to_vec()),
        }
    }
}

/// A PEM block with the line endings of everybody but Windows.
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in base64(der).as_bytes().chunks(64) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}

fn ecdsa(algorithm: &'static aws_lc_rs::signature::EcdsaSigningAlgorithm) -> (Pair, Vec<u8>) {
    let pair = EcdsaKeyPair::generate(algorithm).unwrap();
    let spki = spki(pair.public_key());
    (Pair::Ecdsa(pair), spki)
}

fn spki(key: &impl AsDer<PublicKeyX509Der<'static>>) -> Vec<u8> {
    key.as_der().unwrap().as_ref().to_vec()
}
