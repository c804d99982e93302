//! A business registry that knows as many enterprises as one likes.
//!
//! The sandbox's has a world behind it, and so some hundred enterprises. This
//! one takes whole documents from that one, over its real interface, and gives
//! them out again under other codes and names: the wire form is the sandbox's
//! own, byte for byte but for those two values.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use motlan_domain::id::EnterpriseCode;
use motlan_sandbox::Sandbox;
use motlan_sandbox::decided::{TOKEN_PATH, business::DETAIL_PATH};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::page;

/// An enterprise of the registry.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    /// Its code.
    pub(crate) code: String,
    /// Its name.
    pub(crate) name: String,
    /// The sandbox's enterprise that it is a copy of, by code.
    pub(crate) of: String,
}

/// The registry while it runs; stopped when dropped.
pub(crate) struct WideRegistry {
    address: SocketAddr,
    stop: CancellationToken,
}

/// What it answers with.
struct Documents {
    token: String,
    /// By the code of the sandbox's enterprise.
    originals: HashMap<String, Value>,
    known: HashMap<String, Known>,
}

/// That many valid codes that are nobody's, dealt out over those originals; none
/// is one of theirs.
pub(crate) fn invent(count: usize, originals: &[String]) -> Vec<Known> {
    let valid = |nine: u32| {
        let mut codes = (0..10).map(|last| format!("{nine:09}{last}"));
        codes.find(|code| EnterpriseCode::parse(code).is_ok() && !originals.contains(code))
    };
    // Not every nine digits have a check digit.
    let codes = (400_000_001..).filter_map(valid).take(count).enumerate();
    let known = |(number, code): (usize, String)| Known {
        name: format!("CÔNG TY TNHH MỘT THÀNH VIÊN SỐ {number}"),
        of: originals[number % originals.len()].clone(),
        code,
    };
    codes.map(known).collect()
}

// === impl WideRegistry ===

impl WideRegistry {
    /// Fetches the originals' documents from the sandbox.
    pub(crate) async fn start(
        sandbox: &Sandbox,
        known: &[Known],
        tasks: &TaskTracker,
    ) -> anyhow::Result<Self> {
        let documents = Arc::new(Documents::fetch(sandbox, known).await?);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("the registry cannot listen")?;
        let (address, stop) = (listener.local_addr()?, CancellationToken::new());
        // Both end with `stop`, when this is dropped.
        tasks.spawn(accept(listener, documents, stop.clone(), tasks.clone()));
        Ok(Self { address, stop })
    }

    /// Its base URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for WideRegistry {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn accept(
    listener: TcpListener,
    documents: Arc<Documents>,
    stop: CancellationToken,
    tasks: TaskTracker,
) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        // Out of file descriptors, or the peer has gone: the next may succeed.
        let Ok((stream, _)) = accepted else {
            tokio::task::yield_now().await;
            continue;
        };
        let (documents, stop) = (Arc::clone(&documents), stop.clone());
        tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                // A connection that breaks shows in the question that was on it.
                _ = serve(stream, &documents) => {}
            }
        });
    }
}

/// One connection: HTTP/1.1, one request after the other.
async fn serve(stream: TcpStream, documents: &Documents) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    loop {
        let (mut first, mut line) = (String::new(), String::new());
        if stream.read_line(&mut first).await? == 0 {
            return Ok(());
        }
        let mut length = 0;
        loop {
            line.clear();
            stream.read_line(&mut line).await?;
            let header = line.trim_end();
            if header.is_empty() {
                break;
            }
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let answer = documents.answer(&first);
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: {}\r\n\r\n{answer}",
            answer.len()
        );
        stream.get_mut().write_all(answer.as_bytes()).await?;
    }
}

// === impl Documents ===

impl Documents {
    async fn fetch(sandbox: &Sandbox, known: &[Known]) -> anyhow::Result<Self> {
        let base = &sandbox.endpoints().business;
        let address: SocketAddr = base.strip_prefix("http://").context("not http")?.parse()?;
        let client = &sandbox.credentials().business;
        let form =
            format!("grant_type=client_credentials&client_id={}&client_secret={}", client.id, client.secret);
        let request = format!(
            "POST {TOKEN_PATH} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            form.len()
        );
        let (status, token) = page::exchange(address, &request).await?;
        ensure!(status == 200, "no token: {status}");
        let granted: Value = serde_json::from_str(&token)?;
        let bearer = granted["access_token"].as_str().context("no token")?;
        let mut originals = HashMap::new();
        for Known { of, .. } in known {
            if originals.contains_key(of) {
                continue;
            }
            let request = format!(
                "GET {DETAIL_PATH}?msdn={of} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
                 authorization: Bearer {bearer}\r\n\r\n"
            );
            let (status, document) = page::exchange(address, &request).await?;
            ensure!(status == 200, "{of}: {status}");
            originals.insert(of.clone(), serde_json::from_str(&document)?);
        }
        let known = known.iter().map(|known| (known.code.clone(), known.clone())).collect();
        sandbox.clear_calls();
        Ok(Self { token, originals, known })
    }

    /// What a request line is answered.
    fn answer(&self, request: &str) -> String {
        let path = request.split(' ').nth(1).unwrap_or_default();
        if path == TOKEN_PATH {
            return self.token.clone();
        }
        let code = path.strip_prefix(DETAIL_PATH).and_then(|query| query.strip_prefix("?msdn="));
        let known = code.and_then(|code| self.known.get(code));
        let Some((known, original)) = known.and_then(|known| Some((known, self.originals.get(&known.of)?)))
        else {
            return r#"{"Data":null,"DataCount":0,"Status":1,"Message":"Không tìm thấy dữ liệu"}"#.to_owned();
        };
        let mut document = original.clone();
        let main = &mut document["Data"]["MainInformation"];
        main["ENTERPRISE_GDT_CODE"] = known.code.as_str().into();
        main["NAME"] = known.name.as_str().into();
        document.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invented_codes_are_valid_and_distinct() {
        let originals = ["4200000001".to_owned(), "4200000002".to_owned()];
        let known = invent(500, &originals);
        let codes: std::collections::HashSet<_> = known.iter().map(|known| &known.code).collect();
        assert_eq!(codes.len(), 500);
        assert!(codes.iter().all(|code| EnterpriseCode::parse(code).is_ok()));
        assert_eq!(known[1].of, originals[1]);
        assert_eq!(known[2].of, originals[0]);
    }
}
