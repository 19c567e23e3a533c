//! What one admission request asks to be judged, and the judging of it.
//!
//! Lets through without a look only what cannot bring an image: deletions, connections, kinds that run none, and
//! updates that change none.

use countersign_image::ImageSource;
use countersign_policy::Namespace;
use countersign_review::{Request, Review, Reviewer, User};
use countersign_workload::Workload;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::admission::{AdmissionRequest, Operation};
use crate::response::{Answer, Refusal};

/// The answer to `/validate`, and the review behind it where there was one.
pub(crate) async fn validate<S: ImageSource + 'static>(
    reviewer: &Reviewer<S>,
    request: &AdmissionRequest,
    now: Timestamp,
    deadline: Instant,
) -> (Answer, Option<Review>) {
    let workload = match workload(request) {
        Ok(Asked::Images(workload)) => workload,
        Ok(Asked::Nothing(code)) => return (Answer::pass(code), None),
        Err(refusal) => return (Answer::refused(&refusal), None),
    };
    let context = Request {
        operation: request.operation.as_str().to_owned(),
        user: User {
            name: request.user.clone(),
            groups: request.groups.clone(),
        },
        dry_run: request.dry_run,
        namespace: namespace(request),
    };
    let review = reviewer.review(&workload, &context, now, deadline).await;
    (Answer::reviewed(&review), Some(review))
}

/// Where the workload is to run. Of the labels only the name is known: a review carries no others, and no cluster is
/// watched.
pub(crate) fn namespace(request: &AdmissionRequest) -> Namespace {
    Namespace {
        name: request.namespace.clone(),
        labels: None,
    }
}

/// What a request brings.
#[derive(Debug)]
pub(crate) enum Asked {
    /// A workload with the images that are new.
    Images(Box<Workload>),
    /// Nothing to judge, and the code that says why.
    Nothing(&'static str),
}

/// Reads what the request brings.
pub(crate) fn workload(request: &AdmissionRequest) -> Result<Asked, Refusal> {
    if matches!(request.operation, Operation::Connect | Operation::Delete) {
        return Ok(Asked::Nothing("runs_nothing"));
    }
    let object = request.object.as_ref().ok_or(Refusal::ObjectMissing)?;
    if (request.api_version.as_str(), request.kind.as_str()) == ("v1", "List") {
        return Err(Refusal::List);
    }
    let read = |json: &str| {
        Workload::from_json_as(json.as_bytes(), &request.api_version, &request.kind)
            .map_err(Refusal::Object)
    };
    let Some(mut workload) = read(object.get())? else {
        return Ok(Asked::Nothing("no_images"));
    };
    if request.operation == Operation::Update {
        // Without the old object every image is new.
        let old = match &request.old_object {
            Some(old) => read(old.get())?,
            None => None,
        };
        workload = old.map_or(workload.clone(), |old| workload.new_images(&old));
        if workload.images.is_empty() {
            return Ok(Asked::Nothing("unchanged"));
        }
    }
    if workload.images.is_empty() {
        return Ok(Asked::Nothing("no_images"));
    }
    // The request decides where an object goes, whatever the object says.
    workload.namespace.clone_from(&request.namespace);
    if request.name.is_some() {
        workload.name.clone_from(&request.name);
    }
    Ok(Asked::Images(Box::new(workload)))
}
