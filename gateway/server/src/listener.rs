//! The accept loop and the life of one connection: place, handshake, HTTP/2,
//! age, drain.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::ready;
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
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::cork::corked;
use crate::edge::{Edge, EdgeConnection};
use crate::options::Limits;
use crate::peers::{Door, PeerCertificate, Place, RefusalLog, Refused};
use crate::watch::{Watch, Watched};
use crate::workers::Seats;

/// After a failed accept (out of file descriptors, mostly) the loop rests.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// HTTP/2 pings find callers that are gone.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// How often it is looked whether a client takes its answers.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What a connection may send before it is read: a few requests, not more than
/// it needs to be kept busy.
const CONNECTION_WINDOW: u32 = 256 * 1024;
const STREAM_WINDOW: u32 = 64 * 1024;

/// What lies ready to be sent of one answer.
const SEND_BUFFER: usize = 32 * 1024;

/// Streams that the client took back before they were looked at (CVE-2023-44487),
/// and streams that were reset for a fault of its own (CVE-2025-8671): beyond,
/// the connection ends. A client whose calls all ran late while the gateway was
/// busy takes them back at once, as many as a connection may have.
const TAKEN_BACK: u32 = 128;
const FAULTY: usize = 1024;

/// Clients that came together, as after a restart, shall not all have to come
/// again together: a connection ends up to this part of its age early.
const AGE_SPREAD: f64 = 0.1;

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
    /// Where connections live; none: where the listener does.
    pub(crate) workers: Vec<Handle>,
    /// How many there have been.
    pub(crate) connections: AtomicU32,
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
        let door = Arc::new(Door::new(self.limits.max_connections_per_address, self.limits.max_handshakes));
        let seats = match &self.workers[..] {
            [] => Seats::on(Handle::current(), []),
            [first, more @ ..] => Seats::on(first.clone(), more.iter().cloned()),
        };
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
            match door.enter(peer.ip()).zip(seats.take()) {
                Some((place, (worker, seat))) => {
                    let (listener, places) = (Arc::clone(&self), Arc::clone(&places));
                    let connection = async move {
                        if let Err(refused) = listener.connection(stream, peer, place, places).await {
                            listener.refusals.note(refused);
                        }
                        drop(seat);
                    };
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
        place: Place,
        places: Arc<Semaphore>,
    ) -> Result<(), Refused> {
        let tcp = match TcpStream::from_std(tcp) {
            Ok(tcp) => tcp,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken over");
                return Ok(());
            }
        };
        // Small answers must not wait for more bytes to fill a segment.
        let _ = tcp.set_nodelay(true);
        let acceptor = TlsAcceptor::from(self.tls.load_full());
        let handshake = tokio::time::timeout(self.limits.handshake, acceptor.accept(tcp));
        let handshake = tokio::select! {
            () = self.draining.cancelled() => return Ok(()),
            () = place.yields() => return Err(Refused::Yielded),
            handshake = handshake => handshake,
        };
        let stream = handshake.map_err(|_| Refused::Timeout)?.map_err(|error| {
            // Why is for the technical log at debug: it names no person.
            tracing::debug!(%peer, %error, "a handshake failed");
            Refused::Handshake
        })?;
        place.known();
        let _one_of_all = places.try_acquire().map_err(|_| Refused::Limit)?;
        let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        // The verifier demands one, so it is always there.
        let certificate = certificate.ok_or(Refused::Handshake)?;
        let certificate = PeerCertificate(Arc::from(certificate.as_ref()));
        let watch = Watch::new();
        let going = self.draining.child_token();
        let edge = self.edge.connection(certificate, Arc::clone(&watch), going.clone());
        let edge = edge.ok_or(Refused::Caller)?;
        self.serve(Watched::new(stream, Arc::clone(&watch)), edge, &watch, &going).await
    }

    async fn serve<S>(
        &self,
        stream: S,
        edge: EdgeConnection,
        watch: &Watch,
        going: &CancellationToken,
    ) -> Result<(), Refused>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (stream, cork) = corked(stream);
        let mut turns = edge.turns();
        let service =
            edge.map_request(|request: http::Request<Incoming>| request.map(tonic::body::Body::new));
        let connection = http2::Builder::new(Tracked(self.tasks.clone()))
            .timer(TokioTimer::new())
            .max_concurrent_streams(self.limits.max_streams)
            .max_header_list_size(self.limits.max_header_bytes)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .initial_stream_window_size(STREAM_WINDOW)
            .max_send_buf_size(SEND_BUFFER)
            .max_pending_accept_reset_streams(TAKEN_BACK.max(self.limits.max_streams) as usize)
            .max_local_error_reset_streams(FAULTY)
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_TIMEOUT)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let mut connection = pin!(connection);
        let mut wrong = pin!(self.goes_wrong(watch));
        let end = tokio::select! {
            end = poll_fn(|context| {
                ready!(turns.poll(context));
                cork.turn(context, connection.as_mut())
            }) => Some(end),
            () = going.cancelled() => None,
            () = tokio::time::sleep(self.age()) => None,
            () = wrong.as_mut() => return Err(Refused::Stalled),
        };
        let end = if let Some(end) = end {
            end
        } else {
            going.cancel();
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                end = poll_fn(|context| cork.turn(context, connection.as_mut())) => end,
                () = wrong => return Err(Refused::Stalled),
                // What calls that are cut off began to record is recorded.
                () = self.time_is_up() => return Ok(()),
            }
        };
        if let Err(error) = end {
            tracing::debug!(%error, "a connection broke off");
        }
        Ok(())
    }

    /// The age at which the next connection is asked to go.
    fn age(&self) -> Duration {
        // Steps of the golden section: any few that follow lie far apart.
        let step = f64::from(self.connections.fetch_add(1, Ordering::Relaxed)) * 0.618_033_988_75;
        self.limits.connection_age.mul_f64(1.0 - AGE_SPREAD * step.fract())
    }

    /// Completes when a connection that is going has to be gone: it may take as
    /// long as a call may, but not longer than the server's drain.
    async fn time_is_up(&self) {
        let drained = async {
            self.draining.cancelled().await;
            tokio::time::sleep(self.limits.drain).await;
        };
        tokio::select! {
            () = drained => {}
            () = tokio::time::sleep(self.limits.drain.max(self.limits.call)) => {}
        }
    }

    /// Completes when the client has not begun to speak in time, or lets its
    /// answers lie.
    async fn goes_wrong(&self, watch: &Watch) {
        tokio::time::sleep(self.limits.handshake).await;
        if !watch.speaks() {
            return;
        }
        let patience = self.limits.patience;
        while !watch.lets_lie(patience) {
            tokio::time::sleep(LOOK_EVERY.min(patience)).await;
        }
    }
}
