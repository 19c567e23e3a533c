//! X.509 authorities of one's own.
//!
//! Refuses what is no authority, private keys, and chains without a root.

use countersign_image::{excerpt, limits};

use super::CaCertificate;
use crate::chain::Anchors;

/// The certificates of an X.509 authority: its roots, and the intermediates below them.
#[derive(Clone, Debug)]
pub struct CertificateChain {
    anchors: Anchors,
}

impl CertificateChain {
    /// Reads PEM certificates in any order: at least one self-signed root, and any number of intermediates.
    ///
    /// # Errors
    ///
    /// When there is no root, or something that is not the certificate of an authority.
    pub fn from_pem(text: &str) -> Result<Self, CertificateError> {
        let blocks = pem::parse_many(text).map_err(|_| CertificateError::NotPem)?;
        if blocks.is_empty() {
            return Err(CertificateError::NotPem);
        }
        if blocks.len() > limits::CERTIFICATES {
            return Err(CertificateError::TooMany {
                count: blocks.len(),
            });
        }
        let certificates = blocks
            .iter()
            .enumerate()
            .map(|(index, block)| read(index + 1, block))
            .collect::<Result<_, _>>()?;
        let anchors = Anchors::of_roots(certificates).ok_or(CertificateError::NoRoot)?;
        Ok(Self { anchors })
    }

    pub(crate) fn anchors(&self) -> &Anchors {
        &self.anchors
    }
}

fn read(position: usize, block: &pem::Pem) -> Result<CaCertificate, CertificateError> {
    CaCertificate::parse(contents(block)?).map_err(|detail| CertificateError::Unusable {
        position,
        detail: excerpt(&detail),
    })
}

fn contents(block: &pem::Pem) -> Result<&[u8], CertificateError> {
    match block.tag() {
        "CERTIFICATE" => Ok(block.contents()),
        tag if tag.ends_with("PRIVATE KEY") => Err(CertificateError::PrivateKey),
        tag => Err(CertificateError::UnknownBlock { tag: excerpt(tag) }),
    }
}

/// Checks that `text` is PEM certificates that TLS can take for authorities, at least one and nothing else.
///
/// # Errors
///
/// When it is not.
pub fn check_tls_authorities(text: &str) -> Result<(), CertificateError> {
    let blocks = pem::parse_many(text).map_err(|_| CertificateError::NotPem)?;
    if blocks.is_empty() {
        return Err(CertificateError::NotPem);
    }
    for (index, block) in blocks.iter().enumerate() {
        let der = contents(block)?.into();
        webpki::anchor_from_trusted_cert(&der).map_err(|error| CertificateError::Unusable {
            position: index + 1,
            detail: excerpt(&error.to_string()),
        })?;
    }
    Ok(())
}

/// Why certificates cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// No self-signed certificate among them.
    #[error("no certificate among them is a root (self-signed)")]
    NoRoot,
    /// No PEM.
    #[error("no certificate in PEM")]
    NotPem,
    /// A private key.
    #[error("this is a private key; certificates are wanted")]
    PrivateKey,
    /// More than any chain needs.
    #[error("{count} certificates, where {} are allowed", limits::CERTIFICATES)]
    TooMany {
        /// How many.
        count: usize,
    },
    /// A PEM block of another kind.
    #[error("PEM block {tag:?} is not a certificate")]
    UnknownBlock {
        /// Its label.
        tag: String,
    },
    /// A certificate that cannot vouch for others, or does not read.
    #[error("certificate {position}: {detail}")]
    Unusable {
        /// Which one, from 1.
        position: usize,
        /// What is wrong.
        detail: String,
    },
}

impl CertificateError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoRoot => "certificate_root_missing",
            Self::NotPem => "certificate_not_pem",
            Self::PrivateKey => "certificate_is_private_key",
            Self::TooMany { .. } => "certificates_too_many",
            Self::UnknownBlock { .. } => "certificate_unknown_block",
            Self::Unusable { .. } => "certificate_unusable",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoRoot => Some("append the root, as `openssl verify -CAfile` would need it"),
            Self::NotPem | Self::UnknownBlock { .. } => {
                Some("a certificate begins with -----BEGIN CERTIFICATE-----")
            }
            Self::PrivateKey => Some("keep it secret, and list the authority's certificates"),
            Self::TooMany { .. } => Some("list only the authorities that may vouch for signers"),
            Self::Unusable { .. } => {
                Some("list authorities here; signers bring their own certificates")
            }
        }
    }
}

#[cfg(test)]
mod tests;
