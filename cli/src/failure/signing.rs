//! What failures of signing mean to the person who signs.

use countersign_signing::lift::LiftError;
use countersign_signing::{
    KeyError, PredicateError, ServiceFailure, SigningConfigError, SigningError, TokenError,
};

use super::{Failure, source_hint};
use crate::status::ExitStatus;

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        let hint = match &error {
            KeyError::WrongPassword => Some(
                "it is taken from --password-env or --password-file, else COUNTERSIGN_PASSWORD, else COSIGN_PASSWORD",
            ),
            other => other.hint(),
        };
        Self::from_error(ExitStatus::Usage, &error, error.code(), hint)
    }
}

impl From<LiftError> for Failure {
    fn from(error: LiftError) -> Self {
        let status = match &error {
            LiftError::Missing { .. } | LiftError::Registry(_) | LiftError::TooLarge => {
                ExitStatus::CouldNotLook
            }
            LiftError::OtherBuilder { .. } => ExitStatus::Usage,
            _ => ExitStatus::Denied,
        };
        let hint = match &error {
            LiftError::Registry(error) => source_hint(error),
            other => other.hint(),
        };
        Self::from_error(status, &error, error.code(), hint)
    }
}

impl From<PredicateError> for Failure {
    fn from(error: PredicateError) -> Self {
        let hint = error.hint().unwrap_or(PREDICATE);
        Self::from_error(ExitStatus::Usage, &error, error.code(), Some(hint))
    }
}

impl From<ServiceFailure> for Failure {
    fn from(error: ServiceFailure) -> Self {
        let status = match &error {
            ServiceFailure::Insecure { .. }
            | ServiceFailure::NoCertificateAuthority
            | ServiceFailure::Refused {
                status: 400..=403, ..
            }
            | ServiceFailure::UnsupportedKey { .. } => ExitStatus::Usage,
            _ => ExitStatus::CouldNotLook,
        };
        Self::from_error(status, &error, error.code(), error.hint())
    }
}

impl From<SigningConfigError> for Failure {
    fn from(error: SigningConfigError) -> Self {
        Self::from_error(ExitStatus::Usage, &error, error.code(), error.hint())
    }
}

impl From<SigningError> for Failure {
    fn from(error: SigningError) -> Self {
        let status = match &error {
            SigningError::Key(_)
            | SigningError::LegacyWitnessed
            | SigningError::Refused { .. }
            | SigningError::Trust(_) => ExitStatus::Usage,
            _ => ExitStatus::CouldNotLook,
        };
        let hint = match error {
            SigningError::Service(error) => return error.into(),
            SigningError::Refused {
                code: "sct_missing",
                ..
            } => Some(SCT.to_owned()),
            SigningError::Refused { code, .. } if is_of_services(code) => Some(ROOT.to_owned()),
            SigningError::Refused { .. } => Some(PREDICATE.to_owned()),
            SigningError::Registry(ref error) => source_hint(error),
            SigningError::Trust(_) => Some(ROOT.to_owned()),
            ref other => other.hint(),
        };
        Self::from_error(status, &error, error.code(), hint)
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        Self::from_error(ExitStatus::Usage, &error, error.code(), Some(error.hint()))
    }
}

/// Whether a verifier's reason is about what services answered, and not about what was to be signed.
fn is_of_services(code: &str) -> bool {
    ["certificate_", "log_", "sct_", "time_", "timestamp_"]
        .iter()
        .any(|family| code.starts_with(family))
}

const PREDICATE: &str = "check that --predicate is a document of the --type that is named";
const SCT: &str =
    "nothing was pushed; for an instance without certificate logs: --insecure-ignore-sct";
const ROOT: &str =
    "nothing was pushed; is --trusted-root that of the services in --signing-config?";
