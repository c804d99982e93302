//! The edge of every call: admission, deadline, trace, who may see the probes,
//! and one form for every error, before and after the method itself.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use futures::future::{BoxFuture, Either, Ready, ready};
use http::{HeaderMap, Request, Response};
use motlan_access::Caller;
use motlan_domain::{Reason, Trace};
use motlan_pipeline::Pipeline;
use motlan_telemetry::span;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::Service;
use tracing::Instrument as _;

use crate::calls::{Calls, Timed, Told};
use crate::deadline::Deadline;
use crate::held::{Held, Until};
use crate::options::Limits;
use crate::peers::PeerCertificate;
use crate::press::{Pressure, Turns};
use crate::routes::Routes;
use crate::shares::{Share, Shares};
use crate::status::Failure;
use crate::watch::Watch;
use crate::{refusal, trace};

/// What every call brings along, for its method.
#[derive(Clone)]
pub(crate) struct Call {
    /// Who is connected.
    pub(crate) peer: Arc<Peer>,
    /// When it must have ended.
    pub(crate) deadline: Deadline,
    /// What it belongs to; its id stands in the log.
    pub(crate) trace: Trace,
    /// Set when its connection is to go: a stream without an end of its own ends.
    pub(crate) going: CancellationToken,
    /// Its places: given back when the last clone goes.
    _admitted: Arc<Admitted>,
}

/// A call's places among all calls and among those of its caller.
pub(crate) struct Admitted {
    _all: OwnedSemaphorePermit,
    _own: OwnedSemaphorePermit,
}

/// The client of one connection.
pub(crate) struct Peer {
    pub(crate) certificate: PeerCertificate,
    /// Found at the first call; every decision looks again whether the caller
    /// is still configured.
    caller: OnceLock<Caller>,
}

/// The edge, shared by all connections.
#[derive(Clone)]
pub(crate) struct Edge(Arc<Inner>);

struct Inner {
    routes: Routes,
    pipeline: Arc<Pipeline>,
    limits: Limits,
    calls: Arc<Semaphore>,
    shares: Shares,
    /// Whether there are more calls than places.
    pressure: Arc<Pressure>,
    counted: Arc<Calls>,
}

/// The edge for one connection.
#[derive(Clone)]
pub(crate) struct EdgeConnection(Arc<Connected>);

struct Connected {
    edge: Edge,
    peer: Arc<Peer>,
    share: Arc<Share>,
    watch: Arc<Watch>,
    /// Set when the connection is to go.
    going: CancellationToken,
    /// The connection's place among those of its caller.
    _place: OwnedSemaphorePermit,
}

/// How long a caller beyond its quota waits to hear of it.
const TOLD_AFTER: std::time::Duration = std::time::Duration::from_millis(100);

/// A stream of state for as long as the client cares and the connection stays:
/// it has a place like any call, and no deadline of the gateway's own.
const WATCH: &str = "/grpc.health.v1.Health/Watch";

