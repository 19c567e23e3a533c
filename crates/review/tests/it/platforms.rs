//! What a signature or a statement covers: the table of the documents, row by row.

use std::fs;
use std::path::Path;

use countersign_testkit::{BuildKitIndex, Pushed};
use serde_json::{Value, json};

use crate::support::{SUMMARY, World, answer, statement};

/// What is signed, what the pod names, the platforms of the policy, and the answer.
const SIGNATURES: &[[&str; 4]] = &[
    ["nothing", "index", "all", "signature/signed:unsigned"],
    ["index", "index", "all", "admitted"],
    ["index", "index", "[linux/arm64]", "admitted"],
    ["index", "index", "[linux/s390x]", "platforms:no_platform"],
    ["index", "amd64", "all", "signature/signed:unsigned"],
    ["amd64", "index", "all", "signature/signed:unsigned"],
    ["amd64", "index", "[linux/amd64]", "admitted"],
    [
        "amd64",
        "index",
        "[linux/arm64]",
        "signature/signed:unsigned",
    ],
    [
        "amd64",
        "index",
        "[linux/amd64, linux/arm64]",
        "signature/signed:unsigned",
    ],
    ["amd64", "amd64", "all", "admitted"],
    ["amd64", "amd64", "[linux/s390x]", "admitted"],
    ["amd64", "arm64", "all", "signature/signed:unsigned"],
    ["amd64 and arm64", "index", "all", "admitted"],
    ["amd64 and arm64", "arm64", "all", "admitted"],
    [
        "index and amd64",
        "arm64",
        "all",
        "signature/signed:unsigned",
    ],
    [
        "attestations of amd64 and arm64",
        "index",
        "all",
        "signature/signed:unsigned",
    ],
];

/// The same for provenance that BuildKit wrote for each platform, which nobody signed by itself.
const PROVENANCE: &[[&str; 4]] = &[
    [
        "nothing",
        "index",
        "all",
        "provenance/slsa_level:no_provenance",
    ],
    ["index", "index", "all", "admitted"],
    ["index", "index", "[linux/amd64]", "admitted"],
    [
        "index",
        "amd64",
        "all",
        "provenance/slsa_level:no_provenance",
    ],
    [
        "amd64 and arm64",
        "index",
        "all",
        "provenance/slsa_level:no_provenance",
    ],
    [
        "attestations of amd64",
        "index",
        "all",
        "provenance/slsa_level:no_provenance",
    ],
    [
        "attestations of amd64",
        "index",
        "[linux/amd64]",
        "admitted",
    ],
    [
        "attestations of amd64",
        "index",
        "[linux/arm64]",
        "provenance/slsa_level:no_provenance",
    ],
    [
        "attestations of amd64 and arm64",
        "index",
        "all",
        "admitted",
    ],
];

#[tokio::test]
async fn each_row_about_signatures_holds() {
    check(SIGNATURES, &json!([{ "rule": "signature/signed" }])).await;
}

#[tokio::test]
async fn each_row_about_provenance_in_the_index_holds() {
    let rule = json!([{ "rule": "provenance/slsa_level", "params": { "minimum": 1 } }]);
    check(PROVENANCE, &rule).await;
}

#[test]
fn the_document_has_the_rows_that_are_tested_and_no_others() {
    let path = "../../docs/reference/policies.md";
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    for (rows, head) in [
        (
            SIGNATURES,
            "| signed | the pod names | `platforms` | answer |",
        ),
        (
            PROVENANCE,
            "| signed | the pod names | `platforms` | answer about provenance |",
        ),
    ] {
        let (_, table) = page
            .split_once(&format!("{head}\n|---|---|---|---|\n"))
            .unwrap();
        let found: Vec<_> = table
            .lines()
            .take_while(|line| line.starts_with('|'))
            .collect();
        let wanted: Vec<_> = rows
            .iter()
            .map(|[signed, judged, platforms, answer]| {
                let answer = match *answer {
                    "admitted" => "admitted".to_owned(),
                    code => format!("`{code}`"),
                };
                format!("| {signed} | {judged} | `{platforms}` | {answer} |")
            })
            .collect();
        assert_eq!(found, wanted, "{head}");
    }
}

async fn check(rows: &[[&str; 4]], rules: &Value) {
    for row @ [signed, judged, platforms, expected] in rows {
        let world = World::new().await;
        let image = world.push();
        for subject in subjects(&image, signed) {
            world.sign(subject);
        }
        let platforms = match *platforms {
            "all" => json!("all"),
            list => list.trim_matches(['[', ']']).split(", ").collect(),
        };
        let policy = world.policy(&json!({ "platforms": platforms, "rules": rules }));
        let name = match *judged {
            "index" => world.name("shop/api:1.0"),
            child => world.pinned(subjects(&image, child)[0].digest()),
        };
        let review = world.review(&[policy], &name).await;
        assert_eq!(answer(&review), *expected, "{row:?}\n{}", review.message());
    }
}

