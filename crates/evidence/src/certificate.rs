//! Certificates that sign: the key, whom they name, and what Fulcio says of the holder.
//!
//! Parses and vouches for nothing; `chain` does. Refuses what reads in more than one way: extensions that stand twice,
//! old and new extensions that disagree, several names where one is meant.

mod ca;
mod claims;
mod lifetime;
mod names;
mod own;

use std::collections::BTreeMap;

use countersign_image::{excerpt, limits};
use rustls_pki_types::CertificateDer;
use x509_cert::Certificate;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::pkix::{ExtendedKeyUsage, KeyUsage};

pub(crate) use ca::CaCertificate;
use claims::FulcioExtensions;
pub use claims::{claim_named, claim_names};
pub(crate) use lifetime::Lifetime;
use names::Name;
pub use own::{CertificateChain, CertificateError, check_tls_authorities};

use crate::rejection::Refusal;
use crate::{Identity, PublicKey, Reason};

/// A signing certificate, parsed and not verified.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    /// The key that it binds to the holder.
    pub(crate) key: PublicKey,
    pub(crate) lifetime: Lifetime,
    der: CertificateDer<'static>,
    certificate: Certificate,
    names: Vec<Name>,
    common_name: Option<String>,
    issuer: Option<String>,
    claims: BTreeMap<&'static str, String>,
}

impl Leaf {
    pub(crate) fn parse(der: &[u8]) -> Result<Self, Refusal> {
        if der.len() > limits::CERTIFICATE_BYTES {
            let (bytes, limit) = (der.len(), limits::CERTIFICATE_BYTES);
            return Err(Refusal::new(
                Reason::TooMany,
                format!("a certificate of {bytes} bytes, where {limit} are allowed"),
            ));
        }
        let certificate = Certificate::from_der(der)
            .map_err(|error| malformed(format!("it does not read: {error}")))?;
        let tbs = &certificate.tbs_certificate;
        let spki = tbs
            .subject_public_key_info
            .to_der()
            .map_err(|error| malformed(format!("its key does not read: {error}")))?;
        let key = PublicKey::from_spki_der(&spki)
            .map_err(|error| malformed(format!("its key: {error}")))?;
        let extensions = tbs.extensions.as_deref().unwrap_or_default();
        let fulcio = FulcioExtensions::read(extensions).map_err(malformed)?;
        Ok(Self {
            key,
            lifetime: Lifetime::of(&tbs.validity),
            der: CertificateDer::from(der.to_vec()),
            names: names::alternative_names(tbs).map_err(malformed)?,
            common_name: names::common_name(tbs).map_err(malformed)?,
            issuer: fulcio.issuer,
            claims: fulcio.claims,
            certificate,
        })
    }

    pub(crate) fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    pub(crate) fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Whom it names, for people: nothing of it is verified.
    pub(crate) fn claimed_name(&self) -> String {
        let name = match self.names.first() {
            Some(Name::Uri(name) | Name::Email(name) | Name::User(name) | Name::Dns(name)) => {
                Some(name.as_str())
            }
            Some(Name::Other) | None => self.common_name.as_deref(),
        };
        excerpt(name.unwrap_or("nobody"))
    }

    /// The holder as Fulcio names it: one name, and the issuer that vouched for it.
    pub(crate) fn fulcio_identity(&self) -> Result<Identity, Refusal> {
        let subject = match self.names.as_slice() {
            [Name::Uri(name) | Name::Email(name) | Name::User(name)] => name.clone(),
            [_] => return Err(malformed("it names no URI, email address or user name")),
            names => return Err(several(names.len())),
        };
        let issuer = self
            .issuer
            .clone()
            .ok_or_else(|| malformed("it names no issuer"))?;
        Ok(Identity::Certificate {
            issuer: Some(issuer),
            subject,
            claims: self.claims.clone(),
        })
    }

    /// The holder as other authorities name it: without issuer and claims, which are Fulcio's to make.
    pub(crate) fn own_identity(&self) -> Result<Identity, Refusal> {
        let subject = match (self.names.as_slice(), &self.common_name) {
            ([Name::Uri(name) | Name::Email(name) | Name::User(name) | Name::Dns(name)], _)
            | ([], Some(name)) => name.clone(),
            ([], None) => return Err(malformed("it names nobody")),
            ([_], _) => {
                return Err(malformed(
                    "it names no URI, email address, user name or host",
                ));
            }
            (names, _) => return Err(several(names.len())),
        };
        Ok(Identity::Certificate {
            issuer: None,
            subject,
            claims: BTreeMap::new(),
        })
    }

    /// That it is for signing code, and not for signing certificates; that it is no authority's is seen to on its path.
    pub(crate) fn check_purpose(&self) -> Result<(), Refusal> {
        let wrong = |detail: &str| {
            let name = self.claimed_name();
            Refusal::new(
                Reason::CertificatePurpose,
                format!("the certificate of {name} {detail}"),
            )
        };
        let unreadable = |error| malformed(format!("it does not read: {error}"));
        let tbs = &self.certificate.tbs_certificate;
        let usage = tbs.get::<KeyUsage>().map_err(unreadable)?;
        if usage.is_some_and(|(_, usage)| !usage.digital_signature() || usage.key_cert_sign()) {
            return Err(wrong("has a key that is not for signatures alone"));
        }
        let purposes = tbs.get::<ExtendedKeyUsage>().map_err(unreadable)?;
        if !purposes.is_some_and(|(_, purposes)| purposes.0.contains(&CODE_SIGNING)) {
            return Err(wrong("is not for signing code"));
        }
        Ok(())
    }
}

fn several(count: usize) -> Refusal {
    if count == 0 {
        return malformed("it names nobody");
    }
    malformed(format!("it names {count} subjects, where one is meant"))
}

fn malformed(detail: impl AsRef<str>) -> Refusal {
    Refusal::new(
        Reason::CertificateMalformed,
        format!("the signing certificate: {}", detail.as_ref()),
    )
}

/// RFC 5280 §4.2.1.12: id-kp-codeSigning.
pub(crate) static CODE_SIGNING: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3");

#[cfg(test)]
mod tests;
