//! Binding, serving, draining.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use arc_swap::ArcSwap;
use motlan_domain::Clock;
use motlan_pipeline::Pipeline;
use motlan_telemetry::{Reading, Source};
use rustls::ServerConfig;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::RoutesBuilder;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::calls::Calls;
use crate::edge::{Edge, PROBES};
use crate::listener::Listener;
use crate::options::ServerOptions;
use crate::peers::{RefusalLog, Refused};
use crate::probe::{self, Readiness};
use crate::published::{PublishedLog, Requests};
use crate::routes::Routes;
use crate::services::{Services, add_reflection};
use crate::tls::{TlsError, TlsMaterial};
use crate::workers::Workers;

/// How often health is looked at for those who watch it.
const HEALTH_EVERY: Duration = Duration::from_millis(500);

/// Makes servers.
#[derive(Debug)]
pub struct Server;

/// A server that holds its ports and serves once [`serve`](Self::serve) runs.
pub struct BoundServer {
    grpc: TcpListener,
    probe: TcpListener,
    grpc_addr: SocketAddr,
    probe_addr: SocketAddr,
    listener: Listener,
    published: Option<Published>,
    health: HealthReporter,
    readiness: Readiness,
    numbers: Arc<Numbers>,
    handle: ServerHandle,
}

/// The listener of the published log.
struct Published {
    tcp: TcpListener,
    addr: SocketAddr,
    log: Arc<PublishedLog>,
}

/// Everything that is counted: here, below, and beside.
struct Numbers {
    calls: Arc<Calls>,
    refusals: Arc<RefusalLog>,
    pipeline: Arc<Pipeline>,
    published: Option<Arc<Requests>>,
    beside: Vec<Arc<dyn Source>>,
}

/// What may be done to a running server. A clone is cheap.
#[derive(Clone)]
pub struct ServerHandle {
    tls: Arc<ArcSwap<ServerConfig>>,
    published: Option<Arc<ArcSwap<ServerConfig>>>,
    refusals: Arc<RefusalLog>,
}

