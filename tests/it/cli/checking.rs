//! `check`: the webhook's verdict before the cluster.

use std::fs;

use countersign_testkit::{Fault, TestRegistry};
use serde_json::json;

use super::{Shell, snapshot};
use crate::world::{PROVENANCE, SBOM};

pub(super) const CHECK: &str = "check --policies policies";
const POLICY: &str = include_str!("../../fixtures/demo/policy.yaml");
pub(super) const POD: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop}
spec: {containers: [{name: api, image: "REGISTRY/shop/api:1"}]}
"#;

/// An image without evidence, a policy that wants all of it, and a pod.
pub(super) async fn shop() -> Shell {
    let shell = Shell::with_keys(TestRegistry::builder()).await;
    shell.image("shop/api", "1", "one");
    shell.write("sbom.json", SBOM);
    shell.write("provenance.json", PROVENANCE);
    let key = fs::read_to_string(shell.path("release.pub")).unwrap();
    let key: Vec<_> = key
        .lines()
        .map(|line| format!("          {line}"))
        .collect();
    fs::create_dir(shell.path("policies")).unwrap();
    shell.write(
        "policies/production.yaml",
        &POLICY.replace("RELEASE_KEY", &key.join("\n")),
    );
    shell.write("pod.yaml", POD);
    shell
}

pub(super) async fn release(shell: &Shell) {
    shell
        .run("sign --key release.key REGISTRY/shop/api:1")
        .await
        .is(0);
    for (kind, file) in [
        ("slsaprovenance1", "provenance.json"),
        ("spdxjson", "sbom.json"),
    ] {
        let attest = format!(
            "attest --key release.key --type {kind} --predicate {file} REGISTRY/shop/api:1"
        );
        shell.run(&attest).await.is(0);
    }
}

