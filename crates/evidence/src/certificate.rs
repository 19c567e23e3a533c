//! X.509 authorities of one's own.

/// The certificates of an X.509 authority: its root, and the intermediates below it.
#[derive(Clone, Debug)]
pub struct CertificateChain {
    _certificates: Vec<Vec<u8>>,
}

impl CertificateChain {
    /// Reads PEM certificates: any number of intermediates, and at least one self-signed root.
    ///
    /// # Errors
    ///
    /// When there is no root, or something that is no certificate.
    pub fn from_pem(text: &str) -> Result<Self, CertificateError> {
        let blocks = pem::parse_many(text).map_err(|_| CertificateError::NotPem)?;
        Ok(Self {
            _certificates: blocks.into_iter().map(pem::Pem::into_contents).collect(),
        })
    }
}

/// Why certificates cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// No PEM.
    #[error("it is not PEM")]
    NotPem,
}

impl CertificateError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotPem => "certificate_not_pem",
        }
    }
}
