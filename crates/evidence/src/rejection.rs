//! Attached things that count for nothing, and why.
//!
//! Says nothing of their content: all text that comes from outside is cut and cleaned before it stands in a detail.

use countersign_image::{Digest, excerpt, excerpt_within};

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
    /// A certificate of the chain was not valid at a time at which the signature is known to have existed.
    CertificateExpired,
    /// The signing certificate does not read, or reads in more than one way.
    CertificateMalformed,
    /// The signing certificate is not for signing code.
    CertificatePurpose,
    /// Signed with a certificate that no trusted authority issued, or where no authority accepts certificates.
    CertificateUntrusted,
    /// Signed by a holder of a certificate that lacks a claim, or has another value of it.
    ClaimMismatch,
    /// Signed by another subject than those that an authority accepts.
    IdentityMismatch,
    /// The signer is vouched for by another issuer than those that an authority accepts.
    IssuerMismatch,
    /// Signed by another key than those of the authorities, as far as can be told.
    KeyMismatch,
    /// The checkpoint of a log does not read, or is not signed by that log.
    LogCheckpointInvalid,
    /// A log entry speaks of another signature, signer or payload.
    LogEntryMismatch,
    /// The log's promise to include the entry does not verify.
    LogPromiseInvalid,
    /// The proof that a log includes the entry does not verify.
    LogProofInvalid,
    /// Too few logs that are trusted hold it.
    LogMissing,
    /// A log entry comes without proof of inclusion.
    LogProofMissing,
    /// A log entry is from the future, or from a time when the log's key did not count.
    LogTimeInvalid,
    /// Not of the form that it is stored as.
    Malformed,
    /// Signed, but as another kind of payload.
    PayloadTypeMismatch,
    /// The predicate is of another type than the statement says.
    PredicateMismatch,
    /// Provenance that says another thing of the build than the certificate that it is signed with.
    ProvenanceContradiction,
    /// Signed as provenance, but not readable as such.
    ProvenanceMalformed,
    /// Signed as an SBOM, but not readable as such.
    SbomMalformed,
    /// A certificate log's promise to list the signing certificate does not verify.
    SctInvalid,
    /// The signing certificate was promised to too few certificate logs that are trusted.
    SctMissing,
    /// Names a key of an authority, but does not verify with it.
    SignatureInvalid,
    /// Signed, but not a readable in-toto statement.
    StatementMalformed,
    /// Signed, but about something else.
    SubjectMismatch,
    /// Nothing proves when a signature was made, and its certificate was valid for a while only.
    TimeMissing,
    /// A timestamp does not read, is of something else, or is by no trusted authority.
    TimestampInvalid,
    /// Too few timestamp authorities that are trusted stamped it.
    TimestampMissing,
    /// Over a limit.
    TooMany,
    /// Nobody signed it.
    Unsigned,
    /// A format, or a version of one, that is not read.
    UnsupportedFormat,
    /// Signed as a verification summary, but not readable as such.
    VsaMalformed,
}

impl Reason {
    /// A stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::CertificateExpired => "certificate_expired",
            Self::CertificateMalformed => "certificate_malformed",
            Self::CertificatePurpose => "certificate_purpose",
            Self::CertificateUntrusted => "certificate_untrusted",
            Self::ClaimMismatch => "claim_mismatch",
            Self::IdentityMismatch => "identity_mismatch",
            Self::IssuerMismatch => "issuer_mismatch",
            Self::KeyMismatch => "key_mismatch",
            Self::LogCheckpointInvalid => "log_checkpoint_invalid",
            Self::LogEntryMismatch => "log_entry_mismatch",
            Self::LogMissing => "log_missing",
            Self::LogPromiseInvalid => "log_promise_invalid",
            Self::LogProofInvalid => "log_proof_invalid",
            Self::LogProofMissing => "log_proof_missing",
            Self::LogTimeInvalid => "log_time_invalid",
            Self::Malformed => "malformed",
            Self::PayloadTypeMismatch => "payload_type_mismatch",
            Self::PredicateMismatch => "predicate_mismatch",
            Self::ProvenanceContradiction => "provenance_contradiction",
            Self::ProvenanceMalformed => "provenance_malformed",
            Self::SbomMalformed => "sbom_malformed",
            Self::SctInvalid => "sct_invalid",
            Self::SctMissing => "sct_missing",
            Self::SignatureInvalid => "signature_invalid",
            Self::StatementMalformed => "statement_malformed",
            Self::SubjectMismatch => "subject_mismatch",
            Self::TimeMissing => "time_missing",
            Self::TimestampInvalid => "timestamp_invalid",
            Self::TimestampMissing => "timestamp_missing",
            Self::TooMany => "too_many",
            Self::Unsigned => "unsigned",
            Self::UnsupportedFormat => "unsupported_format",
            Self::VsaMalformed => "vsa_malformed",
        }
    }

    /// How much had been found good before this was found: the higher, the more it tells about what to mend.
    pub(crate) fn nearness(self) -> u8 {
        match self {
            Self::KeyMismatch => 0,
            Self::CertificateUntrusted => 1,
            Self::IssuerMismatch => 3,
            Self::IdentityMismatch => 4,
            Self::ClaimMismatch => 5,
            _ => 2,
        }
    }
}

/// Why something that was presented counts for nothing; a [`Rejection`], once it is known where it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// The same in words, short and fit for a denial.
    pub detail: String,
    /// The predicate type it has, once somebody vouched for it.
    pub predicate_type: Option<String>,
}

impl Refusal {
    pub(crate) fn new(reason: Reason, detail: impl AsRef<str>) -> Self {
        Self {
            reason,
            detail: excerpt_within(detail.as_ref(), DETAIL_CHARS),
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

/// Room for an identity and what is wrong with it.
const DETAIL_CHARS: usize = 500;
