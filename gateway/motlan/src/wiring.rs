//! From a configuration to a running gateway, and back down in order.
//!
//! Construction order: audit log, register, catalogue, access, adapters,
//! pipeline, resolver, server. Shutdown order: not ready, stop accepting,
//! drain, flush the audit log, close the stores, send what telemetry is left;
//! each step is timed.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use motlan_access::Access;
use motlan_api::RegistryAdapter;
use motlan_audit::{AuditError, AuditLog, AuditService, Draft, DraftActor, FileKeyProvider, Kind, Loaded};
use motlan_business::BusinessAdapter;
use motlan_catalogue::Catalogue;
use motlan_domain::Clock;
use motlan_dossier::{Register, RegisterKey, RegisterOptions};
use motlan_insurance::InsuranceAdapter;
use motlan_land::LandAdapter;
use motlan_pipeline::{Options, Parts, Pipeline};
use motlan_population::PopulationAdapter;
use motlan_resolve::Resolver;
use motlan_server::{Server, ServerHandle, ServerOptions, Services, TlsError, TlsMaterial, Workers};
use motlan_telemetry::Source;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{self, Config, Mistake, ServerSection, read_register_key};
use crate::exit::{Exit, Failure, OrExit};
use crate::origins::{self, Origins};
use crate::telemetry::{Exporter, Exporting, Process, SpanQueue};
use crate::witnesses;

/// How long fetches that outlive their callers may take to end.
const FETCHES: Duration = Duration::from_secs(10);

/// How long the checkpoint over the last entries may take, before witnesses are
/// asked for it.
const LAST: Duration = Duration::from_secs(2);

/// A running gateway.
pub struct Gateway {
    grpc: String,
    probe: String,
    log: Option<String>,
    handle: ServerHandle,
    stop: CancellationToken,
    serving: TaskTracker,
    fetches: TaskTracker,
    workers: Workers,
    /// Stops the asking of witnesses, and waits for its end.
    witnessing: (CancellationToken, TaskTracker),
    audit: AuditService,
    register: Register,
    clock: Arc<dyn Clock>,
    exporting: Option<Exporting>,
}

// === impl Gateway ===

