//! What is attached to the images and attestation manifests that an index lists.

use std::collections::BTreeMap;
use std::time::Duration;

use countersign_image::{Collected, Digest, ImageSource as _, Needs};
use countersign_testkit::{AttestationForm, BuildKitIndex, Fault, Layer, Pushed, TestRegistry};
use serde_json::{Value, json};

use crate::support::{
    BUNDLE, ENVELOPE, OCI_INDEX, OCI_MANIFEST, SIMPLE_SIGNING, api, bundle, client, code,
    everything, found, look, word,
};

const BOTH: &[&str] = &["linux/amd64", "linux/arm64"];

pub(crate) fn push_built(registry: &TestRegistry, form: AttestationForm) -> BuildKitIndex {
    registry.push_buildkit_index("shop/api", "1.0", BOTH, form, |child| {
        vec![
            format!("provenance of {}", child.digest()),
            format!("SBOM of {}", child.digest()),
        ]
    })
}

/// What was found, as `bundle@referrer in NAME`, by the names of manifests.
pub(crate) fn found_in(collected: &Collected, names: &[(&str, &Pushed)]) -> Vec<String> {
    let names: BTreeMap<&Digest, &str> = names
        .iter()
        .map(|(name, pushed)| (pushed.digest(), *name))
        .collect();
    let found = collected.attachments.iter().map(|attachment| {
        let name = names.get(&attachment.manifest).unwrap_or(&"?");
        format!("{} in {name}", word(attachment))
    });
    found.collect()
}

pub(crate) async fn look_at(registry: &TestRegistry) -> Collected {
    look(&client(registry), &api(registry)).await.unwrap()
}

#[tokio::test]
async fn collects_what_is_attached_to_each_child() {
    for (registry, list) in [
        (TestRegistry::start().await, "referrer"),
        (
            TestRegistry::builder().without_referrers().start().await,
            "fallback",
        ),
    ] {
        let index = registry.push_index("shop/api", "1.0", BOTH, "content");
        let built = push_built(&registry, AttestationForm::Classic);
        registry.move_tag("shop/api", "1.0", built.index.digest());
        let [one, two] = &built.children[..] else {
            panic!("two children")
        };
        let of_index = registry.push_referrer(&built.index, BUNDLE, &[bundle("of the index")]);
        let of_one = registry.push_referrer(one, BUNDLE, &[bundle("of one")]);
        let sig = [Layer::new(SIMPLE_SIGNING, "of one")];
        let sig = registry.push_attached_tag(one, "sig", &sig);
        let att = registry.push_attached_tag(two, "att", &[Layer::new(ENVELOPE, "of two")]);
        // Nobody attaches SBOMs to platforms by tag.
        registry.push_attached_tag(two, "sbom", &[Layer::new("text/spdx+json", "of two")]);
        registry.push_referrer(&index, BUNDLE, &[bundle("of another index")]);

        let collected = look_at(&registry).await;
        let names = [
            ("R", &of_index),
            ("R1", &of_one),
            ("S1", &sig),
            ("A2", &att),
            ("T1", &built.attestations[0]),
            ("T2", &built.attestations[1]),
        ];
        assert_eq!(
            found_in(&collected, &names),
            [
                format!("bundle@{list} in R"),
                "statement@index in T1".to_owned(),
                "statement@index in T1".to_owned(),
                "statement@index in T2".to_owned(),
                "statement@index in T2".to_owned(),
                "signature@sig in S1".to_owned(),
                format!("bundle@{list} in R1"),
                "envelope@att in A2".to_owned(),
            ]
        );
        assert_eq!(registry.log().repeated(), [""; 0]);
        assert_eq!(registry.log().count("GET *.sbom"), 1);
    }
}

#[tokio::test]
async fn a_failure_to_look_at_any_part_is_no_absence() {
    let registry = TestRegistry::start().await;
    let built = push_built(&registry, AttestationForm::Classic);
    let [one, attesting] = [&built.children[0], &built.attestations[0]];
    let stem = |pushed: &Pushed| pushed.digest().tag_stem();
    for path in [
        format!("referrers/{}", one.digest()),
        format!("manifests/{}.sig", stem(one)),
        format!("manifests/{}.att", stem(one)),
        format!("referrers/{}", attesting.digest()),
        format!("manifests/{}.sig", stem(attesting)),
    ] {
        for (status, expected) in [(500, "registry_error"), (403, "forbidden")] {
            registry.fault(Fault::on(&format!("GET */{path}")).status(status));
            let code = code(&client(&registry), &api(&registry)).await;
            assert_eq!(code, expected, "{status} for {path}");
            registry.clear_faults();
        }
    }
    assert_eq!(code(&client(&registry), &api(&registry)).await, "ok");
}

