//! Every call from its arrival to its status: counted, timed, told as a span.
//!
//! A status is known when its last bytes go out, so the body of an answer
//! carries the clock with it. A call that is dropped before was cancelled.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response};
use hyper::body::{Body, Frame, SizeHint};
use motlan_access::Caller;
use motlan_telemetry::instrument::{OTHER, RPC_ACTIVE, RPC_DURATION, key};
use motlan_telemetry::span::SPANS;
use motlan_telemetry::{Histogram, Reading, Source};
use tokio::time::Instant;
use tonic::{Code, Status};
use tracing::field::Empty;
use tracing::{Span, info_span};

/// The codes of gRPC, by number.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The calls so far, by method and code.
pub(crate) struct Calls {
    /// Sorted by path.
    methods: Box<[Arc<Method>]>,
    /// Whatever is none of them.
    other: Arc<Method>,
    active: Arc<AtomicU64>,
}

/// One method.
struct Method {
    path: &'static str,
    by_code: [Histogram; 17],
}

/// A call under way.
pub(crate) struct Timed {
    method: Arc<Method>,
    active: Arc<AtomicU64>,
    began: Instant,
    span: Span,
    ended: bool,
}

/// An answer's body, with the call's clock.
pub(crate) struct Told<B> {
    body: B,
    /// Until the status is known.
    timed: Option<Timed>,
    span: Span,
}

// === impl Calls ===

impl Calls {
    /// For these methods, by gRPC path.
    pub(crate) fn of(paths: impl IntoIterator<Item = &'static str>) -> Self {
        let method =
            |path| Arc::new(Method { path, by_code: std::array::from_fn(|_| Histogram::of(&RPC_DURATION)) });
        let mut methods: Vec<_> = paths.into_iter().map(method).collect();
        methods.sort_by_key(|method| method.path);
        Self { methods: methods.into(), other: method(OTHER), active: Arc::default() }
    }

    fn method(&self, path: &str) -> &Arc<Method> {
        let at = self.methods.binary_search_by(|method| method.path.cmp(path));
        at.map_or(&self.other, |at| &self.methods[at])
    }

    /// A call of that path was answered as it arrived.
    pub(crate) fn refused(&self, path: &str, code: Code) {
        self.method(path).by_code[code as usize].record_time(Duration::ZERO);
    }

    /// A call of that path arrived.
    pub(crate) fn begin(&self, path: &str) -> Timed {
        let method = self.method(path);
        self.active.fetch_add(1, Ordering::Relaxed);
        // What was called by another name is the caller's own text: it is not told.
        let name = method.name();
        let span = info_span!(
            target: SPANS,
            "call",
            otel.name = name,
            otel.kind = "server",
            otel.status_code = Empty,
            rpc.system.name = "grpc",
            rpc.method = name,
            rpc.response.status_code = Empty,
            error.type = Empty,
            motlan.caller.system = Empty,
            motlan.caller.agency = Empty,
            motlan.reason = Empty,
        );
        Timed {
            method: Arc::clone(method),
            active: Arc::clone(&self.active),
            began: Instant::now(),
            span,
            ended: false,
        }
    }
}

impl Source for Calls {
    fn read(&self, reading: &mut Reading) {
        for method in self.methods.iter().chain([&self.other]) {
            for (code, took) in CODES.into_iter().zip(&method.by_code) {
                reading.spread(&RPC_DURATION, took, || {
                    let mut attributes = vec![
                        (key::RPC_SYSTEM, "grpc".into()),
                        (key::RPC_METHOD, method.name().into()),
                        (key::RPC_STATUS, code.into()),
                    ];
                    attributes.extend(is_fault(code).then(|| (key::ERROR_TYPE, code.into())));
                    attributes
                });
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "calls under way are few")]
        reading.level(&RPC_ACTIVE, Vec::new(), self.active.load(Ordering::Relaxed) as f64);
    }
}

/// Which codes say that a server failed, by the conventions; the others are an
/// answer to the caller.
fn is_fault(code: &str) -> bool {
    matches!(
        code,
        "UNKNOWN" | "DEADLINE_EXCEEDED" | "UNIMPLEMENTED" | "INTERNAL" | "UNAVAILABLE" | "DATA_LOSS"
    )
}

// === impl Method ===

impl Method {
    /// Its name: the path without the slash in front.
    fn name(&self) -> &'static str {
        self.path.trim_start_matches('/')
    }
}

// === impl Timed ===

impl Timed {
    /// When the call arrived.
    pub(crate) const fn began(&self) -> Instant {
        self.began
    }

    /// The call's span.
    pub(crate) const fn span(&self) -> &Span {
        &self.span
    }

    /// Who called, for the span: systems and agencies of the configuration.
    pub(crate) fn called_by(&self, caller: &Caller) {
        self.span.record("motlan.caller.system", caller.id());
        self.span.record("motlan.caller.agency", caller.agency().as_str());
    }

    /// Lets the answer go: its status ends the call.
    pub(crate) fn settle<B>(mut self, response: Response<B>) -> Response<Told<B>> {
        let span = self.span.clone();
        let told = status(response.headers());
        if let Some(code) = told {
            self.end(code);
        }
        let timed = told.is_none().then_some(self);
        response.map(|body| Told { body, timed, span })
    }

    fn end(&mut self, code: Code) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.active.fetch_sub(1, Ordering::Relaxed);
        self.method.by_code[code as usize].record_time(self.began.elapsed());
        let code = CODES[code as usize];
        self.span.record("rpc.response.status_code", code);
        if is_fault(code) {
            self.span.record("error.type", code);
            self.span.record("otel.status_code", "ERROR");
        }
    }
}

impl Drop for Timed {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

/// The gRPC status among headers or trailers.
fn status(headers: &HeaderMap) -> Option<Code> {
    headers.get("grpc-status").map(|status| Code::from_bytes(status.as_bytes()))
}

// === impl Told ===

impl<B> Told<B> {
    /// The answer to a call that was refused as it arrived, and is counted.
    pub(crate) const fn refused(body: B) -> Self {
        Self { body, timed: None, span: Span::none() }
    }
}

impl<B: Body<Data = Bytes, Error = Status> + Unpin> Body for Told<B> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let told = &mut *self;
        // What a stream still does belongs to the call.
        let polled = told.span.in_scope(|| Pin::new(&mut told.body).poll_frame(context));
        let code = match &polled {
            Poll::Pending => None,
            Poll::Ready(Some(Ok(frame))) => {
                frame.trailers_ref().map(|trailers| status(trailers).unwrap_or(Code::Unknown))
            }
            Poll::Ready(Some(Err(_)) | None) => Some(Code::Unknown),
        };
        if let Some((code, mut timed)) = code.and_then(|code| Some((code, told.timed.take()?))) {
            timed.end(code);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
