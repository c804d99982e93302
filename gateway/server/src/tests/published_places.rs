//! The listener of the published log when others hold its places: who has a
//! certificate is served all the same, and everybody once they let go.

use std::sync::Arc;
use std::time::Duration;

use motlan_audit::MemoryKeyProvider;
use motlan_audit::testing::Faults;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::officer;
use super::published::{Answer, ask, ask_on, connect_from, get, grow};
use super::rig::{Pair, Rig, eventually};

const ONE: [u8; 4] = [127, 0, 0, 1];
const TWO: [u8; 4] = [127, 0, 0, 2];
const THREE: [u8; 4] = [127, 0, 0, 3];

/// A reader who has its answer and stays.
async fn stays(rig: &Rig, client: Option<&Pair>, from: [u8; 4]) -> std::io::Result<TlsStream<TcpStream>> {
    let mut stream = connect_from(rig, client, from).await?;
    stream.write_all(b"GET /checkpoint HTTP/1.1\r\nhost: localhost\r\n\r\n").await?;
    let mut head = [0; 15];
    stream.read_exact(&mut head).await?;
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    Ok(stream)
}

/// Waits until what was asked for has an answer.
async fn served_again(status: impl AsyncFn() -> u16) {
    let served = async {
        while status().await != 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), served).await.expect("it is served again");
}

