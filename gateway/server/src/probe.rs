//! The probe listener: plain HTTP on the loopback address, for whoever keeps
//! the process running and for whoever scrapes its numbers. It names no person
//! and needs no credentials.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use motlan_pipeline::Pipeline;
use motlan_telemetry::{Reading, Source};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::metrics;

/// Whether the gateway takes work, and what stands in the way.
#[derive(Clone)]
pub(crate) struct Readiness {
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) draining: CancellationToken,
}

/// Body of `/readyz`.
#[derive(Debug, Serialize)]
struct Ready {
    ready: bool,
    /// Stable codes of what stands in the way.
    reasons: Vec<&'static str>,
}

// === impl Readiness ===

impl Readiness {
    /// What stands in the way of taking work; empty when ready.
    pub(crate) fn obstacles(&self) -> Vec<&'static str> {
        let mut reasons = Vec::new();
        if self.draining.is_cancelled() {
            reasons.push(motlan_domain::Reason::ShuttingDown.code());
        }
        reasons.extend(self.pipeline.obstacles().into_iter().map(motlan_domain::Reason::code));
        // A log that could be written and must not: no disk will mend that.
        let cause = self.pipeline.ledger().log().health().cause.filter(|cause| cause.is_of_witnesses());
        reasons.extend(cause.map(motlan_audit::Cause::as_str));
        reasons
    }
}

/// `/healthz`: the process runs. `/readyz`: it takes work. `/metrics`: what it
/// counted.
pub(crate) fn router(readiness: Readiness, numbers: Arc<dyn Source>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(readiness)
        .route("/metrics", get(move || async move { counted(&*numbers) }))
}

fn counted(numbers: &dyn Source) -> Response {
    match metrics::page(Reading::of([numbers])) {
        Ok(page) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], page).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn ready(State(readiness): State<Readiness>) -> (StatusCode, Json<Ready>) {
    let reasons = readiness.obstacles();
    let ready = reasons.is_empty();
    let code = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(Ready { ready, reasons }))
}
