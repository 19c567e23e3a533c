//! Documents as users write them, taken apart into single objects.
//!
//! Opens `List` and the lists of workload kinds; leaves every other kind as it is.

use serde_json::Value;

use crate::{WorkloadError, is_workload_kind};

/// An object, and where in its document it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// `items[2].` in front of the paths of its fields; empty where it is the document itself.
    pub prefix: String,
    /// The object.
    pub object: Value,
}

/// The objects in `document`: itself, or the items of a list, lists of lists included. Null is an empty document.
///
/// # Errors
///
/// [`WorkloadError::Shape`] if the document is no object, or a list whose items are no list.
pub fn objects(document: Value) -> Result<Vec<Item>, WorkloadError> {
    let mut open = vec![Item {
        prefix: String::new(),
        object: document,
    }];
    let mut objects = Vec::new();
    while let Some(Item { prefix, mut object }) = open.pop() {
        if object.is_null() {
            continue;
        }
        if !object.is_object() {
            return Err(WorkloadError::Shape {
                field: "document",
                detail: "expected a Kubernetes object".to_owned(),
            });
        }
        let Some(item_kind) = list_of(&object) else {
            objects.push(Item { prefix, object });
            continue;
        };
        let items = match object.get_mut("items").map(Value::take) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) => items,
            Some(_) => {
                return Err(WorkloadError::Shape {
                    field: "items",
                    detail: "expected a list".to_owned(),
                });
            }
        };
        // Reversed, so that objects come off the stack in the order in which they are written.
        open.extend(
            items
                .into_iter()
                .enumerate()
                .rev()
                .map(|(index, item)| Item {
                    prefix: format!("{prefix}items[{index}]."),
                    object: with_kind(item, &item_kind),
                }),
        );
    }
    Ok(objects)
}

/// What the items of a list are: API version and kind, where the list says so.
type ItemKind = Option<(String, String)>;

fn list_of(object: &Value) -> Option<ItemKind> {
    let api_version = object.get("apiVersion")?.as_str()?;
    let kind = object.get("kind")?.as_str()?.strip_suffix("List")?;
    if kind.is_empty() && api_version == "v1" {
        return Some(None);
    }
    is_workload_kind(api_version, kind).then(|| Some((api_version.to_owned(), kind.to_owned())))
}

/// `item` with the kind that its list implies; API servers leave it out in the items of a `PodList`.
fn with_kind(mut item: Value, kind: &ItemKind) -> Value {
    if let (Some(fields), Some((api_version, kind))) = (item.as_object_mut(), kind) {
        fields
            .entry("apiVersion")
            .or_insert_with(|| api_version.as_str().into());
        fields.entry("kind").or_insert_with(|| kind.as_str().into());
    }
    item
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(document: Value) -> Result<Vec<String>, &'static str> {
        let objects = objects(document).map_err(|error| error.code())?;
        Ok(objects
            .iter()
            .map(|Item { prefix, object }| {
                format!("{prefix}{} {}", object["kind"], object["metadata"]["name"])
                    .replace('"', "")
            })
            .collect())
    }

    fn pod(name: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}})
    }

    #[test]
    fn lists_are_opened_in_order_lists_of_lists_included() {
        let inner = json!({"apiVersion": "v1", "kind": "List", "items": [pod("b"), pod("c")]});
        let outer =
            json!({"apiVersion": "v1", "kind": "List", "items": [pod("a"), inner, pod("d")]});
        assert_eq!(
            names(outer),
            Ok([
                "items[0].Pod a",
                "items[1].items[0].Pod b",
                "items[1].items[1].Pod c",
                "items[2].Pod d"
            ]
            .map(str::to_owned)
            .to_vec())
        );
    }

    #[test]
    fn items_of_a_typed_list_have_its_kind() {
        let list = json!({"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [{"metadata": {"name": "a"}}]});
        assert_eq!(names(list), Ok(vec!["items[0].Deployment a".to_owned()]));
    }

    #[test]
    fn other_kinds_are_left_alone_whatever_their_name() {
        let list = json!({"apiVersion": "example.com/v1", "kind": "AllowList", "metadata": {"name": "a"}, "items": 1});
        assert_eq!(names(list), Ok(vec!["AllowList a".to_owned()]));
        let foreign = json!({"apiVersion": "example.com/v1", "kind": "List", "items": [pod("a")]});
        assert_eq!(names(foreign), Ok(vec!["List null".to_owned()]));
        assert_eq!(
            names(json!({"kind": "List"})),
            Ok(vec!["List null".to_owned()])
        );
    }

    #[test]
    fn what_is_no_object_is_an_error_and_nothing_is_nothing() {
        assert_eq!(names(json!(null)), Ok(vec![]));
        assert_eq!(
            names(json!({"apiVersion": "v1", "kind": "List", "items": null})),
            Ok(vec![])
        );
        assert_eq!(names(json!("text")), Err("workload_shape"));
        assert_eq!(names(json!([pod("a")])), Err("workload_shape"));
        assert_eq!(
            names(json!({"apiVersion": "v1", "kind": "List", "items": {}})),
            Err("workload_shape")
        );
        assert_eq!(
            names(json!({"apiVersion": "v1", "kind": "List", "items": [5]})),
            Err("workload_shape")
        );
    }
}
