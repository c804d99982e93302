//! What the gateway's probe listener says: whether it is ready, and its
//! numbers.

use std::net::SocketAddr;

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The numbers at one moment, in the Prometheus text form.
pub(crate) struct Page(String);

/// `GET`s a path: the status, and the body.
pub(crate) async fn get(address: SocketAddr, path: &str) -> anyhow::Result<(u16, String)> {
    exchange(address, &format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")).await
}

/// Sends one whole request that asks for the connection to be closed, and reads
/// the answer: the status, and the body.
pub(crate) async fn exchange(address: SocketAddr, request: &str) -> anyhow::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let answer = String::from_utf8(answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("half an answer")?;
    let status = head.split(' ').nth(1).context("no status")?.parse()?;
    Ok((status, body.to_owned()))
}

// === impl Page ===

impl Page {
    /// As they are now.
    pub(crate) async fn read(probe: SocketAddr) -> anyhow::Result<Self> {
        let (status, body) = get(probe, "/metrics").await?;
        ensure!(status == 200, "/metrics answers {status}");
        Ok(Self(body))
    }

    /// The sum over all points of a number whose labels contain every one of
    /// these parts.
    pub(crate) fn sum(&self, name: &str, labels: &[&str]) -> f64 {
        let value = |line: &str| {
            let (point, value) = line.rsplit_once(' ')?;
            let rest = point.strip_prefix(name)?;
            let fits = rest.is_empty() || rest.starts_with('{');
            (fits && labels.iter().all(|label| rest.contains(label))).then(|| value.parse::<f64>().ok())?
        };
        self.0.lines().filter_map(value).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_found_by_name_and_labels() {
        let page = Page(
            "# TYPE motlan_cache_lookups counter\n\
             motlan_cache_lookups_total{motlan_dataset=\"a\",motlan_cache_state=\"HIT\"} 3\n\
             motlan_cache_lookups_total{motlan_dataset=\"b\",motlan_cache_state=\"HIT\"} 4\n\
             motlan_cache_lookups_total{motlan_dataset=\"b\",motlan_cache_state=\"MISS\"} 8\n\
             motlan_cache_entries 12.0\n"
                .to_owned(),
        );
        let lookups = |labels: &[&str]| page.sum("motlan_cache_lookups_total", labels);
        assert!((lookups(&["\"HIT\""]) - 7.0).abs() < 1e-9);
        assert!((lookups(&["\"b\"", "\"HIT\""]) - 4.0).abs() < 1e-9);
        assert!((lookups(&[]) - 15.0).abs() < 1e-9);
        assert!((page.sum("motlan_cache_entries", &[]) - 12.0).abs() < 1e-9);
        assert!(page.sum("motlan_cache", &[]).abs() < 1e-9);
    }
}