#[tokio::test]
async fn an_index_in_an_index_is_a_child_that_is_not_walked() {
    let registry = TestRegistry::start().await;
    let inner = push_built(&registry, AttestationForm::Classic);
    let sig = registry.push_referrer(&inner.index, BUNDLE, &[bundle("of the inner index")]);
    registry.push_referrer(&inner.children[0], BUNDLE, &[bundle("of an inner child")]);
    registry.push_list("shop/api", "1.0", &[inner.index.descriptor()]);
    let collected = look_at(&registry).await;
    assert_eq!(
        found_in(&collected, &[("R", &sig)]),
        ["bundle@referrer in R"]
    );
    let children = format!("GET *{}*", inner.children[0].digest().hex());
    assert_eq!(registry.log().count(&children), 0);
}

#[tokio::test]
async fn looks_at_parts_only_as_far_as_some_rule_needs() {
    let registry = TestRegistry::start().await;
    let built = push_built(&registry, AttestationForm::Classic);
    let (one, attesting) = (&built.children[0], &built.attestations[0]);
    for subject in [&built.index, one, attesting] {
        let content = subject.digest().to_string();
        registry.push_referrer(subject, BUNDLE, &[bundle(&content)]);
        let signature = [Layer::new(SIMPLE_SIGNING, content.clone())];
        registry.push_attached_tag(subject, "sig", &signature);
    }
    let client = client(&registry);
    let resolved = client
        .resolve(&api(&registry).parse().unwrap())
        .await
        .unwrap();
    let needs = |signatures, attestations, unsigned_sboms| Needs {
        signatures,
        attestations,
        unsigned_sboms,
        config: false,
        ..Needs::default()
    };
    let (signature, bundle) = ("signature@sig", "bundle@referrer");
    let statements = ["statement@index"; 4];
    for (needs, expected, sig, att, lists) in [
        (Needs::default(), vec![], 0, 0, 0),
        (
            needs(true, false, false),
            vec![signature, bundle, signature, bundle],
            3,
            0,
            3,
        ),
        // The signatures of an index and of its attestation manifests vouch for the statements in them; those of a
        // child vouch for nothing but the child.
        (
            needs(false, true, false),
            [
                &[bundle][..],
                &statements,
                &[bundle, signature, bundle, signature],
            ]
            .concat(),
            3,
            3,
            5,
        ),
        (needs(false, false, true), vec![], 0, 0, 3),
        (
            needs(true, true, true),
            [
                &[signature, bundle][..],
                &statements,
                &[signature, bundle, signature, bundle],
            ]
            .concat(),
            5,
            3,
            5,
        ),
    ] {
        registry.log().clear();
        let collected = client.collect(&resolved, &needs).await.unwrap();
        assert_eq!(found(&collected), expected, "{needs:?}");
        let log = registry.log();
        let asked = ["GET *.sig", "GET *.att", "GET */referrers/*"].map(|what| log.count(what));
        assert_eq!(asked, [sig, att, lists], "{needs:?}");
        assert_eq!(log.repeated(), [""; 0], "{needs:?}");
    }
}

// As an artifact it stands in the list of its image, which is read for signatures.
#[tokio::test]
async fn statements_are_not_fetched_where_only_signatures_are_asked_for() {
    let registry = TestRegistry::start().await;
    push_built(&registry, AttestationForm::Artifact);
    let needs = Needs {
        signatures: true,
        ..Needs::default()
    };
    let client = client(&registry);
    let resolved = client
        .resolve(&api(&registry).parse().unwrap())
        .await
        .unwrap();
    let collected = client.collect(&resolved, &needs).await.unwrap();
    assert_eq!(found(&collected), [""; 0]);
    assert_eq!(registry.log().count("GET */blobs/*"), 0);
}

#[tokio::test]
async fn an_index_without_statements_has_no_signature_fetched_for_attestations() {
    let registry = TestRegistry::start().await;
    let index = registry.push_index("shop/api", "1.0", BOTH, "content");
    registry.push_attached_tag(&index, "sig", &[Layer::new(SIMPLE_SIGNING, "x")]);
    let needs = Needs {
        attestations: true,
        ..Needs::default()
    };
    let client = client(&registry);
    let resolved = client
        .resolve(&api(&registry).parse().unwrap())
        .await
        .unwrap();
    assert_eq!(
        found(&client.collect(&resolved, &needs).await.unwrap()),
        [""; 0]
    );
    assert_eq!(registry.log().count("GET *.sig"), 0);
}

