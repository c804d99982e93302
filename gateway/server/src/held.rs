//! The body of an answer, and what it holds until the client has taken it: the
//! places of its call, and its line in the connection's watch. It ends at the
//! deadline of the call, or with the connection.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use hyper::body::{Frame, SizeHint};
use motlan_domain::Reason;
use tokio::time::{Instant, Sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::Status;
use tonic::body::Body;

use crate::edge::Admitted;
use crate::status::Failure;
use crate::watch::Untaken;

/// What goes into the connection at a time. The connection asks for the next
/// piece when it has room for it, so no more than this lies about of an answer
/// that the client does not take.
const PIECE: usize = 16 * 1024;

/// An answer's body.
pub(crate) struct Held {
    body: Body,
    /// What is left of a message larger than a piece.
    rest: Bytes,
    until: Until,
    ended: bool,
    _places: Option<Arc<Admitted>>,
    _untaken: Option<Untaken>,
}

/// What ends an answer that the gateway has not ended.
pub(crate) enum Until {
    /// The call's deadline; the timer is made when something waits for it.
    Late(Instant, Option<Pin<Box<Sleep>>>),
    /// The end of the connection, for a call that may go on for as long.
    Going(Pin<Box<WaitForCancellationFutureOwned>>),
    /// Nothing: the answer is there.
    Never,
}

// === impl Until ===

impl Until {
    pub(crate) const fn late(deadline: Instant) -> Self {
        Self::Late(deadline, None)
    }

    pub(crate) fn going(going: CancellationToken) -> Self {
        Self::Going(Box::pin(going.cancelled_owned()))
    }

    /// Why the answer is over, if it is; asked only when there is nothing to send.
    fn is_over(&mut self, cx: &mut Context<'_>) -> Option<Reason> {
        let (over, reason) = match self {
            Self::Late(deadline, sleep) => {
                let sleep = sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(*deadline)));
                (sleep.as_mut().poll(cx), Reason::DeadlineExceeded)
            }
            Self::Going(going) => (going.as_mut().poll(cx), Reason::ShuttingDown),
            Self::Never => return None,
        };
        over.is_ready().then_some(reason)
    }
}

// === impl Held ===

impl Held {
    /// The body of a call that was admitted.
    pub(crate) fn new(body: Body, places: Arc<Admitted>, until: Until, untaken: Option<Untaken>) -> Self {
        Self { body, rest: Bytes::new(), until, ended: false, _places: Some(places), _untaken: untaken }
    }

    /// The body of a call that was not admitted, which is short.
    pub(crate) const fn nothing(body: Body) -> Self {
        Self { body, rest: Bytes::new(), until: Until::Never, ended: false, _places: None, _untaken: None }
    }

    /// The next piece of a message.
    fn piece(&mut self) -> Option<Frame<Bytes>> {
        if self.rest.is_empty() {
            return None;
        }
        let next = PIECE.min(self.rest.len());
        // Copied: a slice would keep the whole message for as long as it lies
        // with the connection.
        Some(Frame::data(Bytes::copy_from_slice(&self.rest.split_to(next))))
    }
}

impl hyper::body::Body for Held {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if let Some(piece) = self.piece() {
            return Poll::Ready(Some(Ok(piece)));
        }
        let held = &mut *self;
        match Pin::new(&mut held.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) if data.len() > PIECE => {
                    held.rest = data;
                    Poll::Ready(held.piece().map(Ok))
                }
                Ok(data) => Poll::Ready(Some(Ok(Frame::data(data)))),
                Err(trailers) => Poll::Ready(Some(Ok(trailers))),
            },
            Poll::Pending => {
                let reason = ready!(held.until.is_over(cx).map_or(Poll::Pending, Poll::Ready));
                held.ended = true;
                let mut trailers = HeaderMap::new();
                let over = Status::from(Failure::new(reason));
                let told = over.add_header(&mut trailers);
                Poll::Ready(Some(told.map(|()| Frame::trailers(trailers))))
            }
            end @ Poll::Ready(_) => end,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended || (self.rest.is_empty() && self.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        // A message in pieces, or an end by deadline: nothing is exact.
        if self.body.is_end_stream() && self.rest.is_empty() {
            SizeHint::with_exact(0)
        } else {
            SizeHint::new()
        }
    }
}

#[cfg(test)]
mod tests;
