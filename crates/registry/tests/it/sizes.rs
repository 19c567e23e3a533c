//! Too large, too many, endless, and other than announced.

use std::sync::Arc;
use std::time::Duration;

use countersign_image::{Descriptor, Digest};
use countersign_registry::{Client, Settings};
use countersign_testkit::{Fault, Layer, TestRegistry};
use serde_json::{Value, json};

use crate::support::{
    BUNDLE, OCI_INDEX, OCI_MANIFEST, SIMPLE_SIGNING, api, bundle, client, code, code_with, found,
    impatient_client, look, push_api, push_with_layer, settings, with_bundle,
};

const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn survives_a_manifest_one_byte_too_large() {
    for (bytes, expected) in [
        (4 * MIB, "ok"),
        (4 * MIB + 1, "too_large"),
        (64 * MIB, "too_large"),
    ] {
        let registry = TestRegistry::start().await;
        let manifest = push_api(&registry).bytes;
        let padded = [manifest.to_vec(), vec![b' '; bytes - manifest.len()]].concat();
        let padded = registry.push_manifest("shop/api", OCI_MANIFEST, padded);
        registry.move_tag("shop/api", "1.0", padded.digest());
        assert_eq!(
            code(&client(&registry), &api(&registry)).await,
            expected,
            "{bytes}"
        );
    }
}

#[tokio::test]
async fn survives_an_endless_manifest() {
    assert_eq!(
        code_with(Fault::on("GET */manifests/1.0").endless()).await,
        "too_large"
    );
}

#[tokio::test]
async fn survives_an_endless_list_of_referrers() {
    assert_eq!(
        code_with(Fault::on("GET *referrers*").endless()).await,
        "too_large"
    );
}

#[tokio::test]
async fn survives_an_endless_blob() {
    assert_eq!(
        code_with(Fault::on("GET */blobs/*").endless()).await,
        "size_mismatch"
    );
}

#[tokio::test]
async fn survives_pages_that_lead_in_a_circle() {
    for link in [
        "</v2/shop/api/referrers/%s>; rel=\"next\"",
        "<?>; rel=\"next\"",
        "<>; rel=next",
    ] {
        let (registry, image, _) = with_bundle().await;
        let link = link.replace("%s", &image.digest().to_string());
        registry.fault(Fault::on("GET *referrers*").header("link", &link));
        let code = code(&client(&registry), &api(&registry)).await;
        assert_eq!(code, "malformed_response", "{link}");
        assert!(registry.log().count("GET *referrers*") <= 2);
    }
}

#[tokio::test]
async fn survives_more_pages_than_anybody_needs() {
    let registry = TestRegistry::builder().page_size(1).start().await;
    let image = push_api(&registry);
    for count in 1..=6 {
        registry.push_referrer(&image, BUNDLE, &[bundle(&count.to_string())]);
        let expected = if count <= 5 { "ok" } else { "too_many" };
        assert_eq!(
            code(&client(&registry), &api(&registry)).await,
            expected,
            "{count} pages"
        );
    }
    registry.log().clear();
    code(&client(&registry), &api(&registry)).await;
    assert_eq!(registry.log().count("GET *referrers*"), 5);
}

// A good one that stands last is found up to the limit; past it nothing is admitted or called unsigned.
#[tokio::test]
async fn survives_a_flood_of_referrers_without_cutting_it() {
    for registry in [
        TestRegistry::start().await,
        TestRegistry::builder().without_referrers().start().await,
    ] {
        let image = push_api(&registry);
        for count in 0..63 {
            registry.push_referrer(&image, BUNDLE, &[bundle(&format!("garbage {count}"))]);
        }
        registry.push_referrer(&image, BUNDLE, &[bundle("the good one")]);
        let collected = look(&client(&registry), &api(&registry)).await.unwrap();
        assert_eq!(collected.attachments.len(), 64);
        assert_eq!(
            collected.attachments[63].bytes.as_deref(),
            Some(b"the good one".as_slice())
        );
        registry.push_referrer(&image, BUNDLE, &[bundle("one more")]);
        registry.log().clear();
        assert_eq!(code(&client(&registry), &api(&registry)).await, "too_many");
        assert_eq!(registry.log().count("GET */blobs/*"), 0);
    }
}

