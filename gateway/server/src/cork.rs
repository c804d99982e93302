//! Holds back what a connection writes until the end of its turn.
//!
//! HTTP/2 flushes after every message of some size. Of sixteen answers that
//! one commit made ready, each would cost a TLS record and a system call of
//! its own. Held back for the few microseconds until the connection has
//! nothing more to write, they leave together.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// From here on a connection has to wait until its peer reads.
const MOST: usize = 64 * 1024;

/// What a connection that has let go keeps for its next turn.
const KEPT: usize = 16 * 1024;

/// The stream as the connection has it.
pub(crate) struct Corked<S>(Arc<Mutex<Held<S>>>);

/// The other end: lets go what was held back.
pub(crate) struct Cork<S>(Arc<Mutex<Held<S>>>);

struct Held<S> {
    stream: S,
    bytes: Vec<u8>,
    /// So many of the bytes are written.
    written: usize,
    /// Whether the stream may still hold bytes of its own: a TLS stream takes
    /// all that is written and lets it go only when flushed.
    unflushed: bool,
    /// Why letting go failed; told at the connection's next attempt.
    failed: Option<io::Error>,
}

/// Corks a stream.
pub(crate) fn corked<S>(stream: S) -> (Corked<S>, Cork<S>) {
    let held = Held { stream, bytes: Vec::new(), written: 0, unflushed: false, failed: None };
    let held = Arc::new(Mutex::new(held));
    (Corked(Arc::clone(&held)), Cork(held))
}

// === impl Cork ===

impl<S: AsyncWrite + Unpin> Cork<S> {
    /// One turn of the connection, then everything it wrote.
    pub(crate) fn turn<F: Future>(
        &self,
        context: &mut Context<'_>,
        connection: Pin<&mut F>,
    ) -> Poll<F::Output> {
        let end = connection.poll(context);
        if end.is_pending() {
            let mut held = self.0.lock();
            if let Poll::Ready(Err(error)) = held.let_go(context) {
                held.failed = Some(error);
                // It learns of it by its next read or write, at once.
                context.waker().wake_by_ref();
            }
        }
        end
    }
}

// === impl Held ===

impl<S: AsyncWrite + Unpin> Held<S> {
    fn let_go(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.bytes.is_empty() && !self.unflushed {
            return Poll::Ready(Ok(()));
        }
        self.unflushed = true;
        while self.written < self.bytes.len() {
            let stream = Pin::new(&mut self.stream);
            match ready!(stream.poll_write(context, &self.bytes[self.written..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.written += written,
            }
        }
        self.bytes.clear();
        self.bytes.shrink_to(KEPT);
        self.written = 0;
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.unflushed = false;
        Poll::Ready(Ok(()))
    }

    fn room(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.judge()?;
        if self.written >= MOST {
            // What a slow peer has taken by now is not held any longer.
            self.bytes.drain(..self.written);
            self.written = 0;
        }
        if self.bytes.len() - self.written < MOST {
            return Poll::Ready(Ok(()));
        }
        self.let_go(context)
    }

    fn judge(&mut self) -> io::Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }
}

// === impl Corked ===

impl<S: AsyncRead + Unpin> AsyncRead for Corked<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut held = self.0.lock();
        if let Some(error) = held.failed.take() {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut held.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Corked<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut held = self.0.lock();
        ready!(held.room(context))?;
        let before = held.bytes.len();
        for slice in slices {
            held.bytes.extend_from_slice(slice);
        }
        Poll::Ready(Ok(held.bytes.len() - before))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// The end of the turn flushes.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.lock().judge())
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut held = self.0.lock();
        held.judge()?;
        ready!(held.let_go(context))?;
        Pin::new(&mut held.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests;