#[tokio::test]
async fn reads_the_signatures_of_parts_in_other_repositories_too() {
    let registry = TestRegistry::start().await;
    let built = push_built(&registry, AttestationForm::Classic);
    let signature = |content: &str| [Layer::new(SIMPLE_SIGNING, content.to_owned())];
    let other = "sigs/here";
    let of_one = registry.push_attached_tag_in(other, &built.children[0], "sig", &signature("1"));
    let attesting = &built.attestations[1];
    let of_two = registry.push_attached_tag_in(other, attesting, "sig", &signature("2"));
    let client = client(&registry);
    let resolved = client
        .resolve(&api(&registry).parse().unwrap())
        .await
        .unwrap();
    let needs = Needs {
        repositories: vec![registry.repository(other)],
        ..everything()
    };
    let collected = client.collect(&resolved, &needs).await.unwrap();
    let found = found_in(&collected, &[("S1", &of_one), ("S2", &of_two)]);
    assert_eq!(found[4..], ["signature@sig in S1", "signature@sig in S2"]);
    let there = format!("GET /v2/{other}/manifests/sha256:*");
    assert_eq!(
        registry.log().count(&there),
        0,
        "what the index lists lies beside it"
    );
}

// Whoever can write one fallback tag must not be able to hide what stands in another.
#[tokio::test]
async fn survives_a_referrer_that_is_listed_where_it_does_not_belong_as_well() {
    let registry = TestRegistry::builder().without_referrers().start().await;
    let built = push_built(&registry, AttestationForm::Classic);
    let of_one = registry.push_referrer(&built.children[0], BUNDLE, &[bundle("of one")]);
    registry.list_in_fallback(&built.index, of_one.descriptor());
    registry.list_in_fallback(&built.children[1], of_one.descriptor());
    let collected = look_at(&registry).await;
    let found = found_in(&collected, &[("R", &of_one)]);
    assert_eq!(found[4..], ["bundle@fallback in R"]);
    assert_eq!(registry.log().repeated(), [""; 0]);
}

#[tokio::test]
async fn a_manifest_that_two_lists_announce_differently_is_refused() {
    for last in [0, 1] {
        let registry = TestRegistry::builder().without_referrers().start().await;
        let built = push_built(&registry, AttestationForm::Classic);
        let of_one = registry.push_referrer(&built.children[0], BUNDLE, &[bundle("of one")]);
        let mut larger = of_one.descriptor();
        larger["size"] = (of_one.bytes.len() + 1).into();
        registry.list_in_fallback(&built.index, larger);
        // Whichever list comes first: the other one is wrong.
        let subject = [&built.index, &built.children[0]][last];
        let list = format!("GET */manifests/{}", subject.digest().tag_stem());
        registry.fault(Fault::on(&list).delay(Duration::from_millis(200)));
        let code = code(&client(&registry), &api(&registry)).await;
        assert_eq!(code, "size_mismatch", "{last}");
    }
}

#[tokio::test]
async fn a_child_that_is_listed_twice_is_asked_about_once() {
    let registry = TestRegistry::start().await;
    let built = push_built(&registry, AttestationForm::Classic);
    let child = &built.children[0];
    let entries = [
        child.listed("linux", "amd64"),
        child.listed("linux", "arm64"),
        built.attestations[0].listed_as_attestation(child),
        built.attestations[0].listed_as_attestation(child),
    ];
    registry.push_list("shop/api", "1.0", &entries);
    let collected = look_at(&registry).await;
    assert_eq!(found(&collected), ["statement@index"; 2]);
    assert_eq!(registry.log().repeated(), [""; 0]);
}

// 64 for each subject are allowed, but not for each of thirty.
#[tokio::test]
async fn survives_a_flood_of_referrers_spread_over_the_children() {
    let registry = TestRegistry::start().await;
    let platforms: Vec<String> = (0..5).map(|number| format!("linux/cpu{number}")).collect();
    let platforms: Vec<&str> = platforms.iter().map(String::as_str).collect();
    let form = AttestationForm::Classic;
    let built = registry.push_buildkit_index("shop/api", "1.0", &platforms, form, |_| vec![]);
    for child in &built.children {
        for number in 0..50 {
            let content = format!("{number} of {}", child.digest());
            registry.push_referrer(child, BUNDLE, &[bundle(&content)]);
        }
    }
    // 250 referrers, 5 attestation manifests.
    registry.push_referrer(&built.index, BUNDLE, &[bundle("the last")]);
    assert_eq!(look_at(&registry).await.attachments.len(), 251);
    registry.push_attached_tag(&built.index, "sig", &[Layer::new(SIMPLE_SIGNING, "more")]);
    let error = look(&client(&registry), &api(&registry)).await.unwrap_err();
    assert_eq!(error.code(), "too_many");
    assert!(
        error
            .to_string()
            .ends_with("256 manifests attached to one image and its parts"),
        "{error}"
    );
}

