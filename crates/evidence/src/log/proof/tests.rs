#![expect(
    clippy::indexing_slicing,
    reason = "what is missing in a vector fails the test"
)]

use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::*;
use crate::testing::{code, fixture};

#[test]
fn vectors_of_rfc_6962_are_judged_as_they_say() {
    let cases: Vec<Value> = serde_json::from_slice(&fixture("merkle/merkle-proofs.json")).unwrap();
    let hash = |text: &Value| -> Option<[u8; 32]> {
        STANDARD
            .decode(text.as_str().unwrap_or_default())
            .unwrap()
            .try_into()
            .ok()
    };
    let mut judged = 0;
    for case in &cases {
        let Some(index) = case["leafIdx"].as_u64() else {
            continue;
        };
        judged += 1;
        let size = case["treeSize"].as_u64().unwrap();
        // What has no 32 bytes is refused when it is read.
        let hashes: Option<Vec<_>> = case["proof"]
            .as_array()
            .into_iter()
            .flatten()
            .map(hash)
            .collect();
        let good = match (hash(&case["leafHash"]), hash(&case["root"]), hashes) {
            (Some(leaf), Some(root), Some(hashes)) => {
                included(leaf, index, Tree { size, root }, &hashes).is_ok()
            }
            _ => false,
        };
        assert_eq!(good, case["wantErr"] == false, "{}", case["case"]);
    }
    assert_eq!(judged, 49);
}

/// The root of the tree of `leaves`, and the proof for the one at `index` (RFC 6962 §2.1 and §2.1.1, word for word).
fn tree(leaves: &[[u8; 32]], index: usize) -> ([u8; 32], Vec<[u8; 32]>) {
    if let [leaf] = leaves {
        return (*leaf, Vec::new());
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (own, other, at) = if index < left.len() {
        (left, right, index)
    } else {
        (right, left, index - left.len())
    };
    let (own_root, mut proof) = tree(own, at);
    let (other_root, _) = tree(other, 0);
    proof.push(other_root);
    let root = if index < left.len() {
        hash(&[NODE, &own_root, &other_root])
    } else {
        hash(&[NODE, &other_root, &own_root])
    };
    (root, proof)
}

#[test]
fn a_leaf_is_at_its_own_place_in_its_own_tree_and_nowhere_else() {
    for size in 1..=17_usize {
        let leaves: Vec<_> = (0..size)
            .map(|number| hash(&[LEAF, &number.to_be_bytes()]))
            .collect();
        for index in 0..size {
            let (root, hashes) = tree(&leaves, index);
            let signed = Tree {
                size: size as u64,
                root,
            };
            for (at, leaf) in (0..).zip(&leaves) {
                let found = included(*leaf, at, signed, &hashes).is_ok();
                assert_eq!(found, at == index as u64, "{at} as {index} of {size}");
            }
            let at = index as u64;
            let leaf = leaves[index];
            for other in [0, size as u64 - 1, size as u64 + 1, u64::MAX] {
                let other = Tree {
                    size: other,
                    ..signed
                };
                // A tree that is larger by less than changes the path has the same proof: its root would differ.
                let refused = included(
                    leaf,
                    at,
                    Tree {
                        root: [7; 32],
                        ..other
                    },
                    &hashes,
                );
                assert_eq!(code(refused), "log_proof_invalid");
            }
            assert_eq!(
                code(included(leaf, u64::MAX, signed, &hashes)),
                "log_proof_invalid"
            );
            for change in 0..hashes.len() {
                let mut changed = hashes.clone();
                changed[change][0] ^= 1;
                assert_eq!(
                    code(included(leaf, at, signed, &changed)),
                    "log_proof_invalid"
                );
                let mut fewer = hashes.clone();
                fewer.remove(change);
                assert_eq!(
                    code(included(leaf, at, signed, &fewer)),
                    "log_proof_invalid"
                );
            }
            let more = [hashes.as_slice(), &[[7; 32]]].concat();
            assert_eq!(code(included(leaf, at, signed, &more)), "log_proof_invalid");
        }
    }
}
