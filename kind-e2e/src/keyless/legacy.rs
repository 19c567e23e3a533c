//! What cosign 2 still writes in the name of an identity.
//!
//! It speaks no Rekor v2 as that is today, so it leaves the log out and asks for a timestamp. Under tags that stands in
//! an annotation, beside the certificate and its chain.

use super::{Bench, STAMPED};
use crate::evidence::Predicate;
use crate::failure::Outcome;
use crate::registry::Image;
use crate::sigstore::{RELEASE, STRANGER};

pub(super) fn verifies_what_cosign_2_attached_under_tags(bench: &Bench) -> Outcome {
    let (fulcio, stamps) = (bench.sigstore.fulcio(), bench.sigstore.timestamps());
    let services = [
        "--tlog-upload=false",
        "--insecure-skip-verify",
        "--fulcio-url",
        &fulcio,
        "--timestamp-server-url",
        &stamps,
    ];
    verifies(bench, &services, "cosign-tag")
}

pub(super) fn verifies_what_cosign_2_attached_as_bundles(bench: &Bench) -> Outcome {
    let services = [
        "--new-bundle-format",
        "--signing-config",
        &bench.sigstore.without_log,
        "--trusted-root",
        &bench.sigstore.root,
    ];
    verifies(bench, &services, "bundle")
}

/// A signature, then an attestation: of that identity, if no log is demanded, under that root.
fn verifies(bench: &Bench, services: &[&str], format: &str) -> Outcome {
    let image = bench.registry.push("keyless/theirs")?;
    for what in [None, Some(Predicate::Sbom)] {
        attaches(bench, services, &image, what)?;
        let (tag, kind) = (image.by_tag(), kind(what));
        let stamped = [&kind[..], &STAMPED].concat();
        bench
            .verify_by(RELEASE, &tag, &stamped)?
            .exits(0)?
            .saying(&RELEASE.subject())?
            .saying(format)?;
        bench
            .verify_by(STRANGER, &tag, &stamped)?
            .exits(1)?
            .saying("(identity_mismatch)")?;
        bench
            .verify_by(RELEASE, &tag, &kind)?
            .exits(1)?
            .saying("(log_missing)")?;
        let public = stamped.iter().map(|&flag| flag.to_owned());
        let public: Vec<_> = bench.signer(RELEASE).into_iter().chain(public).collect();
        bench
            .verify(&tag, &public)?
            .exits(1)?
            .saying("(timestamp_invalid)")?;
    }
    Ok(())
}

fn attaches(bench: &Bench, services: &[&str], image: &Image, what: Option<Predicate>) -> Outcome {
    let token = bench.sigstore.token(RELEASE)?;
    let flags = [services, &["--yes", "--identity-token", &token]].concat();
    bench
        .attaches("cosign2", &flags, image, what)?
        .exits(0)
        .map(drop)
}

fn kind(what: Option<Predicate>) -> Vec<&'static str> {
    let kind = what.map(|what| ["--type", what.alias()]);
    kind.into_iter().flatten().collect()
}
