//! Why a command stopped: a message, its stable code, advice, and the exit code that follows.

mod signing;

use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;

use countersign_evidence::Reason;
use countersign_image::{ReferenceError, SourceError};

use crate::status::ExitStatus;

/// A failure as it is shown.
#[derive(Debug)]
pub(crate) struct Failure {
    status: ExitStatus,
    code: Option<String>,
    message: String,
    details: Vec<String>,
    hint: Option<String>,
}

impl Failure {
    /// The command line, a key, a policy or a file is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            status: ExitStatus::Usage,
            code: None,
            message: message.into(),
            details: Vec::new(),
            hint: None,
        }
    }

    /// We looked, and it does not hold.
    pub(crate) fn denied(message: impl Into<String>) -> Self {
        Self {
            status: ExitStatus::Denied,
            ..Self::usage(message)
        }
    }

    /// We could not look.
    pub(crate) fn could_not_look(message: impl Into<String>) -> Self {
        Self {
            status: ExitStatus::CouldNotLook,
            ..Self::usage(message)
        }
    }

    /// A file or folder that cannot be read.
    pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self::usage(format!("cannot read {}: {}", path.display(), plain(error)))
            .coded("file_unreadable")
            .hinted(match error.kind() {
                io::ErrorKind::InvalidData => "it has to be text",
                io::ErrorKind::IsADirectory => "name a file in it",
                io::ErrorKind::NotADirectory => "name the folder that it is in",
                io::ErrorKind::PermissionDenied => "check who may read it",
                _ => "check the path",
            })
    }

    /// A file that cannot be written.
    pub(crate) fn unwritable(path: &Path, error: &io::Error) -> Self {
        Self::usage(format!("cannot write {}: {}", path.display(), plain(error)))
            .coded("file_unwritable")
            .hinted(match error.kind() {
                io::ErrorKind::NotFound => "make the folder first",
                io::ErrorKind::PermissionDenied => "check who may write there",
                _ => "check the path",
            })
    }

    /// Says what it happened to, in front.
    pub(crate) fn about(mut self, subject: impl fmt::Display) -> Self {
        self.message = format!("{subject}: {}", self.message);
        self
    }

    /// With a stable code.
    pub(crate) fn coded(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// With lines that say more.
    pub(crate) fn detailed(mut self, details: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(details);
        self
    }

    /// With advice.
    pub(crate) fn hinted(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Lines that say more.
    pub(crate) fn details(&self) -> &[String] {
        &self.details
    }

    /// The stable code.
    pub(crate) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> &str {
        self.hint.as_deref().unwrap_or(match self.status {
            ExitStatus::CouldNotLook => "try again; if it stays, look at the registry",
            _ => "`countersign COMMAND --help` shows what is expected",
        })
    }

    /// The exit code that follows.
    pub(crate) fn status(&self) -> ExitStatus {
        self.status
    }

    fn from_error(
        status: ExitStatus,
        error: &dyn Error,
        code: &str,
        hint: Option<impl Into<String>>,
    ) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message = format!("{message}: {cause}");
            source = cause.source();
        }
        Self {
            status,
            code: Some(code.to_owned()),
            message,
            details: Vec::new(),
            hint: hint.map(Into::into),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.code {
            Some(code) => write!(f, " ({code})"),
            None => Ok(()),
        }
    }
}

impl From<ReferenceError> for Failure {
    fn from(error: ReferenceError) -> Self {
        let hint = error
            .hint()
            .unwrap_or("an image is written REGISTRY/REPOSITORY:TAG or REGISTRY/REPOSITORY@DIGEST");
        Self::from_error(ExitStatus::Usage, &error, error.code(), Some(hint))
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self::from_error(
            ExitStatus::CouldNotLook,
            &error,
            error.code(),
            source_hint(&error),
        )
    }
}

/// What to do about a registry that we could not look at.
fn source_hint(error: &SourceError) -> Option<String> {
    match error {
        SourceError::Unreachable { .. } => {
            Some("check the name of the registry and the network, then try again".to_owned())
        }
        _ => flag_hint(error).or_else(|| error.hint()),
    }
}

/// The flag or the command of the user's own that would help; the library knows neither.
pub(crate) fn flag_hint(error: &SourceError) -> Option<String> {
    let host = error.host();
    match error {
        SourceError::PlainHttpRefused { .. } => {
            Some(format!("if it is yours to allow: --plain-http {host}"))
        }
        SourceError::RealmRefused { realm, .. } => Some(format!(
            "if {realm} is the token service of {host}: --realm {host}={realm}"
        )),
        SourceError::TlsFailed { .. } => {
            Some(format!("if {host} uses a private CA: --registry-ca FILE"))
        }
        SourceError::Unauthorized { .. } => Some(format!("log in first: docker login {host}")),
        _ => None,
    }
}

/// The flags to look at, where a signature counts for nothing because of who signed it.
pub(crate) fn signer_hint(reason: Reason, by_key: bool) -> Option<&'static str> {
    Some(match reason {
        Reason::CertificateUntrusted if by_key => {
            "name who signed with --certificate-identity and --certificate-oidc-issuer, not with --key"
        }
        Reason::KeyMismatch if by_key => "is --key the public key of who signed it?",
        Reason::KeyMismatch => "name who signed with --key, not with an identity",
        Reason::CertificateUntrusted | Reason::SctInvalid | Reason::SctMissing => {
            "was it signed under another trust root? --trusted-root names the one to verify by"
        }
        Reason::ClaimMismatch | Reason::IdentityMismatch | Reason::IssuerMismatch => {
            "if that is who should have signed it, name them; --certificate-identity, --certificate-oidc-issuer and --certificate-claim are compared whole"
        }
        Reason::LogMissing => {
            "logs of another trust root do not count: --trusted-root names it; --insecure-ignore-tlog demands none"
        }
        Reason::TimestampMissing => {
            "timestamp authorities of another trust root do not count: --trusted-root names it"
        }
        _ => return None,
    })
}

/// What the system says, without its number for it.
pub(crate) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error ").next().unwrap_or_default();
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(characters).collect()
    })
}
