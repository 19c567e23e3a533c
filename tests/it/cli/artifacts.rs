//! Policies as an artifact: pushed, signed, pulled, and judged by; and what is refused on the way.

use std::fs;

use countersign_testkit::Fault;
use serde_json::{Value, json};

use super::checking::{release, shop};
use super::keyless::{CONFIG, ISSUER, ROOT, SUBJECT, services};
use super::{Ended, Shell};

const PUSH: &str = "policy push --plain-http REGISTRY";
const PULL: &str = "policy pull --plain-http REGISTRY";

/// A check of the manifest, by policies that are named here.
async fn check(shell: &Shell, policies: &str) -> Ended {
    let check = format!("check --unpinned allow -f pod.yaml --policies {policies}");
    shell.run(&check).await
}

/// A shop whose policies are in the registry, signed by the key `release`; and their digest.
async fn pushed() -> (Shell, String) {
    let shell = shop().await;
    let push = format!("{PUSH} --key release.key policies REGISTRY/policies/production:1");
    let ended = shell.run(&push).await.is(0);
    assert!(
        ended.stderr.contains("signed by key sha256:"),
        "{}",
        ended.stderr
    );
    let digest = digest(&ended);
    (shell, digest)
}

fn digest(ended: &Ended) -> String {
    let (_, digest) = ended.stdout.trim().split_once('@').unwrap();
    digest.to_owned()
}

/// Another manifest, as the tag `2`.
fn push_as(shell: &Shell, manifest: &Value) -> String {
    let (registry, repository) = (&shell.registry, "policies/production");
    let pushed = registry.push_manifest(repository, OCI_MANIFEST, manifest.to_string());
    registry.move_tag(repository, "2", pushed.digest());
    pushed.digest().to_string()
}

#[tokio::test]
async fn a_tag_is_judged_by_when_the_key_that_is_named_signed_what_it_leads_to() {
    let (shell, _) = pushed().await;
    let policies = "oci://REGISTRY/policies/production:1 --policies-key release.pub";
    let denied = check(&shell, policies).await.is(1);
    assert!(
        denied.stdout.contains("(signature/signed)"),
        "{}",
        denied.stdout
    );
    release(&shell).await;
    let admitted = check(&shell, policies).await.is(0);
    assert_eq!(admitted.stdout, "admitted: Pod shop/api (pod.yaml)\n");

    let stranger = policies.replace("release", "other");
    let refused = check(&shell, &stranger).await;
    assert!(
        refused.stderr.contains("(key_mismatch)"),
        "{}",
        refused.stderr
    );
    refused.fails(2, "policies_unverified");
}

#[tokio::test]
async fn a_digest_says_for_itself_what_it_is_and_a_tag_does_not() {
    let (shell, digest) = pushed().await;
    release(&shell).await;
    let pinned = format!("oci://REGISTRY/policies/production@{digest}");
    check(&shell, &pinned).await.is(0);
    // Both may be demanded.
    let stranger = format!("{pinned} --policies-key other.pub");
    check(&shell, &stranger)
        .await
        .fails(2, "policies_unverified");

    let asked = shell.registry.log().lines().len();
    let tag = "oci://REGISTRY/policies/production:1";
    check(&shell, tag).await.fails(2, "policies_untrusted");
    let half = format!("{tag} --policies-identity ci@acme.example");
    check(&shell, &half).await.is(2);
    let directory = check(&shell, "policies --policies-key release.pub")
        .await
        .is(2);
    assert!(
        directory.stderr.contains("oci://REFERENCE"),
        "{}",
        directory.stderr
    );
    assert_eq!(shell.registry.log().lines().len(), asked);
}

