//! The accept loop and the life of one connection: place, handshake, HTTP/2,
//! age, drain.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::server::conn::http2;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::cork::corked;
use crate::edge::{Edge, EdgeConnection};
use crate::options::Limits;
use crate::peers::{AddressPlace, Addresses, PeerCertificate, RefusalLog, Refused};

/// After a failed accept (out of file descriptors, mostly) the loop rests.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// HTTP/2 pings find callers that are gone.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// Everything a connection needs; shared by all.
pub(crate) struct Listener {
    pub(crate) tls: Arc<ArcSwap<ServerConfig>>,
    pub(crate) limits: Limits,
    pub(crate) edge: Edge,
    pub(crate) refusals: Arc<RefusalLog>,
    /// Connections and the streams inside them; awaited at shutdown.
    pub(crate) tasks: TaskTracker,
    /// Set when the server drains.
    pub(crate) draining: CancellationToken,
    /// Where connections live, in turns; none: where the listener does.
    pub(crate) workers: Vec<Handle>,
}

/// Runs HTTP/2 streams as tasks somebody waits for.
#[derive(Clone)]
struct Tracked(TaskTracker);

impl<F> Executor<F> for Tracked
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    fn execute(&self, task: F) {
        self.0.spawn(task);
    }
}

// === impl Listener ===

impl Listener {
    /// Accepts until draining begins. A connection without a place is closed
    /// at once: waiting would let one caller block the door for all.
    pub(crate) async fn accept(self: Arc<Self>, tcp: TcpListener) {
        let places = Arc::new(Semaphore::new(self.limits.max_connections));
        let addresses = Arc::new(Addresses::default());
        let here = [Handle::current()];
        let workers = if self.workers.is_empty() { &here[..] } else { &self.workers };
        let mut workers = workers.iter().cycle();
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.draining.cancelled() => return,
                accepted = tcp.accept() => accepted,
            };
            // Whoever takes it registers it with the runtime of its own thread.
            let accepted = accepted.and_then(|(stream, peer)| Ok((stream.into_std()?, peer)));
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_REST).await;
                    continue;
                }
            };
            let place = Arc::clone(&places)
                .try_acquire_owned()
                .ok()
                .zip(addresses.enter(peer.ip(), self.limits.max_connections_per_address));
            match place.zip(workers.next()) {
                Some((place, worker)) => {
                    let listener = Arc::clone(&self);
                    let connection = async move { listener.connection(stream, peer, place).await };
                    self.tasks.spawn_on(connection, worker);
                }
                None => self.refusals.note(Refused::Limit),
            }
        }
    }

    /// One connection from handshake to close.
    async fn connection(
        &self,
        tcp: std::net::TcpStream,
        peer: SocketAddr,
        place: (OwnedSemaphorePermit, AddressPlace),
    ) {
        let tcp = match TcpStream::from_std(tcp) {
            Ok(tcp) => tcp,
            Err(error) => return tracing::warn!(%error, "a connection could not be taken over"),
        };
        // Small answers must not wait for more bytes to fill a segment.
        let _ = tcp.set_nodelay(true);
        let acceptor = TlsAcceptor::from(self.tls.load_full());
        let handshake = tokio::time::timeout(self.limits.handshake, acceptor.accept(tcp));
        let handshake = tokio::select! {
            () = self.draining.cancelled() => return,
            handshake = handshake => handshake,
        };
        let stream = match handshake {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                // Why is for the technical log at debug: it names no person.
                tracing::debug!(%peer, %error, "a handshake failed");
                return self.refusals.note(Refused::Handshake);
            }
            Err(_) => return self.refusals.note(Refused::Timeout),
        };
        let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        // The verifier demands one, so this is never taken.
        let Some(certificate) = certificate else { return self.refusals.note(Refused::Handshake) };
        let certificate = PeerCertificate(Arc::from(certificate.as_ref()));
        self.serve(stream, self.edge.connection(certificate)).await;
        drop(place);
    }

    async fn serve<S>(&self, stream: S, edge: EdgeConnection)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (stream, cork) = corked(stream);
        let service =
            edge.map_request(|request: http::Request<Incoming>| request.map(tonic::body::Body::new));
        let connection = http2::Builder::new(Tracked(self.tasks.clone()))
            .timer(TokioTimer::new())
            .max_concurrent_streams(self.limits.max_streams)
            .max_header_list_size(self.limits.max_header_bytes)
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_TIMEOUT)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let mut connection = pin!(connection);
        let end = tokio::select! {
            end = poll_fn(|context| cork.turn(context, connection.as_mut())) => Some(end),
            () = self.draining.cancelled() => None,
            () = tokio::time::sleep(self.limits.connection_age) => None,
        };
        let end = if let Some(end) = end {
            end
        } else {
            connection.as_mut().graceful_shutdown();
            // Calls that outlast the drain are cut off; what they began to
            // record is recorded all the same.
            let rest = poll_fn(|context| cork.turn(context, connection.as_mut()));
            let Ok(end) = tokio::time::timeout(self.limits.drain, rest).await else { return };
            end
        };
        if let Err(error) = end {
            tracing::debug!(%error, "a connection broke off");
        }
    }
}
