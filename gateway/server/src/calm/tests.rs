//! Frames in pieces, on tokio's own clock.

use std::time::Duration;

use super::*;

fn frame(kind: u8, flags: u8, payload: usize) -> Vec<u8> {
    let length = u32::try_from(payload).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags, 0, 0, 0, 1];
    frame.resize(HEADER + payload, 0xff);
    frame
}

/// Past the preface.
fn begun() -> Calm {
    let mut calm = Calm::new();
    assert!(calm.keeps(&[0xff; PREFACE]));
    calm
}

/// How many of that frame are taken, of 1,000.
fn taken(calm: &mut Calm, frame: &[u8]) -> usize {
    (0..1_000).take_while(|_| calm.keeps(frame)).count()
}

#[tokio::test(start_paused = true)]
async fn frames_without_work_are_bounded_and_come_back() {
    for frame in [frame(PING, 0, 8), frame(SETTINGS, 0, 0), frame(2, 0, 5), frame(9, 0, 0)] {
        let mut calm = begun();
        assert_eq!(taken(&mut calm, &frame), 256, "kind {}", frame[3]);
    }
    let mut calm = begun();
    assert!((0..256).all(|_| calm.keeps(&frame(PING, 0, 8))));
    tokio::time::advance(Duration::from_secs(10)).await;
    let more = taken(&mut calm, &frame(PING, 0, 8));
    assert!((198..=200).contains(&more), "{more} after ten seconds");
}

#[tokio::test(start_paused = true)]
async fn work_and_answers_are_not_bounded_here() {
    let frames = [
        frame(DATA, 0, 700),
        frame(HEADERS, 4, 90),
        frame(WINDOW_UPDATE, 0, 4),
        frame(PING, ACK, 8),
        frame(SETTINGS, ACK, 0),
        frame(RST_STREAM, 0, 4),
    ];
    for frame in frames {
        assert_eq!(taken(&mut begun(), &frame), 1_000, "kind {}", frame[3]);
    }
    // A PING with every call.
    let call = [frame(HEADERS, 4, 90), frame(DATA, 1, 60), frame(PING, 0, 8)].concat();
    assert_eq!(taken(&mut begun(), &call), 1_000);
}

#[tokio::test(start_paused = true)]
async fn calls_taken_back_and_windows_opened_are_bounded_by_the_work_there_is() {
    let most = |frame: &[u8]| {
        let mut calm = begun();
        (0..10_000).take_while(|_| calm.keeps(frame)).count()
    };
    assert_eq!(most(&frame(RST_STREAM, 0, 4)), 1_024, "of calls long over");
    assert_eq!(most(&frame(WINDOW_UPDATE, 0, 4)), 4_096, "with nothing sent");
    // Every call taken back, and a window opened for what was sent.
    let call = [frame(HEADERS, 5, 90), frame(RST_STREAM, 0, 4)].concat();
    assert_eq!(most(&call), 10_000);
    let mut calm = begun();
    let windows = (0..10_000).take_while(|_| {
        calm.sent(1_024);
        calm.keeps(&[frame(WINDOW_UPDATE, 0, 4), frame(WINDOW_UPDATE, 0, 4)].concat())
    });
    assert_eq!(windows.count(), 10_000);
    // A large page after the other, with a PING per round trip.
    let mut calm = begun();
    let pages = (0..200).take_while(|_| {
        calm.sent(400 * 1024);
        (0..16).all(|_| calm.keeps(&frame(PING, 0, 8)))
    });
    assert_eq!(pages.count(), 200);
}

#[tokio::test(start_paused = true)]
async fn frames_are_found_however_the_bytes_come() {
    let mut bytes = vec![0xff; PREFACE];
    for number in 0..400 {
        bytes.extend(frame(DATA, 0, number % 40));
        bytes.extend(frame(PING, 0, 8));
    }
    for size in [1, 2, 7, 9, 10, 64, 4_096, bytes.len()] {
        let mut calm = Calm::new();
        let mut pieces = bytes.chunks(size);
        assert!(!pieces.all(|piece| calm.keeps(piece)), "400 of them in pieces of {size} were taken");
        let mut calm = Calm::new();
        let enough = bytes.len() / 2;
        assert!(bytes[..enough].chunks(size).all(|piece| calm.keeps(piece)), "pieces of {size}");
    }
}
