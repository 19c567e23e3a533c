//! What several documents make of one image: the table of the reference, row by row.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use countersign_policy::{PolicySet, SourceFile, TrustRoots};
use countersign_review::{ImageReview, Review, Settings};
use countersign_testkit::Fault;
use serde_json::Value;

use crate::support::{World, review};

/// The rows of the table whose head begins with this, each as its cells.
fn table(head: &str) -> Vec<Vec<String>> {
    let path = "../../docs/reference/policies.md";
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let (_, rest) = page.split_once(&format!("\n{head}")).unwrap();
    let rows = rest
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    })
    .collect()
}

/// The words of a cell, in order.
fn words(cell: &str) -> BTreeSet<String> {
    cell.split(", ")
        .map(|word| word.trim_matches('`').to_owned())
        .filter(|word| word != "–")
        .collect()
}

/// The documents by name.
fn documents(world: &World) -> BTreeMap<String, String> {
    let key = Value::String(world.release.public_key_pem());
    let rows = table("| name | kind | of its `spec` |").into_iter();
    rows.map(|row| {
        let [name, kind, spec] = row.try_into().unwrap();
        let [name, kind, spec] = [name, kind, spec].map(|cell| cell.trim_matches('`').to_owned());
        let metadata = match name.split_once('/') {
            Some((namespace, name)) => format!("{{name: {name}, namespace: {namespace}}}"),
            None => format!("{{name: {name}}}"),
        };
        let common = if kind == "ImageException" {
            "images: ['**'], reason: r, approver: a".to_owned()
        } else {
            format!("images: {{include: ['**']}}, authorities: [{{name: release, key: {{pem: {key}}}}}]")
        };
        let document = format!(
            "---\napiVersion: countersign.dev/v1alpha1\nkind: {kind}\nmetadata: {metadata}\nspec: {{{common}, {spec}}}\n"
        );
        (name, document)
    })
    .collect()
}

async fn judged(world: &World, text: String, image: &str, unmatched: &str) -> Review {
    let file = SourceFile {
        path: "policies.yaml".to_owned(),
        text,
    };
    let set = PolicySet::load(&[file], &TrustRoots::default());
    let set = set.unwrap_or_else(|errors| panic!("{errors}"));
    let settings = Settings {
        unmatched: unmatched.parse().unwrap(),
        ..Settings::default()
    };
    let name = world.name(&format!("shop/{image}:1.0"));
    review(&world.reviewer_by(set, settings), &name).await
}

fn warned(image: &ImageReview) -> BTreeSet<String> {
    let remarks = image.remarks().into_iter();
    remarks
        .filter(|remark| !remark.refuses && remark.topic != "unpinned")
        .map(|remark| remark.topic)
        .collect()
}

fn recorded(review: &Review) -> BTreeSet<String> {
    let image: Value = serde_json::from_str(&review.audit_annotations()["image.0"]).unwrap();
    let texts = |value: &Value| -> Vec<String> {
        let items = value.as_array().into_iter().flatten();
        items
            .map(|item| item.as_str().unwrap().to_owned())
            .collect()
    };
    let mut all: BTreeSet<String> = texts(&image["codes"]).into_iter().collect();
    for excepted in image["exceptions"].as_array().into_iter().flatten() {
        let by = excepted["by"].as_array().unwrap().iter();
        all.extend(by.map(|exception| exception["name"].as_str().unwrap().to_owned()));
    }
    all.remove("unpinned");
    all
}

#[tokio::test]
async fn documents_decide_together_as_the_reference_says() {
    let world = World::new().await;
    world.registry.push_image("shop/unsigned", "1.0", "one");
    world.registry.push_image("shop/away", "1.0", "two");
    world.sign(&world.registry.push_image("shop/signed", "1.0", "three"));
    world
        .registry
        .fault(Fault::on("* */shop/away/*").status(503));
    let documents = documents(&world);
    let rows = table("| in force | the image is | `unmatched` |");
    assert!(rows.len() > 30, "the table was not found");
    for row in rows {
        let [in_force, image, unmatched, answer, warnings, records] = &row[..] else {
            panic!("{row:?}")
        };
        let names = words(in_force);
        let text = names.iter().map(|name| documents[name].as_str()).collect();
        let bare = |cell: &str| cell.trim_matches('`').to_owned();
        let review = judged(&world, text, &bare(image), &bare(unmatched)).await;
        assert_eq!(review.code(), bare(answer), "{row:?}");
        assert_eq!(
            review.outcome().as_str() == "admit",
            bare(answer) == "admitted",
            "{row:?}"
        );
        assert_eq!(warned(&review.images[0]), words(warnings), "{row:?}");
        assert_eq!(recorded(&review), words(records), "{row:?}");
    }
}
