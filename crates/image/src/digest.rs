//! Content digests, and the check that bytes are what a digest says.
//!
//! Refuses unknown algorithms, upper case and wrong lengths, so that one content has one spelling.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::excerpt;

/// Hash algorithms that a digest may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// SHA-256, the one in use.
    Sha256,
    /// SHA-512, the other registered one.
    Sha512,
}

impl Algorithm {
    /// The name before the colon.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    fn hex_length(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }

    fn hash(self, bytes: &[u8]) -> aws_lc_rs::digest::Digest {
        let algorithm = match self {
            Self::Sha256 => &aws_lc_rs::digest::SHA256,
            Self::Sha512 => &aws_lc_rs::digest::SHA512,
        };
        aws_lc_rs::digest::digest(algorithm, bytes)
    }
}

/// A content digest, `sha256:<64 lower-case hex>` or `sha512:<128>`.
///
/// Source: OCI image-spec `descriptor.md`, "Digests".
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest {
    algorithm: Algorithm,
    hex: Box<str>,
}

impl Digest {
    /// The SHA-256 digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::with(Algorithm::Sha256, bytes)
    }

    /// The digest of `bytes` by `algorithm`.
    #[must_use]
    pub fn with(algorithm: Algorithm, bytes: &[u8]) -> Self {
        Self {
            algorithm,
            hex: lower_hex(algorithm.hash(bytes).as_ref()).into_boxed_str(),
        }
    }

    /// The algorithm that was used.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The part after the colon.
    #[must_use]
    pub fn hex(&self) -> &str {
        &self.hex
    }

    /// The hash itself.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let digit = |digit: u8| match digit {
            b'0'..=b'9' => digit - b'0',
            _ => digit.wrapping_sub(b'a').wrapping_add(10),
        };
        let pairs = self.hex.as_bytes().chunks_exact(2);
        pairs
            .map(|pair| pair.iter().fold(0, |byte, next| (byte << 4) | digit(*next)))
            .collect()
    }

    /// Whether `bytes` are the content that this digest names.
    #[must_use]
    pub fn verifies(&self, bytes: &[u8]) -> bool {
        Self::with(self.algorithm, bytes) == *self
    }

    /// The digest as the stem of a tag, `sha256-<hex>`: the fallback tag of referrers, and with a suffix cosign's tags.
    #[must_use]
    pub fn tag_stem(&self) -> String {
        format!("{}-{}", self.algorithm.as_str(), self.hex)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.algorithm.as_str(), self.hex)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let Some((name, hex)) = text.split_once(':') else {
            return Err(DigestError::Malformed {
                text: excerpt(text),
            });
        };
        let algorithm = match name {
            "sha256" => Algorithm::Sha256,
            "sha512" => Algorithm::Sha512,
            _ => {
                return Err(DigestError::UnknownAlgorithm {
                    algorithm: excerpt(name),
                });
            }
        };
        let lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if hex.len() != algorithm.hex_length() || !hex.bytes().all(lower_hex) {
            return Err(DigestError::Malformed {
                text: excerpt(text),
            });
        }
        Ok(Self {
            algorithm,
            hex: hex.into(),
        })
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Why a text is not a digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigestError {
    /// No algorithm, wrong length, or characters other than lower-case hex.
    #[error("not a digest: {text}")]
    Malformed {
        /// The text, shortened.
        text: String,
    },
    /// An algorithm other than sha256 and sha512.
    #[error("digest algorithm not supported: {algorithm}")]
    UnknownAlgorithm {
        /// Its name, shortened.
        algorithm: String,
    },
}

impl DigestError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "digest_malformed",
            Self::UnknownAlgorithm { .. } => "digest_algorithm",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Malformed { .. } => {
                Some("a digest is `sha256:` and 64 lower-case hexadecimal digits")
            }
            Self::UnknownAlgorithm { .. } => Some("use a sha256 or sha512 digest"),
        }
    }
}

fn lower_hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn the_hash_itself_is_what_its_hex_says() {
        let digest = Digest::of(b"abc");
        assert_eq!(digest.bytes().len(), 32);
        assert!(digest.bytes().starts_with(&[0xba, 0x78, 0x16, 0xbf]));
    }

    #[test]
    fn digest_of_bytes_is_their_sha256() {
        let digest = Digest::of(b"");
        assert_eq!(digest.to_string(), EMPTY);
        assert_eq!(digest.algorithm(), Algorithm::Sha256);
        assert_eq!(digest.tag_stem(), EMPTY.replace(':', "-"));
        assert_eq!(EMPTY.parse(), Ok(digest));
    }

    #[test]
    fn verifies_only_the_same_bytes() {
        assert!(Digest::of(b"abc").verifies(b"abc"));
        assert!(!Digest::of(b"abc").verifies(b"abd"));
        let text = format!(
            "sha512:{}",
            lower_hex(Algorithm::Sha512.hash(b"abc").as_ref())
        );
        assert!(
            text.parse::<Digest>()
                .is_ok_and(|digest| digest.verifies(b"abc") && !digest.verifies(b""))
        );
    }

    #[test]
    fn refuses_every_other_spelling() {
        let hex = &EMPTY[7..];
        for (text, code) in [
            (String::new(), "digest_malformed"),
            (hex.to_owned(), "digest_malformed"),
            (format!("sha256:{}", hex.to_uppercase()), "digest_malformed"),
            (format!("sha256:{}", &hex[1..]), "digest_malformed"),
            (format!("sha256:{hex}0"), "digest_malformed"),
            (format!("sha256:{}/", &hex[1..]), "digest_malformed"),
            (format!("sha256:sha256:{}", &hex[7..]), "digest_malformed"),
            (format!("sha256: {}", &hex[1..]), "digest_malformed"),
            (format!("sha512:{hex}"), "digest_malformed"),
            (format!("SHA256:{hex}"), "digest_algorithm"),
            (format!("sha384:{hex}"), "digest_algorithm"),
            (format!("md5:{}", &hex[..32]), "digest_algorithm"),
            (format!("../sha256:{hex}"), "digest_algorithm"),
        ] {
            assert_eq!(
                text.parse::<Digest>().map_err(|error| error.code()),
                Err(code),
                "{text}"
            );
        }
    }

    #[test]
    fn is_a_string_in_json() -> Result<(), serde_json::Error> {
        let json = format!("\"{EMPTY}\"");
        assert_eq!(
            serde_json::to_string(&serde_json::from_str::<Digest>(&json)?)?,
            json
        );
        assert!(serde_json::from_str::<Digest>("\"sha256:00\"").is_err());
        Ok(())
    }
}
