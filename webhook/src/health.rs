//! What the kubelet and Prometheus read: `/healthz`, `/readyz`, `/metrics`.
//!
//! Plain HTTP, on a listener of its own; holds nothing secret.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::watch;

use crate::metrics::{self, Metrics};
use crate::tls::ServingCertificate;

/// What readiness depends on.
#[derive(Clone)]
pub(crate) struct Health {
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) certificate: Arc<ServingCertificate>,
    pub(crate) policies: usize,
    pub(crate) revision: Arc<str>,
    pub(crate) draining: watch::Receiver<bool>,
    pub(crate) clock: fn() -> Timestamp,
}

/// The routes of the metrics listener.
pub(crate) fn router(health: Health) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(exposition))
        .with_state(health)
}

async fn ready(State(health): State<Health>) -> Response {
    let not_after = health.certificate.not_after();
    let draining = *health.draining.borrow();
    // Policies cannot be the reason: the process does not start without them.
    let reason = match (draining, not_after < (health.clock)()) {
        (true, _) => Some("draining"),
        (_, true) => Some("certificate_expired"),
        (false, false) => None,
    };
    let detail = json!({
        "ready": reason.is_none(),
        "reason": reason,
        "policies": {"count": health.policies, "revision": &*health.revision},
        "certificate": {"notAfter": not_after.to_string()},
    });
    let status = if reason.is_none() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let json = [(header::CONTENT_TYPE, "application/json")];
    (status, json, format!("{detail}\n")).into_response()
}

async fn exposition(State(health): State<Health>) -> Response {
    (
        [(header::CONTENT_TYPE, metrics::CONTENT_TYPE)],
        health.metrics.encode(),
    )
        .into_response()
}
