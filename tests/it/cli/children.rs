//! `sign --recursive`, and what BuildKit wrote into an index made attestations of its images.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_testkit::TestRegistry;
use serde_json::{Value, json};

use super::{Shell, snapshot};
use crate::world::{SBOM, fixtures};

#[tokio::test]
async fn a_recursive_signature_is_of_the_index_and_of_every_image_in_it() {
    let shell = Shell::with_keys(TestRegistry::builder()).await;
    let index = shell
        .registry
        .push_index("shop/api", "1", &["linux/amd64", "linux/arm64"], "one");
    shell
        .run("sign --key release.key REGISTRY/shop/api:1")
        .await
        .is(0);
    let children = children(&shell, "shop/api", "1");
    assert_eq!(children.len(), 2);
    for child in &children {
        let verify = format!("verify --key release.pub REGISTRY/shop/api@{child}");
        shell.run(&verify).await.fails(1, "not_found");
    }
    let ended = shell
        .run("sign --key release.key --recursive REGISTRY/shop/api:1")
        .await
        .is(0);
    let signed: Vec<&str> = ended
        .stdout
        .lines()
        .filter_map(|line| line.split_once('@').map(|(_, digest)| digest))
        .collect();
    assert_eq!(
        signed,
        [&[index.digest().to_string()], &children[..]].concat()
    );
    for child in &children {
        let verify = format!("verify --key release.pub REGISTRY/shop/api@{child}");
        shell.run(&verify).await.is(0);
    }
}

#[tokio::test]
async fn an_attestation_may_be_recursive_and_an_image_that_is_no_index_has_no_children() {
    let shell = Shell::with_keys(TestRegistry::builder()).await;
    shell.write("sbom.json", SBOM);
    shell
        .registry
        .push_index("shop/api", "1", &["linux/amd64", "linux/arm64"], "one");
    shell.image("shop/web", "1", "two");
    let attest = "attest --key release.key -r --type spdxjson --predicate sbom.json REGISTRY/shop/api:1 REGISTRY/shop/web:1";
    let ended = shell.run(attest).await.is(0);
    assert_eq!(ended.stdout.lines().count(), 4);
    for child in children(&shell, "shop/api", "1") {
        let verify = format!("verify --key release.pub --type spdxjson REGISTRY/shop/api@{child}");
        shell.run(&verify).await.is(0);
    }
}

#[tokio::test]
async fn nothing_is_signed_if_a_child_is_not_there() {
    let shell = Shell::with_keys(TestRegistry::builder()).await;
    let index = shell
        .registry
        .push_index("shop/api", "1", &["linux/amd64", "linux/arm64"], "one");
    let child = children(&shell, "shop/api", "1").pop().unwrap();
    shell
        .registry
        .delete_manifest("shop/api", &child.parse().unwrap());
    shell
        .run(&format!("sign --key release.key -r {}", index.image))
        .await
        .fails(3, "image_not_found");
    assert_eq!(shell.registry.log().count("PUT *"), 0);
}

