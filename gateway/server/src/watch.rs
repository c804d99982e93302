//! Clients that take a connection and do nothing with it: who says nothing, and
//! who does not take the answers it asked for. Looked at now and then, and cut
//! off: an answer nobody takes is memory.

use std::collections::BTreeSet;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::calm::{self, Calm};

/// The client connection preface and the header of its SETTINGS frame, without
/// which nobody speaks HTTP/2 (RFC 9113, section 3.4).
const BEGUN: u64 = calm::PREFACE as u64 + 9;

/// A client that is behind must take this much within the time it is given:
/// some 50 kB a second, less than any line between offices.
const ENOUGH: u64 = 1 << 20;

/// In place of a time.
const NEVER: u64 = u64::MAX;

/// What is seen of one connection.
pub(crate) struct Watch {
    begun: Instant,
    read: AtomicU64,
    /// Since when the client is behind in taking what is sent, in milliseconds
    /// since `begun`; and how much it took since.
    behind: AtomicU64,
    took: AtomicU64,
    /// Answers that are not taken yet, by when they should have been.
    untaken: Mutex<BTreeSet<(Instant, u64)>>,
    next: AtomicU64,
}

/// A stream whose bytes are counted.
pub(crate) struct Watched<I> {
    io: I,
    watch: Arc<Watch>,
    /// Of HTTP/2, whose frames it reads.
    calm: Option<Calm>,
}

/// An answer on its way; dropped when it is handed over, or given up.
pub(crate) struct Untaken {
    watch: Arc<Watch>,
    place: (Instant, u64),
}

// === impl Watch ===

impl Watch {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            begun: Instant::now(),
            read: AtomicU64::new(0),
            behind: AtomicU64::new(NEVER),
            took: AtomicU64::new(0),
            untaken: Mutex::default(),
            next: AtomicU64::new(0),
        })
    }

    /// An answer that must have been taken by then.
    pub(crate) fn answer(self: &Arc<Self>, by: Instant) -> Untaken {
        let place = (by, self.next.fetch_add(1, Ordering::Relaxed));
        self.untaken.lock().insert(place);
        Untaken { watch: Arc::clone(self), place }
    }

    /// Whether the client has begun to speak HTTP/2.
    pub(crate) fn speaks(&self) -> bool {
        self.read.load(Ordering::Relaxed) >= BEGUN
    }

    /// Whether the client lets answers lie: it has been behind for `patience`,
    /// or an answer waits for so long beyond its deadline.
    pub(crate) fn lets_lie(&self, patience: Duration) -> bool {
        let behind = self.behind.load(Ordering::Relaxed);
        if behind != NEVER && self.elapsed().saturating_sub(behind) >= millis(patience) {
            return true;
        }
        let oldest = self.untaken.lock().first().map(|(by, _)| *by);
        oldest.is_some_and(|by| by.elapsed() >= patience)
    }

    fn elapsed(&self) -> u64 {
        millis(self.begun.elapsed())
    }

    /// One task reads and writes a connection, so nothing is lost between the
    /// load and the store.
    fn saw(&self, read: usize) {
        self.read.store(self.read.load(Ordering::Relaxed) + read as u64, Ordering::Relaxed);
    }

    fn wrote(&self, written: &Poll<io::Result<usize>>) {
        let behind = self.behind.load(Ordering::Relaxed) != NEVER;
        match written {
            Poll::Pending if !behind => {
                self.took.store(0, Ordering::Relaxed);
                self.behind.store(self.elapsed(), Ordering::Relaxed);
            }
            Poll::Ready(Ok(more)) if behind => {
                let took = self.took.load(Ordering::Relaxed) + *more as u64;
                self.took.store(took, Ordering::Relaxed);
                if took >= ENOUGH {
                    self.behind.store(NEVER, Ordering::Relaxed);
                }
            }
            _ => {}
        }
    }

    fn flushed(&self) {
        self.behind.store(NEVER, Ordering::Relaxed);
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(NEVER - 1)
}

impl Drop for Untaken {
    fn drop(&mut self) {
        self.watch.untaken.lock().remove(&self.place);
    }
}

// === impl Watched ===

impl<I> Watched<I> {
    pub(crate) fn new(io: I, watch: Arc<Watch>) -> Self {
        Self { io, watch, calm: Some(Calm::new()) }
    }

    /// Of HTTP/1: without frames.
    pub(crate) const fn plain(io: I, watch: Arc<Watch>) -> Self {
        Self { io, watch, calm: None }
    }

    fn wrote(&mut self, written: &Poll<io::Result<usize>>) {
        self.watch.wrote(written);
        if let (Poll::Ready(Ok(bytes)), Some(calm)) = (written, &mut self.calm) {
            calm.sent(*bytes);
        }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Watched<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.io).poll_read(cx, buf);
        let read = &buf.filled()[before..];
        self.watch.saw(read.len());
        if self.calm.as_mut().is_none_or(|calm| calm.keeps(read)) {
            polled
        } else {
            Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "too many frames without work")))
        }
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Watched<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        self.wrote(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.wrote(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        match &flushed {
            Poll::Ready(Ok(())) => self.watch.flushed(),
            Poll::Pending => self.watch.wrote(&Poll::Pending),
            Poll::Ready(Err(_)) => {}
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
