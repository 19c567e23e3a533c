//! Whether a signing certificate was issued by an authority that is trusted, and was valid when it signed.
//!
//! Every certificate of the path, the root included, must be valid at every time at which the signature is known to have
//! existed. Refuses certificates that are not for signing code. What travels with a signature may help to find a path and
//! is never the end of one.

mod anchors;

use std::cell::RefCell;
use std::time::Duration;

use countersign_image::limits;
use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, KeyUsage, VerifiedPath};

pub(crate) use anchors::Anchors;

use crate::certificate::{CODE_SIGNING, CaCertificate, Leaf, Lifetime};
use crate::rejection::Refusal;
use crate::trust_root::CertificateAuthority;
use crate::{CertificateChain, Identity, Reason, TrustRoot, sct};

/// Verifies a certificate of the Fulcio instances of `root`, at every one of `times`, and says whom it names.
pub(crate) fn verify_fulcio(
    leaf: &Leaf,
    intermediates: &[Vec<u8>],
    root: &TrustRoot,
    times: &[Timestamp],
) -> Result<Identity, Refusal> {
    let shipped = shipped(intermediates)?;
    let mut paths: Vec<(&CertificateAuthority, Path<'_>)> = Vec::new();
    for time in times {
        let known = |(authority, path): &(&CertificateAuthority, Path<'_>)| {
            authority.valid.contains(*time) && path.is_valid_at(leaf, *time)
        };
        if !paths.iter().any(known) {
            paths.push(find_among(root, leaf, &shipped, *time)?);
        }
    }
    let Some((_, path)) = paths.first() else {
        return Err(no_time(leaf));
    };
    leaf.check_purpose()?;
    let identity = leaf.fulcio_identity()?;
    sct::verify(leaf, &path.issuer, root.certificate_logs(), root.scts())?;
    Ok(identity)
}

/// Verifies a certificate of an authority of one's own, at every one of `times`, and says whom it names.
pub(crate) fn verify_own(
    leaf: &Leaf,
    intermediates: &[Vec<u8>],
    chain: &CertificateChain,
    times: &[Timestamp],
) -> Result<Identity, Refusal> {
    let shipped = shipped(intermediates)?;
    for time in times {
        find(leaf, &shipped, chain.anchors(), *time)
            .map_err(|miss| miss.refusal(leaf, *time, "the authority's own root"))?;
    }
    if times.is_empty() {
        return Err(no_time(leaf));
    }
    leaf.check_purpose()?;
    leaf.own_identity()
}

fn shipped(intermediates: &[Vec<u8>]) -> Result<Vec<CertificateDer<'_>>, Refusal> {
    if intermediates.len() > limits::CERTIFICATES {
        let (count, limit) = (intermediates.len(), limits::CERTIFICATES);
        return Err(Refusal::new(
            Reason::TooMany,
            format!("{count} certificates beside the signer's, where {limit} are allowed"),
        ));
    }
    let ders = intermediates.iter().map(Vec::as_slice);
    Ok(ders.map(CertificateDer::from).collect())
}

fn no_time(leaf: &Leaf) -> Refusal {
    let name = leaf.claimed_name();
    Refusal::new(
        Reason::TimeMissing,
        format!("nothing proves that the certificate of {name} was valid when it signed"),
    )
}

/// A path under an authority that was in use at `time`.
fn find_among<'a>(
    root: &'a TrustRoot,
    leaf: &Leaf,
    shipped: &[CertificateDer<'_>],
    time: Timestamp,
) -> Result<(&'a CertificateAuthority, Path<'a>), Refusal> {
    let authorities = root.certificate_authorities();
    for authority in authorities {
        if authority.valid.contains(time)
            && let Ok(path) = find(leaf, shipped, &authority.anchors, time)
        {
            return Ok((authority, path));
        }
    }
    // Issued by none of them, or only not valid then: ask again as of when it was issued.
    let issued = leaf.lifetime.not_before;
    let mut worst = Miss(webpki::Error::UnknownIssuer);
    for authority in authorities {
        match find(leaf, shipped, &authority.anchors, issued) {
            Ok(_) => return Err(not_valid(leaf, time)),
            Err(miss) if miss.tells_more_than(&worst) => worst = miss,
            Err(_) => {}
        }
    }
    Err(worst.refusal(leaf, time, &format!("trust root {}", root.name())))
}

/// A way from a leaf to a trusted end.
struct Path<'a> {
    /// SubjectPublicKeyInfo of the key that signed the leaf.
    issuer: Vec<u8>,
    between: Vec<CaCertificate>,
    /// The end, and the certificates above it.
    above: &'a [CaCertificate],
}

