//! Simulated registries: the far end of every adapter.
//!
//! **In scope**: one synthetic, dated world ([`world`]), told over the real wire
//! shapes by four HTTP servers that check their callers as the real ones do, and
//! a control server that scripts faults and counts calls. **Out of scope**:
//! anything the gateway decides. What had to be invented stands in [`decided`].
//!
//! Every identity is synthetic: personal ids start with 097–099.

mod auth;
mod calls;
mod control;
mod credentials;
pub mod decided;
mod faults;
mod serve;
mod wire;
pub mod world;

#[cfg(test)]
mod tests;

use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::civil::Date;
use motlan_domain::{Clock, Registry};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::auth::sign;
pub use self::calls::{Call, CallReport};
pub use self::credentials::{Credentials, OAuthClient, PopulationCredentials};
pub use self::faults::{Fault, FaultRule};
pub use self::world::World;

use self::wire::{Front, SeenRequests, Shared};

/// How to start a sandbox.
pub struct SandboxOptions {
    /// Seed of the world.
    pub seed: u64,
    /// The day the world describes; best the clock's own, in Viet Nam. A health
    /// card in force is so until the end of that year.
    pub as_of: Date,
    /// At least so many people; never fewer than [`world::MIN_PEOPLE`].
    pub people: usize,
    /// Clock of the registries: timestamps, token lifetimes.
    pub clock: Arc<dyn Clock>,
    /// What the registries accept.
    pub credentials: Credentials,
}

/// Where the servers listen: `http://127.0.0.1:PORT`, without a slash at the end.
#[derive(Debug, Clone, Serialize)]
pub struct Endpoints {
    /// Population registry.
    pub population: String,
    /// Business registry.
    pub business: String,
    /// Insurance registry.
    pub insurance: String,
    /// Land registry.
    pub land: String,
    /// Control server.
    pub control: String,
}

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// No loopback port could be opened.
    #[error("cannot listen on a loopback port")]
    Listen(#[source] std::io::Error),
    /// The system gave no random bytes.
    #[error("no random bytes from the system")]
    Randomness,
}

/// A running sandbox. Dropping it stops the servers too, without waiting.
pub struct Sandbox {
    endpoints: Endpoints,
    shared: Arc<Shared>,
    tracker: TaskTracker,
}

// === impl SandboxOptions ===

impl SandboxOptions {
    /// Seed 56, 1,200 people.
    pub fn new(as_of: Date, clock: Arc<dyn Clock>, credentials: Credentials) -> Self {
        Self { seed: 56, as_of, people: 1200, clock, credentials }
    }
}

// === impl Endpoints ===

impl Endpoints {
    /// Base URL of a registry.
    pub fn of(&self, registry: Registry) -> &str {
        match registry {
            Registry::Population => &self.population,
            Registry::Business => &self.business,
            Registry::Insurance => &self.insurance,
            Registry::Land => &self.land,
        }
    }
}

// === impl Sandbox ===

impl Sandbox {
    /// Makes the world and opens five loopback ports.
    pub async fn start(options: SandboxOptions) -> Result<Self, SandboxError> {
        let world = Arc::new(World::generate(options.seed, options.as_of, options.people));
        let shared = Arc::new(Shared {
            world,
            clock: options.clock,
            credentials: options.credentials,
            tokens: auth::TokenStore::default(),
            faults: faults::FaultBook::default(),
            calls: calls::CallLog::default(),
            seen: SeenRequests::default(),
            stop: CancellationToken::new(),
        });
        let tracker = TaskTracker::new();
        let (control, control_url) = listen().await?;
        let mut urls = Vec::new();
        for registry in Registry::ALL {
            let (listener, base) = listen().await?;
            urls.push(base.clone());
            let router = Front { shared: shared.clone(), registry, base }.router();
            tracker.spawn(serve::serve(listener, router, tracker.clone(), shared.stop.clone()));
        }
        let router = control::router(shared.clone());
        tracker.spawn(serve::serve(control, router, tracker.clone(), shared.stop.clone()));
        let mut urls = urls.into_iter();
        let mut next = || urls.next().unwrap_or_default();
        let endpoints = Endpoints {
            population: next(),
            business: next(),
            insurance: next(),
            land: next(),
            control: control_url,
        };
        Ok(Self { endpoints, shared, tracker })
    }

    /// Where the servers listen.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// The world: ground truth.
    pub fn world(&self) -> &Arc<World> {
        &self.shared.world
    }

    /// What the registries accept.
    pub fn credentials(&self) -> &Credentials {
        &self.shared.credentials
    }

    /// Scripts a fault: the next `times` calls (all, if absent) of that
    /// operation (of every one but `token`, if absent) meet it, once the rules
    /// scripted before are used up.
    pub fn fault(&self, registry: Registry, operation: Option<&str>, fault: Fault, times: Option<u32>) {
        self.shared.faults.add(FaultRule { registry, operation: operation.map(str::to_owned), fault, times });
    }

    /// Forgets every scripted fault.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// Counts and log of the calls so far.
    pub fn calls(&self) -> CallReport {
        self.shared.calls.report()
    }

    /// Forgets counts and log.
    pub fn clear_calls(&self) {
        self.shared.calls.clear();
    }

    /// Makes every token granted so far useless.
    pub fn expire_tokens(&self) {
        self.shared.tokens.expire_all();
    }

    /// Sets the lifetime, in seconds, of tokens granted from now on.
    pub fn set_token_lifetime(&self, registry: Registry, seconds: i64) {
        self.shared.tokens.set_lifetime(registry, seconds);
    }

    /// Stops accepting, cuts what hangs, and waits for every task.
    pub async fn stop(self) {
        self.shared.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}

async fn listen() -> Result<(TcpListener, String), SandboxError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(SandboxError::Listen)?;
    let address = listener.local_addr().map_err(SandboxError::Listen)?;
    Ok((listener, format!("http://{address}")))
}
