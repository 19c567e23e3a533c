//! Certificates that paths may end in, and those that may stand between.
//!
//! An authority's own intermediates are checked up to their root once, here, and are then ends in themselves: what is
//! above them need not be computed again for each signature, only be valid at its time.

use rustls_pki_types::TrustAnchor;

use crate::certificate::CaCertificate;

/// The certificates of one authority.
#[derive(Clone, Debug, Default)]
pub(crate) struct Anchors {
    /// As webpki wants them; one for each of `chains`.
    trust: Vec<TrustAnchor<'static>>,
    /// Each end, and the certificates above it up to its root.
    chains: Vec<Vec<CaCertificate>>,
    /// The rest.
    between: Vec<CaCertificate>,
}

impl Anchors {
    /// A chain whose last certificate is the trust anchor (protobuf-specs `CertificateAuthority.cert_chain`).
    pub(crate) fn of_chain(certificates: &[CaCertificate]) -> Result<Self, String> {
        let mut anchors = Self::default();
        for certificate in certificates {
            let chain = climb(certificate, certificates).ok_or_else(|| {
                format!(
                    "{:?} is not signed by those that follow it",
                    certificate.name
                )
            })?;
            // Constraints of those above would not be seen from here: leave such paths to be built whole.
            if chain.iter().skip(1).any(|above| above.constrains_names) {
                anchors.between.push(certificate.clone());
            } else {
                anchors.push(chain)?;
            }
        }
        Ok(anchors)
    }

    /// Any number of self-signed roots, and other certificates below them.
    pub(crate) fn of_roots(certificates: Vec<CaCertificate>) -> Option<Self> {
        let mut anchors = Self::default();
        for certificate in certificates {
            if certificate.issued_by(&certificate) {
                anchors.push(vec![certificate]).ok()?;
            } else {
                anchors.between.push(certificate);
            }
        }
        (!anchors.trust.is_empty()).then_some(anchors)
    }

    pub(crate) fn trust(&self) -> &[TrustAnchor<'static>] {
        &self.trust
    }

    pub(crate) fn between(&self) -> &[CaCertificate] {
        &self.between
    }

    /// `anchor`, which must be one of [`Self::trust`], and the certificates above it.
    pub(super) fn chain_of(&self, anchor: &TrustAnchor<'_>) -> Option<&[CaCertificate]> {
        // By place: two certificates may share subject and key, and differ in how long they are valid.
        let index = self
            .trust
            .iter()
            .position(|known| std::ptr::addr_eq(known, anchor))?;
        self.chains.get(index).map(Vec::as_slice)
    }

    fn push(&mut self, chain: Vec<CaCertificate>) -> Result<(), String> {
        let Some(end) = chain.first() else {
            return Ok(());
        };
        let trust = webpki::anchor_from_trusted_cert(&end.der)
            .map_err(|error| format!("{:?} does not read: {error}", end.name))?
            .to_owned();
        self.trust.push(trust);
        self.chains.push(chain);
        Ok(())
    }
}

/// The way from `certificate` up to the last of `certificates`.
fn climb(
    certificate: &CaCertificate,
    certificates: &[CaCertificate],
) -> Option<Vec<CaCertificate>> {
    let anchor = certificates.last()?;
    let mut chain = vec![certificate.clone()];
    for _ in certificates {
        let current = chain.last()?;
        if current.der == anchor.der {
            return Some(chain);
        }
        let issuer = certificates.iter().find(|issuer| {
            current.issued_by(issuer) && !chain.iter().any(|c| c.der == issuer.der)
        })?;
        chain.push(issuer.clone());
    }
    None
}
