//! What BuildKit says, attested anew with `attest --from-buildkit`, where cosign reads it too.

use serde_json::json;

use super::Yard;
use super::builds::Build;
use crate::evidence::{BUILDER, Predicate};
use crate::failure::Outcome;
use crate::process::Ran;

pub(super) fn cosign_verifies_the_lifted_statements_of_every_platform(yard: &Yard) -> Outcome {
    // What BuildKit writes when nobody tells it who it is.
    let build = yard.built("")?;
    lift(yard, &build, &[])?
        .exits(0)?
        .saying("names no builder, which is worth SLSA level 1 at most")?;
    for (_, image, _) in &build.parts {
        let reference = image.by_digest();
        let verify = |public: &str| {
            let head = ["verify-attestation", "--private-infrastructure"];
            let kind = ["--type", Predicate::Provenance.alias(), "--key", public];
            let all = [&head[..], &kind, &[reference.as_str()]].concat();
            yard.tools.run("cosign3", all)
        };
        verify(&yard.release.public)?.exits(0)?;
        verify(&yard.stranger.public)?.fails_saying("could not verify envelope")?;
    }
    yard.verify_provenance(&yard.release, &build.image)?
        .exits(0)?
        .saying("linux/amd64")?
        .saying("linux/arm64")?;
    // Provenance of nobody is of no builder.
    yard.check(&build, &json!("all"))?
        .exits(1)?
        .saying("provenance/builder_id")
        .map(drop)
}

pub(super) fn a_lifted_statement_names_the_builder_that_it_is_told(yard: &Yard) -> Outcome {
    let build = yard.built("")?;
    lift(yard, &build, &["--builder-id", BUILDER])?
        .exits(0)?
        .never_saying("names no builder")?;
    yard.check(&build, &json!("all"))?.exits(0).map(drop)
}

pub(super) fn nothing_is_lifted_where_nothing_is_said(yard: &Yard) -> Outcome {
    let image = yard.registry.push_index("built/by-hand")?;
    let args = ["attest", "--from-buildkit", "--key", &yard.release.private];
    let place = ["--plain-http", &yard.registry.host, &image.by_digest()];
    yard.tools
        .run("countersign", [&args[..], &place].concat())?
        .exits(1)?
        .saying("BuildKit attached no attestation")
        .map(drop)
}

fn lift(yard: &Yard, build: &Build, more: &[&str]) -> Outcome<Ran> {
    let args = ["attest", "--from-buildkit", "--key", &yard.release.private];
    let reference = build.image.by_digest();
    let place = ["--plain-http", &yard.registry.host, &reference];
    yard.tools
        .run("countersign", [&args[..], more, &place].concat())
}
