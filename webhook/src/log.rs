//! The log: one structured line for each review.
//!
//! Writes nothing that a request made up without spelling out its control characters, and no object at all.

use std::io;
use std::time::Duration;

use countersign_image::excerpt;
use countersign_review::{ImageReview, Review};
use tracing_subscriber::EnvFilter;

use crate::admission::AdmissionRequest;
use crate::config::LogFormat;
use crate::response::Answer;

/// Starts logging to stderr. `RUST_LOG` narrows or widens what is said.
pub(crate) fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_writer(io::stderr);
    // A second start, as in tests, changes nothing.
    let _ = match format {
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .try_init(),
        LogFormat::Text => builder.try_init(),
    };
}

/// Says how a review ended.
pub(crate) fn reviewed(
    endpoint: &'static str,
    request: &AdmissionRequest,
    answer: &Answer,
    review: Option<&Review>,
    duration: Duration,
) {
    let found = review.map(Found::of).unwrap_or_default();
    tracing::info!(
        endpoint,
        uid = request.uid,
        namespace = request.namespace.as_deref().map(excerpt),
        kind = excerpt(&request.kind),
        name = request.name.as_deref().map(excerpt),
        operation = request.operation.as_str(),
        dry_run = request.dry_run,
        outcome = answer.outcome.as_str(),
        code = excerpt(&answer.code),
        images = found.images,
        policies = found.policies,
        exceptions = found.exceptions,
        authorities = found.authorities,
        builders = found.builders,
        sources = found.sources,
        revisions = found.revisions,
        duration_us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
        "reviewed"
    );
}

/// Says that a request was no review.
pub(crate) fn refused(endpoint: &'static str, status: u16, code: &'static str, why: &str) {
    tracing::info!(endpoint, status, code, why = excerpt(why), "refused");
}

/// What is known of the images, each as one field; absent where there is nothing to say.
#[derive(Default)]
struct Found {
    images: Option<String>,
    policies: Option<String>,
    exceptions: Option<String>,
    authorities: Option<String>,
    builders: Option<String>,
    sources: Option<String>,
    revisions: Option<String>,
}

impl Found {
    fn of(review: &Review) -> Self {
        let images = &review.images;
        let facts = || images.iter().map(|image| &image.facts);
        Self {
            images: listed(images.iter().map(|image| match &image.pinned {
                Some(pinned) => pinned.to_string(),
                None => image.image.clone(),
            })),
            policies: listed(
                images
                    .iter()
                    .flat_map(|image| image.policies())
                    .map(ToOwned::to_owned),
            ),
            exceptions: listed(
                images
                    .iter()
                    .flat_map(ImageReview::excepted)
                    .flat_map(|(_, excepted)| &excepted.exceptions)
                    .map(|exception| exception.name.clone()),
            ),
            authorities: listed(facts().flat_map(|facts| facts.authorities.iter().cloned())),
            builders: listed(facts().filter_map(|facts| facts.builder.clone())),
            sources: listed(facts().filter_map(|facts| facts.source.clone())),
            revisions: listed(facts().filter_map(|facts| facts.revision.clone())),
        }
    }
}

/// Each once, with a comma between them; the count of those for which the line has no room.
fn listed(items: impl Iterator<Item = String>) -> Option<String> {
    let mut distinct: Vec<String> = Vec::new();
    let mut more = 0;
    for item in items.map(|item| excerpt(&item)) {
        if distinct.contains(&item) {
            continue;
        }
        if distinct.len() < LISTED {
            distinct.push(item);
        } else {
            more += 1;
        }
    }
    if more > 0 {
        distinct.push(format!("and {more} more"));
    }
    (!distinct.is_empty()).then(|| distinct.join(", "))
}

const LISTED: usize = 20;
