//! The body of an answer, and what it holds until the client has taken it: the
//! places of its call, and its line in the connection's watch. It ends at the
//! deadline of the call.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use hyper::body::{Frame, SizeHint};
use motlan_domain::Reason;
use tokio::time::{Instant, Sleep};
use tonic::Status;

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
    deadline: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
    ended: bool,
    _places: Option<Arc<Admitted>>,
    _untaken: Option<Untaken>,
}

// === impl Held ===

impl Held {
    /// The body of a call that was admitted; without `deadline` for one that
    /// may go on for as long as the connection.
    pub(crate) fn new(
        body: Body,
        places: Arc<Admitted>,
        deadline: Option<Instant>,
        untaken: Option<Untaken>,
    ) -> Self {
        Self {
            body,
            rest: Bytes::new(),
            deadline,
            sleep: None,
            ended: false,
            _places: Some(places),
            _untaken: untaken,
        }
    }

    /// The body of a call that was not admitted, which is short.
    pub(crate) const fn nothing(body: Body) -> Self {
        Self {
            body,
            rest: Bytes::new(),
            deadline: None,
            sleep: None,
            ended: false,
            _places: None,
            _untaken: None,
        }
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

    /// Whether the call's time is over; asked only when there is nothing to send.
    fn is_late(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(deadline) = self.deadline else { return false };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        sleep.as_mut().poll(cx).is_ready()
    }
}

impl hyper::body::Body for Held {
    type Data = Bytes;
    type Error = axum::Error;

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
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) if data.len() > PIECE => {
                    self.rest = data;
                    Poll::Ready(self.piece().map(Ok))
                }
                Ok(data) => Poll::Ready(Some(Ok(Frame::data(data)))),
                Err(trailers) => Poll::Ready(Some(Ok(trailers))),
            },
            Poll::Pending if self.is_late(cx) => {
                self.ended = true;
                let mut trailers = HeaderMap::new();
                let late = Status::from(Failure::new(Reason::DeadlineExceeded));
                let told = late.add_header(&mut trailers).map_err(axum::Error::new);
                Poll::Ready(Some(told.map(|()| Frame::trailers(trailers))))
            }
            other => other,
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