/// The methods that tell the gateway's own state and leave no entry. They need
/// a configured caller all the same.
pub(crate) const PROBES: [&str; 5] = [
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/List",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

// === impl Peer ===

impl Peer {
    /// The configured caller behind the certificate.
    pub(crate) fn caller(&self, pipeline: &Pipeline) -> Result<Caller, motlan_access::Denial> {
        if let Some(caller) = self.caller.get() {
            return Ok(caller.clone());
        }
        let caller = pipeline.access().caller(&self.certificate.0)?;
        Ok(self.caller.get_or_init(|| caller).clone())
    }
}

// === impl Edge ===

impl Edge {
    /// Over these routes.
    pub(crate) fn new(routes: Routes, pipeline: Arc<Pipeline>, limits: Limits, counted: Arc<Calls>) -> Self {
        let calls = Arc::new(Semaphore::new(limits.max_calls));
        let shares = Shares::new(&limits);
        let pressure = Pressure::new();
        Self(Arc::new(Inner { routes, pipeline, limits, calls, shares, pressure, counted }))
    }

    /// For a connection whose client showed this certificate; `None` if its
    /// caller has as many as it may.
    pub(crate) fn connection(
        &self,
        certificate: PeerCertificate,
        watch: Arc<Watch>,
        going: CancellationToken,
    ) -> Option<EdgeConnection> {
        let share = self.0.shares.of(&certificate, &self.0.pipeline)?;
        let place = share.connection()?;
        let peer = Arc::new(Peer { certificate, caller: OnceLock::new() });
        let connected = Connected { edge: self.clone(), peer, share, watch, going, _place: place };
        Some(EdgeConnection(Arc::new(connected)))
    }
}

impl Connected {
    /// A place for one more call, or none: work beyond a limit is refused,
    /// never queued.
    fn admit(&self) -> Option<Admitted> {
        let all = || Arc::clone(&self.edge.0.calls).try_acquire_owned().ok();
        self.share.call().and_then(|own| Some(Admitted { _own: own, _all: all()? }))
    }

    /// Whether there is no place for one more now. Who is told so costs little: at
    /// such a time there are many of them, and the others wait.
    fn is_full(&self) -> bool {
        let all = self.edge.0.calls.available_permits() == 0;
        let own = !all && self.share.is_full();
        if all {
            self.edge.0.pressure.refused();
        } else if own {
            self.share.pressure.refused();
        }
        all || own
    }

    /// Whether the caller has anything left of its quotas. If not, it is told so
    /// slowly: one that asks again at once takes less from the others. It keeps
    /// a place of its own meanwhile, and none of all.
    async fn within_quota(&self, deadline: Deadline) -> Result<(), Failure> {
        let Err(after) = self.share.account.admits() else { return Ok(()) };
        if let Some(_own) = self.share.call() {
            let told = tokio::time::Instant::now() + TOLD_AFTER;
            tokio::time::sleep_until(told.min(deadline.0)).await;
        }
        Err(Failure::new(Reason::QuotaExceeded).retry_after(Some(after)))
    }

    /// The life of one call, from its arrival to the head of its answer.
    async fn answer(&self, request: Request<Body>) -> Response<Told<Held>> {
        let timed = self.edge.0.counted.begin(request.uri().path());
        let given = trace::given(request.headers());
        if let Some(above) = &given {
            span::adopt(timed.span(), above);
        }
        let trace = span::trace_of(timed.span()).or(given).unwrap_or_else(trace::begun);
        let response = self.hold(request, &timed, trace).instrument(timed.span().clone()).await;
        if let Some(caller) = self.peer.caller.get() {
            timed.called_by(caller);
        }
        timed.settle(response)
    }

    /// Carries a call out in its places, within its time.
    async fn hold(&self, mut request: Request<Body>, timed: &Timed, trace: Trace) -> Response<Held> {
        let deadline = Deadline::of(timed.began(), request.headers(), self.edge.0.limits.call);
        if let Err(failure) = self.within_quota(deadline).await {
            return told(failure).map(Held::nothing);
        }
        let Some(places) = self.admit().map(Arc::new) else {
            return overloaded().map(Held::nothing);
        };
        let (peer, going) = (Arc::clone(&self.peer), self.going.clone());
        let call = Call { peer, deadline, trace, going, _admitted: Arc::clone(&places) };
        let Deadline(deadline) = deadline;
        let watches = request.uri().path() == WATCH;
        request.extensions_mut().insert(call.clone());
        // What is late already is not begun, however quick it would be.
        let late = deadline <= tokio::time::Instant::now();
        let carried = if late {
            None
        } else {
            tokio::time::timeout_at(deadline, self.carry_out(request, &call)).await.ok()
        };
        let response = carried.unwrap_or_else(|| told(Failure::new(Reason::DeadlineExceeded)));
        let (until, untaken) = if watches {
            (Until::going(self.going.clone()), None)
        } else {
            (Until::late(deadline), Some(self.watch.answer(deadline)))
        };
        response.map(|body| Held::new(body, places, until, untaken))
    }

    async fn carry_out(&self, request: Request<Body>, call: &Call) -> Response<Body> {
        let path = request.uri().path();
        if PROBES.contains(&path)
            && let Err(failure) = self.may_probe(path, call.trace.id()).await
        {
            return told(failure);
        }
        match self.edge.0.routes.call(request).await {
            Ok(response) => refined(response),
        }
    }

    async fn may_probe(&self, path: &str, trace: &str) -> Result<(), Failure> {
        let pipeline = &self.edge.0.pipeline;
        let decided = self.peer.caller(pipeline).and_then(|caller| {
            let identity = pipeline.access().identity(&caller, None)?;
            if path.starts_with("/grpc.reflection.") {
                pipeline.access().may_reflect(&identity).map(drop)
            } else {
                Ok(())
            }
        });
        match decided {
            Ok(()) => Ok(()),
            Err(denial) => pipeline.refuse(&denial, trace).await.map_err(refusal::failure),
        }
    }
}

impl EdgeConnection {
    /// When the connection takes its turns.
    pub(crate) fn turns(&self) -> Turns {
        Turns::new(Arc::clone(&self.0.edge.0.pressure), Arc::clone(&self.0.share.pressure))
    }
}

impl Service<Request<Body>> for EdgeConnection {
    type Response = Response<Told<Held>>;
    type Error = Infallible;
    type Future = Either<
        Ready<Result<Self::Response, Infallible>>,
        BoxFuture<'static, Result<Self::Response, Infallible>>,
    >;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if self.0.is_full() {
            self.0.edge.0.counted.refused(request.uri().path(), Code::ResourceExhausted);
            // Who is beyond its quota hears that, and is counted for it.
            let refused = match self.0.share.account.admits() {
                Ok(()) => overloaded(),
                Err(after) => told(Failure::new(Reason::QuotaExceeded).retry_after(Some(after))),
            };
            return Either::Left(ready(Ok(refused.map(Held::nothing).map(Told::refused))));
        }
        let connected = Arc::clone(&self.0);
        Either::Right(Box::pin(async move { Ok(connected.answer(request).await) }))
    }
}

