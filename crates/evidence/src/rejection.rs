//! Attached things that count for nothing, and why.
//!
//! Says nothing of their content: all text that comes from outside is cut and cleaned before it stands in a detail.

use countersign_image::{Digest, excerpt};

/// An attached thing that is no evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// How it was stored: `bundle`, `cosign-tag`, `sbom-tag`, `referrer`, or the name of a format that is not read.
    pub format: String,
    /// The manifest that carries it.
    pub digest: Digest,
    /// The predicate type it has, or, where nothing was verified, the one that its annotations claim.
    pub predicate_type: Option<String>,
    /// Why it is refused.
    pub reason: Reason,
    /// The same in words, short and fit for a denial.
    pub detail: String,
}

/// Why an attached thing is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// Signed with a certificate, and no authority accepts certificates.
    CertificateUntrusted,
    /// Signed by another key than those of the authorities, as far as can be told.
    KeyMismatch,
    /// Not of the form that it is stored as.
    Malformed,
    /// Signed, but as another kind of payload.
    PayloadTypeMismatch,
    /// The predicate is of another type than the statement says.
    PredicateMismatch,
    /// Signed as provenance, but not readable as such.
    ProvenanceMalformed,
    /// Signed as an SBOM, but not readable as such.
    SbomMalformed,
    /// Names a key of an authority, but does not verify with it.
    SignatureInvalid,
    /// Signed, but not a readable in-toto statement.
    StatementMalformed,
    /// Signed, but about something else.
    SubjectMismatch,
    /// Over a limit.
    TooMany,
    /// Nobody signed it.
    Unsigned,
    /// A format, or a version of one, that is not read.
    UnsupportedFormat,
}

impl Reason {
    /// A stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::CertificateUntrusted => "certificate_untrusted",
            Self::KeyMismatch => "key_mismatch",
            Self::Malformed => "malformed",
            Self::PayloadTypeMismatch => "payload_type_mismatch",
            Self::PredicateMismatch => "predicate_mismatch",
            Self::ProvenanceMalformed => "provenance_malformed",
            Self::SbomMalformed => "sbom_malformed",
            Self::SignatureInvalid => "signature_invalid",
            Self::StatementMalformed => "statement_malformed",
            Self::SubjectMismatch => "subject_mismatch",
            Self::TooMany => "too_many",
            Self::Unsigned => "unsigned",
            Self::UnsupportedFormat => "unsupported_format",
        }
    }
}

/// A rejection in the making, before it is known where the thing was stored.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) reason: Reason,
    pub(crate) detail: String,
    pub(crate) predicate_type: Option<String>,
}

impl Refusal {
    pub(crate) fn new(reason: Reason, detail: impl AsRef<str>) -> Self {
        Self {
            reason,
            detail: excerpt(detail.as_ref()),
            predicate_type: None,
        }
    }

    pub(crate) fn about(mut self, predicate_type: &str) -> Self {
        self.predicate_type = Some(excerpt(predicate_type));
        self
    }

    pub(crate) fn malformed(detail: impl AsRef<str>) -> Self {
        Self::new(Reason::Malformed, detail)
    }
}
