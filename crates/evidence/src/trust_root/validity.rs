//! Since when something is trusted, and until when.

use jiff::Timestamp;
use serde::Serialize;

/// A time window, both ends included (protobuf-specs `TimeRange`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Validity {
    /// Its beginning; always, when absent.
    pub start: Option<Timestamp>,
    /// Its end; never, when absent.
    pub end: Option<Timestamp>,
}

impl Validity {
    /// Whether `time` is within.
    #[must_use]
    pub fn contains(&self, time: Timestamp) -> bool {
        self.start.is_none_or(|start| start <= time) && self.end.is_none_or(|end| time <= end)
    }
}
