//! What one caller, or whoever reaches the port, does to take the gateway from
//! the others. Each attack says when it is in full swing and is held until it
//! is dropped.

use std::future::pending;
use std::time::Duration;

use futures::StreamExt as _;
use motlan_e2e::{dossier, get_dossier, get_person, start_resolve};
use motlan_harness::{Connection, Refusal};
use motlan_proto::dossier::v1::ResolveDossierRequest;
use prost::Message as _;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::frames::*;

const LIST: &str = "/motlan.catalogue.v1.CatalogueService/ListProcedures";
const RESOLVE: &str = "/motlan.dossier.v1.DossierService/ResolveDossier";

/// No attack may take longer to get going, or to be cut off.
const PATIENCE: Duration = Duration::from_mins(1);

/// What an attack needs.
#[derive(Clone)]
pub struct Means {
    pub attacker: Attacker,
    /// The attacker's lawful connection, which it abuses.
    pub by: Connection,
    /// A dossier of its own.
    pub dossier: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attack {
    Refusals,
    HugeMessages,
    UnreadStreams,
    SlowBodies,
    NoTls,
    NoHttp,
    NoRequests,
    RapidReset,
    Continuation,
    Settings,
    Pings,
    TenThousand,
}

pub const ALL: [Attack; 12] = [
    Attack::Refusals,
    Attack::HugeMessages,
    Attack::UnreadStreams,
    Attack::SlowBodies,
    Attack::NoTls,
    Attack::NoHttp,
    Attack::NoRequests,
    Attack::RapidReset,
    Attack::Continuation,
    Attack::Settings,
    Attack::Pings,
    Attack::TenThousand,
];

// === impl Attack ===

impl Attack {
    /// Runs until dropped; tells `on` when it is in full swing.
    pub async fn run(self, means: Means, on: oneshot::Sender<()>) {
        match self {
            Self::Refusals => refusals(&means, on).await,
            Self::HugeMessages => huge_messages(&means, on).await,
            Self::UnreadStreams => unread_streams(&means, on).await,
            Self::SlowBodies => slow_bodies(&means, on).await,
            Self::NoTls => hold_tcp(&means, 2_000, on).await,
            Self::TenThousand => hold_tcp(&means, 10_000, on).await,
            Self::NoHttp => hold_secure(&means, false, on).await,
            Self::NoRequests => hold_secure(&means, true, on).await,
            Self::RapidReset => frames_in_a_row(&means, on, rapid_reset).await,
            Self::Continuation => frames_in_a_row(&means, on, continuation).await,
            Self::Settings => frames_in_a_row(&means, on, |_, _| frame(SETTINGS, 0, 0, &[])).await,
            Self::Pings => frames_in_a_row(&means, on, |_, _| frame(PING, 0, 0, &[7; 8])).await,
        }
    }
}

/// Asks about a dossier that nobody opened, and on when its quota is spent.
async fn refusals(means: &Means, on: oneshot::Sender<()>) {
    let mut on = Some(on);
    let code = "H32.217-261121-9999";
    let mut asked = futures::stream::repeat(())
        .map(|()| async { get_dossier(&means.by, code).await.expect_err("nobody opened it") })
        .buffer_unordered(32);
    while let Some(status) = asked.next().await {
        let refusal = Refusal::from(status);
        assert!(
            ["DOSSIER_UNKNOWN", "QUOTA_EXCEEDED", "OVERLOADED"].contains(&refusal.reason.as_str()),
            "{refusal}"
        );
        if refusal.reason == "QUOTA_EXCEEDED"
            && let Some(on) = on.take()
        {
            let _ = on.send(());
        }
    }
}

/// Sends messages of a mebibyte, 16 at a time.
async fn huge_messages(means: &Means, on: oneshot::Sender<()>) {
    let name = "x".repeat(1 << 20);
    let mut on = Some(on);
    let mut sent = futures::stream::repeat(())
        .map(|()| get_person(&means.by, dossier(&means.dossier), &name, &[]))
        .buffer_unordered(16);
    while let Some(told) = sent.next().await {
        assert!(told.is_err(), "a message of a mebibyte was taken");
        if let Some(on) = on.take() {
            let _ = on.send(());
        }
    }
}

/// Resolves whose results are never read: by a client without a window, and by
/// a library that leaves the stream lying.
async fn unread_streams(means: &Means, on: oneshot::Sender<()>) {
    let request = ResolveDossierRequest { dossier_code: means.dossier.clone(), ..Default::default() };
    let body = request.encode_to_vec();
    let mut held = Vec::new();
    for _ in 0..4 {
        let mut tls = means.attacker.speaking(1, &NO_WINDOW).await.expect("connects");
        for stream in 0..64 {
            let stream = 1 + 2 * stream;
            let mut bytes = frame(HEADERS, END_HEADERS, stream, &means.attacker.headers(RESOLVE));
            bytes.extend(frame(DATA, END_STREAM, stream, &message(&body, body.len())));
            tls.write_all(&bytes).await.expect("sends");
        }
        tls.flush().await.expect("sends");
        held.push(tls);
    }
    let mut lying = Vec::new();
    for _ in 0..16 {
        lying.push(start_resolve(&means.by, &means.dossier).await);
    }
    let _ = on.send(());
    pending::<()>().await;
    drop((held, lying));
}

/// Messages that come byte by byte, in as many calls as the caller may have.
async fn slow_bodies(means: &Means, on: oneshot::Sender<()>) {
    const STREAMS: u32 = 128;
    let mut held = Vec::new();
    for _ in 0..8 {
        let mut tls = means.attacker.speaking(1, &[]).await.expect("connects");
        for stream in (0..STREAMS).map(|number| 1 + 2 * number) {
            let mut bytes = frame(HEADERS, END_HEADERS, stream, &means.attacker.headers(LIST));
            bytes.extend(frame(DATA, 0, stream, &message(&[], 60_000)));
            tls.write_all(&bytes).await.expect("sends");
        }
        held.push(tls);
    }
    let _ = on.send(());
    for number in (0..STREAMS).cycle() {
        for tls in &mut held {
            // Calls past their deadline are gone, and after them connections.
            let _ = tls.write_all(&frame(DATA, 0, 1 + 2 * number, &[0])).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// TCP connections that say nothing, from ten addresses; those that were cut off
/// are opened again.
async fn hold_tcp(means: &Means, count: usize, on: oneshot::Sender<()>) {
    let mut held = std::collections::VecDeque::with_capacity(count);
    let mut on = Some(on);
    for turn in 0_usize.. {
        let from = u8::try_from(2 + turn % 10).unwrap();
        if let Ok(tcp) = means.attacker.tcp(from).await {
            held.push_back(tcp);
        }
        if held.len() >= count {
            if let Some(on) = on.take() {
                let _ = on.send(());
            }
            held.pop_front();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Connections past the handshake without a call: more than a caller may have.
async fn hold_secure(means: &Means, preface: bool, on: oneshot::Sender<()>) {
    let mut held = Vec::new();
    for turn in 0..300_u32 {
        let from = u8::try_from(2 + turn % 10).unwrap();
        let opened = if preface {
            means.attacker.speaking(from, &[]).await
        } else {
            means.attacker.secure(from).await
        };
        held.extend(opened.ok());
    }
    assert!(held.len() > 100, "only {} connections came about", held.len());
    let _ = on.send(());
    pending::<()>().await;
}

/// One connection after another, each with frames in a row until it is closed or
/// has sent 5,000.
async fn frames_in_a_row(means: &Means, on: oneshot::Sender<()>, next: fn(&Attacker, u32) -> Vec<u8>) {
    let mut on = Some(on);
    loop {
        let mut tls = timeout(PATIENCE, means.attacker.speaking(1, &[])).await.expect("in time");
        let Ok(tls) = &mut tls else { continue };
        for number in 0..5_000 {
            if tls.write_all(&next(&means.attacker, number)).await.is_err() {
                break;
            }
        }
        let _ = tls.flush().await;
        if let Some(on) = on.take() {
            let _ = on.send(());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A call, taken back at once (CVE-2023-44487).
fn rapid_reset(attacker: &Attacker, number: u32) -> Vec<u8> {
    let stream = 1 + 2 * number;
    let mut bytes = frame(HEADERS, END_HEADERS | END_STREAM, stream, &attacker.headers(LIST));
    bytes.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
    bytes
}

/// Headers that never end (CVE-2024-27316).
fn continuation(attacker: &Attacker, number: u32) -> Vec<u8> {
    if number == 0 {
        return frame(HEADERS, 0, 1, &attacker.headers(LIST));
    }
    // A header of its own each time: `x: y`.
    let more: Vec<u8> = [0x00, 1, b'x', 1, b'y'].repeat(200);
    frame(CONTINUATION, 0, 1, &more)
}
