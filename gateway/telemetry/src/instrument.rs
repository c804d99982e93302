//! The table: everything that is counted, under which name.
//!
//! Names are those of the OpenTelemetry semantic conventions (1.42) where these
//! have one, and begin with `motlan.` where not.

/// Which version of the conventions the names are of.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.42.0";

/// The keys of attributes. Their values are closed sets; see the crate's invariant.
pub mod key {
    /// `grpc`.
    pub const RPC_SYSTEM: &str = "rpc.system.name";
    /// `motlan.population.v1.PopulationService/GetPerson`, or `_OTHER`.
    pub const RPC_METHOD: &str = "rpc.method";
    /// `OK`, `PERMISSION_DENIED`, …
    pub const RPC_STATUS: &str = "rpc.response.status_code";
    /// What failed; absent where nothing did.
    pub const ERROR_TYPE: &str = "error.type";
    /// `GET` or `POST`.
    pub const HTTP_METHOD: &str = "http.request.method";
    /// One of the statuses that are told apart.
    pub const HTTP_STATUS: &str = "http.response.status_code";
    /// A registry's host, from the configuration.
    pub const SERVER_ADDRESS: &str = "server.address";
    /// Its port.
    pub const SERVER_PORT: &str = "server.port";
    /// The version that runs.
    pub const SERVICE_VERSION: &str = "service.version";
    /// A code of `motlan_domain::Reason`.
    pub const REASON: &str = "motlan.reason";
    /// How a question to a registry ended.
    pub const OUTCOME: &str = "motlan.outcome";
    /// `population.person`, …
    pub const DATASET: &str = "motlan.dataset";
    /// `population`, …
    pub const REGISTRY: &str = "motlan.registry";
    /// `HIT`, `MISS`, `COALESCED`, `STALE`.
    pub const CACHE_STATE: &str = "motlan.cache.state";
    /// `checkpoint`, `tile`, `bundle`, or `_OTHER`.
    pub const LOG_FILE: &str = "motlan.log.file";
    /// Why the journal cannot be written.
    pub const CAUSE: &str = "motlan.cause";
    /// The name of a witness's key, from the configuration.
    pub const WITNESS: &str = "motlan.witness";
}

/// The value where something is none of what is told apart.
pub const OTHER: &str = "_OTHER";

/// One thing that is counted.
#[derive(Debug)]
pub struct Instrument {
    /// Its name, with dots.
    pub name: &'static str,
    /// Its unit (UCUM): `s`, `By`, or a word in braces.
    pub unit: &'static str,
    /// What it is, one sentence without a full stop.
    pub help: &'static str,
    /// How it is counted.
    pub kind: Kind,
}

/// How something is counted.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// How it is now.
    Gauge,
    /// How much of it there is now, which may be added up over gateways.
    UpDown,
    /// How often it was how large: the upper bounds of the buckets, in
    /// `per_unit`-th parts of the unit, rising.
    Histogram {
        /// Upper bounds, each included.
        bounds: &'static [u64],
        /// How many counted parts make one unit.
        per_unit: f64,
    },
}

const fn counter(name: &'static str, unit: &'static str, help: &'static str) -> Instrument {
    Instrument { name, unit, help, kind: Kind::Counter }
}

const fn gauge(name: &'static str, unit: &'static str, help: &'static str) -> Instrument {
    Instrument { name, unit, help, kind: Kind::Gauge }
}

const fn up_down(name: &'static str, unit: &'static str, help: &'static str) -> Instrument {
    Instrument { name, unit, help, kind: Kind::UpDown }
}

/// Times are counted in nanoseconds and told in seconds.
const fn times(name: &'static str, bounds: &'static [u64], help: &'static str) -> Instrument {
    Instrument { name, unit: "s", help, kind: Kind::Histogram { bounds, per_unit: 1e9 } }
}

const fn sizes(
    name: &'static str,
    unit: &'static str,
    bounds: &'static [u64],
    help: &'static str,
) -> Instrument {
    Instrument { name, unit, help, kind: Kind::Histogram { bounds, per_unit: 1.0 } }
}

const US: u64 = 1_000;
const MS: u64 = 1_000_000;

/// What the conventions advise for calls and requests, and three below it: an
/// answer from the cache takes about a millisecond.
#[rustfmt::skip]
const CALL: &[u64] = &[
    500 * US, MS, 2_500 * US, 5 * MS, 10 * MS, 25 * MS, 50 * MS, 75 * MS, 100 * MS, 250 * MS, 500 * MS, 750 * MS,
    1_000 * MS, 2_500 * MS, 5_000 * MS, 7_500 * MS, 10_000 * MS,
];
#[rustfmt::skip]
const SYNC: &[u64] = &[
    50 * US, 100 * US, 250 * US, 500 * US, MS, 2_500 * US, 5 * MS, 10 * MS, 25 * MS, 50 * MS, 100 * MS, 250 * MS,
    1_000 * MS, 5_000 * MS,
];
const BATCH: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 4_096, 16_384];

