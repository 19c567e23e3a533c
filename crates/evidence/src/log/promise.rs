//! Signed entry timestamps: the promise of Rekor v1 to include an entry, and the time at which it took it.
//!
//! Refuses a promise by a log that makes none, and a time that cannot be right.

use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};

use super::Entry;
use crate::hash::hex;
use crate::rejection::{Reason, Refusal};
use crate::trust_root::TrustedLog;

impl Entry {
    /// The time that `log` has signed for this entry.
    pub(super) fn verify_promise(
        &self,
        promise: &[u8],
        is_v2: bool,
        log: &TrustedLog,
        now: Timestamp,
    ) -> Result<Timestamp, Refusal> {
        if is_v2 {
            return Err(invalid("logs of this version make none"));
        }
        let seconds = self
            .integrated
            .ok_or_else(|| invalid("the entry has no time"))?;
        log.key
            .verify(self.promised(seconds).as_bytes(), promise)
            .map_err(|_| invalid("it is not signed by the log"))?;
        let time = Timestamp::from_second(seconds).map_err(|_| invalid("its time is none"))?;
        if time.duration_since(now) > CLOCK_SKEW {
            return Err(wrong_time(time, "which is yet to come"));
        }
        // A key that may always have counted would make any time right.
        if log.valid.start.is_none() {
            return Err(wrong_time(
                time,
                "and the trust root does not say since when the key of the log counts",
            ));
        }
        if !log.valid.contains(time) {
            return Err(wrong_time(time, "when the key of the log did not count"));
        }
        Ok(time)
    }

    /// What the log signs: canonical JSON (RFC 8785), which none of these values needs escaping in.
    fn promised(&self, seconds: i64) -> String {
        let id = hex(&self.log);
        format!(
            r#"{{"body":"{}","integratedTime":{seconds},"logID":"{id}","logIndex":{}}}"#,
            STANDARD.encode(&self.body),
            self.index
        )
    }
}

fn invalid(what: &str) -> Refusal {
    Refusal::new(
        Reason::LogPromiseInvalid,
        format!("the log's promise (signed entry timestamp) does not hold: {what}"),
    )
}

fn wrong_time(time: Timestamp, what: &str) -> Refusal {
    Refusal::new(
        Reason::LogTimeInvalid,
        format!("the log took the entry at {time}, {what}"),
    )
}

/// How far the clock of a log may be ahead of ours: what is signed a moment ago must not be refused as from the future.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(60);
