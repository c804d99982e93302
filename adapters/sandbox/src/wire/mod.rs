//! The four registries as they are spoken to.
//!
//! Life of a call: it is booked, the script is asked for a fault, the registry
//! checks its caller and answers, and a fault that spoils answers is applied.

mod business;
mod business_json;
mod insurance;
mod land;
mod note;
mod population;
mod population_xml;
mod spoil;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};
use axum::response::Response;
use axum::{Extension, Router};
use bytes::Bytes;
use motlan_domain::{Clock, Registry};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::auth::{self, TokenStore};
use crate::calls::{Call, CallLog};
use crate::credentials::Credentials;
use crate::decided;
use crate::faults::{Fault, FaultBook};
use crate::serve::Cut;
use crate::world::World;

/// What all registries and the control server share.
pub(crate) struct Shared {
    pub(crate) world: Arc<World>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) credentials: Credentials,
    pub(crate) tokens: TokenStore,
    pub(crate) faults: FaultBook,
    pub(crate) calls: CallLog,
    pub(crate) seen: SeenRequests,
    pub(crate) stop: CancellationToken,
}

/// One registry.
#[derive(Clone)]
pub(crate) struct Front {
    pub(crate) shared: Arc<Shared>,
    pub(crate) registry: Registry,
    /// Base URL without a slash at the end.
    pub(crate) base: String,
}

/// A refusal in the population registry's form: code and text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refusal(pub(crate) &'static str, pub(crate) &'static str);

/// An answer before it is sent.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(HeaderName, String)>,
    pub(crate) body: Bytes,
    pub(crate) refusal: Option<String>,
}

/// Request numbers already used; the oldest are forgotten.
#[derive(Debug, Default)]
pub(crate) struct SeenRequests(Mutex<(HashSet<String>, VecDeque<String>)>);

const JSON: &str = "application/json; charset=utf-8";
const XML: &str = "application/xml; charset=utf-8";

/// Method, path and operation of everything a registry answers.
fn operations(registry: Registry) -> &'static [(Method, &'static str, &'static str)] {
    match registry {
        Registry::Population => population::OPERATIONS,
        Registry::Business => business::OPERATIONS,
        Registry::Insurance => insurance::OPERATIONS,
        Registry::Land => land::OPERATIONS,
    }
}

// === impl Front ===

impl Front {
    /// The router of this registry.
    pub(crate) fn router(self) -> Router {
        Router::new().fallback(answer).with_state(self)
    }
}

async fn answer(State(front): State<Front>, Extension(cut): Extension<Cut>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, decided::REQUEST_LIMIT).await else {
        return Reply::error(StatusCode::PAYLOAD_TOO_LARGE, "QUA_LON", "Yêu cầu quá lớn").into_response();
    };
    let path = parts.uri.path();
    let known = operations(front.registry).iter().find(|(_, known, _)| *known == path);
    let Some((method, _, operation)) = known else {
        return Reply::error(StatusCode::NOT_FOUND, "KHONG_CO_DICH_VU", "Không có dịch vụ này")
            .into_response();
    };
    if parts.method != method {
        return Reply::error(StatusCode::METHOD_NOT_ALLOWED, "SAI_PHUONG_THUC", "Sai phương thức")
            .into_response();
    }
    let shared = &front.shared;
    let fault = shared.faults.take(front.registry, operation);
    let note = note::read(front.registry, &parts, &body);
    let header = |name| Some(parts.headers.get(name)?.to_str().ok()?.to_owned());
    let ticket = shared.calls.begin(Call {
        registry: front.registry,
        operation: (*operation).to_owned(),
        at: shared.clock.now(),
        officer: note.officer,
        dossier: note.dossier,
        subject: note.subject,
        traceparent: header("traceparent"),
        status: None,
        refusal: None,
        fault: fault.as_ref().map(Fault::kind),
    });
    if let Some(Fault::Latency { ms }) = &fault {
        tokio::select! {
            () = shared.stop.cancelled() => {}
            () = tokio::time::sleep(Duration::from_millis(*ms)) => {}
        }
    }
    if fault == Some(Fault::Hang) {
        shared.stop.cancelled().await;
        cut.now();
        return Reply::error(StatusCode::SERVICE_UNAVAILABLE, "DUNG", "Dừng").into_response();
    }
    let reply = match &fault {
        Some(fault) => match spoil::instead(&front, fault, &parts) {
            Some(reply) => reply,
            None => spoil::spoiled(&front, fault, operation, front.ask(operation, &parts, &body)),
        },
        None => front.ask(operation, &parts, &body),
    };
    match &fault {
        Some(Fault::Reset) => spoil::reset(reply, cut),
        Some(Fault::Oversize { bytes }) => {
            shared.calls.end(ticket, reply.status.as_u16(), reply.refusal.as_deref());
            spoil::oversize(reply, *bytes)
        }
        _ => {
            shared.calls.end(ticket, reply.status.as_u16(), reply.refusal.as_deref());
            reply.into_response()
        }
    }
}

