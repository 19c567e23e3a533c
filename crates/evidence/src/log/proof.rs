//! Inclusion proofs in the Merkle tree of a log (RFC 6962 §2.1).
//!
//! Refuses a proof against any tree but the one that the log has signed, and one with a hash too few or too many.

use aws_lc_rs::digest::{Context, SHA256};

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
        included(hash(&[LEAF, body]), index, tree, &self.hashes)
    }
}

/// Checks that `leaf` is at its place in `tree` (RFC 9162 §2.1.3.2, which tells the algorithm).
fn included(leaf: [u8; 32], index: u64, tree: Tree, hashes: &[[u8; 32]]) -> Result<(), Refusal> {
    let beyond = || invalid("the entry has no place in a tree of this size");
    let mut last = tree.size.checked_sub(1).ok_or_else(beyond)?;
    let mut place = index;
    if place > last {
        return Err(beyond());
    }
    let mut node = leaf;
    for sibling in hashes {
        if last == 0 {
            return Err(invalid("it has too many hashes"));
        }
        if place & 1 == 1 || place == last {
            node = hash(&[NODE, sibling, &node]);
            // The last node of a level may have no sibling there: it goes up as it is.
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            node = hash(&[NODE, &node, sibling]);
        }
        place >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(invalid("it has too few hashes"));
    }
    if node != tree.root {
        return Err(invalid("it leads to another tree"));
    }
    Ok(())
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; 32];
    for (to, from) in hash.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    hash
}

fn invalid(what: impl AsRef<str>) -> Refusal {
    Refusal::new(
        Reason::LogProofInvalid,
        format!("the inclusion proof does not hold: {}", what.as_ref()),
    )
}

/// What keeps a leaf from being taken for a node, and the other way round.
const LEAF: &[u8] = &[0];
const NODE: &[u8] = &[1];

#[cfg(test)]
mod tests;