#[tokio::test]
async fn what_nobody_signed_goes_by_its_digest_alone() {
    let shell = shop().await;
    let push = format!("{PUSH} policies REGISTRY/policies/production:1");
    let ended = shell.run(&push).await.is(0);
    assert!(ended.stderr.starts_with("not signed: "), "{}", ended.stderr);
    let tag = "oci://REGISTRY/policies/production:1 --policies-key release.pub";
    check(&shell, tag).await.fails(2, "policies_unverified");
    let pinned = format!("oci://REGISTRY/policies/production@{}", digest(&ended));
    check(&shell, &pinned).await.is(1);
    // The same files are the same artifact.
    let again = shell.run(&push.replace(":1", ":2")).await.is(0);
    assert_eq!(digest(&again), digest(&ended));
    for wrong in ["--keyless --key release.key", "--identity-token x"] {
        let push = format!("{PUSH} {wrong} policies REGISTRY/policies/production:3");
        shell.run(&push).await.is(2);
    }
    assert_eq!(shell.registry.tags("policies/production").len(), 2);
}

#[tokio::test]
async fn an_identity_signs_policies_that_go_by_its_name_and_by_no_other() {
    let shell = shop().await;
    let services = services(&shell).await;
    let token = services.token(SUBJECT, ISSUER);
    let push = format!(
        "{PUSH} --keyless --identity-token {token} {CONFIG} {ROOT} policies REGISTRY/policies/production:1"
    );
    let ended = shell.run(&push).await.is(0);
    let said = format!("signed by {SUBJECT} ({ISSUER})");
    assert!(ended.stderr.contains(&said), "{}", ended.stderr);

    let pull = format!("{PULL} {ROOT} REGISTRY/policies/production:1 pulled");
    for (subject, issuer, reason) in [
        (format!("{SUBJECT}x"), ISSUER, "(identity_mismatch)"),
        (
            SUBJECT.to_owned(),
            "https://issuer.example",
            "(issuer_mismatch)",
        ),
    ] {
        let check = check(
            &shell,
            &format!("oci://REGISTRY/policies/production:1 --policies-identity {subject} --policies-issuer {issuer} --policies-trusted-root root.json"),
        )
        .await;
        let pull =
            format!("{pull} --certificate-identity {subject} --certificate-oidc-issuer {issuer}");
        for refused in [check, shell.run(&pull).await] {
            assert!(refused.stderr.contains(reason), "{}", refused.stderr);
            refused.fails(2, "policies_unverified");
        }
    }
    assert!(!shell.path("pulled").exists());

    let policies = format!(
        "oci://REGISTRY/policies/production:1 --policies-identity {SUBJECT} --policies-issuer {ISSUER}"
    );
    let by_public_root = check(&shell, &policies).await;
    by_public_root.fails(2, "policies_unverified");
    let by_root = format!("{policies} --policies-trusted-root root.json");
    let denied = check(&shell, &by_root).await.is(1);
    assert!(
        denied.stdout.contains("(signature/signed)"),
        "{}",
        denied.stdout
    );
    let as_itself =
        format!("{pull} --certificate-identity {SUBJECT} --certificate-oidc-issuer {ISSUER}");
    let pulled = shell.run(&as_itself).await.is(0);
    assert_eq!(digest(&pulled), digest(&ended));
}

#[tokio::test]
async fn a_registry_that_fails_is_could_not_look() {
    let (shell, _) = pushed().await;
    let tag = "oci://REGISTRY/policies/production:1 --policies-key release.pub";
    shell
        .registry
        .fault(Fault::on("GET /v2/policies/*/referrers/*").status(500));
    check(&shell, tag).await.fails(3, "registry_error");
    shell.registry.clear_faults();
    let absent = tag.replace(":1", ":absent");
    check(&shell, &absent).await.fails(3, "image_not_found");
}

#[tokio::test]
async fn what_is_signed_and_no_artifact_of_policies_is_refused() {
    let shell = shop().await;
    release(&shell).await;
    let image = "oci://REGISTRY/shop/api:1 --policies-key release.pub";
    let refused = check(&shell, image).await;
    assert!(
        refused.stderr.contains("found an image"),
        "{}",
        refused.stderr
    );
    refused.fails(2, "policies_malformed");
}

