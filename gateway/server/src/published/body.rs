//! The body of a file, and its place among the answers: given back when all of
//! it has gone on.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

use super::places::Held;

/// What goes into the connection at a time.
const PIECE: usize = 16 * 1024;

/// A file on its way.
pub(super) struct FileBody {
    rest: Bytes,
    _place: Held,
}

// === impl FileBody ===

impl FileBody {
    pub(super) fn new(bytes: Vec<u8>, place: Held) -> Self {
        Self { rest: bytes.into(), _place: place }
    }
}

impl hyper::body::Body for FileBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let next = PIECE.min(self.rest.len());
        // Copied: a slice would keep the whole file for as long as it lies with
        // the connection.
        Poll::Ready(Some(Ok(Frame::data(Bytes::copy_from_slice(&self.rest.split_to(next))))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::super::places::Places;
    use super::*;
    use crate::options::Limits;

    #[test]
    fn the_place_is_held_until_the_last_piece_has_gone_on() {
        let places = Places::new(&Limits::default());
        let others: Vec<_> = (0..3).map(|_| places.bundle("auditor", "a").unwrap()).collect();
        let bytes: Vec<u8> = (0..40_000_u32).map(|at| (at % 251) as u8).collect();
        let place = places.bundle("auditor", "a").unwrap();
        let mut body = Box::pin(FileBody::new(bytes.clone(), place));
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let mut taken = Vec::new();
        while !hyper::body::Body::is_end_stream(&*body) {
            assert!(places.bundle("auditor", "a").is_none());
            assert_eq!(
                hyper::body::Body::size_hint(&*body).exact(),
                Some((bytes.len() - taken.len()) as u64)
            );
            let Poll::Ready(Some(Ok(frame))) = hyper::body::Body::poll_frame(body.as_mut(), &mut cx) else {
                panic!("a piece");
            };
            let piece = frame.into_data().unwrap();
            assert!(piece.len() <= PIECE);
            taken.extend_from_slice(&piece);
        }
        assert_eq!(taken, bytes);
        drop(body);
        assert!(places.bundle("auditor", "a").is_some());
        drop(others);
    }
}
