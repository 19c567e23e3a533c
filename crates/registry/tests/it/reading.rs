//! What is found, and by which road.

use countersign_image::{Document, ImageSource as _, Needs};
use countersign_testkit::{Fault, Layer, TestRegistry};

use crate::support::{
    BUNDLE, ENVELOPE, OCI_INDEX, SIMPLE_SIGNING, api, bundle, client, code, everything, found,
    look, push_api, with_bundle,
};

#[tokio::test]
async fn resolves_a_tag_to_the_digest_of_the_bytes_in_one_request() {
    let registry = TestRegistry::start().await;
    let image = registry.push_index(
        "shop/api",
        "1.0",
        &["linux/amd64", "linux/arm64"],
        "content",
    );
    let resolved = client(&registry)
        .resolve(&api(&registry).parse().unwrap())
        .await
        .unwrap();
    assert_eq!(resolved.image, image.image);
    assert!(matches!(resolved.content, Some(Document::Index(index)) if index.manifests.len() == 2));
    assert_eq!(registry.log().lines(), ["GET /v2/shop/api/manifests/1.0"]);
}

#[tokio::test]
async fn a_digest_beside_a_tag_decides_and_nobody_is_asked() {
    let registry = TestRegistry::start().await;
    let old = registry.push_image("shop/api", "1.0", "old");
    registry.push_image("shop/api", "1.0", "new");
    let reference = old.image.with_tag("1.0").parse().unwrap();
    let resolved = client(&registry).resolve(&reference).await.unwrap();
    assert_eq!((resolved.image, resolved.content), (old.image, None));
    assert!(registry.log().lines().is_empty());
}

#[tokio::test]
async fn unites_every_form_by_every_road() {
    for (registry, list) in [
        (TestRegistry::start().await, "referrer"),
        (
            TestRegistry::builder().without_referrers().start().await,
            "fallback",
        ),
    ] {
        let image = push_api(&registry);
        registry.push_referrer(&image, BUNDLE, &[bundle("one")]);
        registry.push_referrer(&image, BUNDLE, &[bundle("two")]);
        registry.push_referrer(
            &image,
            "application/vnd.in-toto+json",
            &[Layer::new(ENVELOPE, "{}")],
        );
        registry.push_referrer(
            &image,
            "application/spdx+json",
            &[Layer::new("application/spdx+json", "{}")],
        );
        registry.push_referrer(&image, "application/vnd.example", &[]);
        let twice = [
            Layer::new(SIMPLE_SIGNING, "{}").annotated("s", "1"),
            Layer::new(SIMPLE_SIGNING, "{}"),
        ];
        registry.push_attached_tag(&image, "sig", &twice);
        registry.push_attached_tag(&image, "att", &[Layer::new(ENVELOPE, "{}")]);
        registry.push_attached_tag(
            &image,
            "sbom",
            &[Layer::new("application/octet-stream", "{}")],
        );
        let collected = look(&client(&registry), &api(&registry)).await.unwrap();
        let listed = [
            "bundle",
            "bundle",
            "envelope",
            "sbom",
            "unsupported(application/vnd.example)",
        ];
        let tagged = [
            "signature@sig",
            "signature@sig",
            "envelope@att",
            "sbom@sbom-tag",
        ];
        let listed = listed.map(|form| format!("{form}@{list}"));
        let expected: Vec<String> = tagged
            .map(str::to_owned)
            .into_iter()
            .chain(listed)
            .collect();
        assert_eq!(found(&collected), expected);
        assert_eq!(
            collected.attachments[0].layer.as_ref().unwrap().annotations["s"],
            "1"
        );
        assert_eq!(
            collected.attachments[4].bytes.as_deref(),
            Some(b"one".as_slice())
        );
        assert!(
            collected.attachments[7].bytes.is_none(),
            "an unsigned SBOM is not fetched"
        );
    }
}

