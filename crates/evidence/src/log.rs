//! Entries of transparency logs: what travels beside a signature, and whether a trusted log vouches for it.
//!
//! Refuses an entry whose body does not commit to this signature, this signer and this payload, whatever else holds for it;
//! what comes with an entry must verify, also where less would do. A time counts if the log signed it, and not otherwise.

mod body;
mod checkpoint;
mod promise;
mod proof;
mod wire;

use countersign_image::Digest;
use jiff::Timestamp;

use crate::PublicKey;
use crate::rejection::{Reason, Refusal};
use crate::trust_root::TrustedLog;
use body::Body;
pub(crate) use proof::Proof;
pub(crate) use wire::{WireEntry, from_annotation};

/// What was signed, as a log would have it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Logged<'a> {
    /// These bytes.
    Artifact(&'a [u8]),
    /// Bytes of this digest; entries with another kind of hash cannot be compared.
    Digest(&'a Digest),
    /// A DSSE envelope.
    Envelope {
        payload_type: &'a str,
        payload: &'a [u8],
        /// What the signature is made over.
        pae: &'a [u8],
        /// The envelope as it was stored, where it is stored by itself.
        stored: Option<&'a [u8]>,
    },
}

/// Who signed: the key, and the certificate that it was presented in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignerKey<'a> {
    pub(crate) key: &'a PublicKey,
    /// DER; where there is one, an entry must name it and not the bare key.
    pub(crate) certificate: Option<&'a [u8]>,
}

/// An entry as presented: bounded, and nothing of it verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    log: [u8; 32],
    /// The index over all shards of the log.
    index: u64,
    /// Kind and version as the bundle has them beside the body.
    kind: Option<(String, String)>,
    body: Vec<u8>,
    integrated: Option<i64>,
    promise: Option<Vec<u8>>,
    proof: Option<Proof>,
}

/// That a trusted log holds an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogWitness {
    /// The id of the log: distinct logs have distinct ones.
    pub(crate) log: [u8; 32],
    /// When the log took it, by the log's own signature.
    pub(crate) time: Option<Timestamp>,
}

impl Entry {
    /// Whether a log of `logs` holds this very signature of `what` by `signer`; `None` if the entry is of another log.
    ///
    /// `promise_suffices`: a signed promise of inclusion will do, as old forms have no more than that.
    pub(crate) fn verify(
        &self,
        logs: &[TrustedLog],
        what: &Logged<'_>,
        signature: &[u8],
        signer: &SignerKey<'_>,
        promise_suffices: bool,
        now: Timestamp,
    ) -> Result<Option<LogWitness>, Refusal> {
        let Some(log) = logs.iter().find(|log| log.id == self.log) else {
            return Ok(None);
        };
        // An entry of another signature is the oldest trick (CVE-2022-36056, CVE-2026-22703), and the cheapest to see through.
        let body = Body::parse(&self.body, self.kind.as_ref())?;
        body.commits_to(what, signature, signer)?;
        if log.valid.start.is_some_and(|start| start > now) {
            return Err(Refusal::new(
                Reason::LogTimeInvalid,
                "the key of the log does not count yet",
            ));
        }
        match (&self.proof, &self.promise) {
            (None, None) => {
                return Err(proof_missing("neither a proof nor a promise of inclusion"));
            }
            (None, Some(_)) if !promise_suffices || body.is_v2() => {
                return Err(proof_missing("a promise, but no proof of inclusion"));
            }
            _ => {}
        }
        if let Some(proof) = &self.proof {
            proof.verify(&self.body, self.index, body.is_v2(), log)?;
        }
        let time = match &self.promise {
            Some(promise) => Some(self.verify_promise(promise, body.is_v2(), log, now)?),
            None => None,
        };
        Ok(Some(LogWitness { log: log.id, time }))
    }

    /// Whether both are the same entry of the same log; two of one would count as one witness only.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.log == other.log && self.index == other.index
    }
}

fn proof_missing(what: &str) -> Refusal {
    Refusal::new(
        Reason::LogProofMissing,
        format!("the log entry comes with {what}"),
    )
}

fn mismatch(detail: impl AsRef<str>) -> Refusal {
    Refusal::new(Reason::LogEntryMismatch, detail)
}

#[cfg(test)]
mod tests;
