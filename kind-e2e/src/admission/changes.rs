//! What may happen to pods that run, and what happens while a registry or the webhook is away.

use super::stage::Stage;
use super::{accepts, denied, rejects};
use crate::failure::{Outcome, ensure};
use crate::kubectl::Namespace;
use crate::manifest::pod;
use crate::process::Ran;
use crate::registry::Image;

pub(super) fn rejects_an_image_changed_in_place(stage: &Stage) -> Outcome {
    let (good, bad) = (stage.signed()?, stage.unsigned()?);
    let namespace = running(stage, &good)?;
    denied(set_image(&namespace, &bad)?)?.saying("signature/signed")?;
    let runs = namespace.field("pod/app", ".spec.containers[0].image")?;
    ensure(runs == good.pinned(), || format!("it runs {runs}"))
}

pub(super) fn admits_a_signed_image_changed_in_place(stage: &Stage) -> Outcome {
    let (one, other) = (stage.signed()?, stage.signed()?);
    let namespace = running(stage, &one)?;
    set_image(&namespace, &other)?.exits(0)?;
    let runs = namespace.field("pod/app", ".spec.containers[0].image")?;
    ensure(runs == other.pinned(), || format!("it runs {runs}"))
}

pub(super) fn lets_labels_change_when_the_registry_is_gone(stage: &Stage) -> Outcome {
    let image = mortal_and_signed(stage)?;
    let namespace = running(stage, &image)?;
    stage.mortal.stop();
    namespace
        .run(["label", "pod/app", "tier=front"])?
        .exits(0)?;
    let label = namespace.field("pod/app", ".metadata.labels.tier")?;
    namespace
        .run(["delete", "pod/app", "--wait=false"])?
        .exits(0)?;
    stage.mortal.restart()?;
    ensure(label == "front", || format!("the label is {label:?}"))
}

pub(super) fn says_that_it_could_not_look_when_the_registry_is_gone(stage: &Stage) -> Outcome {
    let image = mortal_and_signed(stage)?;
    stage.mortal.stop();
    let denial = stage.denial(&image);
    stage.mortal.restart()?;
    denial?
        .saying("could not look")?
        .saying("registry_unreachable")?
        .saying("production")?
        .never_saying("unsigned")?
        .never_saying("signature/signed")
        .map(drop)
}

pub(super) fn deletes_what_it_would_not_admit(stage: &Stage) -> Outcome {
    let bad = stage.unsigned()?;
    let namespace = stage.unprotected()?;
    let manifest = pod("app").with_image(&bad.by_tag()).manifest();
    accepts(&namespace, &manifest)?;
    protect(stage, &namespace)?;
    namespace.run(["label", "pod/app", "old=yes"])?.exits(0)?;
    namespace
        .run(["delete", "pod/app", "--wait=false"])?
        .exits(0)
        .map(drop)
}

pub(super) fn admits_a_pod_once_it_is_signed(stage: &Stage) -> Outcome {
    let image = stage.unsigned()?;
    stage.denial(&image)?;
    stage.release.sign(&image, "bundle")?;
    stage.admits(&image)
}

/// Ends the webhook with SIGTERM and starts it again: last of all, for nothing is admitted meanwhile.
pub(super) fn nothing_unsigned_passes_while_the_webhook_is_down(stage: &Stage) -> Outcome {
    let (good, bad) = (stage.signed()?, stage.unsigned()?);
    let (protected, open) = (stage.protected()?, stage.unprotected()?);
    stage.webhook.stop()?;
    let manifest = pod("app").with_image(&bad.by_tag()).manifest();
    let unasked = protected.create(&manifest, [])?;
    let elsewhere = open.create(&manifest, [])?;
    stage.webhook.restart()?;
    unasked.exits(1)?.saying("failed calling webhook")?;
    elsewhere.exits(0)?;
    rejects(&protected, &manifest)?;
    accepts(
        &protected,
        &pod("app").with_image(&good.by_tag()).manifest(),
    )
    .map(drop)
}

/// A namespace in which the pod `app` runs an image.
fn running(stage: &Stage, image: &Image) -> Outcome<Namespace> {
    let namespace = stage.protected()?;
    accepts(
        &namespace,
        &pod("app").with_image(&image.by_tag()).manifest(),
    )?;
    Ok(namespace)
}

fn mortal_and_signed(stage: &Stage) -> Outcome<Image> {
    let image = stage.mortal.push("shop/app")?;
    stage.release.sign(&image, "bundle")?;
    Ok(image)
}

pub(super) fn protect(stage: &Stage, namespace: &Namespace) -> Outcome {
    let args = [
        "label",
        "namespace",
        &namespace.name,
        "countersign.dev/protect=true",
    ];
    stage.cluster.kubectl.run(args)?.exits(0)?;
    // The API server learns of the label by itself: a pod that must be denied says when.
    let manifest = pod("probe")
        .with_image(&stage.unsigned()?.by_tag())
        .manifest();
    crate::failure::until("the label", std::time::Duration::from_secs(20), || {
        denied(namespace.create(&manifest, ["--dry-run=server"])?).map(drop)
    })
}

fn set_image(namespace: &Namespace, image: &Image) -> Outcome<Ran> {
    namespace.run(["set", "image", "pod/app", &format!("c0={}", image.by_tag())])
}
