//! The configurations of an image: all of them, or a failure.

use countersign_image::{Collected, Digest, ImageSource as _, Needs, SourceError};
use countersign_testkit::{Fault, Pushed, TestRegistry};
use serde_json::{Value, json};

use crate::support::{OCI_INDEX, OCI_MANIFEST, api, client};

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// Collects the configurations of `shop/api:1.0` and nothing else.
async fn look(registry: &TestRegistry) -> Result<Collected, SourceError> {
    let client = client(registry);
    let resolved = client.resolve(&api(registry).parse().unwrap()).await?;
    let needs = Needs {
        config: true,
        ..Needs::default()
    };
    client.collect(&resolved, &needs).await
}

/// `PLATFORM USER` of each configuration that was found.
async fn users(registry: &TestRegistry) -> Vec<String> {
    let collected = look(registry).await.unwrap();
    let configs = collected.configs.unwrap().into_iter();
    configs
        .map(|(platform, config)| format!("{platform} {}", config.user.unwrap_or_default()))
        .collect()
}

/// An image with this configuration.
fn push(registry: &TestRegistry, media_type: &str, config: &str) -> Pushed {
    let digest = registry.push_blob("shop/api", config.to_owned());
    let config =
        json!({ "mediaType": media_type, "digest": digest.to_string(), "size": config.len() });
    let manifest =
        json!({ "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": [] });
    registry.push_manifest("shop/api", OCI_MANIFEST, manifest.to_string())
}

fn config(user: &str) -> String {
    json!({ "os": "linux", "architecture": "arm64", "variant": "v8", "config": { "User": user } })
        .to_string()
}

/// An index as `shop/api:1.0` over these, each with its platform if it has one there.
fn push_index(registry: &TestRegistry, children: &[(&Pushed, Option<&str>)]) {
    let entries: Vec<Value> = children
        .iter()
        .map(|(child, platform)| {
            let mut entry = child.descriptor();
            if let Some((os, architecture)) = platform.and_then(|text| text.split_once('/')) {
                entry["platform"] = json!({ "os": os, "architecture": architecture });
            }
            entry
        })
        .collect();
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries });
    let index = registry.push_manifest("shop/api", OCI_INDEX, index.to_string());
    registry.move_tag("shop/api", "1.0", index.digest());
}

#[tokio::test]
async fn each_image_of_an_index_has_its_own_by_its_platform() {
    let registry = TestRegistry::start().await;
    let one = push(&registry, CONFIG, &config("1"));
    let two = push(&registry, CONFIG, &config("2"));
    push_index(&registry, &[(&one, Some("linux/amd64")), (&two, None)]);
    // The index decides which of its children runs where; where it does not say that, the child does.
    assert_eq!(
        users(&registry).await,
        ["linux/amd64 1", "linux/arm64/v8 2"]
    );
}

#[tokio::test]
async fn none_hides_another_of_the_same_platform() {
    let registry = TestRegistry::start().await;
    let one = push(&registry, CONFIG, &config("1"));
    let two = push(&registry, CONFIG, &config("2"));
    let windows = Some("windows/amd64");
    push_index(
        &registry,
        &[(&one, windows), (&two, windows), (&two, windows)],
    );
    let named = |image: &Pushed, user| format!("windows/amd64@{} {user}", image.digest());
    let mut expected = [named(&one, 1), named(&two, 2)];
    expected.sort();
    assert_eq!(users(&registry).await, expected);
}