#[tokio::test]
async fn readers_without_a_certificate_leave_connections_to_others() {
    let rig = Rig::with(|options| {
        options.limits.max_connections = 8;
        options.limits.max_connections_per_address = 4;
        options.limits.handshake = Duration::from_secs(30);
    })
    .await;
    let auditor = rig.authority.client("auditor");
    let mut held = Vec::new();
    for from in [ONE, TWO] {
        for _ in 0..3 {
            held.push(stays(&rig, None, from).await.expect("a place"));
        }
        assert!(stays(&rig, None, from).await.is_err(), "an address has its share");
    }
    assert!(stays(&rig, None, THREE).await.is_err(), "and all of them together");
    let known = stays(&rig, Some(&auditor), ONE).await.expect("kept for who has a certificate");
    stays(&rig, Some(&auditor), THREE).await.expect("from anywhere");
    assert!(rig.handle.refused(crate::Refused::Limit) >= 3, "counted");
    drop((held, known));
    let mut served = false;
    for _ in 0..200 {
        served = stays(&rig, None, THREE).await.is_ok();
        if served {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(served, "the places come back");
}

async fn hung(faults: &Arc<Faults>) -> Rig {
    let keys = MemoryKeyProvider::fixed(7);
    let rig = Rig::on_disk(faults, keys, |options| options.limits.call = Duration::from_secs(3)).await;
    grow(&rig, 300).await;
    rig
}

/// So many requests at once; the statuses of those refused at once, and of those
/// that had a place.
async fn at_once(rig: &Rig, count: usize, ask: impl AsyncFn() -> std::io::Result<Answer>) -> (usize, usize) {
    let (mut refused, mut waited) = (0, 0);
    let asked = (0..count).map(|_| ask());
    for answer in futures::future::join_all(asked).await {
        let answer = answer.expect("an answer");
        match answer.status {
            503 => {
                assert_eq!(answer.reason(), "OVERLOADED");
                assert!(answer.header("retry-after").is_some());
                refused += 1;
            }
            504 => waited += 1,
            other => panic!("{other}: {}", String::from_utf8_lossy(&answer.body)),
        }
    }
    assert!(rig.log.health().ready, "recording goes on");
    (refused, waited)
}

#[tokio::test]
async fn while_the_published_disk_hangs_nobody_holds_all_answers() {
    let faults = Arc::new(Faults::default());
    let rig = hung(&faults).await;
    assert_eq!(get(&rig, "/tile/0/000").await.status, 200, "control");
    faults.hang_published();
    let anonymous = at_once(&rig, 20, async || ask(&rig, None, "GET /tile/0/000", "").await).await;
    assert_eq!(anonymous, (4, 16), "an address has its share");
    let auditor = rig.authority.client("auditor");
    let (nobody, known) = tokio::join!(
        at_once(&rig, 18, async || ask(&rig, None, "GET /tile/0/000", "").await),
        at_once(&rig, 5, async || ask(&rig, Some(&auditor), "GET /tile/0/000", "").await),
    );
    assert_eq!((nobody, known), ((2, 16), (0, 5)), "a caller has a place beside them");
    // What is at hand is told all the while.
    assert_eq!(get(&rig, "/checkpoint").await.status, 200);
    faults.clear();
    served_again(async || get(&rig, "/tile/0/000").await.status).await;
}

#[tokio::test]
async fn no_officer_holds_all_places_of_bundles() {
    let faults = Arc::new(Faults::default());
    let rig = hung(&faults).await;
    let by = |account: &str| {
        let (pair, bearer) = officer::token_of(&rig, account);
        (pair, format!("authorization: {bearer}\r\n"))
    };
    let (one, other) = (by("kiem@h32"), by("hai@h32"));
    let fetch =
        async |(pair, bearer): &(Pair, String)| ask(&rig, Some(pair), "GET /tile/entries/000", bearer).await;
    for officer in [&one, &other] {
        assert_eq!(fetch(officer).await.unwrap().status, 200, "control");
    }
    faults.hang_published();
    let (first, second) = tokio::join!(
        at_once(&rig, 7, async || fetch(&one).await),
        at_once(&rig, 2, async || fetch(&other).await),
    );
    assert_eq!((first, second), ((3, 4), (0, 2)), "half of them at most");
    faults.clear();
    served_again(async || fetch(&one).await.unwrap().status).await;
}

#[tokio::test]
async fn no_caller_holds_all_answers() {
    let faults = Arc::new(Faults::default());
    let rig = hung(&faults).await;
    faults.hang_published();
    let (portal, unknown) = (rig.authority.client("portal"), rig.authority.client("nobody"));
    let hashes = async |client: &Pair| ask(&rig, Some(client), "GET /tile/0/000", "").await;
    let (all, beside) = tokio::join!(
        at_once(&rig, 20, async || hashes(&rig.authority.client("auditor")).await),
        at_once(&rig, 5, async || hashes(&portal).await),
    );
    assert_eq!((all, beside), ((4, 16), (0, 5)), "a quarter of them, whatever the certificates");
    assert_eq!(at_once(&rig, 18, async || hashes(&unknown).await).await, (2, 16), "no caller: as anybody");
    faults.clear();
}

/// What is denied has an entry, too, and waits for it: in no auditor's place.
#[tokio::test]
async fn what_is_denied_keeps_no_auditor_out() {
    let faults = Arc::new(Faults::default());
    let rig = hung(&faults).await;
    let portal = rig.authority.client("portal");
    let by = |account: &str| {
        let (pair, bearer) = officer::token_of(&rig, account);
        (pair, format!("authorization: {bearer}\r\n"))
    };
    let (one, other) = (by("kiem@h32"), by("hai@h32"));
    let fetch = async |pair: &Pair, heads: &str| ask(&rig, Some(pair), "GET /tile/entries/000", heads).await;
    assert_eq!(fetch(&portal, "").await.unwrap().status, 403, "control");
    faults.hang_syncs();
    let denied = at_once(&rig, 10, async || fetch(&portal, "").await);
    let malformed = at_once(&rig, 10, async || fetch(&one.0, "authorization: Basic eDp4\r\n").await);
    let auditors = async {
        // After all of those.
        tokio::time::sleep(Duration::from_millis(500)).await;
        tokio::join!(
            at_once(&rig, 4, async || fetch(&one.0, &one.1).await),
            at_once(&rig, 2, async || fetch(&other.0, &other.1).await),
        )
    };
    let (denied, malformed, auditors) = tokio::join!(denied, malformed, auditors);
    assert_eq!((denied, malformed), ((8, 2), (8, 2)), "few at a time");
    assert_eq!(auditors, ((0, 4), (0, 2)), "every place of a bundle that one caller may hold");
    faults.clear();
}

/// Who does not take an answer holds its place until the connection is cut off.
#[tokio::test]
async fn slow_readers_give_their_places_back() {
    let rig = Rig::with(|options| {
        options.limits.patience = Duration::from_millis(500);
        options.limits.max_connections_per_address = 12;
    })
    .await;
    grow(&rig, 300).await;
    let (auditor, _) = officer::token(&rig);
    let mut slow = Vec::new();
    for _ in 0..9 {
        let mut stream = connect_from(&rig, None, TWO).await.unwrap();
        // Far more than the sockets hold, and nothing of it is read.
        let requests = "GET /tile/0/000 HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(4_000);
        let sent = tokio::time::timeout(Duration::from_millis(50), stream.write_all(requests.as_bytes()));
        drop(sent.await);
        slow.push(stream);
    }
    let refused = connect_from(&rig, None, TWO).await;
    assert!(refused.is_err() || ask_on(refused.unwrap(), "GET /checkpoint", "").await.is_err());
    let known = connect_from(&rig, Some(&auditor), TWO).await.unwrap();
    assert_eq!(ask_on(known, "GET /tile/0/000", "").await.unwrap().status, 200);
    eventually("they are cut off", || rig.handle.refused(crate::Refused::Stalled) >= 9).await;
    let again = connect_from(&rig, None, TWO).await.unwrap();
    assert_eq!(ask_on(again, "GET /tile/0/000", "").await.unwrap().status, 200);
}
