//! What the logs and timestamp authorities of one trust root say about one signature.
//!
//! Counts distinct logs and distinct authorities, never entries or tokens. What comes from others than the root's is passed
//! over; an entry of a known log that does not verify refuses the whole.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::TrustRoot;
use crate::log::SignerKey;
use crate::rejection::{Reason, Refusal};
use crate::sealed::Sealed;
use crate::timestamp;
use crate::trust::Transparency;

/// The proofs that verified.
#[derive(Debug, Default)]
pub(super) struct Proofs {
    logs: BTreeSet<[u8; 32]>,
    stamped_by: BTreeSet<String>,
    /// The times that somebody of the root vouches for, in order.
    pub(super) times: Vec<Timestamp>,
    /// Why a timestamp counts for nothing.
    bad_timestamp: Option<Refusal>,
    /// Whether there are entries, of logs that the root does not have.
    unknown_log: bool,
}

impl Proofs {
    pub(super) fn gather(
        sealed: &Sealed,
        signature: &[u8],
        signer: &SignerKey<'_>,
        root: &TrustRoot,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let mut proofs = Self::default();
        let material = &sealed.material;
        for entry in &material.entries {
            let witness = entry.verify(
                root.logs(),
                &sealed.logged(),
                signature,
                signer,
                material.promise_suffices,
                now,
            )?;
            match witness {
                Some(witness) => {
                    proofs.logs.insert(witness.log);
                    proofs.times.extend(witness.time);
                }
                None => proofs.unknown_log = true,
            }
        }
        let stamped = sealed.stamped(signature);
        for token in &material.timestamps {
            match timestamp::verify(token, &stamped, root.timestamp_authorities()) {
                Ok(witness) => {
                    proofs.stamped_by.insert(witness.authority.to_owned());
                    proofs.times.push(witness.time);
                }
                Err(refusal) => proofs.bad_timestamp = Some(refusal),
            }
        }
        proofs.times.sort_unstable();
        proofs.times.dedup();
        Ok(proofs)
    }

    /// Whether as many distinct logs and authorities vouch as are asked for.
    pub(super) fn check(&self, wanted: Transparency, root: &TrustRoot) -> Result<(), Refusal> {
        let (found, logs) = (self.logs.len(), usize::from(wanted.logs));
        if found < logs {
            let others = if self.unknown_log {
                ", though in another"
            } else {
                ""
            };
            let detail = match (found, logs) {
                (0, 1) => format!("it is in no log of trust root {}{others}", root.name()),
                _ => format!(
                    "it is in {found} logs of trust root {}, and {logs} are demanded",
                    root.name()
                ),
            };
            return Err(Refusal::new(Reason::LogMissing, detail));
        }
        let (found, stamps) = (self.stamped_by.len(), usize::from(wanted.timestamps));
        if found >= stamps {
            return Ok(());
        }
        if let Some(refusal) = &self.bad_timestamp {
            return Err(refusal.clone());
        }
        let detail = match (found, stamps) {
            (0, 1) => format!(
                "no timestamp authority of trust root {} stamped it",
                root.name()
            ),
            _ => format!(
                "{found} timestamp authorities of trust root {} stamped it, and {stamps} are demanded",
                root.name()
            ),
        };
        Err(Refusal::new(Reason::TimestampMissing, detail))
    }

    /// Why a certificate that has no time cannot be judged.
    pub(super) fn undated(&self) -> Refusal {
        self.bad_timestamp.clone().unwrap_or_else(|| {
            Refusal::new(
                Reason::TimeMissing,
                "nobody vouches for when it was signed, and its certificate was valid for minutes only",
            )
        })
    }

    pub(super) fn is_logged(&self) -> bool {
        !self.logs.is_empty()
    }
}
