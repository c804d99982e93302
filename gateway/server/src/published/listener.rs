//! The accept loop and the life of one connection: place, handshake, HTTP/1.1,
//! age, drain.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::PublishedLog;
use super::places::Places;
use crate::peers::{Door, PeerCertificate, Place, Refused};
use crate::watch::{Watch, Watched};

/// After a failed accept (out of file descriptors, mostly) the loop rests.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// How often it is looked whether a client takes its answers.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Heads of a request, at most so many.
const HEADERS: usize = 64;

/// The least that the HTTP library takes as the longest head.
const LEAST_HEAD: usize = 8 * 1024;

// === impl PublishedLog ===

impl PublishedLog {
    /// Accepts until draining begins, then waits for its connections, within the
    /// server's drain.
    pub(crate) async fn serve(self: Arc<Self>, tcp: TcpListener, draining: CancellationToken) {
        let limits = &self.limits;
        let door = Door::new(Places::of_an_address(limits), Places::in_handshake(limits));
        let door = Arc::new(door);
        let tasks = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                biased;
                () = draining.cancelled() => break,
                accepted = tcp.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_REST).await;
                    continue;
                }
            };
            let Some(place) = door.enter(peer.ip()) else {
                self.refusals.note(Refused::Limit);
                continue;
            };
            let (log, draining) = (Arc::clone(&self), draining.clone());
            tasks.spawn(async move {
                if let Err(refused) = log.connection(stream, peer, &place, &draining).await {
                    log.refusals.note(refused);
                }
            });
        }
        tasks.close();
        if tokio::time::timeout(self.limits.drain, tasks.wait()).await.is_err() {
            tracing::warn!("readers of the published log were cut off at the end of the drain");
        }
    }

    /// One connection from handshake to close.
    async fn connection(
        self: &Arc<Self>,
        tcp: TcpStream,
        peer: SocketAddr,
        place: &Place,
        draining: &CancellationToken,
    ) -> Result<(), Refused> {
        let _ = tcp.set_nodelay(true);
        let acceptor = TlsAcceptor::from(self.tls.load_full());
        let handshake = tokio::time::timeout(self.limits.handshake, acceptor.accept(tcp));
        let handshake = tokio::select! {
            () = draining.cancelled() => return Ok(()),
            () = place.yields() => return Err(Refused::Yielded),
            handshake = handshake => handshake,
        };
        let stream = handshake.map_err(|_| Refused::Timeout)?.map_err(|error| {
            tracing::debug!(%peer, %error, "a handshake failed");
            Refused::Handshake
        })?;
        place.known();
        let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let certificate = certificate.map(|certificate| PeerCertificate(Arc::from(certificate.as_ref())));
        let reader = self.reader(peer.ip(), certificate.as_ref());
        let _held = self.places.connection(&reader).ok_or(Refused::Limit)?;
        let service = service_fn(|request| {
            let (log, reader, certificate) = (Arc::clone(self), reader.clone(), certificate.clone());
            async move { Ok::<_, Infallible>(log.answer(request, &reader, certificate.as_ref()).await) }
        });
        let watch = Watch::new();
        let longest = usize::try_from(self.limits.max_header_bytes).unwrap_or(LEAST_HEAD);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // From the end of one answer to the end of the next head: who says
            // nothing gives its place back.
            .header_read_timeout(self.limits.handshake)
            .max_headers(HEADERS)
            .max_buf_size(longest.max(LEAST_HEAD))
            .serve_connection(TokioIo::new(Watched::plain(stream, Arc::clone(&watch))), service);
        let mut connection = pin!(connection);
        let mut lies = pin!(lets_lie(&watch, self.limits.patience));
        let end = tokio::select! {
            end = connection.as_mut() => Some(end),
            () = lies.as_mut() => return Err(Refused::Stalled),
            () = draining.cancelled() => None,
            () = tokio::time::sleep(self.limits.connection_age) => None,
        };
        let end = if let Some(end) = end {
            end
        } else {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                end = connection => end,
                () = lies => return Err(Refused::Stalled),
                () = tokio::time::sleep(self.limits.drain) => return Ok(()),
            }
        };
        if let Err(error) = end {
            tracing::debug!(%error, "a connection broke off");
        }
        Ok(())
    }
}

/// Completes when the client lets its answers lie.
async fn lets_lie(watch: &Watch, patience: Duration) {
    while !watch.lets_lie(patience) {
        tokio::time::sleep(LOOK_EVERY.min(patience)).await;
    }
}
