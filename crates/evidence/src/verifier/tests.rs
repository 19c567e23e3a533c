#![expect(
    clippy::indexing_slicing,
    reason = "what is missing in a fixture fails the test"
)]

mod bundles;
mod envelopes;
mod files;
mod layouts;
mod mutations;
mod others;
mod statements;
mod trust;

use countersign_image::Attachment;
use serde_json::{Value, json};

use super::*;
use crate::PublicKey;
use crate::predicate;
use crate::testing::{NOW, Signer, bundle_attachment, statement, this_image, verifier};

/// What came of some attachments, in a form that is easy to compare.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    signatures: usize,
    statements: Vec<String>,
    rejected: Vec<&'static str>,
}

impl From<&Evidence> for Outcome {
    fn from(evidence: &Evidence) -> Self {
        let types = evidence
            .statements
            .iter()
            .map(|statement| statement.value().predicate_type.clone());
        Self {
            signatures: evidence.signatures.len(),
            statements: types.collect(),
            rejected: evidence
                .rejected
                .iter()
                .map(|rejection| rejection.reason.code())
                .collect(),
        }
    }
}

/// Judges one attachment of [`this_image`] that must be rejected.
#[track_caller]
fn check_rejected(key: &PublicKey, attachment: Attachment, code: &str, detail: &str) {
    let evidence = verifier(key).verify(&this_image(), None, &[attachment], NOW);
    assert!(
        evidence.signatures.is_empty() && evidence.statements.is_empty(),
        "{evidence:?}"
    );
    let [rejection] = evidence.rejected.as_slice() else {
        panic!("{evidence:?}")
    };
    assert_eq!(
        (rejection.reason.code(), rejection.detail.as_str()),
        (code, detail)
    );
}

/// Judges one attachment of [`this_image`] that must verify.
#[track_caller]
fn check_accepted(key: &PublicKey, attachment: Attachment) -> Evidence {
    let evidence = verifier(key).verify(&this_image(), None, &[attachment], NOW);
    assert_eq!(evidence.rejected, []);
    assert_eq!(evidence.signatures.len() + evidence.statements.len(), 1);
    evidence
}

/// A statement that [`this_image`] is signed.
fn payload() -> Vec<u8> {
    statement(predicate::COSIGN_SIGN, &json!({}))
}

/// A good bundle with `change` made to it.
fn changed(signer: &Signer, change: impl FnOnce(&mut Value)) -> Attachment {
    let mut bundle = signer.bundle(&payload());
    change(&mut bundle);
    bundle_attachment(&bundle)
}