// Written by cosign with `--registry-referrers-mode=oci-1-1`, and by Docker for its hardened images: what is otherwise
// found by tag, found by another road.
#[tokio::test]
async fn reads_the_older_forms_as_referrers_too() {
    let cosign = |kind: &str| format!("application/vnd.dev.cosign.artifact.{kind}.v1+json");
    for (registry, list) in [
        (TestRegistry::start().await, "referrer"),
        (
            TestRegistry::builder().without_referrers().start().await,
            "fallback",
        ),
    ] {
        let image = push_api(&registry);
        let signed = [
            Layer::new(SIMPLE_SIGNING, "1").annotated("dev.cosignproject.cosign/signature", "one"),
            Layer::new(SIMPLE_SIGNING, "1").annotated("dev.cosignproject.cosign/signature", "two"),
        ];
        registry.push_referrer(&image, &cosign("sig"), &signed);
        let attested = [
            Layer::new(ENVELOPE, "provenance"),
            Layer::new(ENVELOPE, "SBOM"),
        ];
        registry.push_referrer(&image, &cosign("att"), &attested);
        registry.push_referrer(&image, "application/vnd.in-toto+json", &attested);
        let sbom = [Layer::new("text/spdx+json", "{}")];
        registry.push_referrer(&image, &cosign("sbom"), &sbom);
        let sbom = [Layer::new("application/octet-stream", "{}")];
        registry.push_referrer(&image, &cosign("sbom"), &sbom);
        let signature = [Layer::new("application/jose+json", "{}")];
        registry.push_referrer(&image, "application/vnd.cncf.notary.signature", &signature);
        let collected = look(&client(&registry), &api(&registry)).await.unwrap();
        let forms = [
            "signature",
            "signature",
            "envelope",
            "envelope",
            "envelope",
            "envelope",
            "sbom",
            "sbom",
            "unsupported(notation)",
        ];
        assert_eq!(
            found(&collected),
            forms.map(|form| format!("{form}@{list}"))
        );
        let signatures = collected.attachments.iter().take(2).map(|attachment| {
            let layer = attachment.layer.as_ref().unwrap();
            layer.annotations["dev.cosignproject.cosign/signature"].as_str()
        });
        assert_eq!(signatures.collect::<Vec<_>>(), ["one", "two"]);
    }
}

#[tokio::test]
async fn an_image_with_nothing_attached_has_an_empty_list() {
    for registry in [
        TestRegistry::start().await,
        TestRegistry::builder().without_referrers().start().await,
    ] {
        push_api(&registry);
        let collected = look(&client(&registry), &api(&registry)).await.unwrap();
        assert!(matches!(collected.content, Document::Manifest(_)));
        assert!(collected.attachments.is_empty());
    }
}

#[tokio::test]
async fn reads_signatures_in_other_repositories_too() {
    let registry = TestRegistry::start().await;
    let image = push_api(&registry);
    registry.push_attached_tag_in(
        "sigs/here",
        &image,
        "sig",
        &[Layer::new(SIMPLE_SIGNING, "{}")],
    );
    let needs = Needs {
        signatures: true,
        repositories: vec![
            registry.repository("sigs/here"),
            registry.repository("sigs/none"),
        ],
        ..Needs::default()
    };
    let client = client(&registry);
    let resolved = client
        .resolve(&api(&registry).parse().unwrap())
        .await
        .unwrap();
    let collected = client.collect(&resolved, &needs).await.unwrap();
    assert_eq!(found(&collected), ["signature@sig"]);
}

#[tokio::test]
async fn follows_the_pages_of_a_list() {
    let registry = TestRegistry::builder().page_size(2).start().await;
    let image = push_api(&registry);
    for content in ["1", "2", "3", "4", "5"] {
        registry.push_referrer(&image, BUNDLE, &[bundle(content)]);
    }
    let collected = look(&client(&registry), &api(&registry)).await.unwrap();
    assert_eq!(found(&collected).len(), 5);
    assert_eq!(registry.log().count("GET *referrers*"), 3);
    assert_eq!(registry.log().repeated(), [""; 0]);
}

#[tokio::test]
async fn a_manifest_found_by_two_roads_counts_once() {
    let (registry, image, referrer) = with_bundle().await;
    registry.move_tag(
        "shop/api",
        &format!("{}.sig", image.digest().tag_stem()),
        referrer.digest(),
    );
    let collected = look(&client(&registry), &api(&registry)).await.unwrap();
    assert_eq!(found(&collected), ["bundle@sig"]);
}

