//! Certificates of certificate authorities.
//!
//! Refuses those that may sign no certificates, or none for signing code.

use countersign_image::excerpt;
use rustls_pki_types::CertificateDer;
use x509_cert::Certificate;
use x509_cert::der::asn1::{AnyRef, BitStringRef};
use x509_cert::der::{Decode as _, Encode as _, Reader as _, SliceReader};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, NameConstraints};

use super::{CODE_SIGNING, Lifetime};

/// A certificate that may sign others.
#[derive(Clone, Debug)]
pub(crate) struct CaCertificate {
    pub(crate) der: CertificateDer<'static>,
    /// The subject, for people.
    pub(crate) name: String,
    /// The public key as SubjectPublicKeyInfo.
    pub(crate) spki: Vec<u8>,
    pub(crate) lifetime: Lifetime,
    /// How many authorities may stand between it and a leaf.
    pub(crate) path_length: Option<u8>,
    pub(crate) constrains_names: bool,
    subject: Vec<u8>,
    issuer: Vec<u8>,
}

impl CaCertificate {
    pub(crate) fn parse(der: &[u8]) -> Result<Self, String> {
        let certificate = Certificate::from_der(der).map_err(unreadable)?;
        let tbs = &certificate.tbs_certificate;
        let name = excerpt(&tbs.subject.to_string());
        let (ca, path_length) = tbs
            .get::<BasicConstraints>()
            .map_err(unreadable)?
            .map_or((false, None), |(_, constraints)| {
                (constraints.ca, constraints.path_len_constraint)
            });
        if !ca {
            return Err(format!("{name:?} is no authority's: it may sign no other"));
        }
        // RFC 5280 §6.1.4 (n). webpki does not look.
        let usage = tbs.get::<KeyUsage>().map_err(unreadable)?;
        if usage.is_some_and(|(_, usage)| !usage.key_cert_sign()) {
            return Err(format!("the key of {name:?} is not for signing others"));
        }
        // Such a one could be an end of paths, and webpki asks nothing of those.
        let purposes = tbs.get::<ExtendedKeyUsage>().map_err(unreadable)?;
        if purposes.is_some_and(|(_, purposes)| !purposes.0.contains(&CODE_SIGNING)) {
            return Err(format!("{name:?} is for other purposes than signing code"));
        }
        Ok(Self {
            der: CertificateDer::from(der.to_vec()),
            name,
            spki: tbs.subject_public_key_info.to_der().map_err(unreadable)?,
            lifetime: Lifetime::of(&tbs.validity),
            path_length,
            constrains_names: tbs.get::<NameConstraints>().map_err(unreadable)?.is_some(),
            subject: tbs.subject.to_der().map_err(unreadable)?,
            issuer: tbs.issuer.to_der().map_err(unreadable)?,
        })
    }

    /// Whether `issuer` signed this certificate.
    pub(crate) fn issued_by(&self, issuer: &Self) -> bool {
        self.issuer == issuer.subject && self.signed_with(&issuer.spki).unwrap_or(false)
    }

    fn signed_with(&self, spki: &[u8]) -> x509_cert::der::Result<bool> {
        let mut certificate = SliceReader::new(AnyRef::from_der(&self.der)?.value())?;
        let tbs = certificate.tlv_bytes()?;
        let signature_algorithm = certificate.decode::<AnyRef<'_>>()?.value();
        let signature = certificate.decode::<BitStringRef<'_>>()?.raw_bytes();
        let mut spki = SliceReader::new(AnyRef::from_der(spki)?.value())?;
        let key_algorithm = spki.decode::<AnyRef<'_>>()?.value();
        let key = spki.decode::<BitStringRef<'_>>()?.raw_bytes();
        Ok(webpki::ALL_VERIFICATION_ALGS.iter().any(|algorithm| {
            algorithm.signature_alg_id().as_ref() == signature_algorithm
                && algorithm.public_key_alg_id().as_ref() == key_algorithm
                && algorithm.verify_signature(key, tbs, signature).is_ok()
        }))
    }
}

fn unreadable(error: x509_cert::der::Error) -> String {
    format!("it does not read as a certificate: {error}")
}
