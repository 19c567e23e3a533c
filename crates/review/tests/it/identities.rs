//! Keyless authorities, certificates of one's own and proofs beside a key, from documents to decisions.

use countersign_testkit::sigstore::{Entry, Signer};
use serde_json::{Value, json};

use crate::support::{PROVENANCE, SIGNED, World, answer, policy, statement};

const WORKFLOW: &str = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

fn workflow(world: &World) -> Signer {
    let signer = world.sigstore.identity(WORKFLOW, ISSUER);
    signer.claim("runnerEnvironment", "github-hosted")
}

/// The root of the test's Sigstore as a document.
fn lab(world: &World) -> Value {
    let root: Value = serde_json::from_str(&world.sigstore.trusted_root_json()).unwrap();
    json!({
        "apiVersion": "countersign.dev/v1alpha1", "kind": "TrustRoot",
        "metadata": { "name": "lab" }, "spec": { "trustedRoot": root },
    })
}

fn keyless(identity: Value, rest: &Value) -> Value {
    let mut authority =
        json!({ "name": "ci", "keyless": { "trustRoot": "lab", "identities": [identity] } });
    for (key, value) in rest.as_object().unwrap() {
        authority[key] = value.clone();
    }
    policy(
        &json!([authority]),
        &json!({ "rules": [{ "rule": "signature/signed" }] }),
    )
}

#[tokio::test]
async fn a_workflow_is_accepted_by_issuer_subject_and_claims_and_not_by_less() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    let text = statement(image.digest(), SIGNED, &json!({}));
    world.attach(
        &image,
        SIGNED,
        &workflow(&world).statement(text).log(Entry::V1),
    );
    let pattern = r"https://github\.com/acme/[^/]+/\.github/workflows/release\.yml@refs/heads/.*";
    for (identity, expected) in [
        (json!({ "issuer": ISSUER, "subject": WORKFLOW }), "admitted"),
        (
            json!({ "issuer": ISSUER, "subjectPattern": pattern }),
            "admitted",
        ),
        (
            json!({ "issuer": ISSUER, "subject": WORKFLOW, "claims": { "runnerEnvironment": "github-hosted" } }),
            "admitted",
        ),
        (
            json!({ "issuer": ISSUER, "subject": WORKFLOW, "claims": { "runnerEnvironment": "self-hosted" } }),
            "signature/signed:untrusted",
        ),
        (
            json!({ "issuer": "https://accounts.google.com", "subject": WORKFLOW }),
            "signature/signed:untrusted",
        ),
        (
            json!({ "issuer": ISSUER, "subjectPattern": "github\\.com/acme/app" }),
            "signature/signed:untrusted",
        ),
        (
            json!({ "issuer": ISSUER, "subject": WORKFLOW.replace("main", "other") }),
            "signature/signed:untrusted",
        ),
    ] {
        let documents = [lab(&world), keyless(identity.clone(), &json!({}))];
        let review = world.review(&documents, &world.name("shop/api:1.0")).await;
        assert_eq!(
            answer(&review),
            expected,
            "{identity}\n{}",
            review.message()
        );
    }
}

#[tokio::test]
async fn the_nearest_miss_names_who_signed_instead() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    let text = statement(image.digest(), SIGNED, &json!({}));
    world.attach(
        &image,
        SIGNED,
        &workflow(&world).statement(text).log(Entry::V1),
    );
    let other = json!({ "issuer": ISSUER, "subject": "https://github.com/acme/other" });

    let review = world
        .review(
            &[lab(&world), keyless(other, &json!({}))],
            &world.name("shop/api:1.0"),
        )
        .await;

    let message = review.message();
    let nearest = message
        .lines()
        .find(|line| line.contains("nearest"))
        .unwrap();
    assert!(nearest.contains(WORKFLOW), "{message}");
}

