//! `sign`, `attest` and what `verify` makes of them, in both forms and on every kind of registry.

use std::fs;

use countersign_testkit::{Fault, TestRegistry};

use super::{Shell, snapshot};
use crate::world::{PROVENANCE, SBOM};

#[tokio::test]
async fn a_tag_is_signed_by_its_digest_and_verifies() {
    let shell = Shell::with_keys(TestRegistry::builder()).await;
    shell.image("shop/api", "1", "one");
    let ended = shell
        .run("sign --key release.key -a env=prod REGISTRY/shop/api:1")
        .await;
    snapshot!(shell, ended, @r#"
    exit 0
    --- stdout
    REGISTRY/shop/api@sha256:[…]
    --- stderr
    REGISTRY/shop/api:1 is sha256:[…]
    stored as bundle REGISTRY/shop/api@sha256:[…]
    "#);
    let ended = shell
        .run("verify --key release.pub -a env=prod REGISTRY/shop/api:1")
        .await;
    snapshot!(shell, ended, @r#"
    exit 0
    --- stdout
    REGISTRY/shop/api@sha256:[…]
      signature env=prod, bundle sha256:[…], by key sha256:[…]
    --- stderr
    note: only the key is checked; no proof from a transparency log is demanded
    "#);
}

#[tokio::test]
async fn every_form_on_every_kind_of_registry_verifies_and_no_other_key_or_type_does() {
    for builder in [TestRegistry::builder, || {
        TestRegistry::builder().without_referrers()
    }] {
        let shell = Shell::with_keys(builder()).await;
        shell.write("sbom.json", SBOM);
        for format in ["bundle", "legacy", "both"] {
            let image = format!("REGISTRY/shop/{format}:1");
            shell.image(&format!("shop/{format}"), "1", "one");
            shell
                .run(&format!("sign --key release.key --format {format} {image}"))
                .await
                .is(0);
            let attest = format!(
                "attest --key release.key --format {format} --type spdxjson --predicate sbom.json {image}"
            );
            shell.run(&attest).await.is(0);

            shell
                .run(&format!("verify --key release.pub {image}"))
                .await
                .is(0);
            shell
                .run(&format!("verify --key release.pub --type spdxjson {image}"))
                .await
                .is(0);
            shell
                .run(&format!("verify --key other.pub {image}"))
                .await
                .fails(1, "key_mismatch");
            shell
                .run(&format!(
                    "verify --key release.pub --type slsaprovenance1 {image}"
                ))
                .await
                .fails(1, "not_found");
            shell
                .run(&format!("verify --key release.pub -a env=prod {image}"))
                .await
                .fails(1, "not_found");
        }
    }
}

#[tokio::test]
async fn each_digest_is_signed_once_and_written_down() {
    let shell = Shell::with_keys(TestRegistry::builder()).await;
    let one = shell.image("shop/api", "1", "one");
    shell.registry.move_tag("shop/api", "latest", one.digest());
    let two = shell.image("shop/web", "1", "two");
    shell.write("images", "# what this build made\nREGISTRY/shop/web:1\n\n");
    let by_digest = one.image.to_string();
    let sign = format!(
        "sign --key release.key --image-file images --digest-file signed REGISTRY/shop/api:1 REGISTRY/shop/api {by_digest}"
    );
    shell.run(&sign).await.is(0);

    let signed = fs::read_to_string(shell.path("signed")).unwrap();
    assert_eq!(signed, format!("{}\n{}\n", one.image, two.image));
    assert_eq!(shell.registry.log().count("PUT /v2/*/manifests/*"), 2);
    shell
        .run("verify --key release.pub --image-file signed")
        .await
        .is(0);
}

#[tokio::test]
async fn a_digest_file_that_cannot_be_written_is_said_before_anything_is_signed() {
    let shell = Shell::with_keys(TestRegistry::builder()).await;
    shell.image("shop/api", "1", "one");
    let ended = shell
        .run("sign --key release.key --digest-file absent/signed REGISTRY/shop/api:1")
        .await;
    snapshot!(shell, ended, @r#"
    exit 2
    --- stdout
    --- stderr
    error: cannot write absent/signed: no such file or directory (file_unwritable)
    hint: make the folder first
    "#);
    assert_eq!(shell.registry.log().lines(), [] as [&str; 0]);
}

#[tokio::test]
async fn a_verification_that_fails_says_what_is_nearest_once() {
    let shell = Shell::with_keys(TestRegistry::builder()).await;
    shell.image("shop/api", "1", "one");
    shell.write("sbom.json", SBOM);
    for command in [
        "sign --key release.key",
        "sign --key release.key",
        "attest --key release.key --type spdxjson --predicate sbom.json",
    ] {
        shell
            .run(&format!("{command} REGISTRY/shop/api:1"))
            .await
            .is(0);
    }
    let ended = shell
        .run("verify --key other.pub REGISTRY/shop/api:1")
        .await;
    snapshot!(shell, ended, @r#"
    exit 1
    --- stdout
    --- stderr
    note: only the key is checked; no proof from a transparency log is demanded
    error: REGISTRY/shop/api@sha256:[…]: wanted a signature by this key, found none that counts (key_mismatch)
      nearest  signature sha256:[…]: signed by another key (hint […]) than those of authority other.pub (key_mismatch); 1 more like it
    hint: `countersign inspect REGISTRY/shop/api@sha256:[…]` shows all that is attached; is --key the public key of who signed it?
    "#);
    let ended = shell
        .run("verify --key release.pub --type cyclonedx REGISTRY/shop/api:1")
        .await;
    snapshot!(shell, ended, @r#"
    exit 1
    --- stdout
    --- stderr
    note: only the key is checked; no proof from a transparency log is demanded
    error: REGISTRY/shop/api@sha256:[…]: wanted an attestation of type https://cyclonedx.org/bom by this key, found none that counts (not_found)
      nearest  signature sha256:[…]: signed by this key; 1 more like it
      nearest  attestation https://spdx.dev/Document sha256:[…]: signed by this key
    hint: `countersign inspect REGISTRY/shop/api@sha256:[…]` shows all that is attached
    "#);
}

#[tokio::test]
async fn a_timestamp_that_nobody_would_give_is_not_left_out_silently() {
    let shell = Shell::with_keys(TestRegistry::builder()).await;
    shell.registry.push_image("shop/api", "1", "one");
    shell
        .run("sign --key release.key --use-signed-timestamps REGISTRY/shop/api:1")
        .await
        .fails(2, "timestamp_missing");
    assert_eq!(shell.registry.log().count("PUT *"), 0);
}

#[tokio::test]
async fn nothing_is_signed_unless_every_image_is_there() {
    let shell = Shell::with_keys(TestRegistry::builder()).await;
    shell.image("shop/api", "1", "one");
    shell
        .run("sign --key release.key REGISTRY/shop/api:1 REGISTRY/shop/absent:1")
        .await
        .fails(3, "image_not_found");
    assert_eq!(shell.registry.log().count("PUT *"), 0);
}

#[tokio::test]
async fn a_registry_that_refuses_artifacts_is_named_and_nothing_is_switched_silently() {
    let shell = Shell::with_keys(TestRegistry::builder().without_artifacts()).await;
    shell.image("shop/api", "1", "one");
    let ended = shell
        .run("sign --key release.key REGISTRY/shop/api:1")
        .await;
    snapshot!(shell, ended, @r#"
    exit 3
    --- stdout
    --- stderr
    REGISTRY/shop/api:1 is sha256:[…]
    error: REGISTRY/shop/api@sha256:[…]: REGISTRY refuses the artifact manifest, with status 400 (artifact_refused)
    hint: the registry may take the older form: --format legacy
    "#);
    assert_eq!(shell.registry.tags("shop/api"), ["1"]);
    shell
        .run("sign --key release.key --format legacy REGISTRY/shop/api:1")
        .await
        .is(0);
}

#[tokio::test]
async fn what_is_not_of_its_type_is_not_attested() {
    let shell = Shell::with_keys(TestRegistry::builder()).await;
    shell.image("shop/api", "1", "one");
    shell.write("sbom.json", SBOM);
    shell.write("broken.json", "{\"a\": 1, \"a\": 2}");
    let ended = shell.run("attest --key release.key --type slsaprovenance1 --predicate sbom.json REGISTRY/shop/api:1").await.is(2);
    assert!(
        ended.stderr.contains("(provenance_malformed)")
            && ended.stderr.contains("hint: check that --predicate"),
        "{}",
        ended.stderr
    );
    let ended = shell
        .run("attest --key release.key --type spdxjson --predicate broken.json REGISTRY/shop/api:1")
        .await
        .is(2);
    assert!(
        ended.stderr.contains("(predicate_malformed)"),
        "{}",
        ended.stderr
    );
    let ended = shell
        .run("attest --key release.key --type spdx-json --predicate sbom.json REGISTRY/shop/api:1")
        .await
        .is(2);
    assert!(
        ended
            .stderr
            .contains("hint: use a URI or one of: cyclonedx"),
        "{}",
        ended.stderr
    );
    assert_eq!(shell.registry.log().count("P* *"), 0);
}

#[tokio::test]
async fn one_image_that_fails_does_not_hide_the_others() {
    let shell = Shell::with_keys(TestRegistry::builder()).await;
    shell.image("shop/api", "1", "one");
    shell.image("shop/web", "1", "two");
    shell
        .run("sign --key release.key REGISTRY/shop/api:1")
        .await
        .is(0);
    let verify = "verify --key release.pub REGISTRY/shop/api:1";
    shell
        .run(&format!("{verify} REGISTRY/shop/absent:1"))
        .await
        .fails(3, "image_not_found");
    shell
        .run(&format!(
            "{verify} REGISTRY/shop/web:1 REGISTRY/shop/absent:1"
        ))
        .await
        .is(1);
    shell
        .registry
        .fault(Fault::on("GET /v2/shop/web/*").status(500));
    shell
        .run(&format!("{verify} REGISTRY/shop/web:1"))
        .await
        .fails(3, "registry_error");
}

#[tokio::test]
async fn cosigns_spellings_mean_what_they_mean_there() {
    let shell = Shell::with_keys(TestRegistry::builder()).await;
    shell.image("shop/api", "1", "one");
    shell.write("provenance.json", PROVENANCE);
    let image = format!("{}/shop/api:1", shell.registry.host());
    let plain = |words: &str| {
        let words: Vec<_> = words
            .split(' ')
            .map(str::to_owned)
            .chain([image.clone()])
            .collect();
        words
    };
    shell
        .exactly(
            plain("sign --key release.key --annotations env=prod --tlog-upload=false -y --allow-http-registry"),
            &[],
            "",
        )
        .await
        .is(0);
    shell
        .exactly(
            plain("verify --key release.pub -a env=prod --private-infrastructure --allow-insecure-registry"),
            &[],
            "",
        )
        .await
        .is(0);
    // A signature is no attestation, and the type that cosign means without one is `custom`.
    let ended = shell
        .run("verify-attestation --key release.pub REGISTRY/shop/api:1")
        .await
        .is(1);
    assert!(
        ended
            .stderr
            .contains("https://cosign.sigstore.dev/attestation/v1"),
        "{}",
        ended.stderr
    );
    shell.run("attest --key release.key --type slsaprovenance1 --predicate provenance.json REGISTRY/shop/api:1").await.is(0);
    shell
        .run("verify-attestation --key release.pub --type slsaprovenance1 REGISTRY/shop/api:1")
        .await
        .is(0);
}
