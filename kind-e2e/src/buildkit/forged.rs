//! Who runs BuildKit writes any `builder.id` that they like: it counts for who vouches for it.

use serde_json::json;

use super::Yard;
use crate::evidence::BUILDER;
use crate::failure::Outcome;

pub(super) fn a_builder_that_nobody_signed_is_nobody(yard: &Yard) -> Outcome {
    let build = yard.built(BUILDER)?;
    yard.check(&build, &json!("all"))?
        .exits(1)?
        .saying("provenance/builder_id (no_provenance)")?
        .saying("provenance/slsa_level (no_provenance)")?
        .saying("BuildKit's, which counts by a signature of the index")
        .map(drop)
}

pub(super) fn a_builder_that_a_stranger_signed_is_nobody(yard: &Yard) -> Outcome {
    let build = yard.built(BUILDER)?;
    let parts = build.parts.iter();
    let digests = parts.flat_map(|(_, image, statements)| [&image.digest, &statements.digest]);
    for digest in digests.chain([&build.image.digest]) {
        yard.signs(&yard.stranger, &build, digest)?;
    }
    yard.verify_provenance(&yard.stranger, &build.image)?
        .exits(0)?;
    yard.check(&build, &json!("all"))?
        .exits(1)?
        .saying("provenance/builder_id (no_provenance)")?
        .saying("provenance/slsa_level (no_provenance)")?
        .saying("nobody who is accepted signed that")
        .map(drop)
}

/// The one who signs is believed, and does not speak for that builder.
pub(super) fn a_builder_is_vouched_for_by_its_own_authority(yard: &Yard) -> Outcome {
    let build = yard.built(BUILDER)?;
    yard.signs(&yard.ci, &build, &build.image.digest)?;
    yard.check(&build, &json!("all"))?
        .exits(1)?
        .saying("provenance/builder_id (builder_not_allowed)")?
        .saying("provenance/slsa_level (level_too_low)")?
        .saying("counts only by the word of release, and this is the word of ci")?;
    yard.signs(&yard.release, &build, &build.image.digest)?;
    yard.check(&build, &json!("all"))?.exits(0)?;

    let other = yard.built("https://builder.evil.example/v1")?;
    yard.signs(&yard.release, &other, &other.image.digest)?;
    yard.check(&other, &json!("all"))?
        .exits(1)?
        .saying("provenance/builder_id (builder_not_allowed)")?
        .saying("https://builder.evil.example/v1")
        .map(drop)
}
