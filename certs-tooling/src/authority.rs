//! The authority that serving certificates are issued by.
//!
//! Issues for servers only, and never past its own end.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType,
};

use crate::Error;
use crate::certificate::{Certificate, Lifetime, Pair};
use crate::names::{Name, Names};

/// A self-signed authority, ECDSA P-256.
#[derive(Debug)]
pub struct Authority(Pair);

impl Authority {
    /// Makes a new one.
    ///
    /// # Errors
    /// When the signing library refuses.
    pub fn generate(life: Lifetime, now: Timestamp) -> Result<Self, Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name = subject("countersign webhook CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.use_authority_key_identifier_extension = true;
        set_life(&mut params, now - BACKDATED, now + life.duration());
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = params.self_signed(&key)?;
        Ok(Self(Pair::from_pem(
            &certificate.pem(),
            &key.serialize_pem(),
        )?))
    }

    /// Takes one that was made before.
    ///
    /// # Errors
    /// When it is no authority, or not valid now.
    pub fn from_pair(pair: Pair, now: Timestamp) -> Result<Self, Error> {
        let certificate = pair.certificate();
        if !certificate.is_authority() {
            return Err(Error::NotAnAuthority);
        }
        if !certificate.is_valid(now) {
            let (from, until) = (certificate.from(), certificate.until());
            return Err(Error::AuthorityNotValid { from, until });
        }
        Ok(Self(pair))
    }

    /// Issues a serving certificate with a new key. It ends with the authority at the latest.
    ///
    /// # Errors
    /// When there are no names.
    pub fn issue(&self, names: &Names, life: Lifetime, now: Timestamp) -> Result<Pair, Error> {
        if names.is_empty() {
            return Err(Error::NoNames);
        }
        let mut params = CertificateParams::default();
        params.distinguished_name = subject("countersign webhook");
        params.subject_alt_names = names.iter().map(san).collect::<Result<_, Error>>()?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let own = self.certificate();
        let until = (now + life.duration()).min(own.until());
        set_life(&mut params, (now - BACKDATED).max(own.from()), until);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let issuer = Issuer::from_ca_cert_pem(self.certificate().pem(), self.0.key())?;
        let certificate = params.signed_by(&key, &issuer)?;
        Pair::from_pem(&certificate.pem(), &key.serialize_pem())
    }

    /// What its certificate says.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        self.0.certificate()
    }

    pub(crate) fn pair(&self) -> &Pair {
        &self.0
    }
}

/// The clocks of API servers are not ours; a certificate of this very second would be refused by
/// one that runs a little behind.
const BACKDATED: SignedDuration = SignedDuration::from_mins(10);

fn subject(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

fn san(name: &Name) -> Result<SanType, Error> {
    Ok(match name {
        Name::Address(address) => SanType::IpAddress(*address),
        Name::Dns(name) => SanType::DnsName(name.as_str().try_into()?),
    })
}

fn set_life(params: &mut CertificateParams, from: Timestamp, until: Timestamp) {
    // The signing library's own type of time is not re-exported; this is the way to one.
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let since_epoch =
        |at: Timestamp| Duration::from_secs(u64::try_from(at.as_second()).unwrap_or_default());
    params.not_before = epoch + since_epoch(from);
    params.not_after = epoch + since_epoch(until);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(days: u32) -> Lifetime {
        Lifetime::days(days).unwrap()
    }

    fn names() -> Names {
        ["countersign.countersign.svc", "127.0.0.1"]
            .iter()
            .map(|n| n.parse().unwrap())
            .collect()
    }

    #[test]
    fn a_serving_certificate_carries_its_names_and_its_issuer() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let authority = Authority::generate(days(3650), now).unwrap();
        let serving = authority.issue(&names(), days(365), now).unwrap();
        let certificate = serving.certificate();
        assert_eq!(certificate.names(), &names());
        assert!(certificate.was_issued_by(authority.certificate()));
        assert!(!certificate.is_authority() && certificate.is_valid(now));
        assert_eq!(Lifetime::of(certificate), days(365));
    }

    #[test]
    fn no_certificate_outlives_its_authority() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let authority = Authority::generate(days(10), now).unwrap();
        let serving = authority.issue(&names(), days(365), now).unwrap();
        assert_eq!(
            serving.certificate().until(),
            authority.certificate().until()
        );
    }

    #[test]
    fn a_certificate_without_a_name_is_refused() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let authority = Authority::generate(days(10), now).unwrap();
        let refusal = authority
            .issue(&Names::default(), days(1), now)
            .unwrap_err();
        assert_eq!(refusal.code(), "no_names");
    }

    #[test]
    fn a_serving_certificate_is_no_authority() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let authority = Authority::generate(days(10), now).unwrap();
        let serving = authority.issue(&names(), days(1), now).unwrap();
        assert_eq!(
            Authority::from_pair(serving, now).unwrap_err().code(),
            "not_an_authority"
        );
    }

    #[test]
    fn an_authority_that_has_ended_is_not_taken() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let authority = Authority::generate(days(10), now).unwrap();
        let later = now + days(11).duration();
        let refusal = Authority::from_pair(authority.0, later).unwrap_err();
        assert_eq!(refusal.code(), "authority_not_valid");
    }
}
