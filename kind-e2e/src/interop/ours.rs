//! What we attach, cosign verifies, and only under the key that signed it.

use super::{Bench, Cosign, Form, Predicate};
use crate::evidence::host;
use crate::failure::{Outcome, ensure};
use crate::registry::Image;

pub(super) fn both_cosigns_verify_our_bundles(bench: &Bench) -> Outcome {
    let image = attached(bench, "bundle")?;
    for cosign in Cosign::BOTH {
        cosign_accepts_all(bench, cosign, Form::Bundle, &image)?;
    }
    Ok(())
}

pub(super) fn both_cosigns_verify_our_tags(bench: &Bench) -> Outcome {
    let image = attached(bench, "legacy")?;
    for cosign in Cosign::BOTH {
        cosign_accepts_all(bench, cosign, Form::Tag, &image)?;
    }
    Ok(())
}

/// cosign 2 reads the bundles of an image that has both, whatever it is told.
pub(super) fn both_cosigns_verify_what_we_attach_in_both_forms(bench: &Bench) -> Outcome {
    let image = attached(bench, "both")?;
    for (cosign, form) in [
        (Cosign::Two, Form::Bundle),
        (Cosign::Three, Form::Bundle),
        (Cosign::Three, Form::Tag),
    ] {
        cosign_accepts_all(bench, cosign, form, &image)?;
    }
    Ok(())
}

pub(super) fn cosign_refuses_what_another_key_signed(bench: &Bench) -> Outcome {
    let image = attached(bench, "both")?;
    for form in [Form::Bundle, Form::Tag] {
        let ran = bench.cosign_verifies(Cosign::Three, form, &bench.stranger, &image, None, &[])?;
        ensure(!ran.succeeded(), || ran.describe("wanted a refusal"))?;
    }
    Ok(())
}

pub(super) fn cosign_verifies_our_annotations(bench: &Bench) -> Outcome {
    for (format, cosign, form) in [
        ("bundle", Cosign::Three, Form::Bundle),
        ("legacy", Cosign::Two, Form::Tag),
    ] {
        let image = bench.registry.push("ours/annotated")?;
        let reference = image.by_digest();
        let place = ["--plain-http", host(&image), &reference];
        let said = [
            "sign",
            "--key",
            &bench.ours.private,
            "--format",
            format,
            "-a",
            "env=prod",
        ];
        bench
            .tools
            .must("countersign", said.into_iter().chain(place))?;
        let ask = |annotation| {
            let more = ["-a", annotation];
            bench.cosign_verifies(cosign, form, &bench.ours, &image, None, &more)
        };
        ask("env=prod")?.exits(0)?;
        let other = ask("env=test")?;
        ensure(!other.succeeded(), || other.describe("wanted a refusal"))?;
    }
    Ok(())
}

/// Under a tag all signatures share one manifest: adding ours must not lose theirs.
pub(super) fn our_signature_leaves_cosigns_beside_it(bench: &Bench) -> Outcome {
    for (form, ours) in [(Form::Bundle, "bundle"), (Form::Tag, "legacy")] {
        let image = bench.registry.push("ours/beside")?;
        bench.cosign_attaches(Cosign::Three, form, &bench.theirs, &image, None, &[])?;
        bench.ours.sign(&image, ours)?;
        for key in [&bench.ours, &bench.theirs] {
            bench
                .cosign_verifies(Cosign::Three, form, key, &image, None, &[])?
                .exits(0)?;
            bench.verify(key, &image.by_tag(), &[])?.exits(0)?;
        }
    }
    Ok(())
}

pub(super) fn our_signature_covers_an_index(bench: &Bench) -> Outcome {
    let index = bench.registry.push_index("ours/index")?;
    bench.ours.sign(&index, "both")?;
    for form in [Form::Bundle, Form::Tag] {
        bench.cosign_accepts(Cosign::Three, form, &bench.ours, &index, None)?;
    }
    bench
        .verify(&bench.ours, &index.by_tag(), &[])?
        .exits(0)
        .map(drop)
}

/// An image that we signed, and attested the provenance and the packages of.
fn attached(bench: &Bench, format: &str) -> Outcome<Image> {
    let image = bench.registry.push("ours/app")?;
    bench.ours.sign(&image, format)?;
    bench.ours.attest(&image, Predicate::Provenance, format)?;
    bench.ours.attest(&image, Predicate::Sbom, format)?;
    bench.verify(&bench.ours, &image.by_tag(), &[])?.exits(0)?;
    Ok(image)
}

fn cosign_accepts_all(bench: &Bench, cosign: Cosign, form: Form, image: &Image) -> Outcome {
    for what in [None, Some(Predicate::Provenance), Some(Predicate::Sbom)] {
        bench
            .cosign_verifies(cosign, form, &bench.ours, image, what, &[])?
            .exits(0)?;
    }
    Ok(())
}