impl Front {
    fn ask(&self, operation: &str, parts: &Parts, body: &[u8]) -> Reply {
        let now = self.shared.clock.now();
        if self.registry == Registry::Population {
            return population::answer(self, operation, parts, body);
        }
        let credentials = &self.shared.credentials;
        let client = match self.registry {
            Registry::Business => &credentials.business,
            Registry::Insurance => &credentials.insurance,
            Registry::Land | Registry::Population => &credentials.land,
        };
        if operation == "token" {
            let granted = self.shared.tokens.grant(self.registry, &parts.headers, body, now, client);
            return granted.unwrap_or_else(|_| {
                Reply::error(StatusCode::INTERNAL_SERVER_ERROR, "LOI_HE_THONG", "Không cấp được token")
            });
        }
        if let Err(reply) = self.shared.tokens.check(self.registry, &parts.headers, now) {
            return reply;
        }
        if self.registry == Registry::Business {
            return business::answer(&self.shared.world, operation, parts);
        }
        let Ok(Value::Object(question)) = serde_json::from_slice(body) else {
            return Reply::bad_request("Nội dung không phải JSON");
        };
        match self.registry {
            Registry::Insurance => insurance::answer(&self.shared.world, operation, &question),
            _ => land::answer(&self.shared.world, operation, &question),
        }
    }
}

// === impl Reply ===

impl Reply {
    pub(crate) fn json(status: StatusCode, value: &Value) -> Self {
        let body = Bytes::from(value.to_string());
        Self { status, content_type: JSON, headers: Vec::new(), body, refusal: None }
    }

    pub(crate) fn xml(document: String) -> Self {
        let (status, headers) = (StatusCode::OK, Vec::new());
        Self { status, content_type: XML, headers, body: Bytes::from(document), refusal: None }
    }

    /// An HTTP error with the JSON the sandbox decided on.
    pub(crate) fn error(status: StatusCode, code: &str, text: &str) -> Self {
        let mut reply = Self::json(status, &json!({"maLoi": code, "moTa": text}));
        reply.refusal = Some(code.to_owned());
        reply
    }

    pub(crate) fn bad_request(text: &str) -> Self {
        Self::error(StatusCode::BAD_REQUEST, "DU_LIEU_KHONG_HOP_LE", text)
    }

    /// "No such record" at insurance and land.
    pub(crate) fn not_found() -> Self {
        let body = Bytes::from_static(decided::NOT_FOUND_JSON.as_bytes());
        Self { status: StatusCode::OK, content_type: JSON, headers: Vec::new(), body, refusal: None }
    }

    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn into_response(self) -> Response {
        let body = Body::from(self.body.clone());
        self.with_body(body)
    }

    /// The response head of this reply over another body.
    pub(crate) fn with_body(self, body: Body) -> Response {
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        response
    }
}

// === impl SeenRequests ===

impl SeenRequests {
    const KEPT: usize = 200_000;

    /// Whether the number is new; from now on it is not.
    pub(crate) fn first_time(&self, number: &str) -> bool {
        let mut guard = self.0.lock();
        let (set, order) = &mut *guard;
        if !set.insert(number.to_owned()) {
            return false;
        }
        order.push_back(number.to_owned());
        if order.len() > Self::KEPT
            && let Some(oldest) = order.pop_front()
        {
            set.remove(&oldest);
        }
        true
    }
}

/// Re-exported for the fault that plays an expired token.
pub(crate) fn expire_token(front: &Front, parts: &Parts) -> Reply {
    front.shared.tokens.expire(&parts.headers);
    auth::unauthorized()
}