#[tokio::test]
async fn survives_a_list_of_a_million_referrers() {
    let entry = json!({"mediaType": OCI_MANIFEST, "digest": format!("sha256:{}", "0".repeat(64)), "size": 1});
    let list = |count: usize| {
        let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": vec![entry.clone(); count]});
        Fault::on("GET *referrers*").answer(200, &[("content-type", OCI_INDEX)], index.to_string())
    };
    assert_eq!(code_with(list(1025)).await, "too_many");
    assert_eq!(code_with(list(60_000)).await, "too_large");
}

#[tokio::test]
async fn survives_a_signature_manifest_with_a_million_layers() {
    for (layers, expected) in [
        (64, "ok"),
        (65, "too_many"),
        (1025, "too_many"),
        (40_000, "too_large"),
    ] {
        let registry = TestRegistry::start().await;
        let image = push_api(&registry);
        let layers = vec![Layer::new(SIMPLE_SIGNING, "{}"); layers];
        registry.push_attached_tag(&image, "sig", &layers);
        assert_eq!(
            code(&client(&registry), &api(&registry)).await,
            expected,
            "{}",
            layers.len()
        );
    }
}

#[tokio::test]
async fn survives_an_annotation_of_ten_megabytes() {
    let registry = TestRegistry::start().await;
    let image = push_api(&registry);
    let layer = Layer::new(SIMPLE_SIGNING, "{}").annotated("big", &"x".repeat(10 * MIB));
    registry.push_attached_tag(&image, "sig", &[layer]);
    assert_eq!(code(&client(&registry), &api(&registry)).await, "too_large");
}

/// The outcome when the one layer of a referrer announces its size as `size`.
async fn code_of_announced(
    size: Value,
    media_type: &str,
) -> (Result<Vec<String>, &'static str>, usize) {
    let registry = TestRegistry::start().await;
    let image = push_api(&registry);
    let honest = registry.push_referrer(&image, BUNDLE, &[Layer::new(media_type, "12345")]);
    let mut manifest: Value = serde_json::from_slice(&honest.bytes).unwrap();
    registry.delete_manifest("shop/api", honest.digest());
    manifest["layers"][0]["size"] = size;
    registry.push_manifest("shop/api", OCI_MANIFEST, manifest.to_string());
    let outcome = look(&client(&registry), &api(&registry)).await;
    (
        outcome
            .map(|collected| found(&collected))
            .map_err(|error| error.code()),
        registry.log().count("GET */blobs/*"),
    )
}

#[tokio::test]
async fn survives_a_blob_of_another_size_than_announced() {
    for size in [4, 6, 0] {
        assert_eq!(
            code_of_announced(json!(size), BUNDLE).await,
            (Err("size_mismatch"), 1),
            "{size}"
        );
    }
    assert_eq!(
        code_of_announced(json!(5), BUNDLE).await,
        (Ok(vec!["bundle@referrer".to_owned()]), 1)
    );
}

// Without a Content-Length only counting tells.
#[tokio::test]
async fn survives_a_blob_of_another_size_in_chunks() {
    for size in [4, 6] {
        let registry = TestRegistry::start().await;
        let image = push_api(&registry);
        let blob = registry.push_blob("shop/api", "12345");
        let layer = json!({"mediaType": BUNDLE, "digest": blob.to_string(), "size": size});
        push_with_layer(&registry, &image, layer);
        let chunked = Fault::on("GET */blobs/*").header("content-length", "");
        registry.fault(chunked.drip(2, Duration::ZERO));
        let code = code(&client(&registry), &api(&registry)).await;
        assert_eq!(code, "size_mismatch", "{size}");
        let descriptor = Descriptor::new(BUNDLE, blob, size);
        let repository = registry.repository("shop/api");
        let error = client(&registry)
            .blob(&repository, &descriptor)
            .await
            .unwrap_err();
        assert_eq!(error.code(), "size_mismatch", "{size}");
    }
}