#[tokio::test]
async fn a_file_that_would_land_elsewhere_is_refused_whoever_signed_it() {
    let (shell, _) = pushed().await;
    let bytes = shell.registry.manifest("policies/production", "1").unwrap();
    let mut manifest: Value = serde_json::from_slice(&bytes).unwrap();
    let title = &mut manifest["layers"][0]["annotations"]["org.opencontainers.image.title"];
    assert_eq!(*title, "production.yaml");
    *title = json!("../../../../tmp/countersign-escaped.yaml");
    push_as(&shell, &manifest);
    let sign = "sign --key release.key REGISTRY/policies/production:2";
    shell.run(sign).await.is(0);
    let policies = "oci://REGISTRY/policies/production:2 --policies-key release.pub";
    let refused = check(&shell, policies).await;
    assert!(
        refused.stderr.contains("countersign-escaped.yaml"),
        "{}",
        refused.stderr
    );
    refused.fails(2, "policies_malformed");
    let pull = format!("{PULL} --key release.pub REGISTRY/policies/production:2 pulled");
    shell.run(&pull).await.fails(2, "policies_malformed");
    assert!(!shell.path("pulled").exists());
}

#[tokio::test]
async fn mistakes_are_named_by_their_place_in_the_artifact_and_kept_from_a_registry() {
    let (shell, _) = pushed().await;
    let wrong = fs::read_to_string(shell.path("policies/production.yaml")).unwrap();
    let wrong = wrong.replace("threshold", "treshold");
    fs::create_dir(shell.path("wrong")).unwrap();
    shell.write("wrong/production.yaml", &wrong);
    let push = format!("{PUSH} wrong REGISTRY/policies/wrong:1");
    shell.run(&push).await.fails(2, "unknown_param");
    // Nor are those that miss a file which does not become a part of the artifact.
    let named = wrong.replace("treshold", "threshold").replace(
        "{authorities: [release], threshold: 1}",
        "{}, paramsFrom: {file: params}",
    );
    shell.write("wrong/production.yaml", &named);
    shell.write("wrong/params", "{authorities: [release], threshold: 1}");
    shell.run("check -f pod.yaml --policies wrong").await.is(1);
    let asked = shell.registry.log().lines().len();
    let refused = shell.run(&push).await.is(2);
    assert!(
        refused.stderr.contains("wrong/production.yaml:"),
        "{}",
        refused.stderr
    );
    let pinned = push.replace(
        ":1",
        "@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    );
    shell.run(&pinned).await.is(2);
    assert_eq!(shell.registry.log().lines().len(), asked);

    // Somebody else's tool may have pushed them all the same.
    let bytes = shell.registry.manifest("policies/production", "1").unwrap();
    let mut manifest: Value = serde_json::from_slice(&bytes).unwrap();
    let blob = shell
        .registry
        .push_blob("policies/production", wrong.clone());
    manifest["layers"][0]["digest"] = json!(blob.to_string());
    manifest["layers"][0]["size"] = json!(wrong.len());
    let digest = push_as(&shell, &manifest);
    let refused = check(
        &shell,
        &format!("oci://REGISTRY/policies/production@{digest}"),
    )
    .await;
    let place = format!(
        "oci://{}/policies/production@{digest}/production.yaml:17:65: ",
        shell.registry.host()
    );
    assert!(refused.stderr.contains(&place), "{}", refused.stderr);
    refused.fails(2, "unknown_param");
}

#[tokio::test]
async fn pulled_policies_are_the_files_that_were_pushed() {
    let (shell, digest) = pushed().await;
    let tag = format!("{PULL} REGISTRY/policies/production:1 pulled");
    shell.run(&tag).await.fails(2, "policies_untrusted");
    let stranger = tag.replace(" pulled", " pulled --key other.pub");
    shell.run(&stranger).await.fails(2, "policies_unverified");
    assert!(!shell.path("pulled").exists());

    let pull = tag.replace(" pulled", " pulled --key release.pub");
    let ended = shell.run(&pull).await.is(0);
    let host = shell.registry.host();
    assert_eq!(
        ended.stdout,
        format!("{host}/policies/production@{digest}\n")
    );
    let read = |folder: &str| fs::read(shell.path(&format!("{folder}/production.yaml"))).unwrap();
    assert_eq!(read("pulled"), read("policies"));
    // Nothing is written over.
    shell.run(&pull).await.fails(2, "policies_unfit");
}

const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
