//! Where the webhook is asked and where it is not: namespaces, kinds, dry runs.

use super::stage::Stage;
use super::{accepts, denied, rejects};
use crate::chart::NAMESPACE;
use crate::failure::{Outcome, ensure};
use crate::manifest::pod;

use serde_json::json;

pub(super) fn does_not_touch_unlabelled_namespaces(stage: &Stage) -> Outcome {
    let bad = stage.unsigned()?;
    let namespace = stage.unprotected()?;
    accepts(&namespace, &pod("app").with_image(&bad.by_tag()).manifest())?;
    let runs = namespace.field("pod/app", ".spec.containers[0].image")?;
    ensure(runs == bad.by_tag(), || format!("it was changed to {runs}"))
}

pub(super) fn does_not_touch_its_own_namespace(stage: &Stage) -> Outcome {
    is_never_asked_about(stage, NAMESPACE)
}

pub(super) fn does_not_touch_the_control_planes_namespace(stage: &Stage) -> Outcome {
    is_never_asked_about(stage, "kube-system")
}

/// Even when somebody labels the namespace: a webhook that must admit its own pods could never start.
fn is_never_asked_about(stage: &Stage, namespace: &str) -> Outcome {
    let kubectl = &stage.cluster.kubectl;
    let label = |label: &str| kubectl.run(["label", "namespace", namespace, label]);
    label("countersign.dev/protect=true")?.exits(0)?;
    let outcome = admits_what_is_unsigned(stage, namespace);
    label("countersign.dev/protect-")?.exits(0)?;
    outcome
}

fn admits_what_is_unsigned(stage: &Stage, namespace: &str) -> Outcome {
    // The API server knows of the label by now: it knows of a later one.
    super::changes::protect(stage, &stage.unprotected()?)?;
    let image = format!("--image={}", stage.unsigned()?.by_tag());
    let run = [
        "-n",
        namespace,
        "create",
        "deployment",
        "app",
        &image,
        "--dry-run=server",
    ];
    stage.cluster.kubectl.run(run)?.exits(0).map(drop)
}

pub(super) fn rejects_a_deployment_before_its_pods(stage: &Stage) -> Outcome {
    let (good, bad) = (stage.signed()?, stage.unsigned()?);
    let namespace = stage.protected()?;
    let create =
        |image: &str| namespace.run(["create", "deployment", "app", &format!("--image={image}")]);
    denied(create(&bad.by_tag())?)?
        .saying("signature/signed")?
        .saying("spec.template.spec.containers[0].image")?;
    create(&good.by_tag())?.exits(0)?;
    namespace
        .run(["scale", "deployment/app", "--replicas=3"])?
        .exits(0)
        .map(drop)
}

pub(super) fn rejects_every_kind_that_makes_unsigned_pods(stage: &Stage) -> Outcome {
    let bad = stage.unsigned()?;
    let namespace = stage.protected()?;
    for (manifest, path) in pod("app").with_image(&bad.by_tag()).workloads() {
        let during = |failure: crate::failure::Failure| failure.during(&manifest["kind"]);
        let path = format!("{path}spec.containers[0].image");
        rejects(&namespace, &manifest)
            .and_then(|denial| denial.saying("signature/signed")?.saying(&path))
            .map_err(during)?;
    }
    Ok(())
}

pub(super) fn admits_every_kind_that_makes_signed_pods(stage: &Stage) -> Outcome {
    let good = stage.signed()?;
    let namespace = stage.protected()?;
    for (manifest, _) in pod("app").with_image(&good.by_tag()).workloads() {
        accepts(&namespace, &manifest).map_err(|failure| failure.during(&manifest["kind"]))?;
    }
    Ok(())
}

/// A template belongs to whoever keeps it in a repository: only pods are pinned. The tag is warned of.
pub(super) fn leaves_the_templates_of_deployments_as_written(stage: &Stage) -> Outcome {
    let good = stage.signed()?;
    let namespace = stage.protected()?;
    let image = format!("--image={}", good.by_tag());
    namespace
        .run(["create", "deployment", "app", &image])?
        .exits(0)?
        .saying("Warning: ")?
        .saying(&good.digest)?;
    let path = ".spec.template.spec.containers[0].image";
    let written = namespace.field("deployment/app", path)?;
    ensure(written == good.by_tag(), || {
        format!("it was changed to {written}")
    })
}

pub(super) fn judges_a_dry_run_and_creates_nothing(stage: &Stage) -> Outcome {
    let (good, bad) = (stage.signed()?, stage.unsigned()?);
    let namespace = stage.protected()?;
    let dry = |image: &str| {
        namespace.create(
            &pod("app").with_image(image).manifest(),
            ["--dry-run=server"],
        )
    };
    denied(dry(&bad.by_tag())?)?.saying("signature/signed")?;
    dry(&good.by_tag())?.exits(0)?;
    namespace
        .run(["get", "pod/app"])?
        .exits(1)?
        .saying("NotFound")
        .map(drop)
}

pub(super) fn touches_nothing_that_runs_no_image(stage: &Stage) -> Outcome {
    let object = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app"},
        "data": {"image": "not.covered.example/app:1"},
    });
    accepts(&stage.protected()?, &object).map(drop)
}