impl Gateway {
    /// Builds everything and begins to serve. `spans` are those that this
    /// process records, if it records any, for the collector in the config.
    ///
    /// # Errors
    /// [`Exit::Config`] for what an operator must mend in the files,
    /// [`Exit::Unavailable`] for stores and ports that cannot be had.
    pub async fn start(
        config: Config,
        clock: Arc<dyn Clock>,
        spans: Option<Arc<SpanQueue>>,
    ) -> Result<Self, Failure> {
        let (catalogue, purposes) = config.catalogue().map_err(mistaken)?;
        if let Some(problem) = config::tls::mistake(&config.server) {
            return Err(Failure::new(Exit::Config, problem));
        }
        let server = server_options(&config.server).or_exit(Exit::Config)?;
        let keys = FileKeyProvider::open(&config.audit_keys).context("the audit keys cannot be used");
        let keys = Arc::new(keys.or_exit(Exit::Config)?);

        if let Some(warning) = config.keys_warning() {
            tracing::warn!("{warning}");
        }

        let registry = config.origins.as_ref();
        let registry =
            registry.map(|section| origins::of_gateway(section, &config.audit.origin)).transpose()?;

        let opened = AuditLog::open(config.audit.clone(), keys, Arc::clone(&clock)).await;
        let exit = match &opened {
            Err(AuditError::Superseded { .. }) => Exit::Config,
            _ => Exit::Unavailable,
        };
        let (log, audit) = opened.context("the audit log cannot be opened").or_exit(exit)?;
        let witnessing = witnesses::submitter(&config.witnesses, &log, &clock).or_exit(Exit::Config)?;
        if let Some((submitter, _)) = &witnessing {
            // Before the first entry: a log that is not the one they know must not grow.
            submitter.check().await.context("the audit log cannot be opened").or_exit(Exit::Unavailable)?;
        }
        let closed = log.close_interrupted(longest_question(&config)).await;
        let closed =
            closed.context("questions cut off earlier cannot be closed").or_exit(Exit::Unavailable)?;
        if closed > 0 {
            tracing::info!(closed, "questions cut off earlier have their outcome now");
        }
        if let Some(registry) = &registry {
            origins::hold_against(registry, &config.audit.origin, &log.log_keys())?;
            if let Err(error) = log.publish_origins(registry.bytes.clone()).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "the registry cannot be published");
            }
        }
        let told = log.tell_of_next_key().await;
        told.context("the change of the log's key cannot be recorded").or_exit(Exit::Unavailable)?;
        let register = open_register(&config, Arc::clone(&clock))?;
        let access = Access::load(
            config.access.clone(),
            catalogue.clone(),
            purposes,
            register.clone(),
            Arc::clone(&clock),
        );
        let access = access.or_exit(Exit::Config)?;
        let feeder = log.feeder();
        record_loading(&log, &config, &access, registry.as_ref()).await.or_exit(Exit::Unavailable)?;

        let fetches = TaskTracker::new();
        let pipeline = pipeline(&config, access, log, register.clone(), catalogue, &clock, &fetches)?;
        let finished = pipeline.finish_begun().await;
        let finished = finished.map_err(|reason| {
            anyhow::anyhow!("openings and closings cut off earlier cannot be finished: {reason}")
        });
        let finished = finished.or_exit(Exit::Unavailable)?;
        if finished > 0 {
            tracing::info!(finished, "openings and closings cut off earlier are finished now");
        }
        let resolver = Resolver::new(Arc::clone(&pipeline), Arc::clone(&clock));
        let exporter = config.telemetry.as_ref().map(|section| {
            Exporter::new(section, &config.audit.origin, spans, Arc::clone(&clock)).or_exit(Exit::Config)
        });
        let exporter = exporter.transpose()?;
        let mut beside: Vec<Arc<dyn Source>> = vec![Arc::new(Process::started(Arc::clone(&clock)))];
        beside.extend(exporter.iter().flat_map(Exporter::counted));
        let (submitter, counted): (Option<_>, Option<_>) = witnessing.unzip();
        beside.extend(counted);
        let services = Services { pipeline, resolver, beside };
        let bound = Server::bind(server, services, Arc::clone(&clock)).await;
        let bound = bound.context("the gateway cannot listen").or_exit(Exit::Unavailable)?;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let workers =
            Workers::start(cores, &feeder).context("no threads can be had").or_exit(Exit::Unavailable)?;
        let bound = bound.on(&workers);

        let (stop, serving) = (CancellationToken::new(), TaskTracker::new());
        let grpc = bound.grpc_addr().to_string();
        let probe = format!("http://{}", bound.probe_addr());
        let log = bound.log_addr().map(|addr| format!("https://{addr}"));
        let handle = bound.handle();
        let exporting = exporter.map(|exporter| exporter.start(bound.numbers()));
        // Ends when `stop` is cancelled and its calls have ended; `shutdown` waits for it.
        serving.spawn(bound.serve(stop.clone().cancelled_owned()));
        serving.close();
        let witnessing = (CancellationToken::new(), TaskTracker::new());
        if let Some(submitter) = submitter {
            // Ends when it is told to; `shutdown` waits for it.
            witnessing.1.spawn(submitter.run(witnessing.0.clone()));
        }
        witnessing.1.close();
        tracing::info!(%grpc, %probe, log, "gateway is up");
        Ok(Self {
            grpc,
            probe,
            log,
            handle,
            stop,
            serving,
            fetches,
            workers,
            witnessing,
            audit,
            register,
            clock,
            exporting,
        })
    }

    /// Where gRPC is served, `host:port`.
    pub fn grpc(&self) -> &str {
        &self.grpc
    }

    /// Where the probes are served.
    pub fn probe(&self) -> &str {
        &self.probe
    }

    /// Where the published log is served, if it is.
    pub fn log(&self) -> Option<&str> {
        self.log.as_deref()
    }

    /// For reloading certificates and reading counters.
    pub const fn server(&self) -> &ServerHandle {
        &self.handle
    }

    /// The audit log, for measurements: its health, and its index paused.
    pub const fn audit(&self) -> &AuditLog {
        self.audit.log()
    }

    /// Completes when the server ended by itself, which it should not.
    pub async fn ended(&self) {
        self.serving.wait().await;
    }

    /// Stops in order. Nothing that was acknowledged is lost.
    pub async fn shutdown(self) {
        let step = Step { clock: Arc::clone(&self.clock) };
        // Not ready, stop accepting, drain: the server's own order.
        self.stop.cancel();
        step.timed("drain", self.serving.wait()).await;
        self.fetches.close();
        let ended = step.timed("fetches", tokio::time::timeout(FETCHES, self.fetches.wait())).await;
        if ended.is_err() {
            tracing::warn!("questions to registries were cut off at shutdown");
        }
        step.timed("threads", self.workers.stop()).await;
        if !self.witnessing.1.is_empty() {
            // They are asked for the last checkpoint, which has to be there.
            let log = self.audit.log();
            let last = tokio::time::timeout(LAST, log.published(log.health().durable));
            let _ = step.timed("last checkpoint", last).await;
        }
        self.witnessing.0.cancel();
        step.timed("witnesses", self.witnessing.1.wait()).await;
        step.timed("audit log", self.audit.shutdown()).await;
        step.timed("register", self.register.close()).await;
        if let Some(exporting) = self.exporting {
            step.timed("telemetry", exporting.stop()).await;
        }
    }
}

