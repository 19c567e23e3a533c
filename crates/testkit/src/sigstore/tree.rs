//! The Merkle tree of RFC 6962, and what proves that a leaf is in it.

use super::sha256;

/// The leaves of a log, hashed.
#[derive(Debug, Default)]
pub(super) struct Tree(Vec<[u8; 32]>);

impl Tree {
    /// Adds an entry, and says at which index it stands.
    pub(super) fn append(&mut self, entry: &[u8]) -> usize {
        self.0.push(sha256([&[0], entry].concat()));
        self.0.len() - 1
    }

    pub(super) fn size(&self) -> usize {
        self.0.len()
    }

    pub(super) fn root(&self) -> [u8; 32] {
        root(&self.0)
    }

    /// The hashes that lead from the leaf at `index` to the root, bottom up.
    pub(super) fn proof(&self, index: usize) -> Vec<[u8; 32]> {
        proof(&self.0, index)
    }
}

fn root(leaves: &[[u8; 32]]) -> [u8; 32] {
    match leaves {
        [] => sha256([]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(left_of(leaves.len()));
            sha256([&[1][..], &root(left), &root(right)].concat())
        }
    }
}

fn proof(leaves: &[[u8; 32]], index: usize) -> Vec<[u8; 32]> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(left_of(leaves.len()));
    let (mut hashes, other) = match index.checked_sub(left.len()) {
        None => (proof(left, index), right),
        Some(index) => (proof(right, index), left),
    };
    hashes.push(root(other));
    hashes
}

/// How many of `size` leaves stand on the left: the largest power of two that leaves some for the right.
fn left_of(size: usize) -> usize {
    1 << (size - 1).ilog2()
}
