//! Key material: which algorithm an SPKI is of, and the hashes that go with it.
//!
//! Refuses keys that are weak, and every encoding of a point but the uncompressed one.

use aws_lc_rs::rsa::PublicEncryptingKey;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA256_ASN1,
    ECDSA_P521_SHA512_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    VerificationAlgorithm,
};
use countersign_image::{Algorithm, Digest};
use ed25519_dalek::{Digest as _, Sha512, VerifyingKey};
use spki::der::{AnyRef, Encode as _, asn1::BitStringRef};
use spki::{AlgorithmIdentifierRef, ObjectIdentifier, SubjectPublicKeyInfoRef};

use super::{KeyAlgorithm, KeyError};

#[derive(Clone)]
pub(super) enum Material {
    /// One key per hash that may go with it, the proper one first.
    Hashed(Vec<ParsedPublicKey>),
    Ed25519 {
        pure: ParsedPublicKey,
        prehashed: Box<VerifyingKey>,
    },
}

impl Material {
    pub(super) fn parse(algorithm: KeyAlgorithm, der: &[u8], raw: &[u8]) -> Result<Self, KeyError> {
        match algorithm {
            KeyAlgorithm::EcdsaP256 => ecdsa(raw, 32, &[&ECDSA_P256_SHA256_ASN1]),
            // SHA-256 with every curve is what cosign wrote before 2.5.
            KeyAlgorithm::EcdsaP384 => {
                ecdsa(raw, 48, &[&ECDSA_P384_SHA384_ASN1, &ECDSA_P384_SHA256_ASN1])
            }
            KeyAlgorithm::EcdsaP521 => {
                ecdsa(raw, 66, &[&ECDSA_P521_SHA512_ASN1, &ECDSA_P521_SHA256_ASN1])
            }
            KeyAlgorithm::Rsa => {
                check_rsa_size(der)?;
                Ok(Self::Hashed(vec![parse_as(
                    &RSA_PKCS1_2048_8192_SHA256,
                    raw,
                )?]))
            }
            KeyAlgorithm::Ed25519 => {
                let bytes = raw.try_into().map_err(|_| KeyError::Malformed)?;
                let prehashed = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Malformed)?;
                // Such a key verifies signatures that nobody made.
                if prehashed.is_weak() {
                    return Err(KeyError::Weak {
                        detail: "an Ed25519 point of small order".into(),
                    });
                }
                Ok(Self::Ed25519 {
                    pure: parse_as(&ED25519, raw)?,
                    prehashed: Box::new(prehashed),
                })
            }
        }
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Hashed(keys) => keys
                .iter()
                .any(|key| key.verify_sig(message, signature).is_ok()),
            Self::Ed25519 { pure, prehashed } => {
                pure.verify_sig(message, signature).is_ok()
                    || verify_ed25519ph(prehashed, message, signature)
            }
        }
    }

    pub(super) fn verifies_digest(&self, digest: &Digest, signature: &[u8]) -> bool {
        match (self, imported(digest)) {
            // A key for another hash than this one refuses the digest.
            (Self::Hashed(keys), Some(digest)) => keys
                .iter()
                .any(|key| key.verify_digest_sig(&digest, signature).is_ok()),
            _ => false,
        }
    }
}

fn imported(digest: &Digest) -> Option<aws_lc_rs::digest::Digest> {
    let bytes = digest.bytes();
    let algorithm = match digest.algorithm() {
        Algorithm::Sha256 => &aws_lc_rs::digest::SHA256,
        Algorithm::Sha512 => &aws_lc_rs::digest::SHA512,
    };
    aws_lc_rs::digest::Digest::import_less_safe(&bytes, algorithm).ok()
}

fn ecdsa(
    point: &[u8],
    coordinate: usize,
    hashes: &[&'static dyn VerificationAlgorithm],
) -> Result<Material, KeyError> {
    // Uncompressed only: another encoding of the same point would be another fingerprint for the same key.
    if point.first() != Some(&4) || point.len() != 1 + 2 * coordinate {
        return Err(KeyError::Malformed);
    }
    hashes
        .iter()
        .map(|hash| parse_as(*hash, point))
        .collect::<Result<_, _>>()
        .map(Material::Hashed)
}

pub(super) fn parse_as(
    algorithm: &'static dyn VerificationAlgorithm,
    raw: &[u8],
) -> Result<ParsedPublicKey, KeyError> {
    ParsedPublicKey::new(algorithm, raw).map_err(|_| KeyError::Malformed)
}

/// Ed25519ph (RFC 8032 §5.1), which cosign uses where a log takes only hashes.
pub(super) fn verify_ed25519ph(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> bool {
    ed25519_dalek::Signature::from_slice(signature).is_ok_and(|signature| {
        key.verify_prehashed_strict(Sha512::new_with_prefix(message), None, &signature)
            .is_ok()
    })
}

pub(super) fn algorithm_of(
    identifier: &AlgorithmIdentifierRef<'_>,
) -> Result<KeyAlgorithm, KeyError> {
    let parameters = identifier.parameters;
    match identifier.oid {
        EC_PUBLIC_KEY => {
            let curve: ObjectIdentifier = parameters
                .and_then(|parameters| parameters.decode_as().ok())
                .ok_or_else(|| unsupported("EC key without a named curve"))?;
            match curve {
                CURVE_P256 => Ok(KeyAlgorithm::EcdsaP256),
                CURVE_P384 => Ok(KeyAlgorithm::EcdsaP384),
                CURVE_P521 => Ok(KeyAlgorithm::EcdsaP521),
                other => Err(unsupported(format!("EC curve {other}"))),
            }
        }
        RSA if parameters.is_some_and(|parameters| parameters.is_null()) => Ok(KeyAlgorithm::Rsa),
        ED25519_KEY if parameters.is_none() => Ok(KeyAlgorithm::Ed25519),
        RSA | ED25519_KEY => Err(KeyError::Malformed),
        other => Err(unsupported(format!("algorithm {other}"))),
    }
}

fn unsupported(algorithm: impl Into<String>) -> KeyError {
    KeyError::UnsupportedAlgorithm {
        algorithm: algorithm.into(),
    }
}

fn check_rsa_size(der: &[u8]) -> Result<(), KeyError> {
    let weak = |detail: String| KeyError::Weak { detail };
    let key = PublicEncryptingKey::from_der(der)
        .map_err(|_| weak("an RSA key that is too small, or not valid".into()))?;
    match key.key_size_bits() {
        2048..=4096 => Ok(()),
        bits => Err(weak(format!(
            "RSA of {bits} bits, where 2048 to 4096 are accepted"
        ))),
    }
}

/// Wraps a PKCS#1 key, so that it has the fingerprint that its SPKI form has.
pub(super) fn rsa_spki(pkcs1: &[u8]) -> Result<Vec<u8>, KeyError> {
    let info = SubjectPublicKeyInfoRef {
        algorithm: AlgorithmIdentifierRef {
            oid: RSA,
            parameters: Some(AnyRef::NULL),
        },
        subject_public_key: BitStringRef::from_bytes(pkcs1).map_err(|_| KeyError::Malformed)?,
    };
    info.to_der().map_err(|_| KeyError::Malformed)
}

const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const CURVE_P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const CURVE_P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const CURVE_P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ED25519_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
