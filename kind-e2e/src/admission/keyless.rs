//! Pods of images that identities signed, under a trust root that the policies bring along.

use serde_json::{Value, json};

use super::stage::Stage;
use crate::failure::{Outcome, ensure};
use crate::sigstore::{RELEASE, STRANGER, Sigstore};

/// The documents: a trust root, and a policy under it. Certificates of this Sigstore are in no certificate log.
pub(super) fn documents(sigstore: &Sigstore, images: &str) -> Outcome<[Value; 2]> {
    let document = |kind: &str, name: &str, spec: Value| {
        json!({
            "apiVersion": "countersign.dev/v1alpha1", "kind": kind,
            "metadata": {"name": name}, "spec": spec,
        })
    };
    let root = json!({"trustedRoot": sigstore.trusted_root()?, "requireSct": false});
    let identity = json!({
        "issuer": sigstore.issuer(),
        "subjectPattern": r"https://github\.com/acme/[^/]+/\.github/workflows/release\.yml@refs/heads/main",
        "claims": {"runnerEnvironment": "github-hosted"},
    });
    let policy = json!({
        "images": {"include": [images]},
        "authorities": [{"name": "ci", "keyless": {"trustRoot": ROOT, "identities": [identity]}}],
        "rules": [{"rule": "signature/signed", "params": {"authorities": ["ci"], "threshold": 1}}],
    });
    Ok([
        document("TrustRoot", ROOT, root),
        document("ClusterImagePolicy", "keyless", policy),
    ])
}

pub(super) fn admits_what_a_workflow_signed(stage: &Stage) -> Outcome {
    let image = stage.registry.push("ci/app")?;
    stage
        .denial(&image)?
        .saying("not allowed by policy keyless")?
        .saying("signature/signed (unsigned)")?;
    stage.sigstore.cosign_attaches(RELEASE, &image, None)?;
    stage.admits(&image)?;
    let ready = stage.webhook.ask("/readyz")?;
    ensure(ready.contains(ROOT), || ready)
}

pub(super) fn rejects_what_another_workflow_signed(stage: &Stage) -> Outcome {
    let image = stage.registry.push("ci/app")?;
    stage.sigstore.cosign_attaches(STRANGER, &image, None)?;
    stage
        .denial(&image)?
        .saying("not allowed by policy keyless")?
        .saying("signature/signed (untrusted)")?
        .saying(&format!("subject is {:?}", STRANGER.subject()))?
        .saying("which authority ci does not accept")
        .map(drop)
}

pub(super) fn rejects_a_key_in_place_of_a_workflow(stage: &Stage) -> Outcome {
    let image = stage.registry.push("ci/app")?;
    stage.release.sign(&image, "bundle")?;
    stage
        .denial(&image)?
        .saying("not allowed by policy keyless")?
        .saying("signature/signed (untrusted)")?
        .saying("authority ci accepts certificates only")
        .map(drop)
}

const ROOT: &str = "acme-sigstore";