#[tokio::test]
async fn what_buildkit_says_of_each_image_becomes_an_attestation_of_it() {
    let shell = with_buildkit_image().await;
    let ended = shell
        .run("attest --key release.key --from-buildkit REGISTRY/shop/api:1")
        .await;
    snapshot!(shell, ended, @r#"
    exit 0
    --- stdout
    REGISTRY/shop/api@sha256:[…]
    REGISTRY/shop/api@sha256:[…]
    --- stderr
    REGISTRY/shop/api:1 is sha256:[…]
    warning: the provenance of sha256:[…] names no builder, which is worth SLSA level 1 at most; --builder-id names one
    warning: the provenance of sha256:[…] names no builder, which is worth SLSA level 1 at most; --builder-id names one
    stored as bundle REGISTRY/shop/api@sha256:[…]
    stored as bundle REGISTRY/shop/api@sha256:[…]
    stored as bundle REGISTRY/shop/api@sha256:[…]
    stored as bundle REGISTRY/shop/api@sha256:[…]
    "#);
    for child in children(&shell, "shop/api", "1") {
        let image = format!("REGISTRY/shop/api@{child}");
        for kind in ["slsaprovenance02", "spdxjson"] {
            shell
                .run(&format!("verify --key release.pub --type {kind} {image}"))
                .await
                .is(0);
            shell
                .run(&format!("verify --key other.pub --type {kind} {image}"))
                .await
                .fails(1, "key_mismatch");
        }
        // Of the image, and not that it is signed.
        shell
            .run(&format!("verify --key release.pub {image}"))
            .await
            .fails(1, "not_found");
    }
}

#[tokio::test]
async fn one_type_may_be_lifted_and_a_builder_named_where_there_is_none() {
    let shell = with_buildkit_image().await;
    let attest = "attest --key release.key --from-buildkit --type slsaprovenance --builder-id https://builder.acme.example/v1 -o json REGISTRY/shop/api:1";
    let ended = shell.run(attest).await.is(0);
    assert!(!ended.stderr.contains("warning"), "{}", ended.stderr);
    let lifted = ended.json();
    assert_eq!(lifted.as_array().unwrap().len(), 2);
    for image in lifted.as_array().unwrap() {
        let kinds: Vec<_> = image["stored"]
            .as_array()
            .unwrap()
            .iter()
            .map(|stored| &stored["predicateType"])
            .collect();
        assert_eq!(kinds, ["https://slsa.dev/provenance/v0.2"]);
        let download = format!(
            "download attestation REGISTRY/shop/api@{}",
            image["digest"].as_str().unwrap()
        );
        let text = shell.run(&download).await.is(0).stdout;
        let envelope: Value = serde_json::from_str(&text).unwrap();
        let payload = STANDARD
            .decode(envelope["payload"].as_str().unwrap())
            .unwrap();
        let statement: Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!(
            statement["subject"][0]["digest"]["sha256"].as_str(),
            image["digest"].as_str().unwrap().strip_prefix("sha256:")
        );
        assert_eq!(
            statement["predicate"]["builder"],
            json!({"id": "https://builder.acme.example/v1"})
        );
        assert_eq!(
            statement["predicate"]["buildType"],
            json!("https://mobyproject.org/buildkit@v1")
        );
    }
}

#[tokio::test]
async fn where_buildkit_said_nothing_there_is_nothing_to_lift() {
    let shell = with_buildkit_image().await;
    shell.image("shop/web", "1", "two");
    for arguments in [
        "REGISTRY/shop/web:1",
        "--type cyclonedx REGISTRY/shop/api:1",
    ] {
        let attest = format!("attest --key release.key --from-buildkit {arguments}");
        shell.run(&attest).await.fails(1, "not_found");
    }
    assert_eq!(shell.registry.log().count("PUT *"), 0);
}

#[tokio::test]
async fn a_statement_of_another_image_keeps_all_of_them_from_being_signed() {
    let shell = with_buildkit_image().await;
    // The same index, but with each other's attestation manifests.
    let text = shell.registry.manifest("shop/api", "1").unwrap();
    let mut index: Value = serde_json::from_slice(&text).unwrap();
    let manifests = index["manifests"].as_array_mut().unwrap();
    let (one, two) = (
        manifests[2]["annotations"].clone(),
        manifests[3]["annotations"].clone(),
    );
    manifests[2]["annotations"] = two;
    manifests[3]["annotations"] = one;
    let media_type = "application/vnd.oci.image.index.v1+json";
    let swapped = shell
        .registry
        .push_manifest("shop/api", media_type, index.to_string());
    shell
        .run(&format!(
            "attest --key release.key --from-buildkit {}",
            swapped.image
        ))
        .await
        .fails(1, "subject_mismatch");
    assert_eq!(shell.registry.log().count("PUT *"), 0);
}

#[tokio::test]
async fn statements_that_are_too_large_together_are_not_fetched() {
    let shell = with_buildkit_image().await;
    let read = |target: &str| -> Value {
        serde_json::from_slice(&shell.registry.manifest("shop/api", target).unwrap()).unwrap()
    };
    let mut index = read("1");
    let mut listed = read(index["manifests"][2]["digest"].as_str().unwrap());
    listed["layers"][0]["size"] = json!(65 * 1024 * 1024);
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let listed = shell
        .registry
        .push_manifest("shop/api", media_type, listed.to_string());
    index["manifests"][2]["digest"] = json!(listed.digest().to_string());
    index["manifests"][2]["size"] = json!(listed.bytes.len());
    let media_type = "application/vnd.oci.image.index.v1+json";
    let index = shell
        .registry
        .push_manifest("shop/api", media_type, index.to_string());
    shell
        .run(&format!(
            "attest --key release.key --from-buildkit {}",
            index.image
        ))
        .await
        .fails(3, "too_large");
    assert_eq!(shell.registry.log().count("GET *blobs*"), 0);
}

#[tokio::test]
async fn words_that_do_not_go_together_are_refused() {
    let shell = with_buildkit_image().await;
    for arguments in [
        "--from-buildkit --predicate sbom.json",
        "--from-buildkit --recursive",
        "--predicate sbom.json --builder-id https://b",
        "--from-buildkit --builder-id builder",
        "--type spdxjson",
    ] {
        let attest = format!("attest --key release.key {arguments} REGISTRY/shop/api:1");
        shell.run(&attest).await.is(2);
    }
    assert_eq!(shell.registry.log().lines(), [] as [&str; 0]);
}

/// A shell with an image as buildx wrote it: two platforms, an SBOM and provenance of each.
async fn with_buildkit_image() -> Shell {
    let shell = Shell::with_keys(TestRegistry::builder()).await;
    let layout: PathBuf = fixtures().join("layouts/buildkit-unsigned-index");
    shell.registry.load_layout(&layout, "shop/api");
    let text = std::fs::read_to_string(layout.join("index.json")).unwrap();
    let listed: Value = serde_json::from_str(&text).unwrap();
    let digest = listed["manifests"][0]["digest"].as_str().unwrap();
    shell
        .registry
        .move_tag("shop/api", "1", &digest.parse().unwrap());
    shell
}

fn children(shell: &Shell, repository: &str, tag: &str) -> Vec<String> {
    let text = shell.registry.manifest(repository, tag).unwrap();
    let index: Value = serde_json::from_slice(&text).unwrap();
    let runs = |entry: &&Value| entry["platform"]["os"] != "unknown";
    let entries = index["manifests"].as_array().unwrap().iter().filter(runs);
    entries
        .map(|entry| entry["digest"].as_str().unwrap().to_owned())
        .collect()
}
