//! Policies that change while reviews go on.

use std::sync::Arc;

use serde_json::json;

use crate::support::{World, answer, load, review};

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
