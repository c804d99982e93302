//! Who is connected: bounds per address, and the bounded technical log of
//! handshakes that failed.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use motlan_domain::Clock;
use motlan_telemetry::instrument::{CONNECTIONS_REFUSED, key};
use motlan_telemetry::{Counter, Reading, Source};
use parking_lot::Mutex;

/// The leaf certificate a client showed, in DER. Verified by the handshake.
#[derive(Clone)]
pub(crate) struct PeerCertificate(pub(crate) Arc<[u8]>);

/// Why a connection came to nothing before its first call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Too many connections, in all or from that address.
    Limit,
    /// The handshake took too long.
    Timeout,
    /// The handshake failed: no certificate, an unknown authority, an old
    /// protocol, or no TLS at all.
    Handshake,
}

/// Counts and, at most once a second, says that connections were refused: a
/// flood of failures makes no flood of log lines.
pub(crate) struct RefusalLog {
    counts: [Counter; 3],
    unsaid: AtomicU64,
    last_said: Mutex<Option<Duration>>,
    clock: Arc<dyn Clock>,
}

/// Open connections by address.
#[derive(Default)]
pub(crate) struct Addresses(Mutex<HashMap<IpAddr, usize>>);

/// One open connection of an address; closing gives the place back.
pub(crate) struct AddressPlace {
    addresses: Arc<Addresses>,
    address: IpAddr,
}

// === impl RefusalLog ===

impl RefusalLog {
    /// Between two lines.
    const INTERVAL: Duration = Duration::from_secs(1);

    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { counts: Default::default(), unsaid: AtomicU64::new(0), last_said: Mutex::new(None), clock }
    }

    /// Notes one refusal.
    pub(crate) fn note(&self, refused: Refused) {
        self.counts[refused as usize].one();
        self.unsaid.fetch_add(1, Ordering::Relaxed);
        let now = self.clock.monotonic();
        let mut last = self.last_said.lock();
        if last.is_none_or(|last| now.saturating_sub(last) >= Self::INTERVAL) {
            *last = Some(now);
            drop(last);
            let count = self.unsaid.swap(0, Ordering::Relaxed);
            tracing::warn!(reason = ?refused, count, "connections were refused");
        }
    }

    /// How many so far.
    pub(crate) fn count(&self, refused: Refused) -> u64 {
        self.counts[refused as usize].get()
    }
}

impl Source for RefusalLog {
    fn read(&self, reading: &mut Reading) {
        for refused in [Refused::Limit, Refused::Timeout, Refused::Handshake] {
            let attributes = vec![(key::REASON, refused.as_str().into())];
            reading.count(&CONNECTIONS_REFUSED, attributes, self.count(refused));
        }
    }
}

// === impl Refused ===

impl Refused {
    /// Stable upper-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Limit => "LIMIT",
            Self::Timeout => "TIMEOUT",
            Self::Handshake => "HANDSHAKE",
        }
    }
}

// === impl Addresses ===

impl Addresses {
    /// A place for one more connection, unless the address has `most`.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr, most: usize) -> Option<AddressPlace> {
        let mut open = self.0.lock();
        let count = open.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(AddressPlace { addresses: Arc::clone(self), address })
    }
}

impl Drop for AddressPlace {
    fn drop(&mut self) {
        let mut open = self.addresses.0.lock();
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

// === impl PeerCertificate ===

impl std::fmt::Debug for PeerCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PeerCertificate(…)")
    }
}