// The same content cannot have two sizes.
#[tokio::test]
async fn survives_two_manifests_that_announce_one_blob_differently() {
    let registry = TestRegistry::start().await;
    let image = push_api(&registry);
    registry.push_referrer(&image, BUNDLE, &[bundle("12345")]);
    let blob = Digest::of(b"12345");
    let layer = json!({"mediaType": BUNDLE, "digest": blob.to_string(), "size": 6});
    push_with_layer(&registry, &image, layer);
    assert_eq!(
        code(&client(&registry), &api(&registry)).await,
        "size_mismatch"
    );
}

// What is announced as huge is not asked for, so nothing is allocated for it.
#[tokio::test]
async fn survives_an_announced_size_of_gigabytes() {
    for size in [
        5_000_000_000_u64,
        32 * MIB as u64 + 1,
        u64::try_from(i64::MAX).unwrap(),
    ] {
        assert_eq!(
            code_of_announced(json!(size), BUNDLE).await,
            (Err("too_large"), 0),
            "{size}"
        );
    }
    assert_eq!(
        code_of_announced(json!(64 * 1024 + 1), SIMPLE_SIGNING).await,
        (Err("too_large"), 0)
    );
}

#[tokio::test]
async fn survives_sizes_that_are_no_sizes() {
    for size in [
        json!(-1),
        json!(9_223_372_036_854_775_808_u64),
        json!("5"),
        json!(1.5),
        Value::Null,
    ] {
        let (outcome, blobs) = code_of_announced(size.clone(), BUNDLE).await;
        let found = outcome.unwrap();
        assert!(
            found.len() == 1 && found[0].starts_with("malformed("),
            "{size}: {found:?}"
        );
        assert_eq!(blobs, 0);
    }
}

// For a listed manifest the size in the list must be right too.
#[tokio::test]
async fn survives_a_list_that_lies_about_the_size_of_a_manifest() {
    for (change, expected) in [
        (-1, "size_mismatch"),
        (1, "size_mismatch"),
        (5 * MIB as i64, "too_large"),
    ] {
        let registry = TestRegistry::builder().without_referrers().start().await;
        let image = push_api(&registry);
        let referrer = registry.push_referrer(&image, BUNDLE, &[bundle("x")]);
        let mut entry = referrer.descriptor();
        entry["size"] = json!(referrer.bytes.len() as i64 + change);
        let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]});
        let index = registry.push_manifest("shop/api", OCI_INDEX, index.to_string());
        registry.move_tag("shop/api", &image.digest().tag_stem(), index.digest());
        assert_eq!(
            code(&client(&registry), &api(&registry)).await,
            expected,
            "{change}"
        );
    }
}

#[tokio::test]
async fn survives_many_large_attachments_together() {
    let registry = TestRegistry::start().await;
    let image = push_api(&registry);
    for count in 0..5 {
        let layer = bundle(&format!("{count}{}", " ".repeat(32 * MIB - 1)));
        registry.push_referrer(&image, BUNDLE, &[layer]);
    }
    let error = look(&client(&registry), &api(&registry)).await.unwrap_err();
    assert_eq!(error.code(), "too_large");
    assert!(
        error.to_string().contains("all that is attached"),
        "{error}"
    );
}

// It is fetched once, and verified as often as it is attached.
#[tokio::test]
async fn survives_one_large_attachment_in_many_layers() {
    let registry = TestRegistry::start().await;
    let image = push_api(&registry);
    let layer = bundle(&"x".repeat(MIB + 1));
    registry.push_referrer(&image, BUNDLE, &vec![layer.clone(); 63]);
    assert_eq!(code(&client(&registry), &api(&registry)).await, "ok");
    registry.push_referrer(&image, BUNDLE, &[layer]);
    let error = look(&client(&registry), &api(&registry)).await.unwrap_err();
    assert_eq!(error.code(), "too_large");
    assert!(
        error.to_string().contains("all that is attached"),
        "{error}"
    );
}

