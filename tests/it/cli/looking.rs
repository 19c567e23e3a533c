//! `inspect`, `download` and `resolve`: what is there, said as it is.

use countersign_image::media_type;
use countersign_testkit::{Layer, TestRegistry};
use serde_json::json;

use super::{Shell, snapshot};
use crate::world::{PROVENANCE, SBOM};

/// An index that is signed, with a signed SBOM, and another that nobody signed.
async fn shop() -> Shell {
    let shell = Shell::with_keys(TestRegistry::builder()).await;
    shell.write("sbom.json", SBOM);
    shell.write("provenance.json", PROVENANCE);
    let image = shell
        .registry
        .push_index("shop/api", "1", &["linux/amd64", "linux/arm64"], "one");
    shell
        .run("sign --key release.key --format legacy REGISTRY/shop/api:1")
        .await
        .is(0);
    shell
        .run("attest --key release.key --type spdxjson --predicate sbom.json REGISTRY/shop/api:1")
        .await
        .is(0);
    let unsigned = Layer::new(
        "text/spdx+json",
        r#"{"spdxVersion": "SPDX-2.3", "name": "unsigned"}"#,
    );
    shell
        .registry
        .push_attached_tag(&image, "sbom", &[unsigned]);
    shell
}

#[tokio::test]
async fn inspect_shows_everything_as_a_tree() {
    let shell = shop().await;
    let ended = shell.run("inspect REGISTRY/shop/api:1").await;
    snapshot!(shell, ended, @r#"
    exit 0
    --- stdout
    REGISTRY/shop/api@sha256:[…]
    │ index, application/vnd.oci.image.index.v1+json
    │ sha256:[…] linux/amd64
    │ sha256:[…] linux/arm64
    ├─ not checked: signature
    │    simple-signing, tag .sig, sha256:[…]
    ├─ unsigned: SBOM
    │    unsigned, tag .sbom, sha256:[…]
    └─ not checked: attestation https://spdx.dev/Document
         bundle, referrer, sha256:[…]
    --- stderr
    "#);
    let ended = shell
        .run("inspect --key release.pub REGISTRY/shop/api:1")
        .await;
    snapshot!(shell, ended, @r#"
    exit 0
    --- stdout
    REGISTRY/shop/api@sha256:[…]
    │ index, application/vnd.oci.image.index.v1+json
    │ sha256:[…] linux/amd64
    │ sha256:[…] linux/arm64
    ├─ verified: signature
    │    simple-signing, tag .sig, sha256:[…]
    │    by key sha256:[…]
    ├─ does not verify: SBOM
    │    unsigned, tag .sbom, sha256:[…]
    │    an SBOM (text/spdx+json) that nobody signed (unsigned)
    └─ verified: attestation https://spdx.dev/Document
         bundle, referrer, sha256:[…]
         by key sha256:[…]
    --- stderr
    "#);
}

#[tokio::test]
async fn inspect_writes_the_same_as_json() {
    let shell = shop().await;
    let image = &shell
        .run("inspect -o json --key other.pub REGISTRY/shop/api:1")
        .await
        .is(0)
        .json()[0];
    assert_eq!(image["mediaType"], media_type::OCI_INDEX);
    assert_eq!(image["platforms"][1]["platform"], "linux/arm64");
    let reasons: Vec<_> = image["attached"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["what"], &one["verified"], &one["reason"]))
        .collect();
    assert_eq!(
        json!(reasons),
        json!([
            ["signature", false, "key_mismatch"],
            ["SBOM", false, "unsigned"],
            [
                "attestation https://spdx.dev/Document",
                false,
                "key_mismatch"
            ],
        ])
    );
}

#[tokio::test]
async fn inspect_says_what_each_thing_is_of_and_by_whom() {
    let shell = Shell::with_keys(TestRegistry::builder()).await;
    shell
        .registry
        .push_index("shop/api", "1", &["linux/amd64", "linux/arm64"], "one");
    shell
        .run("sign --key release.key --recursive REGISTRY/shop/api:1")
        .await
        .is(0);
    for (verifier, by) in [("", json!(null)), ("--key release.pub", json!("key"))] {
        let command = format!("inspect -o json {verifier} REGISTRY/shop/api:1");
        let image = &shell.run(&command).await.is(0).json()[0];
        let attached = image["attached"].as_array().unwrap();
        let mut parts: Vec<_> = attached.iter().map(|one| one["of"].as_str()).collect();
        parts.sort();
        assert_eq!(parts, [None, Some("linux/amd64"), Some("linux/arm64")]);
        for one in attached {
            assert_eq!(one["signers"][0]["identity"]["kind"], by, "{one}");
        }
    }
}

#[tokio::test]
async fn inspect_of_a_bare_image_says_that_nothing_is_attached() {
    let shell = Shell::start().await;
    shell.image("shop/api", "1", "one");
    let ended = shell.run("inspect REGISTRY/shop/api:1").await;
    snapshot!(shell, ended, @r#"
    exit 0
    --- stdout
    REGISTRY/shop/api@sha256:[…]
    │ image, application/vnd.oci.image.manifest.v1+json
    └─ nothing is attached
    --- stderr
    "#);
}

#[tokio::test]
async fn what_nobody_vouches_for_is_marked_and_can_be_left_out() {
    let shell = shop().await;
    let ended = shell.run("download sbom REGISTRY/shop/api:1").await.is(0);
    assert_eq!(
        ended.stdout,
        format!(
            "{{\"spdxVersion\": \"SPDX-2.3\", \"name\": \"unsigned\"}}\n{}\n",
            SBOM.trim()
        )
    );
    let marks: Vec<_> = ended
        .stderr
        .lines()
        .map(|line| line.rsplit(": ").next().unwrap())
        .collect();
    assert_eq!(
        marks,
        [
            "nobody signed this (unsigned)",
            "not verified; --key KEY would, or an identity"
        ]
    );

    let ended = shell
        .run("download sbom --verified-only --key release.pub REGISTRY/shop/api:1")
        .await
        .is(0);
    assert_eq!(
        (ended.stdout.trim(), ended.stderr.as_str()),
        (SBOM.trim(), "")
    );
    shell
        .run("download sbom --verified-only --key other.pub REGISTRY/shop/api:1")
        .await
        .fails(1, "not_found");
}

#[tokio::test]
async fn attestations_are_downloaded_by_type_and_signatures_as_cosign_prints_them() {
    let shell = shop().await;
    shell.run("attest --key release.key --type slsaprovenance1 --predicate provenance.json REGISTRY/shop/api:1").await.is(0);
    let download = "download attestation --key release.pub";
    assert_eq!(
        shell
            .run(&format!("{download} REGISTRY/shop/api:1"))
            .await
            .is(0)
            .stdout
            .lines()
            .count(),
        2
    );
    let ended = shell
        .run(&format!(
            "{download} --type slsaprovenance1 REGISTRY/shop/api:1"
        ))
        .await
        .is(0);
    assert_eq!(ended.json()["payloadType"], media_type::IN_TOTO);
    assert_eq!(ended.stderr, "");
    shell
        .run(&format!("{download} --type openvex REGISTRY/shop/api:1"))
        .await
        .fails(1, "not_found");

    let signature = shell
        .run("download signature REGISTRY/shop/api:1")
        .await
        .is(0)
        .json();
    assert!(
        signature["Payload"]
            .as_str()
            .unwrap()
            .contains("docker-manifest-digest")
    );
    assert!(signature["Base64Signature"].is_string());
}

#[tokio::test]
async fn a_platform_stands_for_its_own_image() {
    let shell = shop().await;
    let download = "download signature --platform";
    shell
        .run(&format!("{download} linux/amd64 REGISTRY/shop/api:1"))
        .await
        .fails(1, "not_found");
    let ended = shell
        .run(&format!("{download} linux/s390x REGISTRY/shop/api:1"))
        .await
        .is(2);
    assert!(
        ended
            .stderr
            .contains("hint: there is: linux/amd64, linux/arm64"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn resolve_prints_digests_and_says_what_it_could_not_find() {
    let shell = Shell::start().await;
    let image = shell.image("shop/api", "1", "one");
    let ended = shell
        .run("resolve REGISTRY/shop/api:1 REGISTRY/shop/api:2")
        .await;
    ended.fails(3, "image_not_found");
    assert_eq!(ended.stdout, format!("{}\n", image.image));
    let found = shell
        .run("resolve -o json REGISTRY/shop/api:1")
        .await
        .is(0)
        .json();
    assert_eq!(found[0]["digest"], image.digest().to_string());
    assert_eq!(found[0]["tag"], "1");
}

#[tokio::test]
async fn a_registry_that_is_not_there_is_could_not_look() {
    let shell = Shell::start().await;
    let ended = shell
        .exactly(
            [
                "resolve",
                "--plain-http",
                "127.0.0.1:1",
                "127.0.0.1:1/shop/api:1",
            ],
            &[],
            "",
        )
        .await;
    ended.fails(3, "registry_unreachable");
}

#[tokio::test]
async fn completions_know_the_commands_and_not_the_hidden_ones() {
    let shell = Shell::start().await;
    for name in ["bash", "fish", "zsh"] {
        let script = shell.run(&format!("completions {name}")).await.is(0).stdout;
        assert!(script.contains("inspect"), "{name}");
    }
    let help = shell.run("--help").await.is(0).stdout;
    assert!(
        !help.contains("verify-attestation") && !help.contains("generate-key-pair"),
        "{help}"
    );
}
