//! The routes that the API server calls, from HTTP to an answer.
//!
//! Refuses, as HTTP, what is no review; everything else gets an answer in the review's own form, refusals of ours
//! included, so that they hold whatever the failure policy is.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use countersign_image::ImageSource;
use countersign_review::{Review, Reviewer};
use http_body_util::{BodyExt as _, Limited};
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::admission::{self, AdmissionRequest};
use crate::log;
use crate::metrics::Metrics;
use crate::mutate::mutate;
use crate::response::{Answer, Refusal};
use crate::validate::validate;

/// What answers reviews.
pub(crate) struct App<S> {
    pub(crate) reviewer: Reviewer<S>,
    pub(crate) metrics: Arc<Metrics>,
    /// Reviews under way at once.
    pub(crate) slots: Arc<Semaphore>,
    /// Kilobytes of bodies held at once.
    pub(crate) bodies: Arc<Semaphore>,
    pub(crate) clock: fn() -> Timestamp,
}

/// The routes of the TLS listener.
pub(crate) fn router<S: ImageSource + 'static>(app: Arc<App<S>>) -> Router {
    Router::new()
        .route(
            "/validate",
            post(|State(app), request| answer(app, Endpoint::Validate, request)),
        )
        .route(
            "/mutate",
            post(|State(app), request| answer(app, Endpoint::Mutate, request)),
        )
        .with_state(app)
}

#[derive(Clone, Copy)]
enum Endpoint {
    Mutate,
    Validate,
}

impl Endpoint {
    fn as_str(self) -> &'static str {
        match self {
            Self::Mutate => "mutate",
            Self::Validate => "validate",
        }
    }
}

async fn answer<S: ImageSource + 'static>(
    app: Arc<App<S>>,
    endpoint: Endpoint,
    request: Request,
) -> Response {
    let started = Instant::now();
    let deadline = started + admission::time_allowed(request.uri().query());
    let (review, room) = match read(&app, request, deadline).await.and_then(parse) {
        Ok(read) => read,
        Err(refused) => {
            let duration = started.elapsed();
            app.metrics
                .answered(endpoint.as_str(), "refused", refused.code, duration);
            log::refused(
                endpoint.as_str(),
                refused.status.as_u16(),
                refused.code,
                &refused.why,
            );
            return refused.into_response();
        }
    };
    let (answer, found) = decide(&app, endpoint, (&review, room), deadline).await;
    let duration = started.elapsed();
    app.metrics.answered(
        endpoint.as_str(),
        answer.outcome.as_str(),
        &answer.code,
        duration,
    );
    let images = found.iter().flat_map(|review| &review.images);
    for image in images {
        let by = image
            .excepted()
            .flat_map(|(_, excepted)| &excepted.exceptions);
        let names: BTreeSet<_> = by.map(|exception| exception.name.as_str()).collect();
        names
            .into_iter()
            .for_each(|name| app.metrics.excepted(name));
    }
    log::reviewed(
        endpoint.as_str(),
        &review,
        &answer,
        found.as_ref(),
        duration,
    );
    let json = [(header::CONTENT_TYPE, "application/json")];
    (json, answer.to_json(&review.uid)).into_response()
}

async fn decide<S: ImageSource + 'static>(
    app: &Arc<App<S>>,
    endpoint: Endpoint,
    (request, room): Held<&Arc<AdmissionRequest>>,
    deadline: Instant,
) -> (Answer, Option<Review>) {
    let Ok(slot) = Arc::clone(&app.slots).try_acquire_owned() else {
        return (Answer::refused(&Refusal::Overloaded), None);
    };
    let under_way = app.metrics.begin();
    // A task of its own: a panic ends the review, and neither the connection nor the process.
    let task = tokio::spawn({
        let (app, request) = (Arc::clone(app), Arc::clone(request));
        async move {
            // To its end, which comes later than the connection's if the peer goes away.
            let _held = (slot, under_way, room);
            match endpoint {
                Endpoint::Mutate => (mutate(&app.reviewer, &request, deadline).await, None),
                Endpoint::Validate => {
                    validate(&app.reviewer, &request, (app.clock)(), deadline).await
                }
            }
        }
    });
    task.await
        .unwrap_or_else(|_| (Answer::refused(&Refusal::Internal), None))
}

/// A request that is no review, as HTTP.
struct NoReview {
    status: StatusCode,
    code: &'static str,
    why: String,
}

impl IntoResponse for NoReview {
    fn into_response(self) -> Response {
        (self.status, format!("{} ({})\n", self.why, self.code)).into_response()
    }
}

impl NoReview {
    fn new(status: StatusCode, code: &'static str, why: impl Into<String>) -> Self {
        Self {
            status,
            code,
            why: why.into(),
        }
    }
}

/// A body, and the room it takes for as long as anything of it is kept.
type Held<T> = (T, OwnedSemaphorePermit);

fn parse((body, room): Held<Bytes>) -> Result<Held<Arc<AdmissionRequest>>, NoReview> {
    let request = AdmissionRequest::parse(&body)
        .map_err(|error| NoReview::new(StatusCode::BAD_REQUEST, error.code(), error.to_string()))?;
    Ok((Arc::new(request), room))
}

async fn read<S>(
    app: &App<S>,
    request: Request<Body>,
    deadline: Instant,
) -> Result<Held<Bytes>, NoReview> {
    let (head, body) = request.into_parts();
    if !is_plain_json(&head.headers) {
        return Err(NoReview::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "content_type",
            "send application/json, not compressed",
        ));
    }
    let too_large = || {
        let why = format!("more than {BODY_BYTES} bytes");
        NoReview::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", why)
    };
    let length = head
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok());
    // A body of unknown length may become as long as we take.
    let length = length
        .and_then(|length| length.parse().ok())
        .unwrap_or(BODY_BYTES);
    if length > BODY_BYTES {
        return Err(too_large());
    }
    let kilobytes = u32::try_from(length.div_ceil(KILOBYTE)).unwrap_or(u32::MAX);
    let room = Arc::clone(&app.bodies).acquire_many_owned(kilobytes);
    let Ok(Ok(room)) = timeout_at(deadline, room).await else {
        let why = "no room for the body; retry";
        return Err(NoReview::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "overloaded",
            why,
        ));
    };
    let body = timeout_at(deadline, Limited::new(body, BODY_BYTES).collect()).await;
    let Ok(body) = body else {
        let why = "the body took too long";
        return Err(NoReview::new(
            StatusCode::REQUEST_TIMEOUT,
            "body_too_slow",
            why,
        ));
    };
    match body {
        Ok(body) => Ok((body.to_bytes(), room)),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(too_large()),
        Err(_) => Err(NoReview::new(
            StatusCode::BAD_REQUEST,
            "body_incomplete",
            "the body could not be read to its end",
        )),
    }
}

fn is_plain_json(headers: &HeaderMap) -> bool {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/json")
        && !headers.contains_key(header::CONTENT_ENCODING)
}

/// The API server takes 3 MiB from a user, and an UPDATE holds the object twice.
pub(crate) const BODY_BYTES: usize = 7 * 1024 * KILOBYTE;
/// What all bodies may hold together, in kilobytes.
pub(crate) const BODIES_KILOBYTES: usize = 32 * 1024;
const KILOBYTE: usize = 1024;

#[cfg(test)]
mod tests;
