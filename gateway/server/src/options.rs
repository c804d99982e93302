//! What an operator may set at the edge, and the limits that keep one caller
//! from hurting the others.

use std::net::SocketAddr;
use std::time::Duration;

use crate::tls::TlsMaterial;

/// Where and how the gateway listens.
#[derive(Debug)]
pub struct ServerOptions {
    /// The gRPC listener (mutual TLS); port 0 takes a free one.
    pub grpc_addr: SocketAddr,
    /// The probe listener (plain HTTP), loopback only; port 0 takes a free one.
    pub probe_addr: SocketAddr,
    /// The listener of the published log (HTTPS), if there is to be one; port 0
    /// takes a free one.
    pub log_addr: Option<SocketAddr>,
    /// Certificate, key and the authority of client certificates.
    pub tls: TlsMaterial,
    /// Whether configured callers may read the contract by gRPC reflection.
    pub reflection: bool,
    /// The limits.
    pub limits: Limits,
}

/// Bounds on connections, messages and time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Open connections in all, past the handshake.
    pub max_connections: usize,
    /// Open connections of one caller, past the handshake.
    pub max_connections_per_caller: usize,
    /// Open connections from one network address, those in handshake included;
    /// beyond, the oldest in handshake gives way.
    pub max_connections_per_address: usize,
    /// Connections in handshake; beyond, the oldest gives way.
    pub max_handshakes: usize,
    /// Calls in progress in all; beyond, OVERLOADED.
    pub max_calls: usize,
    /// Calls in progress of one caller, answers it has not taken included;
    /// beyond, OVERLOADED.
    pub max_calls_per_caller: usize,
    /// Streams of one connection at a time.
    pub max_streams: u32,
    /// Bytes of one request message.
    pub max_request_bytes: usize,
    /// Bytes of one response message.
    pub max_response_bytes: usize,
    /// Bytes of a request's header list, and so of a token.
    pub max_header_bytes: u32,
    /// Time for the TLS handshake, and then for the client to begin with HTTP/2.
    pub handshake: Duration,
    /// The longest a call may take; a shorter `grpc-timeout` counts.
    pub call: Duration,
    /// How long a client may let its answers lie before its connection is cut
    /// off.
    pub patience: Duration,
    /// Age at which a connection is asked to go, so that callers spread again
    /// over several gateways and a revoked certificate does not stay.
    pub connection_age: Duration,
    /// Time for calls in progress to end, when a connection or the server goes.
    pub drain: Duration,
}

// === impl Limits ===

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 4096,
            max_connections_per_caller: 256,
            max_connections_per_address: 1024,
            max_handshakes: 1024,
            max_calls: 4096,
            max_calls_per_caller: 1024,
            max_streams: 128,
            max_request_bytes: 64 * 1024,
            max_response_bytes: 4 * 1024 * 1024,
            max_header_bytes: 16 * 1024,
            handshake: Duration::from_secs(5),
            call: Duration::from_secs(30),
            patience: Duration::from_secs(20),
            connection_age: Duration::from_mins(30),
            drain: Duration::from_secs(10),
        }
    }
}