#[tokio::test]
async fn an_image_that_is_not_there_is_not_an_unsigned_one() {
    let registry = TestRegistry::start().await;
    let image = push_api(&registry);
    let client = client(&registry);
    let pinned = image.image.to_string();
    assert_eq!(code(&client, &pinned).await, "ok");
    registry.delete_manifest("shop/api", image.digest());
    assert_eq!(code(&client, &pinned).await, "image_not_found");
    assert_eq!(code(&client, &api(&registry)).await, "image_not_found");
}

#[tokio::test]
async fn what_a_list_names_and_is_not_there_is_missing_and_not_absent() {
    let (registry, _, referrer) = with_bundle().await;
    let digest = referrer.digest().clone();
    registry.fault(Fault::on(&format!("GET */manifests/{digest}")).status(404));
    assert_eq!(
        code(&client(&registry), &api(&registry)).await,
        "attachment_missing"
    );

    let (registry, ..) = with_bundle().await;
    registry.fault(Fault::on("GET */blobs/*").status(404));
    assert_eq!(
        code(&client(&registry), &api(&registry)).await,
        "attachment_missing"
    );
}

#[tokio::test]
async fn a_registry_that_stopped_is_unreachable() {
    let mut registry = TestRegistry::start().await;
    push_api(&registry);
    let client = client(&registry);
    registry.stop().await;
    let error = look(&client, &api(&registry)).await.unwrap_err();
    assert_eq!(
        (error.code(), error.host()),
        ("registry_unreachable", registry.host())
    );
    assert!(error.is_transient());
}

#[tokio::test]
async fn an_index_that_refers_to_an_image_is_nothing_that_is_verified() {
    let (registry, image, _) = with_bundle().await;
    let index = serde_json::json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [], "subject": image.descriptor()});
    registry.push_manifest("shop/api", OCI_INDEX, index.to_string());
    let collected = look(&client(&registry), &api(&registry)).await.unwrap();
    assert_eq!(
        found(&collected),
        ["bundle@referrer", "unsupported(index)@referrer"]
    );
}

#[tokio::test]
async fn looks_only_for_what_some_rule_needs() {
    let registry = TestRegistry::start().await;
    let image = push_api(&registry);
    registry.push_referrer(&image, BUNDLE, &[bundle("one")]);
    registry.push_attached_tag(&image, "sig", &[Layer::new(SIMPLE_SIGNING, "sig")]);
    registry.push_attached_tag(&image, "att", &[Layer::new(ENVELOPE, "att")]);
    let client = client(&registry);
    let resolved = client
        .resolve(&api(&registry).parse().unwrap())
        .await
        .unwrap();
    for (needs, expected, requests) in [
        (Needs::default(), vec![], 0),
        (
            Needs {
                signatures: true,
                ..Needs::default()
            },
            vec!["signature@sig", "bundle@referrer"],
            5,
        ),
        (
            Needs {
                attestations: true,
                ..Needs::default()
            },
            vec!["envelope@att", "bundle@referrer"],
            5,
        ),
        (
            Needs {
                unsigned_sboms: true,
                ..Needs::default()
            },
            vec![],
            3,
        ),
        (
            everything(),
            vec!["signature@sig", "envelope@att", "bundle@referrer"],
            8,
        ),
    ] {
        registry.log().clear();
        let collected = client.collect(&resolved, &needs).await.unwrap();
        assert_eq!(found(&collected), expected, "{needs:?}");
        assert_eq!(
            registry.log().lines().len(),
            requests,
            "{needs:?}: {:#?}",
            registry.log().lines()
        );
    }
}

#[tokio::test]
async fn an_artifact_of_many_layers_that_nobody_verifies_is_one_finding() {
    let (registry, image, _) = with_bundle().await;
    registry.push_referrer(
        &image,
        "application/vnd.example",
        &vec![Layer::new("text/plain", "x"); 200],
    );
    let collected = look(&client(&registry), &api(&registry)).await.unwrap();
    assert_eq!(
        found(&collected),
        [
            "bundle@referrer",
            "unsupported(application/vnd.example)@referrer"
        ]
    );
    assert_eq!(registry.log().count("GET */blobs/*"), 1);
}
