//! Pins the images of a pod: each tag gets the digest that it yields now.
//!
//! Judges nothing and touches nothing but image fields. What no policy covers or no registry knows is left as it is:
//! `/validate` sees it next, and says why.

use countersign_image::{ImageSource, PinnedReference};
use countersign_review::Reviewer;
use countersign_workload::ImageUse;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::admission::AdmissionRequest;
use crate::response::Answer;
use crate::validate::{Asked, namespace, workload};

/// The answer to `/mutate`. Always an admission.
pub(crate) async fn mutate<S: ImageSource + 'static>(
    reviewer: &Reviewer<S>,
    request: &AdmissionRequest,
    deadline: Instant,
) -> Answer {
    // Controllers keep their tags: whoever applied them would see a difference that nobody wrote.
    if (request.api_version.as_str(), request.kind.as_str()) != ("v1", "Pod") {
        return Answer::pass("not_a_pod");
    }
    let mut workload = match workload(request) {
        Ok(Asked::Images(workload)) => workload,
        Ok(Asked::Nothing(code)) => return Answer::pass(code),
        // To refuse what cannot be read is the business of `/validate`, which sees it too.
        Err(refusal) => return Answer::pass(refusal.code()),
    };
    // Nobody asked about the others: no registry is asked either, and perhaps none could be.
    let namespace = namespace(request);
    workload.images.retain(|image| match &image.reference {
        Ok(reference) => !reviewer
            .policies()
            .matching(reference.repository(), &namespace)
            .is_empty(),
        Err(_) => false,
    });
    let resolved = reviewer.resolve(&workload.images, deadline).await;
    let patch = resolved
        .iter()
        .filter_map(|(image, pinned)| pin(image, pinned.as_ref().ok()?))
        .flatten()
        .collect();
    Answer::pinned(patch)
}

/// Replaces the image, provided that it still stands where we saw it: webhooks that ran since may have moved it.
fn pin(image: &ImageUse, pinned: &PinnedReference) -> Option<[Value; 2]> {
    let path = pointer(&image.path)?;
    // As written, so that whoever reads the pod finds the name they know; the digest makes it mean one thing.
    let value = format!("{}@{}", image.image, pinned.digest());
    Some([
        json!({"op": "test", "path": path, "value": image.image}),
        json!({"op": "replace", "path": path, "value": value}),
    ])
}

/// `spec.containers[0].image` as a JSON pointer.
fn pointer(path: &str) -> Option<String> {
    let mut pointer = String::new();
    for segment in path.split('.') {
        let (name, index) = match segment.split_once('[') {
            Some((name, index)) => (name, Some(index.strip_suffix(']')?)),
            None => (segment, None),
        };
        pointer.push('/');
        pointer.push_str(name);
        if let Some(index) = index {
            pointer.push('/');
            pointer.push_str(index);
        }
    }
    Some(pointer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_path_becomes_a_pointer() {
        let check =
            |path: &str, expected: &str| assert_eq!(pointer(path).as_deref(), Some(expected));
        check("spec.containers[0].image", "/spec/containers/0/image");
        check(
            "spec.volumes[12].image.reference",
            "/spec/volumes/12/image/reference",
        );
        assert_eq!(pointer("spec.containers[0"), None);
    }
}
