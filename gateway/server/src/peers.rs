//! Who is connected: bounds on connections before anybody is known, and the
//! bounded technical log of those that came to nothing.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use motlan_domain::Clock;
use motlan_telemetry::instrument::{CONNECTIONS_REFUSED, key};
use motlan_telemetry::{Counter, Reading, Source};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

/// The leaf certificate a client showed, in DER. Verified by the handshake.
#[derive(Clone)]
pub(crate) struct PeerCertificate(pub(crate) Arc<[u8]>);

/// Why a connection was refused or cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Too many connections, in all or from that address.
    Limit,
    /// The handshake took too long.
    Timeout,
    /// The handshake failed: no certificate, an unknown authority, an old
    /// protocol, or no TLS at all.
    Handshake,
    /// In handshake, it gave way to a newer one: too many were at it.
    Yielded,
    /// Too many connections of one caller.
    Caller,
    /// The client said nothing after the handshake, or does not take what it
    /// asked for.
    Stalled,
}

/// Counts and, at most once a second, says that connections were refused: a
/// flood of failures makes no flood of log lines.
pub(crate) struct RefusalLog {
    counts: [Counter; Refused::ALL.len()],
    unsaid: AtomicU64,
    last_said: Mutex<Option<Duration>>,
    clock: Arc<dyn Clock>,
}

/// The connections by address, and those still in handshake.
pub(crate) struct Door {
    each_address: usize,
    in_handshake: usize,
    state: Mutex<Doorway>,
}

#[derive(Default)]
struct Doorway {
    next: u64,
    open: HashMap<IpAddr, Address>,
    /// In handshake, oldest first.
    waiting: BTreeMap<u64, (IpAddr, CancellationToken)>,
}

#[derive(Default)]
struct Address {
    connections: usize,
    /// In handshake, oldest first.
    waiting: std::collections::BTreeSet<u64>,
}

/// One connection's place at the door; dropping it gives the place back.
pub(crate) struct Place {
    door: Arc<Door>,
    number: u64,
    address: IpAddr,
    yields: CancellationToken,
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
        for refused in Refused::ALL {
            let attributes = vec![(key::REASON, refused.as_str().into())];
            reading.count(&CONNECTIONS_REFUSED, attributes, self.count(refused));
        }
    }
}

// === impl Refused ===

impl Refused {
    /// Every cause, in the order of their counters.
    pub const ALL: [Self; 6] =
        [Self::Limit, Self::Timeout, Self::Handshake, Self::Yielded, Self::Caller, Self::Stalled];

    /// Stable upper-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Limit => "LIMIT",
            Self::Timeout => "TIMEOUT",
            Self::Handshake => "HANDSHAKE",
            Self::Yielded => "YIELDED",
            Self::Caller => "CALLER",
            Self::Stalled => "STALLED",
        }
    }
}

// === impl Door ===

impl Door {
    /// `each_address`: connections from one address; `in_handshake`: those in
    /// all that have not shown who they are.
    pub(crate) fn new(each_address: usize, in_handshake: usize) -> Self {
        Self { each_address, in_handshake, state: Mutex::default() }
    }

    /// A place for one more connection. Where too many are in handshake, in all
    /// or at this address, the oldest of them gives way: whoever opens
    /// connections and shows no certificate keeps nobody out for longer than a
    /// handshake takes. `None` if the address has its number of connections
    /// past the handshake.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let mut state = self.state.lock();
        let here = state.open.get(&address);
        if let Some(here) = here.filter(|here| here.connections >= self.each_address) {
            // Those told to give way count until they have gone.
            let oldest = *here.waiting.first().filter(|_| here.connections < 2 * self.each_address)?;
            state.turn_out(oldest);
        }
        if state.waiting.len() >= self.in_handshake
            && let Some(oldest) = state.waiting.keys().next().copied()
        {
            state.turn_out(oldest);
        }
        let number = state.next;
        state.next += 1;
        let yields = CancellationToken::new();
        state.waiting.insert(number, (address, yields.clone()));
        let here = state.open.entry(address).or_default();
        here.connections += 1;
        here.waiting.insert(number);
        Some(Place { door: Arc::clone(self), number, address, yields })
    }
}

// === impl Doorway ===

impl Doorway {
    /// Tells a connection in handshake to give way. It keeps its count until it
    /// has gone, so one place may be held twice for that moment.
    fn turn_out(&mut self, number: u64) {
        if let Some((_, yields)) = self.stop_waiting(number) {
            yields.cancel();
        }
    }

    fn stop_waiting(&mut self, number: u64) -> Option<(IpAddr, CancellationToken)> {
        let waiting = self.waiting.remove(&number)?;
        if let Some(here) = self.open.get_mut(&waiting.0) {
            here.waiting.remove(&number);
        }
        Some(waiting)
    }
}

// === impl Place ===

impl Place {
    /// Completes when the connection is to give way.
    pub(crate) async fn yields(&self) {
        self.yields.cancelled().await;
    }

    /// The client has shown who it is: it gives way to nobody any more.
    pub(crate) fn known(&self) {
        self.door.state.lock().stop_waiting(self.number);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.door.state.lock();
        state.stop_waiting(self.number);
        if let Some(here) = state.open.get_mut(&self.address) {
            here.connections -= 1;
            if here.connections == 0 {
                state.open.remove(&self.address);
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

#[cfg(test)]
mod tests;