#[tokio::test]
async fn proofs_are_demanded_as_the_document_says() {
    let world = World::new().await;
    let identity = json!({ "issuer": ISSUER, "subject": WORKFLOW });
    for (number, (log, stamp, transparency, expected)) in [
        (true, false, json!("log"), "admitted"),
        (false, true, json!("log"), "signature/signed:untrusted"),
        (false, true, json!("timestamp"), "admitted"),
        (
            true,
            false,
            json!("timestamp"),
            "signature/signed:untrusted",
        ),
        (
            true,
            true,
            json!({ "logs": 1, "timestamps": 1 }),
            "admitted",
        ),
        (
            true,
            false,
            json!({ "logs": 1, "timestamps": 1 }),
            "signature/signed:untrusted",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let image = world
            .registry
            .push_image("shop/api", "1.0", &number.to_string());
        let mut signing = workflow(&world).statement(statement(image.digest(), SIGNED, &json!({})));
        if log {
            signing = signing.log(Entry::V1);
        }
        if stamp {
            signing = signing.stamp();
        }
        world.attach(&image, SIGNED, &signing);
        let rest = json!({ "transparency": transparency });
        let documents = [lab(&world), keyless(identity.clone(), &rest)];
        let review = world.review(&documents, &world.name("shop/api:1.0")).await;
        assert_eq!(answer(&review), expected, "{log} {stamp} {transparency}");
    }
}

#[tokio::test]
async fn a_key_may_have_to_be_in_the_log_of_a_named_root() {
    let world = World::new().await;
    let authority = json!([{
        "name": "release", "key": { "pem": world.release.public_key_pem() },
        "transparency": "log", "trustRoot": "lab",
    }]);
    let documents = [
        lab(&world),
        policy(
            &authority,
            &json!({ "rules": [{ "rule": "signature/signed" }] }),
        ),
    ];
    let image = world.registry.push_image("shop/api", "1.0", "one");
    world.sign(&image);
    let review = world.review(&documents, &world.name("shop/api:1.0")).await;
    assert_eq!(answer(&review), "signature/signed:untrusted");

    let text = statement(image.digest(), SIGNED, &json!({}));
    world.attach(
        &image,
        SIGNED,
        &world.release.statement(text).log(Entry::V1),
    );

    let review = world.review(&documents, &world.name("shop/api:1.0")).await;
    assert_eq!(answer(&review), "admitted");
}

#[tokio::test]
async fn holders_of_own_certificates_are_accepted_by_their_name_while_those_are_valid() {
    let world = World::new().await;
    let holder = world.sigstore.holder("ops@acme.example");
    let accepting = |subject: &str, proof: Value| {
        let chain = world.sigstore.authority_pem();
        let certificate = json!({ "chain": chain, "identities": [{ "subject": subject }] });
        let mut authority = json!({ "name": "ops", "certificate": certificate });
        for (key, value) in proof.as_object().unwrap() {
            authority[key] = value.clone();
        }
        let rules = json!({ "rules": [{ "rule": "signature/signed" }] });
        [lab(&world), policy(&json!([authority]), &rules)]
    };
    let stamped = || json!({ "transparency": "timestamp", "trustRoot": "lab" });
    let image = world.registry.push_image("shop/api", "1.0", "one");
    let text = statement(image.digest(), SIGNED, &json!({}));
    world.attach(&image, SIGNED, &holder.statement(text).stamp());
    let name = world.name("shop/api:1.0");

    let documents = accepting("ops@acme.example", stamped());
    let review = world.review(&documents, &name).await;
    assert_eq!(answer(&review), "admitted", "{}", review.message());
    let documents = accepting("dev@acme.example", stamped());
    let review = world.review(&documents, &name).await;
    assert_eq!(answer(&review), "signature/signed:untrusted");
    // Nobody whom the policy knows says when it was signed, and by now the certificate is over.
    let documents = accepting("ops@acme.example", json!({}));
    let review = world.review(&documents, &name).await;
    assert_eq!(answer(&review), "signature/signed:untrusted");
    assert!(review.message().contains("valid"), "{}", review.message());
}

#[tokio::test]
async fn rules_see_who_signed_when_and_that_it_is_logged() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    let text = statement(image.digest(), SIGNED, &json!({}));
    world.attach(
        &image,
        SIGNED,
        &workflow(&world).statement(text).log(Entry::V1).stamp(),
    );
    let rego = format!(
        r#"package a
deny contains {{"code": "x", "msg": json.marshal(s)}} if {{
  some s in input.evidence.signatures
  not _expected(s)
}}
deny contains {{"code": "none", "msg": "none"}} if count(input.evidence.signatures) == 0
_expected(s) if {{
  s.identity.kind == "certificate"
  s.identity.issuer == "{ISSUER}"
  s.identity.subject == "{WORKFLOW}"
  s.identity.claims.runnerEnvironment == "github-hosted"
  s.logged == true
  s.times == ["2025-06-01T12:00:00Z"]
  s.subject == input.image.digest
  s.platform == null
  s.format == "bundle"
  s.authorities == ["ci"]
}}"#
    );
    let identity = json!({ "issuer": ISSUER, "subject": WORKFLOW });
    let mut policy = keyless(identity, &json!({}));
    policy["spec"]["rules"] = json!([{ "rego": rego }]);

    let review = world
        .review(&[lab(&world), policy], &world.name("shop/api:1.0"))
        .await;

    assert_eq!(answer(&review), "admitted", "{}", review.message());
}

#[tokio::test]
async fn provenance_that_contradicts_its_certificate_is_no_evidence_and_rules_see_why() {
    let world = World::new().await;
    let image = world.registry.push_image("shop/api", "1.0", "one");
    let predicate = json!({
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": { "workflow": {
                "repository": "https://github.com/acme/app", "ref": "refs/heads/main",
                "path": ".github/workflows/release.yml",
            } },
        },
        "runDetails": { "builder": { "id": WORKFLOW } },
    });
    let text = statement(image.digest(), PROVENANCE, &predicate);
    let signer = workflow(&world)
        .claim("sourceRepositoryURI", "https://github.com/evil/fork")
        .claim("buildSignerURI", WORKFLOW);
    world.attach(&image, PROVENANCE, &signer.statement(text).log(Entry::V1));
    let rego = "package a\ndeny contains {\"code\": \"contradiction\", \"msg\": r.detail} if {\n  \
                some r in input.evidence.rejected\n  r.reason == \"provenance_contradiction\"\n}";
    let identity = json!({ "issuer": ISSUER, "subject": WORKFLOW });
    let mut policy = keyless(identity, &json!({}));
    policy["spec"]["rules"] = json!([
        { "rule": "provenance/slsa_level", "params": { "minimum": 1 } },
        { "rego": rego },
    ]);

    let review = world
        .review(&[lab(&world), policy], &world.name("shop/api:1.0"))
        .await;

    assert_eq!(
        answer(&review),
        "provenance/slsa_level:no_provenance, inline/a:contradiction"
    );
    assert!(
        review.message().contains("evil/fork"),
        "{}",
        review.message()
    );
}
