//! Timestamp authorities of a trust root.
//!
//! The path from the certificate that signs to the root is fixed by the trust root, so it is verified once, when that is
//! read. Refuses certificates that are for anything but timestamps, and those that are never valid all at once.

use std::time::Duration;

use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::ext::pkix::ExtendedKeyUsage;

use super::token::Token;
use crate::certificate::Lifetime;
use crate::trust_root::Validity;

/// An authority that says when something was signed.
#[derive(Clone, Debug)]
pub(crate) struct TimestampAuthority {
    /// Whose it is: authorities of one name count as one.
    pub(crate) name: String,
    /// The certificate that signs tokens.
    leaf: CertificateDer<'static>,
    /// Its serial number, by which tokens are sorted out before anything is computed.
    serial: Vec<u8>,
    /// When all its certificates are valid.
    lifetime: Lifetime,
    valid: Validity,
}

/// Why a token does not count as one of an authority.
pub(super) enum NotBy {
    /// Another signed it.
    Another,
    /// The authority did, at a time when it did not count.
    OutOfTime,
}

impl TimestampAuthority {
    /// The authority whose certificates are `chain`: the one that signs first, the root last.
    pub(crate) fn new(name: String, chain: &[Vec<u8>], valid: Validity) -> Result<Self, String> {
        let certificates = chain
            .iter()
            .map(|der| Certificate::from_der(der))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| format!("it does not read as a certificate: {error}"))?;
        let ([leaf_der, above @ ..], Some(leaf)) = (chain, certificates.first()) else {
            return Err("it has no certificate".to_owned());
        };
        // RFC 3161 §2.3: for this purpose, for no other, and critical.
        let purposes = leaf.tbs_certificate.get::<ExtendedKeyUsage>();
        if !matches!(purposes, Ok(Some((true, purposes))) if purposes.0 == [TIME_STAMPING]) {
            return Err("its first certificate is not for timestamps alone".to_owned());
        }
        let lifetime = common_lifetime(&certificates)
            .ok_or("its certificates are at no time valid together")?;
        let leaf_der = CertificateDer::from(leaf_der.clone());
        check_path(&leaf_der, above, lifetime)
            .map_err(|error| format!("its certificates are no path to the last: {error}"))?;
        Ok(Self {
            name,
            serial: leaf.tbs_certificate.serial_number.as_bytes().to_vec(),
            leaf: leaf_der,
            lifetime,
            valid,
        })
    }

    pub(super) fn check(&self, token: &Token<'_>) -> Result<(), NotBy> {
        if token.serial.is_some_and(|serial| serial != self.serial) {
            return Err(NotBy::Another);
        }
        let leaf = EndEntityCert::try_from(&self.leaf).map_err(|_| NotBy::Another)?;
        if !token.is_signed_by(&leaf) {
            return Err(NotBy::Another);
        }
        if self.valid.contains(token.time) && self.lifetime.contains(token.time) {
            Ok(())
        } else {
            Err(NotBy::OutOfTime)
        }
    }
}

fn common_lifetime(certificates: &[Certificate]) -> Option<Lifetime> {
    let lifetime = |certificate: &Certificate| Lifetime::of(&certificate.tbs_certificate.validity);
    let common = certificates
        .iter()
        .map(lifetime)
        .reduce(|one, other| Lifetime {
            not_before: one.not_before.max(other.not_before),
            not_after: one.not_after.min(other.not_after),
        })?;
    common.contains(common.not_before).then_some(common)
}

fn check_path(
    leaf: &CertificateDer<'_>,
    above: &[Vec<u8>],
    lifetime: Lifetime,
) -> Result<(), webpki::Error> {
    let above: Vec<_> = above
        .iter()
        .map(|der| CertificateDer::from(der.as_slice()))
        .collect();
    let (root, between) = above.split_last().unwrap_or((leaf, &[]));
    let seconds = lifetime.not_before.as_second().try_into();
    EndEntityCert::try_from(leaf)?
        .verify_for_usage(
            ALL_VERIFICATION_ALGS,
            &[anchor_from_trusted_cert(root)?],
            between,
            UnixTime::since_unix_epoch(Duration::from_secs(seconds.unwrap_or_default())),
            // The leaf must have it, as was seen; those above it need not say.
            KeyUsage::required_if_present(TIME_STAMPING.as_bytes()),
            None,
            None,
        )
        .map(|_| ())
}

/// RFC 5280 §4.2.1.12: id-kp-timeStamping.
static TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");