impl<'a> Path<'a> {
    fn of(path: &VerifiedPath<'_>, anchors: &'a Anchors) -> Result<Self, webpki::Error> {
        let above = anchors
            .chain_of(path.anchor())
            .ok_or(webpki::Error::UnknownIssuer)?;
        let between = path
            .intermediate_certificates()
            .map(|certificate| CaCertificate::parse(&certificate.der()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| webpki::Error::EndEntityUsedAsCa)?;
        let issuer = between
            .first()
            .or(above.first())
            .ok_or(webpki::Error::UnknownIssuer)?;
        Ok(Self {
            issuer: issuer.spki.clone(),
            between,
            above,
        })
    }

    /// What webpki asks of no trust anchor: that it is valid, and how many may stand below it (RFC 5280 §6.1.4).
    fn check_above(&self, time: Timestamp) -> Result<(), webpki::Error> {
        for (below, certificate) in (self.between.len()..).zip(self.above) {
            if !certificate.lifetime.contains(time) {
                return Err(webpki::Error::CertExpired {
                    time: unix(time),
                    not_after: unix(certificate.lifetime.not_after),
                });
            }
            if certificate
                .path_length
                .is_some_and(|most| below > most.into())
            {
                return Err(webpki::Error::PathLenConstraintViolated);
            }
        }
        Ok(())
    }

    fn is_valid_at(&self, leaf: &Leaf, time: Timestamp) -> bool {
        let mut certificates = self.between.iter().chain(self.above);
        leaf.lifetime.contains(time)
            && certificates.all(|certificate| certificate.lifetime.contains(time))
    }
}

fn find<'a>(
    leaf: &Leaf,
    shipped: &[CertificateDer<'_>],
    anchors: &'a Anchors,
    time: Timestamp,
) -> Result<Path<'a>, Miss> {
    let end_entity = EndEntityCert::try_from(leaf.der()).map_err(Miss)?;
    let own = anchors.between().iter().map(|certificate| &certificate.der);
    let between: Vec<CertificateDer<'_>> = own
        .chain(shipped)
        .map(|der| CertificateDer::from(der.as_ref()))
        .collect();
    let found = RefCell::new(None);
    // Within the search, so that another path may still be found.
    let check = |candidate: &VerifiedPath<'_>| {
        let path = Path::of(candidate, anchors)?;
        path.check_above(time)?;
        found.replace(Some(path));
        Ok(())
    };
    end_entity
        .verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            anchors.trust(),
            &between,
            unix(time),
            // The leaf must have it, which `Leaf::check_purpose` sees to; authorities need not say.
            KeyUsage::required_if_present(CODE_SIGNING.as_bytes()),
            None,
            Some(&check),
        )
        .map_err(Miss)?;
    found.into_inner().ok_or(Miss(webpki::Error::UnknownIssuer))
}

fn unix(time: Timestamp) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(
        time.as_second().try_into().unwrap_or_default(),
    ))
}

/// Why no path was found.
struct Miss(webpki::Error);

impl Miss {
    fn reason(&self) -> Reason {
        use webpki::Error as E;
        match &self.0 {
            E::CertExpired { .. } | E::CertNotValidYet { .. } => Reason::CertificateExpired,
            E::CaUsedAsEndEntity | E::EmptyEkuExtension | E::RequiredEkuNotFoundContext(_) => {
                Reason::CertificatePurpose
            }
            E::BadDer
            | E::BadDerTime
            | E::ExtensionValueInvalid
            | E::InvalidCertValidity
            | E::InvalidSerialNumber
            | E::MalformedExtensions
            | E::SignatureAlgorithmMismatch
            | E::TrailingData(_)
            | E::UnsupportedCertVersion
            | E::UnsupportedCriticalExtension => Reason::CertificateMalformed,
            _ => Reason::CertificateUntrusted,
        }
    }

    fn tells_more_than(&self, other: &Self) -> bool {
        let rank = |miss: &Self| match (miss.reason(), &miss.0) {
            (Reason::CertificateExpired, _) => 4,
            (Reason::CertificatePurpose, _) => 3,
            (Reason::CertificateMalformed, _) => 2,
            (_, webpki::Error::UnknownIssuer) => 0,
            _ => 1,
        };
        rank(self) > rank(other)
    }

    fn refusal(&self, leaf: &Leaf, time: Timestamp, whose: &str) -> Refusal {
        let name = leaf.claimed_name();
        let detail = match (self.reason(), &self.0) {
            (Reason::CertificateExpired, _) => return not_valid(leaf, time),
            (_, webpki::Error::UnknownIssuer) => {
                format!("no authority of {whose} issued the certificate of {name}")
            }
            (_, error) => format!("the certificate of {name} has no path to {whose}: {error}"),
        };
        Refusal::new(self.reason(), detail)
    }
}

fn not_valid(leaf: &Leaf, time: Timestamp) -> Refusal {
    let name = leaf.claimed_name();
    let Lifetime {
        not_before,
        not_after,
    } = leaf.lifetime;
    let detail = if leaf.lifetime.contains(time) {
        format!(
            "signed at {time}, when the authority above the certificate of {name} was not valid"
        )
    } else {
        format!(
            "signed at {time}, when the certificate of {name} was not valid ({not_before} to {not_after})"
        )
    };
    Refusal::new(Reason::CertificateExpired, detail)
}

#[cfg(test)]
mod tests;
