//! Inclusion proofs (RFC 6962 §2.1.1).
//!
//! Refuses a proof against any tree but the one that the log has signed.

use sigstore_merkle::{hash_leaf, verify_inclusion_proof};
use sigstore_types::Sha256Hash;

use super::checkpoint::{self, Tree};
use crate::rejection::{Reason, Refusal};
use crate::trust_root::TrustedLog;

/// A proof as presented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proof {
    /// The index in the shard, and what is said of the tree: Rekor v1 only.
    pub(super) index: u64,
    pub(super) size: u64,
    pub(super) root: Vec<u8>,
    pub(super) hashes: Vec<[u8; 32]>,
    pub(super) checkpoint: String,
}

impl Proof {
    /// Checks that the tree of the checkpoint, which `log` must have signed, has `body` at its place.
    ///
    /// Rekor v2 has one index, that of the entry; what the proof says of index and tree is a repetition and not looked at.
    pub(super) fn verify(
        &self,
        body: &[u8],
        entry_index: u64,
        is_v2: bool,
        log: &TrustedLog,
    ) -> Result<(), Refusal> {
        let tree = checkpoint::verify(&self.checkpoint, is_v2, log)?;
        if !is_v2 && (self.size != tree.size || self.root != tree.root) {
            return Err(invalid("its tree is not the one of the checkpoint"));
        }
        let index = if is_v2 { entry_index } else { self.index };
        included(&hash_leaf(body), index, tree, &self.hashes)
    }
}

/// Checks that `leaf` is at its place in `tree`.
fn included(leaf: &Sha256Hash, index: u64, tree: Tree, hashes: &[[u8; 32]]) -> Result<(), Refusal> {
    let hashes: Vec<_> = hashes.iter().copied().map(Sha256Hash::new).collect();
    verify_inclusion_proof(leaf, index, tree.size, &hashes, &Sha256Hash::new(tree.root))
        .map_err(|error| invalid(error.to_string()))
}

fn invalid(what: impl AsRef<str>) -> Refusal {
    Refusal::new(
        Reason::LogProofInvalid,
        format!("the inclusion proof does not hold: {}", what.as_ref()),
    )
}

#[cfg(test)]
mod tests;
