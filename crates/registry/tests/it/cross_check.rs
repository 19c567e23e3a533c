//! Another client sees the same.

use countersign_image::ImageSource as _;
use countersign_testkit::TestRegistry;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::secrets::RegistryAuth;

use crate::support::{BUNDLE, api, bundle, client};

fn other_client() -> oci_client::Client {
    oci_client::Client::new(ClientConfig {
        protocol: ClientProtocol::Http,
        ..ClientConfig::default()
    })
}

#[tokio::test]
async fn another_client_resolves_a_tag_to_the_same_digest() {
    let registry = TestRegistry::start().await;
    registry.push_image("shop/api", "1.0", "content");
    registry.push_index(
        "shop/multi",
        "1.0",
        &["linux/amd64", "linux/arm64"],
        "content",
    );
    for reference in [
        api(&registry),
        format!("{}/shop/multi:1.0", registry.host()),
    ] {
        let ours = client(&registry)
            .resolve(&reference.parse().unwrap())
            .await
            .unwrap();
        let theirs = other_client()
            .fetch_manifest_digest(&reference.parse().unwrap(), &RegistryAuth::Anonymous)
            .await;
        assert_eq!(
            theirs.unwrap(),
            ours.image.digest().to_string(),
            "{reference}"
        );
    }
}

#[tokio::test]
async fn another_client_lists_the_same_referrers() {
    for registry in [
        TestRegistry::start().await,
        TestRegistry::builder().without_referrers().start().await,
    ] {
        let image = registry.push_image("shop/api", "1.0", "content");
        registry.push_referrer(&image, BUNDLE, &[bundle("one")]);
        registry.push_referrer(&image, BUNDLE, &[bundle("two")]);
        let ours = client(&registry)
            .referrers(&registry.repository("shop/api"), image.digest())
            .await
            .unwrap();
        let theirs = other_client()
            .pull_referrers(&image.image.to_string().parse().unwrap(), None)
            .await
            .unwrap();
        let ours: Vec<String> = ours.iter().map(|entry| entry.digest.to_string()).collect();
        let theirs: Vec<String> = theirs
            .manifests
            .iter()
            .map(|entry| entry.digest.clone())
            .collect();
        assert_eq!((ours.len(), ours), (2, theirs));
    }
}
