//! `motlan audit prove` and `motlan audit watch`: what may be asked for.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use super::ClientArgs;

/// Arguments of `motlan audit prove`. Exit code 0: it is shown; 1: it is not,
/// or something is wrong; 2: the question cannot be asked so, or the statements do
/// not reach back to a key given.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["subject", "person", "receipt"]))]
pub struct ProveArgs {
    /// How to reach the gateway.
    #[command(flatten)]
    pub client: ClientArgs,
    /// A log's verifier key, or a file with it (`log.pub`); one for each log
    #[arg(long, value_name = "FILE|KEY", required = true)]
    pub key: Vec<String>,
    /// Where all statements lie by which one key of the log follows another (`keys/1`): the published
    /// log, its folder or address; the gateway tells the last 64
    #[arg(long, value_name = "DIR|URL")]
    pub log: Option<String>,
    /// All entries about this subject, KIND one of person, cmnd, enterprise, certificate, parcel, insurance
    #[arg(long, value_name = "KIND:VALUE")]
    pub subject: Option<String>,
    /// All entries about this person: short for --subject person:ID
    #[arg(long, value_name = "ID")]
    pub person: Option<String>,
    /// That a receipt's entry is in the log: a receipt, or a list of them, as JSON
    #[arg(long, value_name = "FILE")]
    pub receipt: Vec<PathBuf>,
    /// From this index on, or from this instant on (RFC 3339); the beginning of the log if not given
    #[arg(long, value_name = "INDEX|TIME", conflicts_with = "receipt")]
    pub from: Option<String>,
    /// Before this index, or before this instant (RFC 3339); the end of the log if not given
    #[arg(long, value_name = "INDEX|TIME", conflicts_with = "receipt")]
    pub to: Option<String>,
    /// Another gateway of the province, asked the same as the first
    #[arg(long, value_name = "URL", conflicts_with = "receipt")]
    pub also: Vec<String>,
    /// A log that must be among those asked: without one of them nothing is complete
    #[arg(long, value_name = "NAME", conflicts_with = "receipt")]
    pub origin: Vec<String>,
}

/// Arguments of `motlan audit watch`. Exit code 1: the log is not what it was, or what
/// was signed or shown is not proved, an alarm; 2: the gateway refuses, cannot be
/// reached at the beginning, or the command makes no sense: of the log nothing is said.
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// How to reach the gateway.
    #[command(flatten)]
    pub client: ClientArgs,
    /// The log's verifier key, or a file with it (`log.pub`); later ones are followed from there
    #[arg(long, value_name = "FILE|KEY", required = true)]
    pub key: Vec<String>,
    /// Where all statements lie by which one key of the log follows another (`keys/1`): the published
    /// log, its folder or address; the gateway tells the last 64
    #[arg(long, value_name = "DIR|URL")]
    pub log: Option<String>,
    /// Where the last checkpoint and the place in the log are kept; made if absent. What shows an
    /// alarm is kept beside it, in FILE.alarm
    #[arg(long, value_name = "FILE")]
    pub state: PathBuf,
    /// From this index on, 1 or more, where the state holds no place yet; from now on if not given
    #[arg(long, value_name = "INDEX", value_parser = clap::value_parser!(u64).range(1..))]
    pub from: Option<u64>,
    /// End after so many entries
    #[arg(long, value_name = "N")]
    pub limit: Option<NonZeroUsize>,
    /// Entries of this dossier
    #[arg(long, value_name = "CODE")]
    pub dossier: Option<String>,
    /// Entries about this subject, KIND one of person, cmnd, enterprise, certificate, parcel, insurance
    #[arg(long, value_name = "KIND:VALUE")]
    pub subject: Option<String>,
    /// Entries of this agency
    #[arg(long, value_name = "CODE")]
    pub agency: Option<String>,
    /// Entries of this officer account
    #[arg(long, value_name = "ACCOUNT")]
    pub officer: Option<String>,
    /// Entries of this procedure
    #[arg(long, value_name = "CODE")]
    pub procedure: Option<String>,
    /// Entries with this outcome, such as FOUND or DENIED
    #[arg(long, value_name = "OUTCOME")]
    pub outcome: Option<String>,
    /// Entries of this kind, such as access.denied or dossier.opened
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
}
