//! The fields of a policy's identities: each decides, and none is passed over.

use countersign_review::Outcome;
use countersign_testkit::sigstore::{Entry, Signer, Sigstore};
use countersign_testkit::{Layer, Pushed};
use serde_json::{Value, json};

use super::{ISSUER, SIGNED, WORKFLOW, statement_about};
use crate::world::{World, codes, pod};

/// An image, and a Sigstore that policies trust.
struct Shop {
    world: World,
    sigstore: Sigstore,
    image: Pushed,
}

impl Shop {
    async fn new() -> Self {
        let world = World::new().await;
        Self {
            image: world.registry.push_image("shop/api", "1.0", "one"),
            sigstore: Sigstore::new(),
            world,
        }
    }

    fn sign(&self, signer: &Signer) {
        let subject = json!([{"digest": {"sha256": self.image.digest().hex()}}]);
        let signing = signer.statement(statement_about(&subject, SIGNED));
        let media_type = "application/vnd.dev.sigstore.bundle.v0.3+json";
        let layer = Layer::new(media_type, signing.log(Entry::V1).bundle());
        let registry = &self.world.registry;
        registry.push_referrer(&self.image, media_type, &[layer]);
    }

    /// What a policy says that wants signatures of so many of these identities.
    async fn outcome(&self, threshold: u8, identities: &Value) -> Outcome {
        let trusted_root: Value = serde_json::from_str(&self.sigstore.trusted_root_json()).unwrap();
        let root = json!({
            "apiVersion": "countersign.dev/v1alpha1",
            "kind": "TrustRoot",
            "metadata": {"name": "acme"},
            "spec": {"trustedRoot": trusted_root},
        });
        let keyless = json!({"trustRoot": "acme", "identities": identities});
        let params = json!({"authorities": ["ci"], "threshold": threshold});
        let policy = json!({
            "apiVersion": "countersign.dev/v1alpha1",
            "kind": "ClusterImagePolicy",
            "metadata": {"name": "keyless"},
            "spec": {
                "images": {"include": [self.world.name("shop/**")]},
                "authorities": [{"name": "ci", "keyless": keyless}],
                "rules": [{"rule": "signature/signed", "params": params}],
            },
        });
        let pod = pod(&[&self.world.name("shop/api:1.0")]);
        let review = self.world.review_by(&[root, policy], &pod).await;
        if review.outcome() == Outcome::Deny {
            let codes = codes(&review);
            assert!(codes[0].starts_with("signature/signed:"), "{codes:?}");
        }
        review.outcome()
    }
}

#[tokio::test]
async fn cve_2025_29778_every_field_of_a_policys_identity_decides() {
    let shop = Shop::new().await;
    let signer = shop.sigstore.identity(WORKFLOW, ISSUER);
    shop.sign(&signer.claim("runnerEnvironment", "github-hosted"));

    let exact = json!({
        "issuer": ISSUER,
        "subject": WORKFLOW,
        "claims": {"runnerEnvironment": "github-hosted"},
    });
    let patterns = json!({
        "issuerPattern": r"https://token\.actions\..+",
        "subjectPattern": r"https://github\.com/acme/.+",
    });
    for good in [&exact, &patterns] {
        assert_eq!(
            shop.outcome(1, &json!([good])).await,
            Outcome::Admit,
            "{good}"
        );
    }
    for (good, name, value) in [
        (&exact, "issuer", json!("https://gitlab.com")),
        (&exact, "subject", json!("https://github.com/acme/other")),
        (
            &exact,
            "claims",
            json!({"runnerEnvironment": "self-hosted"}),
        ),
        (&exact, "claims", json!({"buildTrigger": "push"})),
        (
            &patterns,
            "issuerPattern",
            json!(r"https://token\.actions\."),
        ),
        (&patterns, "issuerPattern", json!(".+gitlab.+")),
        (
            &patterns,
            "subjectPattern",
            json!(r"https://github\.com/acme/"),
        ),
        (&patterns, "subjectPattern", json!(r"github\.com/acme/.+")),
    ] {
        let mut identity = good.clone();
        identity[name] = value;
        assert_eq!(
            shop.outcome(1, &json!([identity])).await,
            Outcome::Deny,
            "{identity}"
        );
    }
}

#[tokio::test]
async fn a_threshold_counts_identities_and_not_signatures() {
    let shop = Shop::new().await;
    let anybody = json!([{"issuerPattern": ".+", "subjectPattern": ".+"}]);
    let alice = shop.sigstore.identity("alice@acme.example", ISSUER);
    shop.sign(&alice);
    shop.sign(&alice);
    shop.sign(&shop.sigstore.identity("alice@acme.example", ISSUER));
    assert_eq!(shop.outcome(1, &anybody).await, Outcome::Admit);
    assert_eq!(shop.outcome(2, &anybody).await, Outcome::Deny);

    shop.sign(&shop.sigstore.identity("bob@acme.example", ISSUER));
    assert_eq!(shop.outcome(2, &anybody).await, Outcome::Admit);
}

#[tokio::test]
async fn claims_that_differ_do_not_make_one_signer_two() {
    let shop = Shop::new().await;
    let anybody = json!([{"issuerPattern": ".+", "subjectPattern": ".+"}]);
    for run in ["1", "2"] {
        let signer = shop.sigstore.identity(WORKFLOW, ISSUER);
        let url = format!("https://github.com/acme/app/actions/runs/{run}/attempts/1");
        shop.sign(&signer.claim("runInvocationURI", &url));
    }
    assert_eq!(shop.outcome(1, &anybody).await, Outcome::Admit);
    assert_eq!(shop.outcome(2, &anybody).await, Outcome::Deny);
}
