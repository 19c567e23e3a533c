//! Private keys in memory: made, parsed and used to sign.
//!
//! Reads no files and asks for no passwords; refuses every kind of key that `cosign` would not verify.

use std::fmt;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaKeyPair,
};
use countersign_evidence::PublicKey;
use pkcs8::der::asn1::{ContextSpecific, OctetStringRef};
use pkcs8::der::{self, Decode, Reader, SliceReader, TagNumber};
use pkcs8::{ObjectIdentifier, PrivateKeyInfo};
use zeroize::Zeroizing;

use crate::error::KeyError;

/// A key that signs. Its secret half is wiped when it is dropped and is never printed.
pub struct PrivateKey {
    pkcs8: Zeroizing<Vec<u8>>,
    signer: Signer,
    public: PublicKey,
}

enum Signer {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

impl PrivateKey {
    /// Makes an ECDSA P-256 key, the one kind that every verifier of Sigstore's formats knows.
    pub fn generate() -> Result<Self, KeyError> {
        let pair = EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_ASN1_SIGNING)
            .map_err(|_| KeyError::Backend)?;
        Self::from_ecdsa(pair)
    }

    /// The key that an unencrypted PKCS#8 structure holds.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let info = PrivateKeyInfo::try_from(der)
            .map_err(|_| KeyError::malformed("not a PKCS#8 structure"))?;
        match info.algorithm.oid {
            EC => {
                let curve = info
                    .algorithm
                    .parameters_oid()
                    .map_err(|_| KeyError::malformed("no named curve"))?;
                Self::from_ec_der(curve, der)
            }
            ED25519 => Self::from_ed25519(der),
            RSA => Self::from_rsa(
                RsaKeyPair::from_pkcs8(der)
                    .map_err(|_| KeyError::malformed("not a valid RSA key"))?,
            ),
            other => Err(KeyError::Unsupported {
                kind: format!("algorithm {other}"),
            }),
        }
    }

    /// The key that a PKCS#1 `RSAPrivateKey` holds.
    pub fn from_pkcs1(der: &[u8]) -> Result<Self, KeyError> {
        Self::from_rsa(
            RsaKeyPair::from_der(der).map_err(|_| KeyError::malformed("not a valid RSA key"))?,
        )
    }

    /// The key that a SEC 1 `ECPrivateKey` holds.
    pub fn from_sec1(der: &[u8]) -> Result<Self, KeyError> {
        let curve = sec1_curve(der)
            .map_err(|_| KeyError::malformed("not a SEC 1 key with a named curve"))?;
        Self::from_ec_der(curve, der)
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Signs a message: ECDSA as ASN.1 DER over the hash that belongs to the curve, RSA as PKCS#1 v1.5 over SHA-256,
    /// Ed25519 as the plain scheme, since that is what `cosign verify --key` checks.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let random = SystemRandom::new();
        match &self.signer {
            Signer::Ecdsa(pair) => {
                let signature = pair.sign(&random, message).map_err(|_| KeyError::Backend)?;
                Ok(signature.as_ref().to_vec())
            }
            Signer::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Signer::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(
                    &signature::RSA_PKCS1_SHA256,
                    &random,
                    message,
                    &mut signature,
                )
                .map_err(|_| KeyError::Backend)?;
                Ok(signature)
            }
        }
    }

    pub(crate) fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    fn from_ec_der(curve: ObjectIdentifier, der: &[u8]) -> Result<Self, KeyError> {
        let algorithm = curve_algorithm(curve)?;
        let pair = EcdsaKeyPair::from_private_key_der(algorithm, der)
            .map_err(|_| KeyError::malformed("not a valid EC key"))?;
        Self::from_ecdsa(pair)
    }

    fn from_ecdsa(pair: EcdsaKeyPair) -> Result<Self, KeyError> {
        let pkcs8 = pair.to_pkcs8v1().map_err(|_| KeyError::Backend)?;
        let public = pair.public_key().as_der().map_err(|_| KeyError::Backend)?;
        Self::assemble(pkcs8.as_ref(), public.as_ref(), Signer::Ecdsa(pair))
    }

    fn from_ed25519(der: &[u8]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_pkcs8(der)
            .map_err(|_| KeyError::malformed("not a valid Ed25519 key"))?;
        let pkcs8 = pair.to_pkcs8v1().map_err(|_| KeyError::Backend)?;
        let public = pair.public_key().as_der().map_err(|_| KeyError::Backend)?;
        Self::assemble(pkcs8.as_ref(), public.as_ref(), Signer::Ed25519(pair))
    }

    fn from_rsa(pair: RsaKeyPair) -> Result<Self, KeyError> {
        let bits = pair.public_modulus_len() * 8;
        if !RSA_BITS.contains(&bits) {
            return Err(KeyError::Unsupported {
                kind: format!("RSA {bits}"),
            });
        }
        let pkcs8 = pair.as_der().map_err(|_| KeyError::Backend)?;
        let public = pair.public_key().as_der().map_err(|_| KeyError::Backend)?;
        Self::assemble(pkcs8.as_ref(), public.as_ref(), Signer::Rsa(pair))
    }

    fn assemble(pkcs8: &[u8], spki: &[u8], signer: Signer) -> Result<Self, KeyError> {
        let public = PublicKey::from_spki_der(spki).map_err(|_| KeyError::Backend)?;
        Ok(Self {
            pkcs8: Zeroizing::new(pkcs8.to_vec()),
            signer,
            public,
        })
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey")
            .field("public", &self.public.fingerprint())
            .finish_non_exhaustive()
    }
}

fn curve_algorithm(curve: ObjectIdentifier) -> Result<&'static EcdsaSigningAlgorithm, KeyError> {
    match curve {
        P256 => Ok(&signature::ECDSA_P256_SHA256_ASN1_SIGNING),
        P384 => Ok(&signature::ECDSA_P384_SHA384_ASN1_SIGNING),
        P521 => Ok(&signature::ECDSA_P521_SHA512_ASN1_SIGNING),
        other => Err(KeyError::Unsupported {
            kind: format!("curve {other}"),
        }),
    }
}

/// The named curve inside an `ECPrivateKey` (RFC 5915 §3), where it is optional but without it nothing names the curve.
fn sec1_curve(key: &[u8]) -> der::Result<ObjectIdentifier> {
    let mut reader = SliceReader::new(key)?;
    reader.sequence(|fields| {
        u8::decode(fields)?;
        OctetStringRef::decode(fields)?;
        let curve = ContextSpecific::<ObjectIdentifier>::decode_explicit(fields, TagNumber::N0)?;
        fields.read_slice(fields.remaining_len())?;
        curve
            .map(|field| field.value)
            .ok_or_else(|| der::ErrorKind::Failed.into())
    })
}

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

const RSA_BITS: [usize; 3] = [2048, 3072, 4096];
