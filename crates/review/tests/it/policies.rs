//! Policies that change while reviews go on, and policies from a registry.

use std::sync::Arc;

use countersign_image::media_type;
use countersign_review::{POLICY_CONFIG, PolicyArtifact};
use serde_json::json;

use crate::support::{NOW, SIGNED, World, answer, load, review, statement};

#[tokio::test]
async fn the_policies_in_force_are_those_that_were_put_there_last() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    world.sign(&image);
    let wanting = |threshold: u8| {
        let params = json!({ "threshold": threshold });
        world.policy(&json!({ "rules": [{ "rule": "signature/signed", "params": params }] }))
    };
    let reviewer = world.reviewer(&[wanting(1)]);
    let name = world.name("shop/api:1.0");
    assert_eq!(answer(&review(&reviewer, &name).await), "admitted");
    let before = reviewer.policies().revision().to_owned();

    reviewer.replace_policies(Arc::new(load(&[wanting(2)])));

    assert_eq!(
        answer(&review(&reviewer, &name).await),
        "signature/signed:threshold"
    );
    assert_ne!(reviewer.policies().revision(), before);
}

#[tokio::test]
async fn policies_are_taken_by_their_digest_or_by_the_word_of_whom_one_trusts() {
    let world = World::new().await;
    let artifact = PolicyArtifact {
        files: [("a.yaml".to_owned(), "a: 1".into())].into(),
    };
    let registry = &world.registry;
    registry.push_blob("policies", POLICY_CONFIG);
    registry.push_blob("policies", "a: 1");
    let manifest = artifact.manifest().unwrap();
    let pushed = registry.push_manifest("policies", media_type::OCI_MANIFEST, manifest);
    registry.move_tag("policies", "1", pushed.digest());
    let policies = load(&[world.policy(&json!({ "rules": [{ "rule": "signature/signed" }] }))]);
    let release = policies.policies()[0].verifier();
    let tag = world.name("policies:1");
    let pinned = world.name(&format!("policies@{}", pushed.digest()));
    let fetched = async |name: &str, verifier| {
        let (name, now) = (name.parse().unwrap(), NOW.parse().unwrap());
        let fetched = PolicyArtifact::fetch(&world.client(), &name, verifier, now).await;
        let (image, found) = fetched.map_err(|error| error.code())?;
        assert_eq!((image.digest(), &found), (pushed.digest(), &artifact));
        Ok(())
    };
    assert_eq!(fetched(&pinned, None).await, Ok(()));
    assert_eq!(fetched(&tag, None).await, Err("policies_untrusted"));
    let stranger = world.sigstore.key();
    let text = || statement(pushed.digest(), SIGNED, &json!({}));
    for (signing, expected) in [
        (None, Err("policies_unverified")),
        (Some(stranger.statement(text())), Err("policies_unverified")),
        (Some(world.release.statement(text())), Ok(())),
    ] {
        if let Some(signing) = signing {
            world.attach(&pushed, SIGNED, &signing);
        }
        for name in [&tag, &pinned] {
            assert_eq!(fetched(name, Some(release)).await, expected, "{name}");
        }
    }
}
