//! What one caller holds of the gateway at a time: connections, and calls in
//! progress. A share is the caller's, whatever the number of its certificates.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use motlan_pipeline::{Account, Pipeline};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::options::Limits;
use crate::peers::PeerCertificate;
use crate::press::Pressure;

/// Configured systems by id, other certificates by thumbprint.
type Key = (&'static str, Box<str>);

/// The shares of all callers that are connected.
pub(crate) struct Shares {
    connections_each: usize,
    calls_each: usize,
    held: Mutex<HashMap<Key, Weak<Share>>>,
}

/// The share of one caller.
pub(crate) struct Share {
    /// What it may have the log write.
    pub(crate) account: Arc<Account>,
    /// Whether it wants more than it may have.
    pub(crate) pressure: Arc<Pressure>,
    connections: Arc<Semaphore>,
    calls: Arc<Semaphore>,
}

// === impl Shares ===

impl Shares {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            connections_each: limits.max_connections_per_caller,
            calls_each: limits.max_calls_per_caller,
            held: Mutex::default(),
        }
    }

    /// The share of whoever shows that certificate. `None` for one that cannot
    /// even be named, which the handshake lets nobody show.
    pub(crate) fn of(&self, certificate: &PeerCertificate, pipeline: &Pipeline) -> Option<Arc<Share>> {
        let account = pipeline.account(&certificate.0)?;
        let (kind, id) = account.key();
        let key = (kind, Box::from(id));
        let mut held = self.held.lock();
        if let Some(share) = held.get(&key).and_then(Weak::upgrade) {
            return Some(share);
        }
        // Those that have gone are forgotten when somebody new comes.
        held.retain(|_, share| share.strong_count() > 0);
        let share = Arc::new(Share {
            account,
            pressure: Pressure::new(),
            connections: Arc::new(Semaphore::new(self.connections_each)),
            calls: Arc::new(Semaphore::new(self.calls_each)),
        });
        held.insert(key, Arc::downgrade(&share));
        Some(share)
    }
}

// === impl Share ===

impl Share {
    /// A place for one more connection, unless the caller has used up its own.
    pub(crate) fn connection(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.connections).try_acquire_owned().ok()
    }

    /// A place for one more call, unless the caller has used up its own.
    pub(crate) fn call(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.calls).try_acquire_owned().ok()
    }

    /// Whether the caller has as many calls as it may.
    pub(crate) fn is_full(&self) -> bool {
        self.calls.available_permits() == 0
    }
}
