//! Public keys: reading them, naming them, checking a signature with them.
//!
//! Refuses private keys, certificates, weak and unknown keys, and every encoding but one for each key, so that one key has
//! one fingerprint.

mod error;
mod material;

use std::fmt;

use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;
use countersign_image::{Algorithm, Digest, excerpt};
use spki::SubjectPublicKeyInfoRef;
use spki::der::Decode as _;

pub use error::{BadSignature, KeyError};
use material::{Material, algorithm_of, rsa_spki};

/// A public key that is fit to verify with.
#[derive(Clone)]
pub struct PublicKey {
    der: Box<[u8]>,
    fingerprint: String,
    algorithm: KeyAlgorithm,
    material: Material,
}

impl PublicKey {
    /// Reads one PEM block: `PUBLIC KEY` (SPKI) or, as cosign does, `RSA PUBLIC KEY` (PKCS#1).
    ///
    /// # Errors
    ///
    /// When the text is anything else, or the key is not one that is accepted.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let blocks = pem::parse_many(text).map_err(|_| KeyError::NotPem)?;
        let [block] = blocks.as_slice() else {
            return Err(if blocks.is_empty() {
                KeyError::NotPem
            } else {
                KeyError::SeveralBlocks
            });
        };
        match block.tag() {
            "PUBLIC KEY" => Self::from_spki_der(block.contents()),
            "RSA PUBLIC KEY" => Self::from_pkcs1_der(block.contents()),
            "CERTIFICATE" => Err(KeyError::Certificate),
            tag if tag.ends_with("PRIVATE KEY") => Err(KeyError::PrivateKey),
            tag => Err(KeyError::UnknownBlock { tag: excerpt(tag) }),
        }
    }

    /// Reads a DER SubjectPublicKeyInfo.
    ///
    /// # Errors
    ///
    /// When the bytes are anything else, or the key is not one that is accepted.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyError> {
        let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| KeyError::Malformed)?;
        let raw = info
            .subject_public_key
            .as_bytes()
            .ok_or(KeyError::Malformed)?;
        let algorithm = algorithm_of(&info.algorithm)?;
        let material = Material::parse(algorithm, der, raw)?;
        let fingerprint = Digest::of(der).to_string();
        Ok(Self {
            der: der.into(),
            fingerprint,
            algorithm,
            material,
        })
    }

    /// Reads a DER RSAPublicKey (PKCS#1).
    pub(crate) fn from_pkcs1_der(der: &[u8]) -> Result<Self, KeyError> {
        Self::from_spki_der(&rsa_spki(der)?)
    }

    /// The key as PEM SPKI.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        pem::encode_config(&pem::Pem::new("PUBLIC KEY", self.der.as_ref()), config)
    }

    /// The key as DER SPKI.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.der
    }

    /// `sha256:` and the hex hash of the SPKI.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The name by which a Sigstore bundle points at a key: base64 of the hash of the SPKI.
    #[must_use]
    pub fn hint(&self) -> String {
        STANDARD.encode(aws_lc_rs::digest::digest(
            &aws_lc_rs::digest::SHA256,
            &self.der,
        ))
    }

    /// What kind of key it is.
    #[must_use]
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// Checks `signature` over `message`: the hash that goes with the key, then the ones that older clients used with it.
    ///
    /// # Errors
    ///
    /// When it does not verify.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        self.material
            .verifies(message, signature)
            .then_some(())
            .ok_or(BadSignature)
    }
}

impl PublicKey {
    /// Checks `signature` over a message of which only the hash is known.
    ///
    /// # Errors
    ///
    /// When it does not verify, or the key signs another hash than this one.
    pub fn verify_digest(&self, digest: &Digest, signature: &[u8]) -> Result<(), BadSignature> {
        self.material
            .verifies_digest(digest, signature)
            .then_some(())
            .ok_or(BadSignature)
    }

    /// Whether the key can be tried on nothing but a hash of the message of this kind.
    #[must_use]
    pub fn signs_digests_of(&self, algorithm: Algorithm) -> bool {
        match algorithm {
            Algorithm::Sha256 => self.algorithm != KeyAlgorithm::Ed25519,
            Algorithm::Sha512 => self.algorithm == KeyAlgorithm::EcdsaP521,
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "PublicKey({} {})",
            self.algorithm, self.fingerprint
        )
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for PublicKey {}

/// Kinds of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// ECDSA on NIST P-256.
    EcdsaP256,
    /// ECDSA on NIST P-384.
    EcdsaP384,
    /// ECDSA on NIST P-521.
    EcdsaP521,
    /// Ed25519.
    Ed25519,
    /// RSA, PKCS#1 v1.5.
    Rsa,
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::EcdsaP256 => "ECDSA P-256",
            Self::EcdsaP384 => "ECDSA P-384",
            Self::EcdsaP521 => "ECDSA P-521",
            Self::Ed25519 => "Ed25519",
            Self::Rsa => "RSA",
        })
    }
}

#[cfg(test)]
mod tests;
