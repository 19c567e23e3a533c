//! What cosign attaches, we verify, and only under the key that signed it.

use super::{Bench, Cosign, Form, Predicate};
use crate::failure::Outcome;
use crate::process::Ran;

pub(super) fn verifies_what_cosign_3_attached_as_bundles(bench: &Bench) -> Outcome {
    verifies(bench, Cosign::Three, Form::Bundle)
}

pub(super) fn verifies_what_cosign_3_attached_under_tags(bench: &Bench) -> Outcome {
    verifies(bench, Cosign::Three, Form::Tag)
}

pub(super) fn verifies_what_cosign_2_attached_as_bundles(bench: &Bench) -> Outcome {
    verifies(bench, Cosign::Two, Form::Bundle)
}

pub(super) fn verifies_what_cosign_2_attached_under_tags(bench: &Bench) -> Outcome {
    verifies(bench, Cosign::Two, Form::Tag)
}

/// Nothing attached, then a signature, then one attestation: each step vouches for itself alone.
fn verifies(bench: &Bench, cosign: Cosign, form: Form) -> Outcome {
    let image = bench.registry.push("theirs/app")?;
    let (tag, digest, key) = (image.by_tag(), image.by_digest(), &bench.theirs);
    bench.verify(key, &tag, &[])?.exits(1)?;

    bench.cosign_attaches(cosign, form, key, &image, None, &[])?;
    bench.verify(key, &tag, &[])?.exits(0)?;
    bench.verify(key, &digest, &[])?.exits(0)?;
    bench.verify(&bench.stranger, &tag, &[])?.exits(1)?;
    bench
        .verify(key, &tag, &["--type", Predicate::Sbom.alias()])?
        .exits(1)?;

    bench.cosign_attaches(cosign, form, key, &image, Some(Predicate::Sbom), &[])?;
    bench
        .verify(key, &tag, &["--type", Predicate::Sbom.alias()])?
        .exits(0)?;
    bench
        .verify(&bench.stranger, &tag, &["--type", Predicate::Sbom.alias()])?
        .exits(1)?;
    bench
        .verify(key, &tag, &["--type", Predicate::Provenance.alias()])?
        .exits(1)?;

    bench.cosign_attaches(cosign, form, key, &image, Some(Predicate::Provenance), &[])?;
    bench
        .verify(key, &tag, &["--type", Predicate::Provenance.alias()])?
        .exits(0)?;
    bench
        .verify(key, &tag, &["--type", Predicate::Sbom.alias()])?
        .exits(0)
        .map(drop)
}

pub(super) fn verifies_an_index_that_cosign_signed(bench: &Bench) -> Outcome {
    let (index, key) = (bench.registry.push_index("theirs/index")?, &bench.theirs);
    bench.verify(key, &index.by_tag(), &[])?.exits(1)?;
    bench.cosign_attaches(Cosign::Three, Form::Bundle, key, &index, None, &[])?;
    bench.verify(key, &index.by_tag(), &[])?.exits(0)?;
    bench
        .verify(&bench.stranger, &index.by_tag(), &[])?
        .exits(1)
        .map(drop)
}

pub(super) fn verifies_the_annotations_that_cosign_signed(bench: &Bench) -> Outcome {
    for form in [Form::Bundle, Form::Tag] {
        let image = bench.registry.push("theirs/annotated")?;
        let said = ["-a", "env=prod"];
        bench.cosign_attaches(Cosign::Three, form, &bench.theirs, &image, None, &said)?;
        bench
            .verify(&bench.theirs, &image.by_tag(), &said)?
            .exits(0)?;
        bench
            .verify(&bench.theirs, &image.by_tag(), &["-a", "env=test"])?
            .exits(1)?;
    }
    Ok(())
}

/// Where `COSIGN_REPOSITORY` says, as cosign does: tags only, for a bundle lies beside what it refers to.
pub(super) fn finds_what_lies_in_another_repository(bench: &Bench) -> Outcome {
    let image = bench.registry.push("theirs/elsewhere")?;
    let elsewhere = format!("{}/signatures", bench.registry.host);
    let reference = image.by_digest();
    let sign = [
        "sign",
        "--key",
        &bench.theirs.private,
        "--tlog-upload=false",
        "--yes",
        &reference,
    ];
    let mut cosign = bench.tools.command(Cosign::Two.name());
    cosign.args(sign).env("COSIGN_REPOSITORY", &elsewhere);
    Ran::of(&mut cosign, "")?.exits(0)?;
    bench.verify(&bench.theirs, &reference, &[])?.exits(1)?;
    let host = &bench.registry.host;
    let verify = [
        "verify",
        "--key",
        &bench.theirs.public,
        "--plain-http",
        host,
        &reference,
    ];
    let mut ours = bench.tools.command("countersign");
    ours.args(verify).env("COSIGN_REPOSITORY", &elsewhere);
    Ran::of(&mut ours, "")?.exits(0).map(drop)
}

/// The same words, whichever of the programs they are said to.
pub(super) fn answers_to_cosigns_own_command_line(bench: &Bench) -> Outcome {
    let image = bench.registry.push("theirs/spelt")?;
    let (key, what) = (&bench.theirs, Predicate::Sbom);
    bench.cosign_attaches(Cosign::Two, Form::Tag, key, &image, Some(what), &[])?;
    let reference = image.by_digest();
    let flags = [
        "--key",
        &key.public,
        "--type",
        what.alias(),
        "--allow-http-registry",
        &reference,
    ];
    bench
        .tools
        .must(
            "countersign",
            ["verify-attestation"].into_iter().chain(flags),
        )
        .map(drop)
}

pub(super) fn finds_every_signer_whatever_form_each_chose(bench: &Bench) -> Outcome {
    let image = bench.registry.push("theirs/united")?;
    let (first, second) = (&bench.theirs, &bench.ours);
    bench.cosign_attaches(Cosign::Three, Form::Bundle, first, &image, None, &[])?;
    bench.cosign_attaches(Cosign::Two, Form::Tag, second, &image, None, &[])?;
    bench.verify(first, &image.by_tag(), &[])?.exits(0)?;
    bench.verify(second, &image.by_tag(), &[])?.exits(0)?;
    bench
        .verify(&bench.stranger, &image.by_tag(), &[])?
        .exits(1)
        .map(drop)
}
