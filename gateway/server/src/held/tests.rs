//! Bodies in pieces, and bodies that end at the deadline.

use std::time::Duration;

use futures::StreamExt as _;
use hyper::body::Body as _;

use super::*;

fn held(body: Body, until: Until) -> Held {
    let mut held = Held::nothing(body);
    held.until = until;
    held
}

async fn next(held: &mut Held) -> Option<Frame<Bytes>> {
    std::future::poll_fn(|cx| Pin::new(&mut *held).poll_frame(cx)).await.map(Result::unwrap)
}

#[tokio::test(start_paused = true)]
async fn a_large_message_goes_out_in_pieces_of_its_own() {
    let message: Vec<u8> = (0..40_000_u32).map(|n| n as u8).collect();
    let mut held = held(Body::new(axum::body::Body::from(message.clone())), Until::Never);
    let (mut sizes, mut whole) = (Vec::new(), Vec::new());
    while let Some(frame) = next(&mut held).await {
        assert!(!held.is_end_stream() || whole.len() + frame.data_ref().unwrap().len() == message.len());
        let data = frame.into_data().unwrap();
        sizes.push(data.len());
        whole.extend_from_slice(&data);
    }
    assert_eq!(sizes, [PIECE, PIECE, 40_000 - 2 * PIECE]);
    assert!(whole == message, "the pieces are not the message");
    assert!(held.is_end_stream());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_has_nothing_more_ends_at_the_deadline() {
    let begun = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"first"))]);
    let endless = begun.chain(futures::stream::pending());
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut held = held(Body::new(axum::body::Body::from_stream(endless)), Until::late(deadline));
    assert_eq!(next(&mut held).await.unwrap().into_data().unwrap(), "first");
    let trailers = next(&mut held).await.unwrap().into_trailers().expect("trailers");
    // The timer rounds to the millisecond.
    assert!(Instant::now().duration_since(deadline) <= Duration::from_millis(1));
    assert!(Instant::now() >= deadline);
    let status = Status::from_header_map(&trailers).expect("a status");
    assert_eq!(status.code(), tonic::Code::DeadlineExceeded);
    assert!(held.is_end_stream() && next(&mut held).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_a_deadline_goes_on_until_its_connection_goes() {
    let going = CancellationToken::new();
    let endless = futures::stream::pending::<Result<Bytes, std::io::Error>>();
    let mut held = held(Body::new(axum::body::Body::from_stream(endless)), Until::going(going.clone()));
    assert!(tokio::time::timeout(Duration::from_hours(24), next(&mut held)).await.is_err());
    going.cancel();
    let trailers = next(&mut held).await.unwrap().into_trailers().expect("trailers");
    let status = Status::from_header_map(&trailers).expect("a status");
    assert_eq!(status.code(), tonic::Code::Unavailable);
    assert!(held.is_end_stream() && next(&mut held).await.is_none());
}