/// How long an intent stays without its outcome in a process that lives: a
/// call's time, in which it is asked about and bound; as long again as a client
/// may leave its answer lying; a fetch that outlives the call; and what the log
/// did not take at once.
fn longest_question(config: &Config) -> Duration {
    let limits = &config.server.limits;
    let call = limits.call + limits.patience + config.question_deadline;
    call + config.server.quotas.aggregate_every + FETCHES
}

/// Times the steps of a shutdown.
struct Step {
    clock: Arc<dyn Clock>,
}

impl Step {
    async fn timed<T>(&self, name: &'static str, work: impl Future<Output = T>) -> T {
        let begun = self.clock.monotonic();
        let done = work.await;
        let took = self.clock.monotonic().saturating_sub(begun);
        tracing::info!(step = name, ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX), "shutdown");
        done
    }
}

/// The TLS files of the server section.
fn tls(section: &ServerSection) -> Result<TlsMaterial, TlsError> {
    TlsMaterial::read(&section.certificate, &section.key, &section.client_ca)
}

fn server_options(section: &ServerSection) -> Result<ServerOptions, TlsError> {
    Ok(ServerOptions {
        grpc_addr: section.listen,
        probe_addr: section.probe,
        log_addr: section.log_listen,
        tls: tls(section)?,
        reflection: section.reflection,
        limits: section.limits.clone(),
    })
}

fn open_register(config: &Config, clock: Arc<dyn Clock>) -> Result<Register, Failure> {
    let key =
        read_register_key(&config.dossiers.key).map_err(|problem| Failure::new(Exit::Config, problem))?;
    let mut options =
        RegisterOptions::new(&config.dossiers.file, RegisterKey::new(key), config.mode.synthetic());
    options.cached = config.dossiers.cached;
    Register::open(options, clock)
        .context("the register of dossiers cannot be opened")
        .or_exit(Exit::Unavailable)
}

fn pipeline(
    config: &Config,
    access: Access,
    log: AuditLog,
    register: Register,
    catalogue: Catalogue,
    clock: &Arc<dyn Clock>,
    fetches: &TaskTracker,
) -> Result<Arc<Pipeline>, Failure> {
    let parts = Parts {
        access,
        log,
        register,
        catalogue: Arc::new(catalogue),
        adapters: adapters(config, clock)?,
        clock: Arc::clone(clock),
        tasks: fetches.clone(),
    };
    let options = Options {
        cache_bytes: config.cache_bytes,
        policies: config.cache.clone(),
        deadline: config.question_deadline,
        quotas: config.server.quotas,
    };
    Ok(Arc::new(Pipeline::new(parts, options).or_exit(Exit::Unavailable)?))
}

/// The one place that names the concrete adapters.
fn adapters(config: &Config, clock: &Arc<dyn Clock>) -> Result<Vec<Arc<dyn RegistryAdapter>>, Failure> {
    let (registries, synthetic) = (config.registries.clone(), config.mode.synthetic());
    let clock = || Arc::clone(clock);
    let population =
        PopulationAdapter::new(registries.population, synthetic, clock()).or_exit(Exit::Config)?;
    let business = BusinessAdapter::new(registries.business, synthetic, clock()).or_exit(Exit::Config)?;
    let insurance = InsuranceAdapter::new(registries.insurance, synthetic, clock()).or_exit(Exit::Config)?;
    let land = LandAdapter::new(registries.land, synthetic, clock()).or_exit(Exit::Config)?;
    Ok(vec![Arc::new(population), Arc::new(business), Arc::new(insurance), Arc::new(land)])
}

/// Every decision from here on rests on these; each is an entry of its own.
async fn record_loading(
    log: &AuditLog,
    config: &Config,
    access: &Access,
    registry: Option<&Origins>,
) -> anyhow::Result<()> {
    let digests = access.digests();
    let loaded = [
        ("config", config.digest.clone()),
        ("policy", digests.policies),
        ("catalogue", digests.catalogue),
        ("purposes", digests.purposes),
        ("directory", digests.directory),
    ];
    let registry = registry.map(|registry| ("origins", registry.digest()));
    for (what, digest) in loaded.into_iter().chain(registry) {
        let mut draft = Draft::new(Kind::ConfigLoaded);
        draft.actor = Some(DraftActor::System);
        draft.loaded = Some(Loaded { digest: format!("sha256:{digest}").into(), what: what.into() });
        log.append(draft).await.with_context(|| format!("the loading of the {what} cannot be recorded"))?;
    }
    Ok(())
}

fn mistaken(mistakes: Vec<Mistake>) -> Failure {
    let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    Failure::new(Exit::Config, lines.join("\n"))
}
