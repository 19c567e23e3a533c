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
use crate::trust::Standing;

/// What readiness depends on.
#[derive(Clone)]
pub(crate) struct Health {
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) certificate: Arc<ServingCertificate>,
    pub(crate) standing: Arc<Standing>,
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
    let now = (health.clock)();
    let policies = health.standing.policies();
    let artifact = health.standing.artifact_detail();
    let reason = match (draining, not_after < now, &policies) {
        (true, _, _) => Some("draining"),
        (_, true, _) => Some("certificate_expired"),
        // Anything else that is wrong with them ends the process before it answers.
        (_, _, None)
            if artifact
                .as_ref()
                .is_some_and(|artifact| artifact.image.is_none()) =>
        {
            Some("policies_unavailable")
        }
        (_, _, None) => Some("trust_root_unavailable"),
        (false, false, Some(_)) => None,
    };
    let policies = policies.map(
        |policies| json!({"count": policies.policies().len(), "revision": policies.revision()}),
    );
    let detail = json!({
        "ready": reason.is_none(),
        "reason": reason,
        "policies": policies,
        "artifact": artifact,
        "trustRoots": health.standing.trust_roots(now),
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
    for root in health.standing.trust_roots((health.clock)()) {
        health
            .metrics
            .trust_root(&root.name, root.age_seconds, root.expires);
    }
    (
        [(header::CONTENT_TYPE, metrics::CONTENT_TYPE)],
        health.metrics.encode(),
    )
        .into_response()
}
