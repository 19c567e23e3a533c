//! Image layouts that `cosign save` writes: what lies beside the image there, we verify without a registry.

use super::{Bench, Cosign, Form, Predicate};
use crate::failure::Outcome;
use crate::process::Ran;
use crate::registry::Image;

/// Tags are listed in the layout; bundles, which cosign 3 alone saves, lie in it and nothing lists them.
pub(super) fn verifies_a_layout_that_cosign_saved(bench: &Bench) -> Outcome {
    for (cosign, form) in [
        (Cosign::Two, Form::Tag),
        (Cosign::Three, Form::Tag),
        (Cosign::Three, Form::Bundle),
    ] {
        for image in [
            bench.registry.push("saved/app")?,
            bench.registry.push_index("saved/index")?,
        ] {
            let key = &bench.theirs;
            bench.cosign_attaches(cosign, form, key, &image, None, &[])?;
            bench.cosign_attaches(cosign, form, key, &image, Some(Predicate::Sbom), &[])?;
            verifies(bench, &save(bench, cosign, &image)?, &image)?;
        }
    }
    Ok(())
}

pub(super) fn finds_nothing_in_a_layout_that_has_nothing(bench: &Bench) -> Outcome {
    for cosign in Cosign::BOTH {
        let image = bench.registry.push("saved/bare")?;
        let saved = save(bench, cosign, &image)?;
        bench
            .looks(&saved, &bench.theirs.public, &[])?
            .exits(1)?
            .saying(&image.digest)?
            .saying("nothing is attached")?;
    }
    Ok(())
}

fn verifies(bench: &Bench, saved: &str, image: &Image) -> Outcome {
    let (key, stranger) = (&bench.theirs.public, &bench.stranger.public);
    let kind = |what: Predicate| ["--type", what.alias()];
    bench
        .looks(saved, key, &[])?
        .exits(0)?
        .saying(&image.digest)?;
    bench.looks(saved, key, &kind(Predicate::Sbom))?.exits(0)?;
    bench
        .looks(saved, key, &kind(Predicate::Provenance))?
        .exits(1)?
        .saying("wanted an attestation of type")?;
    bench
        .looks(saved, stranger, &[])?
        .exits(1)?
        .saying("(key_mismatch)")?;
    bench
        .looks(saved, stranger, &kind(Predicate::Sbom))?
        .exits(1)?
        .saying("(key_mismatch)")
        .map(drop)
}

/// The folder that a version of cosign wrote.
fn save(bench: &Bench, cosign: Cosign, image: &Image) -> Outcome<String> {
    bench.tools.folder("saved")?;
    let digest = image.digest.trim_start_matches("sha256:");
    let folder = format!("saved/{}-{digest}", bench.registry.kind.name());
    bench
        .tools
        .must(cosign.name(), ["save", "--dir", &folder, &image.by_tag()])?;
    Ok(folder)
}

impl Bench {
    /// Our verdict on the one image of a layout, under a key.
    fn looks(&self, layout: &str, key: &str, more: &[&str]) -> Outcome<Ran> {
        let args = ["verify", "--layout", layout, "--key", key];
        self.tools.run("countersign", [&args[..], more].concat())
    }
}
