//! RFC 3161 timestamps: that an authority saw some bytes, and when.
//!
//! Refuses a token that is of something else, and one that no authority of the trust root signed with the certificate that
//! the root has of it: certificates in a token are not read, so that none in it can add trust (CVE-2026-39984).

mod authority;
mod token;

use jiff::Timestamp;

use crate::rejection::{Reason, Refusal};
use authority::NotBy;
pub(crate) use authority::TimestampAuthority;
use token::Token;

/// That an authority saw some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeWitness<'a> {
    /// The name of the authority: what trust roots list under one name counts as one.
    pub(crate) authority: &'a str,
    pub(crate) time: Timestamp,
}

/// The time at which one of `authorities` stamped one of `stamped`.
///
/// A refusal says why this token counts for nothing; whether that matters is for the caller, who may have other proof.
pub(crate) fn verify<'a>(
    token: &[u8],
    stamped: &[&[u8]],
    authorities: &'a [TimestampAuthority],
) -> Result<TimeWitness<'a>, Refusal> {
    let token = Token::parse(token).map_err(|_| invalid("it does not read as one of RFC 3161"))?;
    if !stamped.iter().any(|bytes| token.is_of(bytes)) {
        return Err(invalid("it is of something else than this signature"));
    }
    let mut refusal = invalid("no authority of the trust root signed it");
    for authority in authorities {
        match authority.check(&token) {
            Ok(()) => {
                return Ok(TimeWitness {
                    authority: &authority.name,
                    time: token.time,
                });
            }
            Err(NotBy::Another) => {}
            Err(NotBy::OutOfTime) => {
                let (time, name) = (token.time, &authority.name);
                refusal = invalid(format!("it is of {time}, when {name} did not count"));
            }
        }
    }
    Err(refusal)
}

fn invalid(what: impl AsRef<str>) -> Refusal {
    Refusal::new(
        Reason::TimestampInvalid,
        format!("the timestamp does not hold: {}", what.as_ref()),
    )
}

#[cfg(test)]
mod tests;
