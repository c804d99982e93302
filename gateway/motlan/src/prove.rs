//! `motlan audit prove`: what a gateway answers, held against the checkpoint it
//! signed. Nothing is believed but the keys given; what rests on the gateway's
//! word all the same is said.

mod columns;
mod known;
mod print;
mod receipts;
mod subject;

use std::io::Write;

use motlan_audit_tree::verify::complete::{Incomplete, Whole};
use motlan_proto::audit::v1::Entry;

use crate::cli::{ClientArgs, ProveArgs};
use crate::client::connect;
use crate::exit::{Ended, Exit, Failure};
use crate::term::Look;

pub(crate) use columns::columns;
pub(crate) use known::{Judged, KnownKeys, NotTaken, checkpoint, rotations};

/// What one log came to.
struct Proved {
    /// Its address, as it was given.
    endpoint: String,
    /// What is shown, or why nothing is.
    outcome: Result<Whole, Wrong>,
    /// The entries that match.
    entries: Vec<Entry>,
}

/// Why a log's answer shows nothing.
#[derive(Debug, thiserror::Error)]
enum Wrong {
    /// It is not whole, or not shown to be.
    #[error(transparent)]
    Incomplete(#[from] Incomplete),
    /// The checkpoint is not one of a log whose key was given.
    #[error("{}", .0.told().1)]
    Checkpoint(NotTaken),
    /// An answer lacks what it must hold, or holds what it cannot.
    #[error("the gateway's answer lacks {0}")]
    Answer(&'static str),
}

/// What ends the proof of one log.
enum Stop {
    Wrong(Wrong),
    Failure(Failure),
}

impl From<Wrong> for Stop {
    fn from(wrong: Wrong) -> Self {
        Self::Wrong(wrong)
    }
}

impl From<Incomplete> for Stop {
    fn from(incomplete: Incomplete) -> Self {
        Self::Wrong(incomplete.into())
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Runs the command.
pub async fn run(args: &ProveArgs, out: &mut dyn Write) -> Ended {
    let mut keys = KnownKeys::given(&args.key)?.with_log(args.log.as_ref(), &args.client).await?;
    if !args.receipt.is_empty() {
        return receipts::run(args, &mut keys, out).await;
    }
    let question = subject::Question::of(args).map_err(|problem| Failure::new(Exit::Usage, problem))?;
    let mut proved = Vec::new();
    for endpoint in std::iter::once(None).chain(args.also.iter().map(Some)) {
        let client = ClientArgs {
            endpoint: endpoint.cloned().or_else(|| args.client.endpoint.clone()),
            ..args.client.clone()
        };
        let connection = connect(&client).await?;
        let mut entries = Vec::new();
        let newest = checkpoint(&connection, &client, &mut keys).await?.at_once()?;
        let outcome = match subject::prove(&connection, newest, &question, &mut entries).await {
            Ok(whole) => Ok(whole),
            Err(Stop::Wrong(wrong)) => Err(wrong),
            Err(Stop::Failure(failure)) => return Err(failure),
        };
        proved.push(Proved { endpoint: client.endpoint.unwrap_or_default(), outcome, entries });
    }
    let missing = missing(&args.origin, &proved);
    let written = if args.client.json {
        print::json(&proved, &missing, !args.origin.is_empty(), out)
    } else {
        print::report(&proved, &missing, !args.origin.is_empty(), Look::of_stdout(), out)
    };
    let shown = missing.is_empty() && proved.iter().all(|log| log.outcome.is_ok());
    let exit = if shown { Exit::Ok } else { Exit::No };
    exit.told(written)
}

/// Those that must be among the logs, and of which nothing is shown.
fn missing(origins: &[String], proved: &[Proved]) -> Vec<String> {
    let shown: Vec<&str> = proved
        .iter()
        .filter_map(|log| log.outcome.as_ref().ok())
        .map(|whole| whole.origin.as_str())
        .collect();
    origins.iter().filter(|origin| !shown.contains(&origin.as_str())).cloned().collect()
}

/// Hashes as they came; none where one is not 32 bytes long.
pub(crate) fn hashes(told: &[Vec<u8>]) -> Option<Vec<[u8; 32]>> {
    told.iter().map(|hash| hash.as_slice().try_into().ok()).collect()
}
