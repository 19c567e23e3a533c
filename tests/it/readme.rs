//! The README shows what really prints.

use std::fs;
use std::path::Path;

use countersign_image::{Digest, Document};
use countersign_review::Outcome;
use countersign_signing::Storage;
use countersign_testkit::Layer;

use crate::world::{PROVENANCE, SBOM, World, document};

/// `UPDATE=1` rewrites the README with what prints now.
#[tokio::test]
async fn its_denial_is_one_that_prints() {
    let world = World::new().await;
    let other = world
        .registry
        .push_image("shop/api", "0.9", "an older build");
    let sbom = world
        .attest(&other, &world.release, "spdxjson", SBOM, Storage::Bundle)
        .await;
    let image = world.registry.push_image("shop/api", "1.0", "a good build");
    world.sign(&image, &world.release, Storage::Bundle).await;
    world
        .attest(
            &image,
            &world.release,
            "slsaprovenance1",
            PROVENANCE,
            Storage::Bundle,
        )
        .await;
    // The bundle of the older build's SBOM, hung on this one.
    let borrowed = bundle_of(&world, &sbom.manifest).await;
    world.registry.push_referrer(
        &image,
        "application/vnd.dev.sigstore.bundle.v0.3+json",
        &[Layer::new(
            "application/vnd.dev.sigstore.bundle.v0.3+json",
            borrowed,
        )],
    );

    let review = world.review(&[&world.name("shop/api:1.0")]).await;

    assert_eq!(review.outcome(), Outcome::Deny, "{}", review.message());
    let host = world.registry.host();
    let mut shown = review.message().replace(host, "registry.example.com");
    // A signature is another one each time, and so is the digest of what carries it.
    let marker = "SBOM sha256:";
    if let Some(start) = shown.find(marker).map(|at| at + marker.len()) {
        shown.replace_range(start..start + 12, "4f1d6b0c2a9e");
    }

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme
        .split_once("```text\n")
        .expect("the README has a text block");
    let (printed, after) = rest.split_once("\n```").expect("the block ends");
    #[expect(
        clippy::disallowed_methods,
        reason = "how a test is told to rewrite its file"
    )]
    let update = std::env::var_os("UPDATE").is_some();
    if update {
        fs::write(&path, format!("{before}```text\n{shown}\n```{after}")).unwrap();
    } else {
        assert_eq!(printed, shown, "UPDATE=1 rewrites the README");
    }
}

async fn bundle_of(world: &World, manifest: &Digest) -> Vec<u8> {
    let Document::Manifest(manifest) = document(&world.registry, "shop/api", manifest) else {
        panic!("a bundle is carried by a manifest");
    };
    let repository = world.registry.repository("shop/api");
    world
        .client()
        .blob(&repository, &manifest.layers[0])
        .await
        .unwrap()
        .to_vec()
}
