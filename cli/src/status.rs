//! Exit codes, and which one stands when results mix.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum ExitStatus {
    /// Everything asked for holds.
    Success,
    /// We could not look: a registry, a limit, a timeout.
    CouldNotLook,
    /// We looked, and it does not hold.
    Denied,
    /// The command line, a key, a policy or a file is wrong.
    Usage,
}

impl ExitStatus {
    /// The one to report for two results: usage before denial before could-not-look before success.
    pub(crate) fn and(self, other: Self) -> Self {
        self.max(other)
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        match status {
            ExitStatus::Success => Self::from(0),
            ExitStatus::Denied => Self::from(1),
            ExitStatus::Usage => Self::from(2),
            ExitStatus::CouldNotLook => Self::from(3),
        }
    }
}
