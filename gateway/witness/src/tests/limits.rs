//! Those who send too much, too slowly, or too many at once.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::rig::{Rig, Running, TestLog};

const ONE: TestLog = TestLog::ONE;
const SHORT: Duration = Duration::from_millis(200);
/// Nothing here takes so long, unless it never comes; less than the 30 s in
/// which the HTTP library would end a header by itself.
const LONG: Duration = Duration::from_secs(20);
/// So that no other limit does the work.
const NEVER: Duration = Duration::from_hours(1);

async fn connect(witness: &Running) -> TcpStream {
    TcpStream::connect(witness.handle.address()).await.unwrap()
}

/// Everything until the other end closes; a reset is an end, too.
async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = timeout(LONG, stream.read_to_end(&mut bytes)).await.expect("the other end closes");
    String::from_utf8(bytes).unwrap()
}

fn head(length: usize) -> String {
    format!("POST /add-checkpoint HTTP/1.1\r\nhost: w\r\ncontent-length: {length}\r\n\r\n")
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let mut rig = Rig::new();
    (rig.limits.body, rig.limits.age) = (SHORT, NEVER);
    let witness = rig.start();
    for sent in ["", "old 0\n"] {
        let mut stream = connect(&witness).await;
        stream.write_all(format!("{}{sent}", head(100)).as_bytes()).await.unwrap();
        let answer = rest(stream).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
    witness.cosigns(ONE, 0, 5).await;
    witness.stop().await;
}

#[tokio::test]
async fn a_header_that_does_not_come_is_not_waited_for() {
    let mut rig = Rig::new();
    (rig.limits.header, rig.limits.age) = (SHORT, NEVER);
    let witness = rig.start();
    for sent in ["", "POST /add-checkpoint HTTP/1.1\r\n", "GET /healthz HTTP/1.1\r\nhost: w\r\n\r\n"] {
        let mut stream = connect(&witness).await;
        stream.write_all(sent.as_bytes()).await.unwrap();
        // Ends by itself, also after a whole request.
        let answer = rest(stream).await;
        assert_eq!(answer.starts_with("HTTP/1.1 200 "), sent.starts_with("GET"), "{answer}");
    }
    witness.cosigns(ONE, 0, 5).await;
    witness.stop().await;
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let mut rig = Rig::new();
    (rig.limits.body, rig.limits.age) = (NEVER, NEVER);
    let witness = rig.start();
    let mut stream = connect(&witness).await;
    stream.write_all(head(usize::MAX / 2).as_bytes()).await.unwrap();
    let (mut from, mut to) = stream.split();
    let bytes = vec![b'x'; 64 * 1024];
    let endless = async {
        // Ends when the other side has closed, and not before.
        while to.write_all(&bytes).await.is_ok() {}
    };
    let answered = async {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes).await;
    };
    let both = async { tokio::join!(endless, answered) };
    timeout(LONG, both).await.expect("the other end closes");
    witness.cosigns(ONE, 0, 5).await;
    witness.stop().await;
}

#[tokio::test]
async fn a_connection_too_many_is_closed_and_a_place_comes_back() {
    let mut rig = Rig::new();
    rig.limits.connections = 1;
    let witness = rig.start();
    let get = b"GET /healthz HTTP/1.1\r\nhost: w\r\n\r\n";
    let mut first = connect(&witness).await;
    first.write_all(get).await.unwrap();
    let mut begin = [0; 12];
    first.read_exact(&mut begin).await.unwrap();
    assert_eq!(&begin, b"HTTP/1.1 200");
    let second = connect(&witness).await;
    assert_eq!(rest(second).await, "");
    drop(first);
    // The place is free once the server has seen the end.
    loop {
        let mut third = connect(&witness).await;
        let _ = third.write_all(get).await;
        let mut begin = [0; 12];
        if third.read_exact(&mut begin).await.is_ok() {
            break;
        }
    }
    witness.stop().await;
}

#[tokio::test]
async fn no_connection_stays_for_ever() {
    let mut rig = Rig::new();
    (rig.limits.age, rig.limits.header) = (SHORT, NEVER);
    let witness = rig.start();
    let mut stream = connect(&witness).await;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: w\r\n\r\n").await.unwrap();
    assert!(rest(stream).await.starts_with("HTTP/1.1 200 "));
    witness.stop().await;
}

#[tokio::test]
async fn what_is_under_way_is_finished_and_nothing_new_begins() {
    let rig = Rig::new();
    let witness = rig.start();
    let body = ONE.request(0, 5).to_string();
    let (first, last) = body.split_at(20);
    let mut stream = connect(&witness).await;
    // Once it goes on, the request is known to have arrived.
    let expecting = head(body.len()).replace("\r\n\r\n", "\r\nexpect: 100-continue\r\n\r\n");
    stream.write_all(expecting.as_bytes()).await.unwrap();
    let mut going_on = [0; 25];
    stream.read_exact(&mut going_on).await.unwrap();
    assert_eq!(&going_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(first.as_bytes()).await.unwrap();
    let address = witness.handle.address();
    let finishing = async {
        // Nothing listens any more.
        while TcpStream::connect(address).await.is_ok() {}
        stream.write_all(last.as_bytes()).await.unwrap();
        rest(stream).await
    };
    let ((), answer) = tokio::join!(witness.stop(), finishing);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    // And it was made durable.
    let witness = rig.start();
    assert_eq!(witness.ask(ONE.request(0, 9)).await, (409, "5\n".to_owned()));
    witness.stop().await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_those_who_stall() {
    let mut rig = Rig::new();
    rig.limits.drain = SHORT;
    let witness = rig.start();
    let mut stream = connect(&witness).await;
    stream.write_all(format!("{}old 0\n", head(100)).as_bytes()).await.unwrap();
    witness.get("healthz").await;
    witness.stop().await;
    assert_eq!(rest(stream).await, "");
}

#[tokio::test]
async fn a_witness_cut_off_leaves_its_folder_free() {
    let rig = Rig::new();
    let witness = rig.start();
    witness.cosigns(ONE, 0, 5).await;
    drop(witness);
    // Its threads end by themselves, which takes a moment.
    let witness = loop {
        match rig.open() {
            Ok(witness) => break witness,
            Err(crate::OpenError::InUse) => tokio::task::yield_now().await,
            Err(other) => panic!("{other}"),
        }
    };
    drop(witness);
}
