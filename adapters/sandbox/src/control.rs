//! The control server: scripts faults, reads and clears the call log, shows
//! the personas. JSON over HTTP, without authentication, loopback only.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use motlan_domain::Registry;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::calls::CallReport;
use crate::faults::FaultRule;
use crate::wire::Shared;
use crate::world::{DemoFamily, Personas};

/// Body of `POST /token-lifetime`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lifetime {
    /// Absent means all.
    #[serde(default)]
    registry: Option<Registry>,
    seconds: i64,
}

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/faults", post(add_fault).delete(clear_faults).get(faults))
        .route("/calls", get(calls).delete(clear_calls))
        .route("/personas", get(personas))
        .route("/families", get(families))
        .route("/officers", get(officers))
        .route("/expire-tokens", post(expire_tokens))
        .route("/token-lifetime", post(token_lifetime))
        .route("/world", get(world))
        .with_state(shared)
}

async fn add_fault(State(shared): State<Arc<Shared>>, Json(rule): Json<FaultRule>) -> StatusCode {
    shared.faults.add(rule);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.faults.clear();
    StatusCode::NO_CONTENT
}

async fn faults(State(shared): State<Arc<Shared>>) -> Json<Vec<FaultRule>> {
    Json(shared.faults.rules())
}

async fn calls(State(shared): State<Arc<Shared>>) -> Json<CallReport> {
    Json(shared.calls.report())
}

async fn clear_calls(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.calls.clear();
    StatusCode::NO_CONTENT
}

async fn personas(State(shared): State<Arc<Shared>>) -> Json<Personas> {
    Json(shared.world.personas().clone())
}

async fn families(State(shared): State<Arc<Shared>>) -> Json<Vec<DemoFamily>> {
    Json(shared.world.families().to_vec())
}

async fn officers(State(shared): State<Arc<Shared>>) -> Json<Vec<String>> {
    Json(shared.world.officers().to_vec())
}

async fn expire_tokens(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.tokens.expire_all();
    StatusCode::NO_CONTENT
}

async fn token_lifetime(State(shared): State<Arc<Shared>>, Json(lifetime): Json<Lifetime>) -> StatusCode {
    for registry in Registry::ALL {
        if lifetime.registry.is_none_or(|wanted| wanted == registry) {
            shared.tokens.set_lifetime(registry, lifetime.seconds);
        }
    }
    StatusCode::NO_CONTENT
}

async fn world(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let world = &shared.world;
    Json(json!({
        "seed": world.seed,
        "as_of": world.as_of.to_string(),
        "people": world.people.len(),
        "households": world.households.len(),
        "enterprises": world.enterprises.len(),
        "insured": world.insured.len(),
        "parcels": world.parcels.len(),
        "certificates": world.certificates.len(),
    }))
}
