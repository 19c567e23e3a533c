//! How many requests an image costs, and how deep they are chained.

use std::time::Duration;

use countersign_registry::Client;
use countersign_testkit::{Fault, Layer, TestRegistry};

use crate::support::{BUNDLE, ENVELOPE, SIMPLE_SIGNING, bundle, client, found, look};

/// Much longer than a client needs to send what it sends together.
const ROUND_TRIP: Duration = Duration::from_millis(150);

async fn depth(registry: &TestRegistry, client: &Client, reference: &str) -> usize {
    registry.log().clear();
    let collected = look(client, reference).await.unwrap();
    assert_eq!(found(&collected).len(), 4, "all that is attached was found");
    assert_eq!(
        registry.log().repeated(),
        [""; 0],
        "no request is sent twice"
    );
    registry.log().depth()
}

fn push_signed(registry: &TestRegistry, repository: &str) -> String {
    let image = registry.push_index(
        repository,
        "1.0",
        &["linux/amd64", "linux/arm64"],
        repository,
    );
    registry.push_referrer(
        &image,
        BUNDLE,
        &[bundle(&format!("{repository} signature"))],
    );
    registry.push_referrer(
        &image,
        BUNDLE,
        &[bundle(&format!("{repository} provenance"))],
    );
    registry.push_attached_tag(
        &image,
        "sig",
        &[Layer::new(SIMPLE_SIGNING, format!("{repository} payload"))],
    );
    registry.push_attached_tag(
        &image,
        "att",
        &[Layer::new(ENVELOPE, format!("{repository} envelope"))],
    );
    image.image.to_string()
}

#[tokio::test]
async fn an_unseen_image_is_four_deep_by_tag_and_three_by_digest() {
    let registry = TestRegistry::start().await;
    let pinned = push_signed(&registry, "shop/api");
    registry.fault(Fault::on("*").delay(ROUND_TRIP));
    assert_eq!(
        depth(
            &registry,
            &client(&registry),
            &format!("{}/shop/api:1.0", registry.host())
        )
        .await,
        4
    );
    assert_eq!(depth(&registry, &client(&registry), &pinned).await, 3);
}

#[tokio::test]
async fn without_the_referrers_api_it_is_one_more_until_that_is_known() {
    let registry = TestRegistry::builder().without_referrers().start().await;
    let first = push_signed(&registry, "shop/first");
    push_signed(&registry, "shop/second");
    registry.fault(Fault::on("*").delay(ROUND_TRIP));
    assert_eq!(depth(&registry, &client(&registry), &first).await, 4);

    let client = client(&registry);
    let tag = |name: &str| format!("{}/shop/{name}:1.0", registry.host());
    assert_eq!(depth(&registry, &client, &tag("first")).await, 5);
    // Of the index and of each child: they are asked about together.
    assert_eq!(registry.log().count("GET *referrers*"), 3);
    assert_eq!(depth(&registry, &client, &tag("second")).await, 4);
    assert_eq!(registry.log().count("GET *referrers*"), 0);
}

#[tokio::test]
async fn the_requests_for_an_image_are_these_and_no_others() {
    let registry = TestRegistry::start().await;
    let image = registry.push_image("shop/api", "1.0", "content");
    let referrer = registry.push_referrer(&image, BUNDLE, &[bundle("a bundle")]);
    let blob = countersign_image::Digest::of(b"a bundle");
    look(
        &client(&registry),
        &format!("{}/shop/api:1.0", registry.host()),
    )
    .await
    .unwrap();
    let stem = image.digest().tag_stem();
    let mut expected = [
        "manifests/1.0".to_owned(),
        format!("referrers/{}", image.digest()),
        format!("manifests/{stem}.sig"),
        format!("manifests/{stem}.att"),
        format!("manifests/{stem}.sbom"),
        format!("manifests/{}", referrer.digest()),
        format!("blobs/{blob}"),
    ]
    .map(|path| format!("GET /v2/shop/api/{path}"));
    expected.sort();
    assert_eq!(registry.log().lines(), expected);
}

#[tokio::test]
async fn a_blob_that_two_manifests_name_is_fetched_once() {
    let registry = TestRegistry::start().await;
    let image = registry.push_image("shop/api", "1.0", "content");
    registry.push_referrer(&image, BUNDLE, &[bundle("same")]);
    registry.push_referrer(&image, "application/vnd.other", &[bundle("same")]);
    let collected = look(
        &client(&registry),
        &format!("{}/shop/api:1.0", registry.host()),
    )
    .await
    .unwrap();
    assert_eq!(found(&collected), ["bundle@referrer", "bundle@referrer"]);
    assert_eq!(registry.log().count("GET */blobs/*"), 1);
}

#[tokio::test]
async fn a_404_for_an_unknown_image_does_not_teach_that_there_is_no_api() {
    let (registry, image, _) = crate::support::with_bundle().await;
    registry.fault(Fault::on("GET *referrers*").times(1).status(404));
    registry.fault(Fault::on("GET */manifests/sha256:*").times(1).status(404));
    let client = client(&registry);
    let error = look(&client, &image.image.to_string()).await.unwrap_err();
    assert_eq!(error.code(), "image_not_found");
    let collected = look(&client, &image.image.to_string()).await.unwrap();
    assert_eq!(found(&collected), ["bundle@referrer"]);
}