fn told(failure: Failure) -> Response<Body> {
    Status::from(failure).into_http()
}

/// The answer to work beyond a limit, always the same: put together once, as it
/// is given most often when there is least time for it. It is counted, and has
/// no span where that is known before anything else.
fn overloaded() -> Response<Body> {
    static HEADERS: OnceLock<HeaderMap> = OnceLock::new();
    tracing::Span::current().record("motlan.reason", Reason::Overloaded.code());
    let headers = HEADERS.get_or_init(|| told(Failure::new(Reason::Overloaded)).headers().clone());
    let mut response = Response::new(Body::empty());
    response.headers_mut().clone_from(headers);
    response
}

/// An error that did not come from [`Failure`] (a message that cannot be
/// decoded or is too large) gets the same form; its own text stays here.
fn refined(response: Response<Body>) -> Response<Body> {
    match foreign(response.headers()) {
        Some(Code::OutOfRange | Code::ResourceExhausted) => told(Failure::message(Reason::MessageTooLarge)),
        Some(Code::Internal | Code::InvalidArgument) => told(Failure::message(Reason::MessageMalformed)),
        Some(Code::DeadlineExceeded | Code::Cancelled) => told(Failure::new(Reason::DeadlineExceeded)),
        // UNIMPLEMENTED says all there is to say; health answers NOT_FOUND.
        Some(_) | None => response,
    }
}

/// The code of a trailers-only response without our details.
fn foreign(headers: &HeaderMap) -> Option<Code> {
    let status = headers.get("grpc-status")?;
    let code = Code::from_bytes(status.as_bytes());
    (code != Code::Ok && !headers.contains_key("grpc-status-details-bin")).then_some(code)
}
