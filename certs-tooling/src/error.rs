//! Why certificates could not be made, read or kept.
//!
//! Never carries key material.

use std::path::PathBuf;

/// What went wrong, and in which file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The authority of the folder has ended, or has not begun.
    #[error("the authority is not valid now: it is valid from {from} to {until}")]
    AuthorityNotValid {
        /// When it begins.
        from: jiff::Timestamp,
        /// When it ends.
        until: jiff::Timestamp,
    },
    /// The serving certificate in the folder was issued by somebody else.
    #[error("{} was not issued by the authority of this folder", path.display())]
    ForeignCertificate {
        /// The certificate that would be overwritten.
        path: PathBuf,
    },
    /// Only one of `ca.crt` and `ca.key` is there.
    #[error("{} is missing, though its other half is there", missing.display())]
    HalfAuthority {
        /// The half that is not there.
        missing: PathBuf,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Certificate and key are not of one pair.
    #[error("certificate and key do not belong together")]
    KeyMismatch,
    /// A life of no days, or of more than this tool gives.
    #[error("a life of {days} days: give 1 to {most}", most = crate::Lifetime::MOST_DAYS)]
    Lifetime {
        /// What was asked for.
        days: u32,
    },
    /// Something other than a certificate with a subject we can read.
    #[error("not a certificate: {detail}")]
    MalformedCertificate {
        /// What the parser said.
        detail: String,
    },
    /// Something other than an unencrypted PKCS#8 key.
    #[error("not an unencrypted private key in PKCS#8")]
    MalformedKey,
    /// Neither a DNS name nor an address.
    #[error("{written:?} is not a DNS name")]
    MalformedName {
        /// As it was written.
        written: String,
    },
    /// A certificate would have no name.
    #[error("a serving certificate needs at least one DNS name or address")]
    NoNames,
    /// What is in `ca.crt` may not issue certificates.
    #[error("the certificate is not one of an authority")]
    NotAnAuthority,
    /// There is no certificate in the folder yet.
    #[error("{} is not there", path.display())]
    NothingIssued {
        /// The file that was looked for.
        path: PathBuf,
    },
    /// The signing library refused.
    #[error("could not sign: {0}")]
    Signing(#[from] rcgen::Error),
}

impl Error {
    /// A stable name for this kind of failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::AuthorityNotValid { .. } => "authority_not_valid",
            Self::ForeignCertificate { .. } => "foreign_certificate",
            Self::HalfAuthority { .. } => "half_authority",
            Self::Io { .. } => "io",
            Self::KeyMismatch => "key_mismatch",
            Self::Lifetime { .. } => "lifetime",
            Self::MalformedCertificate { .. } => "malformed_certificate",
            Self::MalformedKey => "malformed_key",
            Self::MalformedName { .. } => "malformed_name",
            Self::NoNames => "no_names",
            Self::NotAnAuthority => "not_an_authority",
            Self::NothingIssued { .. } => "nothing_issued",
            Self::Signing(_) => "signing",
        }
    }

    /// What to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::AuthorityNotValid { .. } => {
                Some("issue into a new folder, and give the cluster the new caBundle")
            }
            Self::ForeignCertificate { .. } | Self::NotAnAuthority => {
                Some("nothing was changed; name a folder that only this tool writes")
            }
            Self::HalfAuthority { .. } | Self::KeyMismatch => {
                Some("nothing was changed; restore the other half, or name an empty folder")
            }
            Self::MalformedKey => Some("write keys with `countersign-certs issue`"),
            Self::MalformedName { .. } => Some("addresses are given with --ip"),
            Self::NoNames => Some("add --dns SERVICE.NAMESPACE.svc, or --ip ADDRESS"),
            Self::NothingIssued { .. } => Some("run `countersign-certs issue` first"),
            Self::Io { .. } => Some("check the path, and who may read and write there"),
            Self::Lifetime { .. } | Self::MalformedCertificate { .. } | Self::Signing(_) => None,
        }
    }
}