#[tokio::test]
async fn a_single_image_has_one_by_its_own_platform_and_an_artifact_has_none() {
    let registry = TestRegistry::start().await;
    let docker = "application/vnd.docker.container.image.v1+json";
    for (media_type, text, expected) in [
        (CONFIG, config("1"), vec!["linux/arm64/v8 1".to_owned()]),
        (docker, config("1"), vec!["linux/arm64/v8 1".to_owned()]),
        ("application/vnd.oci.empty.v1+json", "{}".to_owned(), vec![]),
    ] {
        let image = push(&registry, media_type, &text);
        registry.move_tag("shop/api", "1.0", image.digest());
        assert_eq!(users(&registry).await, expected, "{media_type}");
    }
    let nameless = push(&registry, CONFIG, "{}");
    registry.move_tag("shop/api", "1.0", nameless.digest());
    assert_eq!(users(&registry).await, [format!("{} ", nameless.digest())]);
}

#[tokio::test]
async fn nobody_asks_for_what_no_rule_reads() {
    let registry = TestRegistry::start().await;
    registry.push_index("shop/api", "1.0", &["linux/amd64"], "content");
    let client = client(&registry);
    let resolved = client
        .resolve(&api(&registry).parse().unwrap())
        .await
        .unwrap();
    registry.log().clear();
    let collected = client.collect(&resolved, &Needs::default()).await.unwrap();
    assert_eq!(collected.configs, None);
    assert_eq!(registry.log().lines(), [""; 0]);
}

#[tokio::test]
async fn one_that_cannot_be_read_fails_the_whole() {
    let large = format!("{{\"author\":\"{}\"}}", "a".repeat(1024 * 1024));
    for (text, expected) in [
        ("{", "malformed_response"),
        (
            r#"{"config":{"User":"65532","user":"0"}}"#,
            "malformed_response",
        ),
        (large.as_str(), "too_large"),
    ] {
        let registry = TestRegistry::start().await;
        let good = push(&registry, CONFIG, &config("1"));
        let bad = push(&registry, CONFIG, text);
        push_index(
            &registry,
            &[(&good, Some("linux/amd64")), (&bad, Some("linux/arm64"))],
        );
        assert_eq!(
            look(&registry).await.unwrap_err().code(),
            expected,
            "{:.40}",
            text
        );
    }
}

#[tokio::test]
async fn a_part_of_an_index_that_is_missing_swapped_or_no_image_fails_the_whole() {
    type Spoil = fn(&TestRegistry, &Pushed, &Digest);
    let cases: [(&str, Spoil, &str); 4] = [
        (
            "blob gone",
            |registry, _, config| registry.delete_blob("shop/api", config),
            "attachment_missing",
        ),
        (
            "blob swapped",
            |registry, _, digest| registry.swap_blob("shop/api", digest, config("0")),
            "digest_mismatch",
        ),
        (
            "manifest gone",
            |registry, child, _| registry.delete_manifest("shop/api", child.digest()),
            "attachment_missing",
        ),
        (
            "registry fails",
            |registry, _, _| registry.fault(Fault::on("GET */blobs/*").status(503)),
            "registry_error",
        ),
    ];
    for (what, spoil, expected) in cases {
        let registry = TestRegistry::start().await;
        let child = push(&registry, CONFIG, &config("1"));
        push_index(&registry, &[(&child, Some("linux/amd64"))]);
        assert_eq!(users(&registry).await, ["linux/amd64 1"]);
        spoil(&registry, &child, &Digest::of(config("1").as_bytes()));
        assert_eq!(
            look(&registry).await.unwrap_err().code(),
            expected,
            "{what}"
        );
    }
}

#[tokio::test]
async fn an_index_of_something_else_than_images_has_no_configurations() {
    let registry = TestRegistry::start().await;
    let good = push(&registry, CONFIG, &config("1"));
    let artifact = push(&registry, "application/vnd.oci.empty.v1+json", "{}");
    let inner = registry.push_index("shop/api", "inner", &["linux/amd64"], "content");
    for other in [artifact, inner] {
        push_index(
            &registry,
            &[(&good, Some("linux/amd64")), (&other, Some("linux/arm64"))],
        );
        let error = look(&registry).await.unwrap_err();
        assert_eq!(error.code(), "malformed_response", "{error}");
    }
}
