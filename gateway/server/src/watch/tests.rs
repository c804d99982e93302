//! The watch, on tokio's own clock, which the tests move.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(start_paused = true)]
async fn who_says_nothing_does_not_speak() {
    let watch = Watch::new();
    let (near, mut far) = duplex(1024);
    let mut near = Watched::new(near, Arc::clone(&watch));
    assert!(!watch.speaks());
    let preface = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &[0, 0, 0, 4, 0, 0, 0, 0]].concat();
    far.write_all(&preface).await.unwrap();
    let mut read = [0; 64];
    near.read_exact(&mut read[..preface.len()]).await.unwrap();
    assert!(!watch.speaks(), "a byte is missing");
    far.write_all(&[0]).await.unwrap();
    near.read_exact(&mut read[..1]).await.unwrap();
    assert!(watch.speaks());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_lets_its_answers_lie() {
    let watch = Watch::new();
    let (near, mut far) = duplex(1024);
    let mut near = Watched::new(near, Arc::clone(&watch));
    near.write_all(&[0; 1024]).await.unwrap();
    tokio::time::advance(PATIENCE * 2).await;
    assert!(!watch.lets_lie(PATIENCE), "everything could be sent");
    let full = tokio::time::timeout(Duration::from_secs(1), near.write_all(&[0; 1])).await;
    assert!(full.is_err());
    tokio::time::advance(PATIENCE.saturating_sub(Duration::from_secs(2))).await;
    assert!(!watch.lets_lie(PATIENCE), "not for long enough");
    // A little now and then does not help it: it must catch up.
    let mut read = [0; 512];
    far.read_exact(&mut read).await.unwrap();
    near.write_all(&[0; 512]).await.unwrap();
    tokio::time::advance(Duration::from_secs(2)).await;
    assert!(watch.lets_lie(PATIENCE));
    near.flush().await.unwrap();
    assert!(!watch.lets_lie(PATIENCE), "it took all there is");
}

#[tokio::test(start_paused = true)]
async fn a_slow_client_that_takes_enough_is_not_cut_off() {
    let watch = Watch::new();
    let (near, mut far) = duplex(64 * 1024);
    let mut near = Watched::new(near, Arc::clone(&watch));
    near.write_all(&vec![0; 64 * 1024]).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_secs(1), near.write_all(&[0])).await.is_err());
    let mut read = vec![0; 64 * 1024];
    for _ in 0..16 {
        tokio::time::advance(Duration::from_secs(1)).await;
        far.read_exact(&mut read).await.unwrap();
        near.write_all(&read).await.unwrap();
    }
    tokio::time::advance(PATIENCE).await;
    assert!(!watch.lets_lie(PATIENCE), "it took a mebibyte in time");
}

#[tokio::test(start_paused = true)]
async fn an_answer_beyond_its_deadline_is_noticed_until_it_is_taken() {
    let watch = Watch::new();
    let soon = watch.answer(Instant::now() + Duration::from_secs(1));
    let late = watch.answer(Instant::now() + Duration::from_mins(10));
    tokio::time::advance(PATIENCE).await;
    assert!(!watch.lets_lie(PATIENCE));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(watch.lets_lie(PATIENCE));
    drop(soon);
    assert!(!watch.lets_lie(PATIENCE));
    drop(late);
    assert!(watch.untaken.lock().is_empty());
}
