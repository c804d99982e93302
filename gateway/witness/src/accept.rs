//! The accept loop and the life of one connection.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::options::Limits;

/// After a failed accept (out of file descriptors, mostly) the loop rests.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// What may be read of a header.
const HEADER_BYTES: usize = 16 * 1024;

/// Serves until told to drain, and then waits for the connections, each of
/// which ends within its limits.
pub(crate) async fn serve(listener: TcpListener, router: Router, limits: Limits, drain: CancellationToken) {
    let (places, tasks) =
        (Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS))), TaskTracker::new());
    // If this future is dropped its connections end with it.
    let cut = CancellationToken::new();
    let _cut = cut.clone().drop_guard();
    loop {
        let accepted = tokio::select! {
            biased;
            () = drain.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_REST).await;
                continue;
            }
        };
        // Without a place it is closed at once: a queue would be one more
        // thing for a stranger to fill.
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            let connection = connection(stream, router.clone(), limits, drain.clone(), place);
            let cut = cut.clone();
            tasks.spawn(async move { cut.run_until_cancelled_owned(connection).await });
        }
    }
    drop((listener, router));
    tasks.close();
    tasks.wait().await;
}

async fn connection(
    stream: TcpStream,
    router: Router,
    limits: Limits,
    drain: CancellationToken,
    _place: OwnedSemaphorePermit,
) {
    // Answers are small and must not wait for more bytes to fill a segment.
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header)
        .max_buf_size(HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // What broke, and why, is the other end's matter.
        _ = connection.as_mut() => return,
        () = drain.cancelled() => {}
        () = tokio::time::sleep(limits.age) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(limits.drain, connection).await;
}
