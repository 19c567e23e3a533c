//! Which images a pod may run, wherever it names them.

use super::stage::Stage;
use super::{accepts, denied, rejects};
use crate::evidence::Predicate;
use crate::failure::{Outcome, ensure};
use crate::manifest::pod;

pub(super) fn admits_a_signed_pod(stage: &Stage) -> Outcome {
    let image = stage.signed()?;
    stage.admits(&image)?;
    let by_digest = pod("app").with_image(&image.by_digest()).manifest();
    accepts(&stage.protected()?, &by_digest).map(drop)
}

pub(super) fn admits_a_signed_index(stage: &Stage) -> Outcome {
    let index = stage.registry.push_index("shop/many")?;
    stage.denial(&index)?.saying("signature/signed")?;
    stage.release.sign(&index, "bundle")?;
    stage.admits(&index)
}

pub(super) fn rejects_an_unsigned_pod(stage: &Stage) -> Outcome {
    stage
        .denial(&stage.unsigned()?)?
        .saying("signature/signed")
        .map(drop)
}

pub(super) fn rejects_a_strangers_signature(stage: &Stage) -> Outcome {
    for format in ["bundle", "legacy"] {
        let image = stage.unsigned()?;
        stage.stranger.sign(&image, format)?;
        stage
            .denial(&image)?
            .saying("signature/signed")?
            .saying("signed by another key")?;
    }
    Ok(())
}

pub(super) fn rejects_what_no_policy_covers(stage: &Stage) -> Outcome {
    stage
        .denial(&stage.registry.push("elsewhere/app")?)?
        .saying("unmatched")
        .map(drop)
}

pub(super) fn rejects_an_unsigned_init_container(stage: &Stage) -> Outcome {
    let (good, bad) = (stage.signed()?, stage.unsigned()?);
    let pod = pod("app")
        .with_init_image(&bad.by_tag())
        .with_image(&good.by_tag());
    rejects(&stage.protected()?, &pod.manifest())?
        .saying("signature/signed")?
        .saying("spec.initContainers[0].image")?
        .never_saying("spec.containers[0].image")
        .map(drop)
}

pub(super) fn rejects_an_unsigned_image_volume(stage: &Stage) -> Outcome {
    let (good, bad) = (stage.signed()?, stage.unsigned()?);
    let with_volume = |image: &str| {
        pod("app")
            .with_image(&good.by_tag())
            .with_image_volume(image)
            .manifest()
    };
    let namespace = stage.protected()?;
    rejects(&namespace, &with_volume(&bad.by_tag()))?
        .saying("signature/signed")?
        .saying("spec.volumes[0].image.reference")?;
    accepts(&namespace, &with_volume(&good.by_tag()))?;
    let pinned = namespace.field("pod/app", ".spec.volumes[0].image.reference")?;
    ensure(pinned == good.pinned(), || {
        format!("the volume is of {pinned}")
    })
}

pub(super) fn judges_every_container_of_a_pod(stage: &Stage) -> Outcome {
    let (good, bad, worse) = (stage.signed()?, stage.unsigned()?, stage.unsigned()?);
    let images = [&good, &bad, &worse, &bad];
    let pod = images
        .iter()
        .fold(pod("app"), |pod, image| pod.with_image(&image.by_tag()));
    rejects(&stage.protected()?, &pod.manifest())?
        .saying("spec.containers[1].image, spec.containers[3].image")?
        .saying("spec.containers[2].image")?
        .saying(&bad.digest)?
        .saying(&worse.digest)?
        .never_saying(&good.digest)
        .map(drop)
}

pub(super) fn judges_ephemeral_containers(stage: &Stage) -> Outcome {
    let (good, bad) = (stage.signed()?, stage.unsigned()?);
    let namespace = stage.protected()?;
    accepts(
        &namespace,
        &pod("app").with_image(&good.by_tag()).manifest(),
    )?;
    let debug = |name: &str, image: &str| {
        let (name, image) = (format!("--container={name}"), format!("--image={image}"));
        namespace.run([
            "debug",
            "pod/app",
            "--attach=false",
            "--profile=general",
            &name,
            &image,
        ])
    };
    denied(debug("bad", &bad.by_tag())?)?
        .saying("signature/signed")?
        .saying("spec.ephemeralContainers[0].image")?;
    debug("good", &good.by_tag())?.exits(0)?;
    let runs = namespace.field("pod/app", ".spec.ephemeralContainers[0].image")?;
    ensure(runs == good.pinned(), || format!("it runs {runs}"))
}

pub(super) fn admits_what_was_built_and_described(stage: &Stage) -> Outcome {
    stage
        .denial(&stage.built(&[])?)?
        .saying("provenance/slsa_level")?
        .saying("provenance/builder_id")?
        .saying("sbom/required")?;
    stage
        .denial(&stage.built(&[Predicate::Provenance])?)?
        .saying("sbom/required")?
        .never_saying("provenance/")?;
    stage
        .denial(&stage.built(&[Predicate::Sbom])?)?
        .saying("provenance/slsa_level")?
        .never_saying("sbom/required")?;
    stage.admits(&stage.built(&[Predicate::Provenance, Predicate::Sbom])?)
}

pub(super) fn pins_the_tag_that_was_judged(stage: &Stage) -> Outcome {
    let (main, init) = (stage.signed()?, stage.signed()?);
    let namespace = stage.protected()?;
    let pod = pod("app")
        .with_image(&main.by_tag())
        .with_init_image(&init.by_tag());
    accepts(&namespace, &pod.manifest())?;
    for (path, image) in [
        (".spec.containers[0].image", &main),
        (".spec.initContainers[0].image", &init),
    ] {
        let runs = namespace.field("pod/app", path)?;
        ensure(runs == image.pinned(), || {
            format!("{path} is {runs}, not {}", image.pinned())
        })?;
    }
    Ok(())
}

pub(super) fn rejects_a_tag_that_was_moved(stage: &Stage) -> Outcome {
    let image = stage.signed()?;
    stage.admits(&image)?;
    let moved = stage.registry.push_to(&image)?;
    stage
        .denial(&moved)?
        .saying(&moved.digest)?
        .never_saying(&image.digest)?;
    let still_good = pod("app").with_image(&image.by_digest()).manifest();
    accepts(&stage.protected()?, &still_good).map(drop)
}