#[tokio::test]
async fn an_unsigned_image_is_denied_in_the_words_of_the_webhook() {
    let shell = shop().await;
    let ended = shell.run(&format!("{CHECK} -f pod.yaml")).await;
    snapshot!(shell, ended, @r#"
    exit 1
    --- stdout
    denied: Pod shop/api (pod.yaml)
      REGISTRY/shop/api:1: not allowed by policy production: wanted a signature by authority release, found none (signature/signed); 3 more

      image      REGISTRY/shop/api:1
      digest     sha256:[…]
      used by    spec.containers[0].image
      policy     production
        signature/signed (unsigned): wanted a signature by authority release, found none
          fix      countersign sign --key KEY REGISTRY/shop/api@sha256:[…]
        provenance/slsa_level (no_provenance): wanted provenance of SLSA build level 3, found no verified provenance
          fix      countersign attest --key KEY --type slsaprovenance1 --predicate provenance.json REGISTRY/shop/api@sha256:[…]
        provenance/builder_id (no_provenance): wanted provenance of builder https://builder.acme.example/v1, found no verified provenance
          fix      as above
        sbom/required (no_sbom): wanted an SBOM (spdx or cyclonedx) that lists at least 1 package, found none that is verified
          fix      countersign attest --key KEY --type spdxjson --predicate sbom.spdx.json REGISTRY/shop/api@sha256:[…]
      reproduce  countersign check --policies DIR --namespace shop REGISTRY/shop/api@sha256:[…]
    --- stderr
    warning: REGISTRY/shop/api:1 is a tag, judged as sha256:[…]: write REGISTRY/shop/api@sha256:[…], for the node will ask again what the tag means
    "#);
}

#[tokio::test]
async fn an_image_with_all_that_is_wanted_is_admitted() {
    let shell = shop().await;
    release(&shell).await;
    let ended = shell.run(&format!("{CHECK} -f pod.yaml")).await;
    snapshot!(shell, ended, @r#"
    exit 0
    --- stdout
    admitted: Pod shop/api (pod.yaml)
    --- stderr
    warning: REGISTRY/shop/api:1 is a tag, judged as sha256:[…]: write REGISTRY/shop/api@sha256:[…], for the node will ask again what the tag means
    "#);
    shell
        .run(&format!("{CHECK} --namespace shop REGISTRY/shop/api:1"))
        .await
        .is(0);
}

#[tokio::test]
async fn the_verdict_as_json_carries_the_codes_of_the_rules() {
    let shell = shop().await;
    shell
        .run("sign --key release.key REGISTRY/shop/api:1")
        .await
        .is(0);
    let check = shell
        .run(&format!("{CHECK} -o json -f pod.yaml"))
        .await
        .is(1)
        .json();
    assert_eq!(check["outcome"], "deny");
    let review = &check["reviews"][0];
    assert_eq!(
        (&review["name"], &review["file"]),
        (&json!("Pod shop/api"), &json!("pod.yaml"))
    );
    let rules: Vec<_> = review["images"][0]["verdicts"][0]["violations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["rule"])
        .collect();
    assert_eq!(
        json!(rules),
        json!([
            "provenance/slsa_level",
            "provenance/builder_id",
            "sbom/required"
        ])
    );
}

#[tokio::test]
async fn what_no_policy_covers_and_what_is_a_tag_follow_their_flags() {
    let shell = shop().await;
    release(&shell).await;
    let other = shell.image("other/thing", "1", "two");
    let denied = shell.run(&format!("{CHECK} {}", other.image)).await.is(1);
    assert!(denied.stdout.contains("(unmatched)"), "{}", denied.stdout);
    shell
        .run(&format!("{CHECK} --unmatched allow {}", other.image))
        .await
        .is(0);
    let warned = shell
        .run(&format!("{CHECK} --unmatched warn {}", other.image))
        .await
        .is(0);
    assert!(warned.stderr.contains("warning: "), "{}", warned.stderr);

    let denied = shell
        .run(&format!("{CHECK} --unpinned deny -f pod.yaml"))
        .await
        .is(1);
    assert!(denied.stdout.contains("(unpinned)"), "{}", denied.stdout);
    let silent = shell
        .run(&format!("{CHECK} --unpinned allow -f pod.yaml"))
        .await
        .is(0);
    assert!(!silent.stderr.contains("warning: "), "{}", silent.stderr);
}

#[tokio::test]
async fn a_registry_that_fails_is_could_not_look_and_never_unsigned() {
    let shell = shop().await;
    release(&shell).await;
    shell
        .registry
        .fault(Fault::on("GET /v2/*/referrers/*").status(500));
    let ended = shell.run(&format!("{CHECK} -f pod.yaml")).await.is(3);
    assert!(
        ended
            .stdout
            .starts_with("could not look: Pod shop/api (pod.yaml)\n"),
        "{}",
        ended.stdout
    );
    assert!(!ended.stdout.contains("unsigned"), "{}", ended.stdout);
}

#[tokio::test]
async fn what_would_let_us_look_is_said_in_flags_of_ours() {
    let shell = shop().await;
    let check = ["check", "--policies", "policies", "-f", "pod.yaml"];
    let ended = shell.exactly(check, &[], "").await.is(3);
    let hint = format!("--plain-http {}", shell.registry.host());
    assert_eq!(ended.stderr.matches(&hint).count(), 1, "{}", ended.stderr);
    assert!(
        ended.stdout.contains("(plain_http_refused)"),
        "{}",
        ended.stdout
    );
}

#[tokio::test]
async fn a_manifest_without_its_flag_is_not_taken_for_an_image() {
    let shell = shop().await;
    let ended = shell.run(&format!("{CHECK} pod.yaml")).await;
    ended.fails(2, "image_is_file");
    assert!(ended.stderr.contains("-f pod.yaml"), "{}", ended.stderr);
    for wrong in ["--namespace Shop", "--timeout 0"] {
        let check = format!("{CHECK} {wrong} REGISTRY/shop/api:1");
        shell.run(&check).await.is(2);
    }
    assert_eq!(shell.registry.log().lines(), [] as [&str; 0]);
}

#[tokio::test]
async fn policies_that_cannot_be_used_are_named_by_line_before_a_registry_is_asked() {
    let shell = shop().await;
    let wrong = fs::read_to_string(shell.path("policies/production.yaml"))
        .unwrap()
        .replace("threshold", "treshold");
    shell.write("policies/production.yaml", &wrong);
    let ended = shell.run(&format!("{CHECK} -f pod.yaml")).await;
    snapshot!(shell, ended, @r#"
    exit 2
    --- stdout
    --- stderr
    error: the policies in policies cannot be used (unknown_param)
      policies/production.yaml:17:65: signature/signed has no parameter `treshold`
        hint: did you mean `threshold`?
    hint: docs/reference/policies.md has every field, docs/rules every rule
    "#);
    assert_eq!(shell.registry.log().lines(), [] as [&str; 0]);

    fs::create_dir(shell.path("empty")).unwrap();
    shell
        .run("check --policies empty -f pod.yaml")
        .await
        .fails(2, "policies_missing");
    shell
        .run("check --policies absent -f pod.yaml")
        .await
        .fails(2, "file_unreadable");
    shell
        .run("check --policies policies/production.yaml -f pod.yaml")
        .await
        .fails(2, "policies_missing");
}
