//! A certificate as this tool needs to know it, with its key as a pair.
//!
//! Refuses a pair whose halves do not belong together. Verifies no chains: that is for the clients.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use rcgen::{KeyPair, PublicKeyData as _};
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::X509Certificate;

use crate::Error;
use crate::names::{Name, Names};

/// How long a certificate is to live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime(u32);

impl Lifetime {
    pub(crate) const MOST_DAYS: u32 = 36_500;

    /// A life of so many days.
    ///
    /// # Errors
    /// Refuses none at all, and more than a hundred years.
    pub fn days(days: u32) -> Result<Self, Error> {
        if days == 0 || days > Self::MOST_DAYS {
            return Err(Error::Lifetime { days });
        }
        Ok(Self(days))
    }

    pub(crate) fn duration(self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.0) * 24)
    }

    /// The life that a certificate was given, in whole days and at least one.
    pub(crate) fn of(certificate: &Certificate) -> Self {
        let days = certificate
            .until
            .duration_since(certificate.from)
            .as_hours()
            / 24;
        Self(u32::try_from(days).unwrap_or(1).clamp(1, Self::MOST_DAYS))
    }
}

/// What a certificate says.
#[derive(Clone, Debug)]
pub struct Certificate {
    pem: String,
    names: Names,
    from: Timestamp,
    until: Timestamp,
    authority: bool,
    public_key: Vec<u8>,
    key_identifier: Option<Vec<u8>>,
    issuer_key_identifier: Option<Vec<u8>>,
}

impl Certificate {
    /// Reads the first certificate of a PEM file.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        let malformed = |detail: String| Error::MalformedCertificate { detail };
        let (_, block) = x509_parser::pem::parse_x509_pem(pem.as_bytes())
            .map_err(|error| malformed(error.to_string()))?;
        let parsed = block
            .parse_x509()
            .map_err(|error| malformed(error.to_string()))?;
        let second = |time: x509_parser::time::ASN1Time| {
            Timestamp::from_second(time.timestamp()).map_err(|error| malformed(error.to_string()))
        };
        let (key_identifier, issuer_key_identifier) = key_identifiers(&parsed);
        Ok(Self {
            pem: pem.to_owned(),
            names: names(&parsed),
            from: second(parsed.validity().not_before)?,
            until: second(parsed.validity().not_after)?,
            authority: parsed.is_ca(),
            public_key: parsed.public_key().raw.to_vec(),
            key_identifier,
            issuer_key_identifier,
        })
    }

    /// The text it was read from.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The names it is good for.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// When it ends.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        self.until
    }

    /// When it begins.
    #[must_use]
    pub fn from(&self) -> Timestamp {
        self.from
    }

    /// Whether it is valid at this time.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        (self.from..=self.until).contains(&now)
    }

    /// Whether a third of its life, or less, is left.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        let life = self.until.duration_since(self.from);
        self.until.duration_since(now) <= life / 3
    }

    /// Whether it says that it may issue certificates.
    #[must_use]
    pub fn is_authority(&self) -> bool {
        self.authority
    }

    /// Whether it names the other's key as its issuer's.
    #[must_use]
    pub fn was_issued_by(&self, other: &Self) -> bool {
        self.issuer_key_identifier.is_some() && self.issuer_key_identifier == other.key_identifier
    }
}

fn key_identifiers(parsed: &X509Certificate<'_>) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let (mut own, mut issuer) = (None, None);
    for extension in parsed.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(identifier) => {
                issuer = identifier.key_identifier.as_ref().map(|key| key.0.to_vec());
            }
            ParsedExtension::SubjectKeyIdentifier(key) => own = Some(key.0.to_vec()),
            _ => {}
        }
    }
    (own, issuer)
}

fn names(parsed: &X509Certificate<'_>) -> Names {
    let Ok(Some(extension)) = parsed.subject_alternative_name() else {
        return Names::default();
    };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => name.parse().ok(),
        GeneralName::IPAddress(bytes) => address(bytes).map(Name::Address),
        _ => None,
    };
    extension
        .value
        .general_names
        .iter()
        .filter_map(name)
        .collect()
}

fn address(bytes: &[u8]) -> Option<std::net::IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(Into::into),
        16 => <[u8; 16]>::try_from(bytes).ok().map(Into::into),
        _ => None,
    }
}

/// A certificate with the key that belongs to it.
pub struct Pair {
    certificate: Certificate,
    key: KeyPair,
}

impl Pair {
    /// Joins a certificate and its key.
    ///
    /// # Errors
    /// When one of them cannot be read, or they are not of one pair.
    pub fn from_pem(certificate: &str, key: &str) -> Result<Self, Error> {
        let certificate = Certificate::from_pem(certificate)?;
        // The library's error quotes its input, and the input is a key.
        let key = KeyPair::from_pem(key).map_err(|_| Error::MalformedKey)?;
        if key.subject_public_key_info() != certificate.public_key {
            return Err(Error::KeyMismatch);
        }
        Ok(Self { certificate, key })
    }

    /// What the certificate says.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The private key, unencrypted.
    #[must_use]
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    pub(crate) fn key(&self) -> &KeyPair {
        &self.key
    }
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Authority;

    #[test]
    fn a_certificate_is_due_when_a_third_of_its_life_is_left() {
        let start = Timestamp::UNIX_EPOCH;
        let authority = Authority::generate(Lifetime::days(90).unwrap(), start).unwrap();
        let after = |days: i64| start + SignedDuration::from_hours(days * 24);
        assert!(!authority.certificate().is_due(after(59)));
        assert!(authority.certificate().is_due(after(61)));
        assert!(authority.certificate().is_valid(after(89)));
        assert!(!authority.certificate().is_valid(after(91)));
    }

    #[test]
    fn a_key_of_another_certificate_makes_no_pair() {
        let start = Timestamp::UNIX_EPOCH;
        let life = Lifetime::days(1).unwrap();
        let one = Authority::generate(life, start).unwrap();
        let two = Authority::generate(life, start).unwrap();
        let refusal = Pair::from_pem(one.certificate().pem(), &two.pair().key_pem()).unwrap_err();
        assert_eq!(refusal.code(), "key_mismatch");
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_quoted() {
        let one = Authority::generate(Lifetime::days(1).unwrap(), Timestamp::UNIX_EPOCH).unwrap();
        let refusal = Pair::from_pem(one.certificate().pem(), "hunter2").unwrap_err();
        assert_eq!(refusal.code(), "malformed_key");
        assert!(!format!("{refusal} {refusal:?}").contains("hunter2"));
    }

    #[test]
    fn a_pair_never_prints_its_key() {
        let one = Authority::generate(Lifetime::days(1).unwrap(), Timestamp::UNIX_EPOCH).unwrap();
        assert!(!format!("{:?}", one.pair()).contains("PRIVATE"));
    }

    #[test]
    fn a_life_of_nothing_or_of_centuries_is_refused() {
        assert_eq!(Lifetime::days(0).unwrap_err().code(), "lifetime");
        assert_eq!(Lifetime::days(36_501).unwrap_err().code(), "lifetime");
    }
}
