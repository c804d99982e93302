//! The two calls of C2SP tlog-witness, and `/healthz`.
//!
//! Beyond the specification's statuses: 408 for a body that does not come, 413
//! for one that is too long, 500 where this witness itself fails.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http_body_util::BodyExt as _;
use motlan_audit_tree::AddCheckpoint;
use motlan_audit_tree::witness::{
    MAX_REQUEST_BYTES, Refusal, SIZE_CONTENT_TYPE, print_cosignatures, print_known_size,
};

use crate::folder::origin_hash;
use crate::log::{Answer, Counts, Door};
use crate::service::read;

/// A body that is too long is read on and dropped up to here, so that its
/// sender hears why before the connection ends.
const MAX_DROPPED_BYTES: usize = 4 * MAX_REQUEST_BYTES;

const TEXT: &str = "text/plain; charset=utf-8";

/// Whom to ask about which log.
pub(crate) struct Desk {
    logs: HashMap<String, Door>,
    /// Origins by their hash.
    hashes: HashMap<String, String>,
    counts: Arc<Counts>,
    body: Duration,
}

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NoBody {
    Late,
    TooLong,
    Broken,
}

// === impl Desk ===

impl Desk {
    /// The logs by origin; a request's body has to come within that time.
    pub(crate) fn new(logs: HashMap<String, Door>, counts: Arc<Counts>, body: Duration) -> Self {
        let hashes = logs.keys().map(|origin| (origin_hash(origin), origin.clone())).collect();
        Self { logs, hashes, counts, body }
    }
}

/// Everything that is served. The last clone closes the logs' doors.
pub(crate) fn router(desk: Desk) -> Router {
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/{origin_hash}/checkpoint", get(checkpoint))
        .route("/healthz", get(health))
        // The limit here is ours: it answers as the others do.
        .layer(DefaultBodyLimit::disable())
        .with_state(Arc::new(desk))
}

async fn add_checkpoint(State(desk): State<Arc<Desk>>, body: Body) -> Response {
    let body = tokio::time::timeout(desk.body, collect(body)).await.unwrap_or(Err(NoBody::Late));
    let body = match body {
        Ok(body) => body,
        Err(none) => return none.into_response(),
    };
    let Ok(request) = AddCheckpoint::parse(&body) else {
        return refuse(Refusal::BadRequest);
    };
    drop(body);
    let Some(log) = desk.logs.get(request.origin()) else {
        return refuse(Refusal::NotFound);
    };
    match log.ask(request).await {
        Answer::Cosigned(cosignature) => text(StatusCode::OK, print_cosignatures(&[cosignature])),
        Answer::Refused(refusal) => refuse(refusal),
        Answer::Failed => {
            text(StatusCode::INTERNAL_SERVER_ERROR, "the witness cannot cosign now\n".to_owned())
        }
    }
}

/// For monitors: what was last cosigned. Never more than is durable.
async fn checkpoint(State(desk): State<Arc<Desk>>, Path(hash): Path<String>) -> Response {
    let log = desk.hashes.get(&hash).and_then(|origin| desk.logs.get(origin));
    match log.and_then(Door::shown) {
        Some(note) => text(StatusCode::OK, note.as_ref().to_owned()),
        None => text(StatusCode::NOT_FOUND, "nothing cosigned of such a log\n".to_owned()),
    }
}

/// 200 while the process runs, also with alarms on record: an alarm is this
/// witness doing its work. If it failed here, a supervisor would restart it or
/// a proxy leave it out, which is what a log that shows two trees would wish.
async fn health(State(desk): State<Arc<Desk>>) -> Response {
    let Counts { alarms, suspects, failures } = &*desk.counts;
    let logs = desk.logs.len();
    let (alarms, suspects, failures) = (read(alarms), read(suspects), read(failures));
    text(
        StatusCode::OK,
        format!("ok\nlogs {logs}\nalarms {alarms}\nsuspects {suspects}\nfailures {failures}\n"),
    )
}

/// The body, if it is not too long.
async fn collect(mut body: Body) -> Result<Vec<u8>, NoBody> {
    let (mut bytes, mut length) = (Vec::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| NoBody::Broken)?.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length <= MAX_REQUEST_BYTES {
            bytes.extend_from_slice(&data);
        } else if length > MAX_DROPPED_BYTES {
            return Err(NoBody::TooLong);
        }
    }
    if length <= MAX_REQUEST_BYTES { Ok(bytes) } else { Err(NoBody::TooLong) }
}

// === answers ===

impl NoBody {
    fn into_response(self) -> Response {
        let (status, why) = match self {
            Self::Late => (StatusCode::REQUEST_TIMEOUT, "the body did not come in time\n"),
            Self::TooLong => (StatusCode::PAYLOAD_TOO_LARGE, "the body is too long\n"),
            Self::Broken => return refuse(Refusal::BadRequest),
        };
        text(status, why.to_owned())
    }
}

fn refuse(refusal: Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
    match refusal {
        Refusal::Conflict { size } => {
            (status, [(header::CONTENT_TYPE, SIZE_CONTENT_TYPE)], print_known_size(size)).into_response()
        }
        other => text(status, format!("{other}\n")),
    }
}

fn text(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, TEXT)], body).into_response()
}