/// The parts of `image` that these words mean.
fn subjects<'a>(image: &'a BuildKitIndex, words: &str) -> Vec<&'a Pushed> {
    let (of, words) = match words.strip_prefix("attestations of ") {
        Some(words) => (&image.attestations, words),
        None => (&image.children, words),
    };
    let part = |word| match word {
        "amd64" => of.first(),
        "arm64" => of.get(1),
        "index" => Some(&image.index),
        _ => None,
    };
    words.split(" and ").filter_map(part).collect()
}

#[tokio::test]
async fn a_denial_names_the_platform_that_lacks_something() {
    let world = World::new().await;
    let image = world.push();
    world.sign(&image.children[0]);
    let policy = world.policy(&json!({ "rules": [{ "rule": "signature/signed" }] }));
    let name = world.name("shop/api:1.0");

    let review = world.review(&[policy], &name).await;

    let wanted = "linux/arm64: wanted a signature by any authority of the policy, found none";
    let message = review.message();
    let first = message.lines().next().unwrap();
    assert_eq!(
        first,
        format!("{name}: not allowed by policy production: {wanted} (signature/signed)")
    );
    assert!(
        message.contains(&format!("\n  signature/signed (unsigned): {wanted}\n")),
        "{message}"
    );
    let fix = format!(
        "countersign sign --key KEY {}",
        world.pinned(image.index.digest())
    );
    assert!(message.contains(&fix), "{message}");
    assert!(!message.contains("linux/amd64"), "{message}");
}

#[tokio::test]
async fn the_denial_of_a_pinned_platform_tells_how_to_sign_them_all() {
    let world = World::new().await;
    let image = world.push();
    world.sign(&image.index);
    let policy = world.policy(&json!({ "rules": [{ "rule": "signature/signed" }] }));

    let review = world
        .review(&[policy], &world.pinned(image.children[0].digest()))
        .await;

    assert_eq!(answer(&review), "signature/signed:unsigned");
    let message = review.message();
    assert!(
        message.contains("countersign sign --recursive --key KEY INDEX"),
        "{message}"
    );
}

#[tokio::test]
async fn a_failed_summary_of_one_platform_denies_the_image() {
    let world = World::new().await;
    let image = world.push();
    let verdict = |subject: &Pushed, result: &str| {
        let predicate = json!({
            "verifier": { "id": "https://verify.acme.example/gate" },
            "timeVerified": "2026-11-20T07:00:00Z", "resourceUri": "oci://x",
            "policy": { "uri": "https://acme.example/policy/7" },
            "verificationResult": result, "verifiedLevels": ["SLSA_BUILD_LEVEL_3"],
        });
        let text = statement(subject.digest(), SUMMARY, &predicate);
        world.attach(subject, SUMMARY, &world.release.statement(text));
    };
    let policy = |platforms: Value| {
        let params = json!({ "verifiers": ["https://verify.acme.example/gate"] });
        let rules = json!([{ "rule": "verdict/vsa", "params": params }]);
        world.policy(&json!({ "platforms": platforms, "rules": rules }))
    };
    let name = world.name("shop/api:1.0");
    verdict(&image.index, "PASSED");
    let review = world.review(&[policy(json!("all"))], &name).await;
    assert_eq!(answer(&review), "admitted");

    verdict(&image.children[1], "FAILED");

    let review = world.review(&[policy(json!("all"))], &name).await;
    assert_eq!(answer(&review), "verdict/vsa:failed");
    assert!(
        review.message().contains("linux/arm64: wanted"),
        "{}",
        review.message()
    );
    let review = world.review(&[policy(json!(["linux/amd64"]))], &name).await;
    assert_eq!(
        answer(&review),
        "admitted",
        "no node may pull the other one"
    );
}

#[tokio::test]
async fn what_stands_in_the_list_of_the_index_covers_only_what_it_names() {
    let world = World::new().await;
    let image = world.push();
    let about = image.children[0].digest();
    let signing = world
        .release
        .statement(statement(about, crate::support::SIGNED, &json!({})));
    world.attach(&image.index, crate::support::SIGNED, &signing);
    let policy = |platforms: Value| {
        world.policy(&json!({ "platforms": platforms, "rules": [{ "rule": "signature/signed" }] }))
    };
    let name = world.name("shop/api:1.0");

    let review = world.review(&[policy(json!("all"))], &name).await;
    assert_eq!(answer(&review), "signature/signed:unsigned");
    let review = world.review(&[policy(json!(["linux/amd64"]))], &name).await;
    assert_eq!(answer(&review), "admitted");
}
