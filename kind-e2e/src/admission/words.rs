//! What people read: the denial in their terminal, warnings, the audit log, the webhook's own log.

use std::time::Duration;

use serde_json::Value;

use super::accepts;
use super::stage::Stage;
use crate::failure::{Failure, Outcome, ensure, until};
use crate::manifest::pod;

pub(super) fn a_denial_names_policy_rule_digest_and_command(stage: &Stage) -> Outcome {
    let image = stage.unsigned()?;
    stage
        .denial(&image)?
        .saying("Error from server")?
        .saying("not allowed by policy production")?
        .saying("signature/signed")?
        .saying(&image.digest)?
        .saying("spec.containers[0].image")?
        .saying("countersign check --policies")?
        .saying("countersign sign ")
        .map(drop)
}

pub(super) fn a_policy_in_warn_mode_warns(stage: &Stage) -> Outcome {
    let image = stage.registry.push("watched/app")?;
    let manifest = pod("app").with_image(&image.by_tag()).manifest();
    accepts(&stage.protected()?, &manifest)?
        .saying("Warning: ")?
        .saying("watched: wanted a signature")?
        .saying("signature/signed")
        .map(drop)
}

pub(super) fn a_policy_in_audit_mode_admits_in_silence(stage: &Stage) -> Outcome {
    let image = stage.registry.push("recorded/app")?;
    let manifest = pod("app").with_image(&image.by_tag()).manifest();
    let namespace = stage.protected()?;
    accepts(&namespace, &manifest)?.never_saying("Warning")?;
    let Some(annotations) = annotations(stage, &namespace.name)? else {
        return Ok(());
    };
    ensure(annotations.contains("signature/signed"), || annotations)
}

pub(super) fn the_audit_log_names_digest_policy_and_authority(stage: &Stage) -> Outcome {
    let image = stage.signed()?;
    let namespace = stage.protected()?;
    accepts(
        &namespace,
        &pod("app").with_image(&image.by_tag()).manifest(),
    )?;
    let annotations = annotations(stage, &namespace.name)?
        .ok_or_else(|| Failure::inapplicable("the API server's log is not ours to read"))?;
    for word in [image.digest.as_str(), "production", "release"] {
        ensure(annotations.contains(word), || {
            format!("no {word} in {annotations}")
        })?;
    }
    Ok(())
}

pub(super) fn the_log_has_one_line_for_each_review(stage: &Stage) -> Outcome {
    let (good, bad) = (stage.signed()?, stage.unsigned()?);
    stage.admits(&good)?;
    stage.denial(&bad)?;
    // The kubelet of a live cluster changes what was admitted, which is another review; nothing changes what was not.
    let log = stage.webhook.log();
    let lines: Vec<_> = log
        .lines()
        .filter(|line| line.contains(&bad.digest))
        .collect();
    ensure(lines.len() == 1, || {
        format!("{} lines for one denial: {lines:?}", lines.len())
    })?;
    ensure(log.contains(&good.digest), || {
        "no line for an admission".to_owned()
    })?;
    for secret in ["PRIVATE KEY", "panicked"] {
        ensure(!log.contains(secret), || format!("the log says {secret}"))?;
    }
    Ok(())
}

/// What our webhook noted about the creation of the pod `app`; nothing where the API server's log is not ours to read.
fn annotations(stage: &Stage, namespace: &str) -> Outcome<Option<String>> {
    let Some(path) = stage.cluster.audit_log() else {
        return Ok(None);
    };
    until("the audit log", Duration::from_secs(10), || {
        for line in std::fs::read_to_string(path)?.lines() {
            let event: Value = serde_json::from_str(line)?;
            let of = &event["objectRef"];
            if event["verb"] == "create" && of["resource"] == "pods" && of["namespace"] == namespace
            {
                return Ok(Some(event["annotations"].to_string()));
            }
        }
        Err(Failure::new(format!("no creation of a pod in {namespace}")))
    })
}
