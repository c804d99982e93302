//! The probe listener: plain HTTP on the loopback address, for whoever keeps
//! the process running. It names no person and needs no credentials.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use motlan_pipeline::Pipeline;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

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
        if !self.pipeline.ledger().log().health().ready {
            reasons.push(motlan_domain::Reason::AuditUnavailable.code());
        }
        reasons
    }
}

/// `/healthz`: the process runs. `/readyz`: it takes work.
pub(crate) fn router(readiness: Readiness) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(readiness)
}

async fn ready(State(readiness): State<Readiness>) -> (StatusCode, Json<Ready>) {
    let reasons = readiness.obstacles();
    let ready = reasons.is_empty();
    let code = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(Ready { ready, reasons }))
}
