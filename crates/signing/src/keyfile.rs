//! Private keys in files: cosign's encrypted PEM, and the plain PEM forms that can be imported.
//!
//! Works on text, never on paths. Refuses scrypt costs that cosign does not write before any work is done for them.

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_image::parse_strict;
use crypto_secretbox::aead::Aead;
use crypto_secretbox::{KeyInit, XSalsa20Poly1305};
use pem::Pem;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::KeyError;
use crate::key::PrivateKey;

/// What a private key's PEM text holds.
#[derive(Debug)]
pub enum KeyFile {
    /// A key behind a password.
    Encrypted(EncryptedKey),
    /// A key that anyone can read.
    Plain(Box<PrivateKey>),
}

impl KeyFile {
    /// Reads the first PEM block of `text`.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        if text.len() > MAX_BYTES {
            return Err(KeyError::malformed("too large for a key"));
        }
        let block = pem::parse(text).map_err(|_| KeyError::malformed("no PEM block"))?;
        let contents = Zeroizing::new(block.contents().to_vec());
        match block.tag() {
            LABEL | OLD_LABEL => Ok(Self::Encrypted(EncryptedKey::parse(&contents)?)),
            "EC PRIVATE KEY" => Ok(Self::Plain(PrivateKey::from_sec1(&contents)?.into())),
            "PRIVATE KEY" => Ok(Self::Plain(PrivateKey::from_pkcs8(&contents)?.into())),
            "RSA PRIVATE KEY" => Ok(Self::Plain(PrivateKey::from_pkcs1(&contents)?.into())),
            label => Err(KeyError::NotPrivate {
                label: label.to_owned(),
            }),
        }
    }
}

/// The box that cosign keeps a private key in.
#[derive(Debug)]
pub struct EncryptedKey {
    cost: Cost,
    salt: Vec<u8>,
    nonce: [u8; NONCE_BYTES],
    ciphertext: Vec<u8>,
}

impl EncryptedKey {
    /// Opens the box. Takes some tenths of a second and up to 128 MiB, which is what makes passwords hard to guess.
    pub fn open(&self, password: &[u8]) -> Result<PrivateKey, KeyError> {
        let cipher = cipher(password, &self.salt, self.cost)?;
        let pkcs8 = cipher
            .decrypt((&self.nonce).into(), self.ciphertext.as_slice())
            .map_err(|_| KeyError::WrongPassword)?;
        PrivateKey::from_pkcs8(&Zeroizing::new(pkcs8))
    }

    fn parse(contents: &[u8]) -> Result<Self, KeyError> {
        let wire: BoxWire = parse_strict(contents)
            .map_err(|_| KeyError::malformed("the block holds no key box"))?;
        if wire.kdf.name != KDF || wire.cipher.name != CIPHER {
            return Err(KeyError::malformed("unknown key derivation or cipher"));
        }
        Ok(Self {
            cost: Cost::accept(&wire.kdf.params)?,
            salt: decode(&wire.kdf.salt)?,
            nonce: decode(&wire.cipher.nonce)?
                .try_into()
                .map_err(|_| KeyError::malformed("a nonce of the wrong length"))?,
            ciphertext: decode(&wire.ciphertext)?,
        })
    }
}

impl PrivateKey {
    /// The key as cosign writes it: scrypt with N=65536, XSalsa20-Poly1305, one PEM block.
    pub fn to_encrypted_pem(&self, password: &[u8]) -> Result<String, KeyError> {
        let (mut salt, mut nonce) = ([0; SALT_BYTES], [0; NONCE_BYTES]);
        rand::fill(&mut salt)
            .and_then(|()| rand::fill(&mut nonce))
            .map_err(|_| KeyError::Backend)?;
        let cipher = cipher(password, &salt, Cost::WRITTEN)?;
        let ciphertext = cipher
            .encrypt((&nonce).into(), self.pkcs8())
            .map_err(|_| KeyError::Backend)?;
        let wire = BoxWire {
            kdf: KdfWire {
                name: KDF.to_owned(),
                params: Cost::WRITTEN.params(),
                salt: STANDARD.encode(salt),
            },
            cipher: CipherWire {
                name: CIPHER.to_owned(),
                nonce: STANDARD.encode(nonce),
            },
            ciphertext: STANDARD.encode(ciphertext),
        };
        let contents = serde_json::to_vec(&wire).map_err(|_| KeyError::Backend)?;
        Ok(pem::encode_config(&Pem::new(LABEL, contents), LINES))
    }
}

/// One of the costs that are worth paying for a file that somebody else may have written.
#[derive(Clone, Copy, Debug)]
struct Cost {
    log_n: u8,
}

impl Cost {
    const WRITTEN: Self = Self { log_n: 16 };

    fn accept(params: &ParamsWire) -> Result<Self, KeyError> {
        match *params {
            ParamsWire {
                n: 32_768,
                r: 8,
                p: 1,
            } => Ok(Self { log_n: 15 }),
            ParamsWire {
                n: 65_536,
                r: 8,
                p: 1,
            } => Ok(Self { log_n: 16 }),
            ParamsWire {
                n: 131_072,
                r: 8,
                p: 1,
            } => Ok(Self { log_n: 17 }),
            ParamsWire { n, r, p } => Err(KeyError::Cost { n, r, p }),
        }
    }

    fn params(self) -> ParamsWire {
        ParamsWire {
            n: 1 << self.log_n,
            r: 8,
            p: 1,
        }
    }
}

fn cipher(password: &[u8], salt: &[u8], cost: Cost) -> Result<XSalsa20Poly1305, KeyError> {
    let params = scrypt::Params::new(cost.log_n, 8, 1, 32).map_err(|_| KeyError::Backend)?;
    let mut key = Zeroizing::new([0; 32]);
    scrypt::scrypt(password, salt, &params, key.as_mut_slice()).map_err(|_| KeyError::Backend)?;
    Ok(XSalsa20Poly1305::new((&*key).into()))
}

fn decode(text: &str) -> Result<Vec<u8>, KeyError> {
    STANDARD
        .decode(text)
        .map_err(|_| KeyError::malformed("not base64"))
}

#[derive(Deserialize, Serialize)]
struct BoxWire {
    kdf: KdfWire,
    cipher: CipherWire,
    ciphertext: String,
}

#[derive(Deserialize, Serialize)]
struct KdfWire {
    name: String,
    params: ParamsWire,
    salt: String,
}

#[derive(Deserialize, Serialize)]
struct ParamsWire {
    #[serde(rename = "N")]
    n: u64,
    r: u32,
    p: u32,
}

#[derive(Deserialize, Serialize)]
struct CipherWire {
    name: String,
    nonce: String,
}

const LABEL: &str = "ENCRYPTED SIGSTORE PRIVATE KEY";
const OLD_LABEL: &str = "ENCRYPTED COSIGN PRIVATE KEY";
const KDF: &str = "scrypt";
const CIPHER: &str = "nacl/secretbox";
const SALT_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// An RSA key of 4096 bits takes 5 KiB in its box.
const MAX_BYTES: usize = 64 * 1024;
/// Go's line endings, whatever machine this runs on.
const LINES: pem::EncodeConfig = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);

#[cfg(test)]
#[path = "keyfile_tests.rs"]
mod tests;
