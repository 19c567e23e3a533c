//! How long a certificate is valid.

use jiff::Timestamp;
use x509_cert::time::{Time, Validity};

/// `notBefore` and `notAfter`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifetime {
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
}

impl Lifetime {
    pub(crate) fn of(validity: &Validity) -> Self {
        Self {
            not_before: timestamp(validity.not_before),
            not_after: timestamp(validity.not_after),
        }
    }

    /// Certificates count in whole seconds: the last one is valid until it is over.
    pub(crate) fn contains(&self, time: Timestamp) -> bool {
        (self.not_before.as_second()..=self.not_after.as_second()).contains(&time.as_second())
    }
}

/// RFC 5280 §4.1.2.5 ends what never ends with the year 9999, whose last hours are beyond [`Timestamp::MAX`].
fn timestamp(time: Time) -> Timestamp {
    i64::try_from(time.to_unix_duration().as_secs())
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .unwrap_or(Timestamp::MAX)
}
