//! RFC 3161 timestamps.
//!
//! Refuses a token that is of something else, and one by no authority of the trust root.

use jiff::Timestamp;

use crate::rejection::{Reason, Refusal};
use crate::trust_root::TimestampAuthority;

/// That an authority saw some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeWitness<'a> {
    /// The id of the authority.
    pub(crate) authority: &'a str,
    pub(crate) time: Timestamp,
}

/// The time at which one of `authorities` stamped one of `stamped`.
///
/// A refusal says why this token counts for nothing; whether that matters is for the caller, who may have other proof.
pub(crate) fn verify<'a>(
    _token: &[u8],
    _stamped: &[&[u8]],
    _authorities: &'a [TimestampAuthority],
) -> Result<TimeWitness<'a>, Refusal> {
    Err(Refusal::new(
        Reason::TimestampInvalid,
        "timestamps are not read yet",
    ))
}
