//! The fields of a policy's identities: each decides, and none is passed over.

use countersign_review::Outcome;
use countersign_testkit::Layer;
use countersign_testkit::sigstore::{Entry, Sigstore};
use serde_json::{Value, json};

use super::{ISSUER, SIGNED, WORKFLOW, statement_about};
use crate::world::{World, codes, pod};

/// A trust root and a policy that wants a signature of this identity.
fn policies(world: &World, sigstore: &Sigstore, identity: &Value) -> [Value; 2] {
    let trusted_root: Value = serde_json::from_str(&sigstore.trusted_root_json()).unwrap();
    let root = json!({
        "apiVersion": "countersign.dev/v1alpha1",
        "kind": "TrustRoot",
        "metadata": {"name": "acme"},
        "spec": {"trustedRoot": trusted_root},
    });
    let policy = json!({
        "apiVersion": "countersign.dev/v1alpha1",
        "kind": "ClusterImagePolicy",
        "metadata": {"name": "keyless"},
        "spec": {
            "images": {"include": [world.name("shop/**")]},
            "authorities": [{"name": "ci", "keyless": {"trustRoot": "acme", "identities": [identity]}}],
            "rules": [{"rule": "signature/signed", "params": {"authorities": ["ci"], "threshold": 1}}],
        },
    });
    [root, policy]
}

#[tokio::test]
async fn cve_2025_29778_every_field_of_a_policys_identity_decides() {
    let world = World::new().await;
    let sigstore = Sigstore::new();
    let image = world.registry.push_image("shop/api", "1.0", "one");
    let signer = sigstore
        .identity(WORKFLOW, ISSUER)
        .claim("runnerEnvironment", "github-hosted");
    let subject = json!([{"digest": {"sha256": image.digest().hex()}}]);
    let bundle = signer
        .statement(statement_about(&subject, SIGNED))
        .log(Entry::V1)
        .bundle();
    let media_type = "application/vnd.dev.sigstore.bundle.v0.3+json";
    world
        .registry
        .push_referrer(&image, media_type, &[Layer::new(media_type, bundle)]);

    let exact = json!({"issuer": ISSUER, "subject": WORKFLOW, "claims": {"runnerEnvironment": "github-hosted"}});
    let patterns = json!({
        "issuerPattern": r"https://token\.actions\..+",
        "subjectPattern": r"https://github\.com/acme/.+",
    });
    for (good, changes) in [
        (
            exact,
            vec![
                json!({"issuer": "https://gitlab.com"}),
                json!({"subject": "https://github.com/acme/other"}),
                json!({"claims": {"runnerEnvironment": "self-hosted"}}),
                json!({"claims": {"buildTrigger": "push"}}),
            ],
        ),
        (
            patterns,
            vec![
                json!({"issuerPattern": r"https://token\.actions\."}),
                json!({"issuerPattern": r".+gitlab.+"}),
                json!({"subjectPattern": r"https://github\.com/acme/"}),
                json!({"subjectPattern": r"github\.com/acme/.+"}),
            ],
        ),
    ] {
        assert_eq!(
            outcome(&world, &sigstore, &good).await,
            Outcome::Admit,
            "{good}"
        );
        for change in changes {
            let mut identity = good.clone();
            for (name, value) in change.as_object().unwrap() {
                identity[name] = value.clone();
            }
            assert_eq!(
                outcome(&world, &sigstore, &identity).await,
                Outcome::Deny,
                "{identity}"
            );
        }
    }
}

async fn outcome(world: &World, sigstore: &Sigstore, identity: &Value) -> Outcome {
    let policies = policies(world, sigstore, identity);
    let review = world
        .review_by(&policies, &pod(&[&world.name("shop/api:1.0")]))
        .await;
    if review.outcome() == Outcome::Deny {
        assert!(
            codes(&review)[0].starts_with("signature/signed:"),
            "{:?}",
            codes(&review)
        );
    }
    review.outcome()
}
