//! A failure as HTTP tells it: the same reason, the same words.

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse as _;
use motlan_domain::Reason;
use motlan_domain::reason::Retry;
use serde::Serialize;
use tonic::Code;

use super::{Failure, RETRY_DEFAULT, Said};

/// The body of a refusal.
#[derive(Debug, Serialize)]
struct Refused {
    reason: &'static str,
    vi: &'static str,
    en: &'static str,
    next_vi: &'static str,
    next_en: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<Place>,
}

/// Where the refusal stands in the log.
#[derive(Debug, Serialize)]
struct Place {
    origin: String,
    index: u64,
    leaf_hash: String,
}

/// What the caller is told.
pub(crate) fn response(failure: &Failure) -> Response<Body> {
    let said = Said::of(failure);
    let receipt = failure.receipt.as_deref().map(|receipt| Place {
        origin: receipt.origin.to_string(),
        index: receipt.index,
        leaf_hash: hex::encode(receipt.leaf_hash),
    });
    let refused = Refused {
        reason: said.reason,
        vi: said.vi,
        en: said.en,
        next_vi: said.next.vi,
        next_en: said.next.en,
        receipt,
    };
    let status = status(failure.reason, said.code);
    let mut response = (status, Json(refused)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if failure.reason.retry() == Retry::Later {
        let after = failure.retry_after.unwrap_or(RETRY_DEFAULT);
        // Whole seconds, and never less than what is meant.
        let seconds = u64::try_from(after.as_millis().div_ceil(1_000)).unwrap_or(u64::MAX);
        headers.insert(header::RETRY_AFTER, seconds.max(1).into());
    }
    response
}

const fn status(reason: Reason, code: Code) -> StatusCode {
    match code {
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::InvalidArgument => StatusCode::BAD_REQUEST,
        Code::ResourceExhausted if matches!(reason, Reason::QuotaExceeded) => StatusCode::TOO_MANY_REQUESTS,
        Code::ResourceExhausted | Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
