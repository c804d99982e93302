//! `[[audit.witness]]`: who cosigns the log's checkpoints, and what follows
//! where too few do.

use std::time::Duration;

use motlan_audit_tree::VerifierKey;
use motlan_audit_tree::note::Algorithm;
use motlan_transport::{HttpConfig, Secret};
use url::Url;

use super::reader::Section;
use super::telemetry::holds_certificate;

/// The most witnesses: their cosignatures must fit one note, with room for the
/// log's own.
const MOST: u64 = 16;

/// The longest that unwitnessed entries may be let go on.
const DAYS: Duration = Duration::from_hours(24 * 30);

/// So long, on a slow day, an entry needs to be published and cosigned. A limit
/// below it would stop work with every entry.
const ROUND: Duration = Duration::from_secs(5);

/// Who witnesses the log.
#[derive(Debug, Clone, Default)]
pub struct WitnessSection {
    /// The witnesses; none: nobody is asked.
    pub witnesses: Vec<WitnessAt>,
    /// How many of them make a checkpoint witnessed.
    pub quorum: usize,
    /// From which age of the unwitnessed part on new work is refused; without
    /// it, never.
    pub stop_after: Option<Duration>,
}

/// One witness.
#[derive(Debug, Clone)]
pub struct WitnessAt {
    /// Its submission prefix.
    pub url: Url,
    /// Its key: who it is.
    pub key: VerifierKey,
    /// The only authorities trusted for its certificate, PEM; without them
    /// those of the system.
    pub ca_pem: Option<Secret>,
}

/// `None` for a mistake.
pub(super) fn read(audit: &Section<'_>) -> Option<WitnessSection> {
    let tables = audit.sections("witness");
    let count = tables.len() as u64;
    if count > MOST {
        audit.mistake("witness", format!("are {count}; {MOST} fit one checkpoint"));
    }
    let mut known: Vec<VerifierKey> = Vec::new();
    let witnesses: Vec<Option<WitnessAt>> = tables.iter().map(|table| witness(table, &mut known)).collect();
    // Of none there is no number that would make sense.
    let quorum = if count == 0 && audit.has("witness_quorum") {
        audit.know("witness_quorum");
        audit.mistake("witness_quorum", "there is no [[audit.witness]] to count");
        None
    } else {
        audit.number("witness_quorum", count, count.min(1)..=count)
    };
    let never = Duration::ZERO;
    let stop_after = if audit.has("stop_without_witness") {
        let limit = audit.time_limit("stop_without_witness", never, DAYS);
        if limit.is_some_and(|limit| limit < ROUND) {
            audit.mistake(
                "stop_without_witness",
                "is less than a checkpoint needs to be witnessed: at least 5s",
            );
        }
        if count == 0 {
            audit.mistake("stop_without_witness", "there is no [[audit.witness]] to wait for");
        }
        Some(limit?)
    } else {
        audit.know("stop_without_witness");
        None
    };
    let witnesses: Option<Vec<WitnessAt>> = witnesses.into_iter().collect();
    Some(WitnessSection { witnesses: witnesses?, quorum: usize::try_from(quorum?).ok()?, stop_after })
}

fn witness(table: &Section<'_>, known: &mut Vec<VerifierKey>) -> Option<WitnessAt> {
    let url = table.url("url").filter(|url| reachable(table, url));
    let ca_pem = table.secret_or_none("ca_pem");
    let key = table.parsed("key", |text| {
        let key: VerifierKey = text.parse().map_err(|error| format!("{error}"))?;
        match key.algorithm() {
            Algorithm::CosignatureV1 => Ok(key),
            Algorithm::Ed25519 => {
                Err("is the key of a log; a witness's is told by `motlan keys new-witness`".to_owned())
            }
        }
    })?;
    // One that counts twice would be a quorum of one.
    if known.iter().any(|other| other.name() == key.name()) {
        table.mistake("key", format!("the witness {} stands twice", key.name()));
        return None;
    }
    known.push(key.clone());
    let pem = ca_pem.as_ref().and_then(|pem| pem.read().ok());
    if pem.is_some_and(|pem| !holds_certificate(pem.as_bytes())) {
        table.mistake("ca_pem", "holds no certificate in PEM");
    }
    if table.has("ca_pem") != ca_pem.is_some() {
        return None;
    }
    Some(WitnessAt { url: url?, key, ca_pem })
}

/// Nothing of it is secret, but whoever sits between could keep cosignatures
/// back: beyond this machine only over TLS.
fn reachable(table: &Section<'_>, url: &Url) -> bool {
    let checked = HttpConfig::new(url.clone()).check();
    if url.scheme() == "http" && checked.is_err() {
        table.mistake("url", "must be https beyond this machine");
    } else if let Err(error) = &checked {
        table.mistake("url", error.to_string().trim_start_matches("base_url: "));
    }
    checked.is_ok()
}