/// Declares the instruments and the table of them all.
macro_rules! table {
    ($($(#[$doc:meta])* $name:ident = $instrument:expr;)*) => {
        $($(#[$doc])* pub static $name: Instrument = $instrument;)*

        /// Every instrument, in the order in which a reading tells them.
        pub static ALL: &[&Instrument] = &[$(&$name,)*];
    };
}

table! {
    /// By `rpc.method`, `rpc.response.status_code`.
    RPC_DURATION = times("rpc.server.call.duration", CALL, "Time from a call's arrival to its status");
    /// Calls under way.
    RPC_ACTIVE = up_down("motlan.rpc.active", "{call}", "Calls under way");
    /// By `motlan.reason`.
    CONNECTIONS_REFUSED = counter("motlan.connections.refused", "{connection}", "Connections that came to nothing before their first call");
    /// By `motlan.log.file`, `http.response.status_code`.
    LOG_REQUESTS = counter("motlan.log.requests", "{request}", "Requests for files of the published log");
    /// By `motlan.reason`.
    DENIALS = counter("motlan.permit.denials", "{denial}", "Denials and refused credentials, each with its entry in the audit log");
    /// By `motlan.dataset`, `motlan.cache.state`.
    CACHE_LOOKUPS = counter("motlan.cache.lookups", "{lookup}", "Permitted questions by where their answer came from");
    /// Answers kept.
    CACHE_ENTRIES = gauge("motlan.cache.entries", "{answer}", "Answers kept in the cache, about");
    /// Bytes they are counted as.
    CACHE_SIZE = gauge("motlan.cache.size", "By", "Bytes that cached answers are counted as, about");
    /// By `motlan.registry`, `motlan.outcome`.
    REGISTRY_DURATION = times("motlan.registry.question.duration", CALL, "Time one question to a registry took, with waiting and every exchange it needed");
    /// By `motlan.registry`: 1 while it is being spared after failures in a row.
    REGISTRY_SUSPENDED = gauge("motlan.registry.suspended", "{registry}", "1 while a registry that failed again and again is being spared");
    /// By `motlan.registry`, `http.request.method`, `http.response.status_code`, `error.type`.
    HTTP_DURATION = times("http.client.request.duration", CALL, "Time of one HTTP request to a registry");
    /// 1 when entries are taken.
    AUDIT_READY = gauge("motlan.audit.ready", "{log}", "1 when the audit log takes entries; at 0 nothing is disclosed");
    /// Entries waiting.
    AUDIT_QUEUE = gauge("motlan.audit.queue.depth", "{entry}", "Entries waiting for the next commit");
    /// Entries in all.
    AUDIT_ENTRIES = gauge("motlan.audit.entries", "{entry}", "Durable entries of the audit log");
    /// Entries the index lacks.
    AUDIT_INDEX_LAG = gauge("motlan.audit.index.lag", "{entry}", "Durable entries that a search does not find yet");
    /// 1 when the index is written.
    AUDIT_INDEXING = gauge("motlan.audit.indexing", "{log}", "1 when durable entries are made findable; at 0 a search does not find the newest, and says so");
    /// One gauge.
    AUDIT_PUBLISH_LAG = gauge("motlan.audit.publish.lag", "{entry}", "Durable entries that no published checkpoint covers yet");
    /// One gauge.
    AUDIT_PUBLISHING = gauge("motlan.audit.publishing", "{log}", "1 when checkpoints are published; at 0 the newest entries cannot be proved to an outsider");
    /// One gauge.
    AUDIT_SEGMENTS = gauge("motlan.audit.journal.waiting", "{segment}", "Full journal segments that cannot go yet: the published log does not hold all their entries, or cannot show that it does");
    /// One gauge.
    AUDIT_SEGMENTS_AGE = gauge("motlan.audit.journal.waiting.age", "s", "For how long the oldest of them has waited; 0 where none does");
    /// One gauge.
    AUDIT_WITNESS_AGE = gauge("motlan.audit.witness.age", "s", "Age of the first entry that no quorum of witnesses has cosigned; 0 where there is none");
    /// One gauge.
    AUDIT_WITNESS_SIZE = gauge("motlan.audit.witness.size", "{entry}", "Entries that a quorum of witnesses has cosigned");
    /// By `motlan.witness`.
    AUDIT_WITNESS_ALARM = gauge("motlan.audit.witness.alarm", "{witness}", "1 while a witness says or shows that it has seen another log by this name");
    /// By `motlan.witness`, `motlan.outcome`.
    AUDIT_WITNESS_ASKED = counter("motlan.audit.witness.submissions", "{submission}", "Checkpoints submitted to a witness by what came of it");
    /// Entries of one commit.
    AUDIT_BATCH = sizes("motlan.audit.batch.size", "{entry}", BATCH, "Entries made durable by one commit");
    /// One sync.
    AUDIT_SYNC = times("motlan.audit.sync.duration", SYNC, "Time one sync of the journal took");
    /// By `motlan.cause`.
    AUDIT_FAILURES = counter("motlan.audit.commit.failures", "{commit}", "Commits that failed; nobody in them was answered");
    /// By `error.type`.
    SPANS_PROCESSED = counter("otel.sdk.processor.span.processed", "{span}", "Spans handed to the exporter, or dropped because it could not keep up");
    /// By `error.type`.
    SPANS_EXPORTED = counter("otel.sdk.exporter.span.exported", "{span}", "Spans the collector took, or did not");
    /// By `error.type`.
    POINTS_EXPORTED = counter("otel.sdk.exporter.metric_data_point.exported", "{data_point}", "Metric data points the collector took, or did not");
    /// Resident memory.
    PROCESS_MEMORY = up_down("process.memory.usage", "By", "Physical memory in use");
    /// Since the start.
    PROCESS_UPTIME = gauge("process.uptime", "s", "Time since the process started");
    /// By `service.version`.
    BUILD_INFO = gauge("motlan.build.info", "{build}", "1, with the version that runs");
}

#[cfg(test)]
mod tests;