/// Why a server cannot start: the operator mends it.
#[derive(Debug, Error)]
pub enum BindError {
    /// The TLS files do not do.
    #[error("the TLS settings cannot be used")]
    Tls(#[from] TlsError),
    /// A port is taken or not ours.
    #[error("the {what} listener cannot be bound to {addr}")]
    Address {
        /// Which listener.
        what: &'static str,
        /// Where.
        addr: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The probe listener has no credentials, so it stays on this machine.
    #[error("the probe listener must be bound to a loopback address, not {0}")]
    ProbeNotLoopback(SocketAddr),
    /// The contract cannot be described; a fault of the build.
    #[error("the reflection service cannot be made")]
    Reflection(#[source] Box<dyn std::error::Error + Send + Sync>),
}

// === impl Server ===

impl Server {
    /// Takes the ports and prepares everything; nothing is answered yet.
    ///
    /// # Errors
    /// See [`BindError`].
    pub async fn bind(
        options: ServerOptions,
        services: Services,
        clock: Arc<dyn Clock>,
    ) -> Result<BoundServer, BindError> {
        if !options.probe_addr.ip().is_loopback() {
            return Err(BindError::ProbeNotLoopback(options.probe_addr));
        }
        let tls = Arc::new(ArcSwap::new(options.tls.server_config()?));
        let (health, health_service) = tonic_health::server::health_reporter();
        let mut others = RoutesBuilder::default();
        others.add_service(health_service);
        if options.reflection {
            add_reflection(&mut others).map_err(|error| BindError::Reflection(Box::new(error)))?;
        }
        let routes = Routes::new(&services, &options.limits, others);
        let (grpc, grpc_addr) = listen("gRPC", options.grpc_addr).await?;
        let (probe, probe_addr) = listen("probe", options.probe_addr).await?;
        let refusals = Arc::new(RefusalLog::new(clock));
        let draining = CancellationToken::new();
        let pipeline = Arc::clone(&services.pipeline);
        let published = match options.log_addr {
            None => None,
            Some(addr) => {
                let (tcp, addr) = listen("published log", addr).await?;
                let (pipeline, limits) = (Arc::clone(&pipeline), options.limits.clone());
                let tls = options.tls.public_config()?;
                let log = Arc::new(PublishedLog::new(tls, pipeline, limits, Arc::clone(&refusals)));
                Some(Published { tcp, addr, log })
            }
        };
        let methods = motlan_proto::access::methods().iter().map(|(path, _)| *path);
        let calls = Arc::new(Calls::of(methods.chain(PROBES)));
        let numbers = Numbers {
            calls: Arc::clone(&calls),
            refusals: Arc::clone(&refusals),
            pipeline: Arc::clone(&pipeline),
            published: published.as_ref().map(|published| published.log.requests()),
            beside: services.beside,
        };
        Ok(BoundServer {
            grpc,
            probe,
            grpc_addr,
            probe_addr,
            readiness: Readiness { pipeline: Arc::clone(&pipeline), draining: draining.clone() },
            health,
            numbers: Arc::new(numbers),
            handle: ServerHandle {
                tls: Arc::clone(&tls),
                published: published.as_ref().map(|published| Arc::clone(&published.log.tls)),
                refusals: Arc::clone(&refusals),
            },
            published,
            listener: Listener {
                tls,
                edge: Edge::new(routes, pipeline, options.limits.clone(), calls),
                limits: options.limits,
                refusals,
                tasks: TaskTracker::new(),
                draining,
                workers: Vec::new(),
                connections: AtomicU32::new(0),
            },
        })
    }
}

async fn listen(what: &'static str, addr: SocketAddr) -> Result<(TcpListener, SocketAddr), BindError> {
    let failed = |source| BindError::Address { what, addr, source };
    let listener = TcpListener::bind(addr).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

// === impl BoundServer ===

impl BoundServer {
    /// Connections live on these threads from now on; without any, on the
    /// runtime that serves. They have to outlast what calls leave behind.
    pub fn on(mut self, workers: &Workers) -> Self {
        self.listener.workers = workers.handles();
        self
    }

    /// Where gRPC is served.
    pub const fn grpc_addr(&self) -> SocketAddr {
        self.grpc_addr
    }

    /// Where the probes are served.
    pub const fn probe_addr(&self) -> SocketAddr {
        self.probe_addr
    }

    /// Where the published log is served, if it is.
    pub fn log_addr(&self) -> Option<SocketAddr> {
        self.published.as_ref().map(|published| published.addr)
    }

    /// For reloading certificates and reading counters while it runs.
    pub fn handle(&self) -> ServerHandle {
        self.handle.clone()
    }

    /// Everything that is counted, as `/metrics` tells it.
    pub fn numbers(&self) -> Arc<dyn Source> {
        Arc::clone(&self.numbers) as Arc<dyn Source>
    }

    /// Serves until `shutdown` completes, then drains: says not ready, accepts
    /// no more, lets calls in progress end within `Limits::drain`, and returns
    /// when none is left. The probe listener goes last.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send) {
        let Self { grpc, probe, listener, published, health, readiness, numbers, .. } = self;
        let (draining, tasks) = (listener.draining.clone(), listener.tasks.clone());
        let drain = listener.limits.drain;
        let stopped = CancellationToken::new();
        let side = TaskTracker::new();
        let (pipeline, until) = (Arc::clone(&readiness.pipeline), stopped.clone());
        side.spawn(async move { pipeline.ledger().catch_up(until).await });
        side.spawn(watch_health(health, readiness.clone(), stopped.clone()));
        let probes = axum::serve(probe, probe::router(readiness, numbers))
            .with_graceful_shutdown(stopped.clone().cancelled_owned());
        side.spawn(async move {
            if let Err(error) = probes.await {
                tracing::warn!(%error, "the probe listener ended");
            }
        });
        // Ends when draining begins and its readers have ended.
        if let Some(Published { tcp, log, .. }) = published {
            side.spawn(log.serve(tcp, draining.clone()));
        }
        side.close();
        let accepting = Arc::new(listener).accept(grpc);
        tokio::select! {
            () = accepting => {}
            () = shutdown => draining.cancel(),
        }
        tasks.close();
        // Connections bound themselves by the same time; this is the net below.
        if tokio::time::timeout(drain + Duration::from_secs(1), tasks.wait()).await.is_err() {
            tracing::warn!("calls were cut off at the end of the drain");
        }
        stopped.cancel();
        side.wait().await;
    }
}

impl std::fmt::Debug for BoundServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BoundServer")
            .field("grpc", &self.grpc_addr)
            .field("probe", &self.probe_addr)
            .finish_non_exhaustive()
    }
}

/// Keeps `grpc.health.v1` in step with readiness: for the server as a whole
/// (the empty name) and for each service.
async fn watch_health(health: HealthReporter, readiness: Readiness, stopped: CancellationToken) {
    let services: BTreeSet<&str> =
        motlan_proto::access::methods().iter().filter_map(|(path, _)| path.split('/').nth(1)).collect();
    loop {
        let ready = readiness.obstacles().is_empty();
        let status = if ready { ServingStatus::Serving } else { ServingStatus::NotServing };
        for service in services.iter().copied().chain([""]) {
            health.set_service_status(service, status).await;
        }
        tokio::select! {
            () = stopped.cancelled() => return,
            () = readiness.draining.cancelled(), if !readiness.draining.is_cancelled() => {}
            () = tokio::time::sleep(HEALTH_EVERY) => {}
        }
    }
}

// === impl Numbers ===

impl Source for Numbers {
    fn read(&self, reading: &mut Reading) {
        self.calls.read(reading);
        self.refusals.read(reading);
        self.pipeline.read(reading);
        self.published.iter().for_each(|requests| requests.read(reading));
        self.beside.iter().for_each(|source| source.read(reading));
    }
}

// === impl ServerHandle ===

impl ServerHandle {
    /// New connections use this certificate and authority from now on; open
    /// ones stay until they age.
    ///
    /// # Errors
    /// When it does not make a TLS server; the old one stays.
    pub fn reload_tls(&self, material: &TlsMaterial) -> Result<(), TlsError> {
        let (own, public) = (material.server_config()?, material.public_config()?);
        self.tls.store(own);
        self.published.iter().for_each(|published| published.store(Arc::clone(&public)));
        Ok(())
    }

    /// How many connections came to nothing for that cause.
    pub fn refused(&self, cause: Refused) -> u64 {
        self.refusals.count(cause)
    }
}

impl std::fmt::Debug for ServerHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServerHandle")
    }
}
