//! A far end for tests: plain TCP that answers what it is told, byte for byte,
//! and keeps what it was sent.

use std::sync::Arc;
use std::time::Duration;

use motlan_api::{Ask, OnBehalf, Want};
use motlan_domain::id::{AgencyCode, IdRules, PersonalId, Synthetic};
use motlan_domain::{Clock, Dataset, ManualClock, SubjectKey};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::HttpConfig;

/// What to do with one connection.
#[derive(Debug, Clone)]
pub(crate) enum Play {
    /// Close it without an answer.
    Close,
    /// Read the request, send this, close.
    Send(String),
    /// Read the request, send this, then a TCP reset.
    Reset(String),
    /// Read the request, send this once the gate is open.
    Hold(Gate, String),
    /// Read the request, send this, then a byte every 20 ms without end.
    Drip(String),
}

/// Holds answers back until it is opened.
#[derive(Debug, Clone)]
pub(crate) struct Gate(Arc<Semaphore>);

/// A listening far end. Connections are played in the order of the script;
/// the last one repeats.
pub(crate) struct FarEnd {
    pub(crate) base: String,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
    _tasks: JoinSet<()>,
}

// === impl Gate ===

impl Gate {
    pub(crate) fn closed() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    pub(crate) fn open(&self) {
        self.0.close();
    }

    async fn opened(&self) {
        // Nobody ever gets a permit: it ends when the semaphore is closed.
        let _ = self.0.acquire().await;
    }
}

// === impl FarEnd ===

impl FarEnd {
    pub(crate) async fn start(script: Vec<Play>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (requests, connections) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
        let (seen, count) = (Arc::clone(&requests), Arc::clone(&connections));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut served = JoinSet::new();
            for at in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                *count.lock() += 1;
                let play = script[at.min(script.len() - 1)].clone();
                served.spawn(serve(stream, play, Arc::clone(&seen)));
            }
        });
        Self { base, requests, connections, _tasks: tasks }
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock()
    }

    pub(crate) fn config(&self) -> HttpConfig {
        HttpConfig { deadline_ms: 400, ..HttpConfig::new(self.base.parse().unwrap()) }
    }
}

async fn serve(mut stream: TcpStream, play: Play, seen: Arc<Mutex<Vec<String>>>) {
    if matches!(play, Play::Close) {
        let _ = stream.set_zero_linger();
        return;
    }
    let Some(request) = request(&mut stream).await else { return };
    seen.lock().push(request);
    match play {
        Play::Close => {}
        Play::Send(answer) => {
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
        Play::Hold(gate, answer) => {
            gate.opened().await;
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
        Play::Reset(answer) => {
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.set_zero_linger();
        }
        Play::Drip(answer) => {
            let _ = stream.write_all(answer.as_bytes()).await;
            while stream.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// Head and body as text, the head in lower case.
async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            return Some(text);
        }
    }
}

/// A whole answer with that status line, extra headers and body.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> Play {
    let length = body.len();
    Play::Send(format!(
        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}"
    ))
}

/// The same answer, held back.
pub(crate) fn held(gate: &Gate, play: Play) -> Play {
    let Play::Send(answer) = play else { panic!("only a whole answer is held back") };
    Play::Hold(gate.clone(), answer)
}

/// A whole JSON answer.
pub(crate) fn json(body: &str) -> Play {
    answer("200 OK", "content-type: application/json\r\n", body)
}

pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-11-21T02:00:00Z".parse().unwrap()))
}

pub(crate) fn shared(clock: &Arc<ManualClock>) -> Arc<dyn Clock> {
    clock.clone()
}

/// A question whose identifiers must show up nowhere.
pub(crate) fn ask() -> Ask {
    let rules = IdRules { synthetic: Synthetic::Allowed, present_year: 2026 };
    Ask {
        want: Want::Record { dataset: Dataset::Person, fields: Dataset::Person.all_fields(), holder: None },
        subject: SubjectKey::Person(PersonalId::parse("098090123456", &rules).unwrap()),
        on_behalf: OnBehalf {
            officer_id: PersonalId::parse("097090000001", &rules).unwrap(),
            agency: AgencyCode::parse("H32.201").unwrap(),
            dossier: None,
            procedure: None,
        },
        request_id: "q1".to_owned(),
        deadline: Duration::from_secs(10),
        trace: motlan_domain::Trace::new(7, 8, false),
    }
}
