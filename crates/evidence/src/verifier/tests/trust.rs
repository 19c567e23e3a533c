//! Whose signatures count, and how often.

use std::collections::BTreeSet;

use super::*;
use crate::Transparency;
use crate::testing::{authority, envelope_attachment};

#[test]
fn identities_are_counted_not_signatures() {
    // The same signature repeated, or made again, to reach a threshold.
    let signer = Signer::new();
    let bundle = bundle_attachment(&signer.bundle(&payload()));
    let again = bundle_attachment(&signer.bundle(&payload()));
    let evidence = verifier(&signer.public()).verify(
        &this_image(),
        None,
        &[bundle.clone(), bundle, again],
        NOW,
    );
    let identities: BTreeSet<_> = evidence.signatures.iter().map(Verified::identity).collect();
    assert_eq!((evidence.signatures.len(), identities.len()), (3, 1));
}

#[test]
fn an_envelope_that_two_keys_signed_counts_once_for_each() {
    let (one, two) = (Signer::new(), Signer::new());
    let payload = payload();
    let mut envelope = one.envelope(&payload);
    let other = two.envelope(&payload)["signatures"][0].clone();
    envelope["signatures"]
        .as_array_mut()
        .unwrap()
        .extend([other, one.envelope(&payload)["signatures"][0].clone()]);
    let verifier = Verifier::new(vec![
        authority("release", &[&one.public()]),
        authority("ci", &[&two.public()]),
    ]);
    let evidence =
        verifier
            .unwrap()
            .verify(&this_image(), None, &[envelope_attachment(&envelope)], NOW);
    let found: Vec<_> = evidence
        .signatures
        .iter()
        .map(|signature| signature.authorities().to_vec())
        .collect();
    assert_eq!(found, [["release"], ["ci"]]);
}

#[test]
fn authorities_that_could_verify_nothing_or_too_much_are_refused() {
    let key = Signer::new().public();
    let code = |authorities| {
        Verifier::new(authorities)
            .map(|_| ())
            .map_err(|error| error.code())
    };
    assert_eq!(code(vec![]), Err("authorities_missing"));
    assert_eq!(
        code(vec![authority("a", &[])]),
        Err("authority_signers_missing")
    );
    assert_eq!(
        code(vec![authority("a", &[&key]), authority("a", &[&key])]),
        Err("authority_duplicate")
    );
    for transparency in [Transparency::LOG, Transparency::TIMESTAMP] {
        let authority = Authority {
            transparency,
            ..authority("a", &[&key])
        };
        assert_eq!(code(vec![authority]), Err("trust_root_missing"));
    }
}
