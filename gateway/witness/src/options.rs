//! What a witness is told.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use motlan_audit_tree::TrustedLog;

/// Where a witness listens, where it keeps its state, and whom it witnesses.
/// Its name is its key's.
#[derive(Debug, Clone)]
pub struct WitnessOptions {
    /// Where plain HTTP is served; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The folder made with [`create_folder`](crate::create_folder).
    pub folder: PathBuf,
    /// The logs, each with its own origin. A key that a log has retired must
    /// stay until the log has sent a checkpoint signed with its new one: the
    /// state is held to these keys too.
    pub logs: Vec<TrustedLog>,
    /// What strangers may use up.
    pub limits: Limits,
}

/// What strangers may use up. Requests carry no credentials, so this is all
/// that stands between the port and the machine.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at once; each can hold one request body, 260 KiB at most.
    /// One more is closed at once.
    pub connections: usize,
    /// From the moment a request is expected until its header is there. So
    /// long may a connection be idle, too.
    pub header: Duration,
    /// From the header until the body is there.
    pub body: Duration,
    /// How old a connection gets, whatever it does.
    pub age: Duration,
    /// How long requests under way have when the witness stops.
    pub drain: Duration,
}

// === impl Limits ===

impl Default for Limits {
    /// For a small machine: 64 connections, 10 s for a header, 10 s for a
    /// body, 5 minutes for a connection, 5 s to stop.
    fn default() -> Self {
        Self {
            connections: 64,
            header: Duration::from_secs(10),
            body: Duration::from_secs(10),
            age: Duration::from_mins(5),
            drain: Duration::from_secs(5),
        }
    }
}