#[tokio::test]
async fn survives_a_body_of_one_byte_a_second() {
    for path in ["manifests/1.0", "referrers/*", "blobs/*"] {
        let (registry, ..) = with_bundle().await;
        registry.fault(Fault::on(&format!("GET */{path}")).drip(1, Duration::from_secs(1)));
        let code = code(&impatient_client(registry.host()), &api(&registry)).await;
        assert_eq!(code, "timeout", "{path}");
    }
}

#[tokio::test]
async fn survives_a_server_that_does_not_begin_to_answer() {
    let (registry, ..) = with_bundle().await;
    registry.fault(Fault::on("GET *referrers*").delay(Duration::from_secs(3600)));
    assert_eq!(
        code(&impatient_client(registry.host()), &api(&registry)).await,
        "timeout"
    );
}

#[tokio::test]
async fn a_blob_larger_than_the_callers_limit_is_not_asked_for() {
    let registry = TestRegistry::start().await;
    let descriptor = Descriptor::new(BUNDLE, Digest::of(b"x"), 33 * MIB as u64);
    let error = client(&registry)
        .blob(&registry.repository("shop/api"), &descriptor)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "too_large");
    assert!(registry.log().lines().is_empty());
}

/// A second collection does not fetch before the first lets go of what it holds.
#[tokio::test]
async fn survives_large_attachments_of_many_images_at_once() {
    let registry = TestRegistry::start().await;
    let blobs: Vec<Digest> = ["1", "2"]
        .map(|tag| {
            let image = registry.push_image("shop/api", tag, tag);
            let layer = bundle(&format!("{tag}{}", " ".repeat(600 * 1024)));
            registry.push_referrer(&image, BUNDLE, std::slice::from_ref(&layer));
            Digest::of(&layer.bytes)
        })
        .into();
    let client = Client::new(Settings {
        attachment_room: 1024 * 1024,
        ..settings(&[registry.host()])
    });
    let client = Arc::new(client.unwrap());
    let fetched = |blob: &Digest| registry.log().count(&format!("GET *blobs/{blob}"));
    let named = |tag: &str| format!("{}/shop/api:{tag}", registry.host());

    let first = look(&client, &named("1")).await.unwrap();
    let (second, name) = (Arc::clone(&client), named("2"));
    let second = tokio::spawn(async move { look(&second, &name).await });
    while registry.log().count("GET */manifests/sha256:*") < 2 {
        tokio::task::yield_now().await;
    }
    // Only the blob is left to ask for, and nothing but the room keeps it from being asked for now.
    for _ in 0..10_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!((fetched(&blobs[0]), fetched(&blobs[1])), (1, 0));
    drop(first);
    assert_eq!(second.await.unwrap().unwrap().attachments.len(), 1);
    assert_eq!(fetched(&blobs[1]), 1);
}

/// Each holds a part of the room and waits for more, which only the other could give.
#[tokio::test]
async fn collections_that_wait_for_each_other_all_come_to_an_end() {
    let registry = TestRegistry::start().await;
    for tag in ["1", "2", "3"] {
        let image = registry.push_image("shop/api", tag, tag);
        for part in ["a", "b", "c"] {
            let layer = bundle(&format!("{tag} {part} {}", " ".repeat(300 * 1024)));
            let referrer = registry.push_referrer(&image, BUNDLE, &[layer]);
            // The first part of each image is held before the others are known.
            if part != "a" {
                let manifest = format!("GET */manifests/{}", referrer.digest());
                registry.fault(Fault::on(&manifest).delay(Duration::from_millis(300)));
            }
        }
    }
    let client = Client::new(Settings {
        attachment_room: 1000 * 1024,
        ..settings(&[registry.host()])
    });
    let client = client.unwrap();
    let looks = ["1", "2", "3"].map(|tag| {
        let (client, name) = (&client, format!("{}/shop/api:{tag}", registry.host()));
        async move { look(client, &name).await.unwrap().attachments.len() }
    });
    let all = futures_util::future::join_all(looks);
    let found = tokio::time::timeout(Duration::from_secs(60), all).await;
    assert_eq!(found.unwrap(), [3, 3, 3]);
}