#[tokio::test]
async fn survives_an_index_of_more_parts_than_anybody_needs() {
    let registry = TestRegistry::start().await;
    let child = registry.push_image("shop/api", "child", "content");
    let entry = |number: usize, of: Option<&Pushed>| {
        let digest = Digest::of(number.to_string().as_bytes());
        let mut entry = of.map_or_else(
            || child.listed("linux", "amd64"),
            |child| child.listed_as_attestation(child),
        );
        entry["digest"] = digest.to_string().into();
        entry
    };
    let children: Vec<Value> = (0..33).map(|number| entry(number, None)).collect();
    registry.push_list("shop/api", "1.0", &children[..32]);
    assert_eq!(code(&client(&registry), &api(&registry)).await, "ok");
    registry.push_list("shop/api", "1.0", &children);
    assert_eq!(code(&client(&registry), &api(&registry)).await, "too_many");

    let attesting = (0..65).map(|number| entry(number, Some(&child)));
    let entries: Vec<Value> = std::iter::once(child.listed("linux", "amd64"))
        .chain(attesting)
        .collect();
    registry.push_list("shop/api", "1.0", &entries);
    registry.log().clear();
    assert_eq!(code(&client(&registry), &api(&registry)).await, "too_many");
    assert_eq!(registry.log().count("GET */manifests/sha256:*"), 0);
}

#[tokio::test]
async fn the_statements_of_all_platforms_share_one_budget() {
    let registry = TestRegistry::start().await;
    let large = " ".repeat(17 * 1024 * 1024);
    let form = AttestationForm::Classic;
    registry.push_buildkit_index("shop/api", "1.0", BOTH, form, |child| {
        let content = |what: &str| format!("{what} {}{large}", child.digest());
        vec![content("provenance"), content("SBOM")]
    });
    let error = look(&client(&registry), &api(&registry)).await.unwrap_err();
    assert_eq!(error.code(), "too_large");
    assert!(
        error.to_string().contains("all that is attached"),
        "{error}"
    );
}

// Each layer's attachment has a copy of the annotations of its manifest.
#[tokio::test]
async fn survives_large_annotations_beside_many_layers() {
    // A list of the API would show them too, and be too large itself.
    let registry = TestRegistry::builder().without_referrers().start().await;
    let image = registry.push_image("shop/api", "1.0", "content");
    for number in [1, 2] {
        let layer = |layer: usize| {
            let digest = registry.push_blob("shop/api", format!("{layer:02}"));
            json!({"mediaType": BUNDLE, "digest": digest.to_string(), "size": 2})
        };
        let empty = registry.push_blob("shop/api", "{}");
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": {"mediaType": OCI_INDEX, "digest": empty.to_string(), "size": 2},
            "layers": (0..40).map(layer).collect::<Vec<_>>(),
            "subject": image.descriptor(),
            "annotations": {"number": number.to_string(), "large": "x".repeat(1_000_000)},
        });
        let pushed = registry.push_manifest("shop/api", OCI_MANIFEST, manifest.to_string());
        registry.list_in_fallback(&image, pushed.descriptor());
        let looked = look(&client(&registry), &api(&registry)).await;
        if number == 1 {
            assert_eq!(found(&looked.unwrap()).len(), 40);
            continue;
        }
        // Of two million bytes that were read, forty copies.
        let error = looked.unwrap_err();
        assert_eq!(error.code(), "too_large");
        assert!(
            error.to_string().contains("all that is attached"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn survives_a_carrying_manifest_one_byte_too_large() {
    let registry = TestRegistry::start().await;
    let image = registry.push_image("shop/api", "1.0", "content");
    let padded = |length: usize| {
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": {"mediaType": "application/vnd.example", "digest": Digest::of(b"{}").to_string(), "size": 2},
            "layers": [],
        });
        let text = manifest.to_string();
        format!("{text}{}", " ".repeat(length - text.len()))
    };
    let tag = format!("{}.sig", image.digest().tag_stem());
    for (length, expected) in [(1024 * 1024, "ok"), (1024 * 1024 + 1, "too_large")] {
        let carrier = registry.push_manifest("shop/api", OCI_MANIFEST, padded(length));
        registry.move_tag("shop/api", &tag, carrier.digest());
        let code = code(&client(&registry), &api(&registry)).await;
        assert_eq!(code, expected, "{length}");
    }
}
