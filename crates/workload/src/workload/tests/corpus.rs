use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::{Workload, read};
use crate::objects;

#[derive(Deserialize)]
struct Expected {
    file: String,
    form: Option<String>,
    operation: Option<String>,
    images: Vec<ExpectedImage>,
}

#[derive(Deserialize)]
struct ExpectedImage {
    field: String,
    name: String,
    image: Option<String>,
}

/// The objects in a fixture: that of a review or of a bare request, read as the kind that the request names, or those
/// of a manifest.
fn workloads_in(expected: &Expected, text: &str) -> Vec<Workload> {
    if expected.operation.is_none() {
        let documents: Vec<Value> = serde_saphyr::from_multiple(text).unwrap();
        let objects = documents
            .into_iter()
            .flat_map(|document| objects(document).unwrap());
        return objects
            .filter_map(|item| read(&item.object).unwrap())
            .collect();
    }
    let review: Value = serde_json::from_str(text).unwrap();
    let request = if expected.form.is_some() {
        &review
    } else {
        &review["request"]
    };
    if !request["object"].is_object() {
        return Vec::new();
    }
    let kind = &request["kind"];
    let field = |name: &str| kind[name].as_str().unwrap_or_default();
    let api_version = match field("group") {
        "" => field("version").to_owned(),
        group => format!("{group}/{}", field("version")),
    };
    let json = request["object"].to_string();
    Workload::from_json_as(json.as_bytes(), &api_version, field("kind"))
        .unwrap()
        .into_iter()
        .collect()
}

#[test]
fn finds_exactly_the_images_of_every_review_and_manifest() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/admission");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let table: Vec<Expected> = serde_json::from_str(&read("images.json")).unwrap();
    assert_eq!(table.len(), 51);
    for expected in table {
        let workloads = workloads_in(&expected, &read(&expected.file));
        let found: Vec<_> = workloads
            .iter()
            .flat_map(|workload| &workload.images)
            .map(|image| {
                let list = image.list().rsplit('.').next().unwrap();
                let field = if list == "volumes" {
                    "volumes.image"
                } else {
                    list
                };
                (field, image.container.as_str(), image.image.as_str())
            })
            .collect();
        let wanted: Vec<_> = expected
            .images
            .iter()
            .map(|image| {
                (
                    image.field.as_str(),
                    image.name.as_str(),
                    image.image.as_deref().unwrap_or_default(),
                )
            })
            .collect();
        assert_eq!(found, wanted, "{}", expected.file);
    }
}

#[test]
fn recorded_updates_that_change_no_image_leave_nothing_to_review() {
    for text in [
        include_str!("../../../../../tests/fixtures/admission/connaisseur-10_update.json"),
        include_str!(
            "../../../../../tests/fixtures/admission/connaisseur-28_deleted_deployment_updated.json"
        ),
    ] {
        let review: Value = serde_json::from_str(text).unwrap();
        let [object, old] = ["object", "oldObject"]
            .map(|part| read(&review["request"][part]).unwrap().expect("a workload"));
        assert_eq!(object.images.len(), 1);
        assert_eq!(
            object.new_images(&old),
            Workload {
                images: Vec::new(),
                ..object
            }
        );
    }
}
