//! A keyless DSSE bundle, from bytes to verified, against what the Sigstore crate alone takes.

use std::collections::BTreeMap;

use countersign_evidence::{
    Artifact, Authority, IdentityMatcher, Pattern, Signers, Transparency, TrustRoot, Verifier,
};
use countersign_image::Digest;
use jiff::Timestamp;
use sigstore_trust_root::TrustedRoot;
use sigstore_types::{Bundle, Sha256Hash};
use sigstore_verify::VerificationPolicy;

use crate::Row;
use crate::clock::both;

pub(crate) fn row() -> Row {
    let ours = Verifier::new(vec![Authority {
        name: "ci".to_owned(),
        signers: Signers::Keyless(vec![IdentityMatcher {
            issuer: Some(Pattern::Exact(ISSUER.to_owned())),
            subject: Pattern::Exact(SUBJECT.to_owned()),
            claims: BTreeMap::new(),
        }]),
        trust_root: TrustRoot::built_in("public-good"),
        transparency: Transparency::LOG,
    }])
    .expect("an authority");
    let digest: Digest = format!("sha256:{DIGEST}").parse().expect("a digest");
    let root = TrustedRoot::from_json(ROOT).expect("a trusted root");
    let theirs = sigstore_verify::Verifier::new(&root).expect("a verifier");
    let policy = VerificationPolicy::new(SUBJECT, ISSUER);
    let (cost, base) = both(
        300,
        || {
            ours.verify_bundle(BUNDLE.as_bytes(), &Artifact::Digest(&digest), NOW)
                .expect("it verifies")
        },
        || {
            let bundle = Bundle::from_json(BUNDLE).expect("a bundle");
            let digest = Sha256Hash::from_hex(DIGEST).expect("a hash");
            theirs
                .verify(digest, &bundle, &policy)
                .expect("it verifies")
        },
    );
    Row::ratio("keyless DSSE bundle, to sigstore-verify", cost, base, 1.2)
}

const BUNDLE: &str = include_str!("../../fixtures/bundles/java-dsse-gha-slsa1.sigstore.json");
const ROOT: &str = include_str!("../../fixtures/trust/public-good.trusted_root.json");
const DIGEST: &str = "a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf";
const SUBJECT: &str =
    "https://github.com/loosebazooka/aa-test/.github/workflows/provenance.yaml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// When they are judged.
const NOW: Timestamp = Timestamp::constant(1_795_000_000, 0);
