//! The arguments of the client commands: as whom, and what is asked.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// How a client command reaches the gateway, and as whom.
#[derive(Debug, Clone, Args)]
pub struct ClientArgs {
    /// The folder with the caller's cert.pem, key.pem and ca.pem
    #[arg(long, value_name = "DIR")]
    pub client: PathBuf,
    /// The gateway's address; by default `grpc` of endpoints.json two folders above
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// The token of the acting person; by default officer.jwt or citizen.jwt in the caller's folder
    #[arg(long, value_name = "FILE", conflicts_with = "no_token")]
    pub token: Option<PathBuf>,
    /// Act as nobody: outcomes and names of fields, no values
    #[arg(long)]
    pub no_token: bool,
    /// Print canonical protobuf JSON, enum prefixes dropped
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `motlan open`.
#[derive(Debug, Args)]
pub struct OpenArgs {
    /// How to reach the gateway.
    #[command(flatten)]
    pub client: ClientArgs,
    /// The dossier's code, given by the portal
    #[arg(long, value_name = "CODE")]
    pub dossier: String,
    /// The procedure
    #[arg(long, value_name = "CODE")]
    pub procedure: String,
    /// The case; the procedure's first if none is named
    #[arg(long, value_name = "CASE", default_value = "")]
    pub case: String,
    /// The agency that handles it
    #[arg(long, value_name = "CODE")]
    pub agency: String,
    /// A subject as ROLE=KIND:VALUE, KIND one of person, enterprise, certificate, parcel, insurance
    #[arg(long = "subject", value_name = "ROLE=KIND:VALUE", required = true)]
    pub subjects: Vec<String>,
    /// An acceptance receipt (JWS) that the portal signed
    #[arg(long, value_name = "FILE", conflicts_with = "receipt_key")]
    pub receipt: Option<PathBuf>,
    /// Sign an acceptance receipt with this key of the portal (PKCS#8 PEM, Ed25519)
    #[arg(long, value_name = "FILE")]
    pub receipt_key: Option<PathBuf>,
    /// The id under which repeating this command is harmless; random if not given
    #[arg(long, value_name = "ID")]
    pub request_id: Option<String>,
}

/// Arguments of `motlan resolve`.
#[derive(Debug, Args)]
pub struct ResolveArgs {
    /// How to reach the gateway.
    #[command(flatten)]
    pub client: ClientArgs,
    /// The dossier
    #[arg(long, value_name = "CODE")]
    pub dossier: String,
}

/// Arguments of `motlan get`.
#[derive(Debug, Args)]
pub struct GetArgs {
    /// How to reach the gateway.
    #[command(flatten)]
    pub client: ClientArgs,
    /// The dossier
    #[arg(long, value_name = "CODE")]
    pub dossier: String,
}

/// Arguments of `motlan close`.
#[derive(Debug, Args)]
pub struct CloseArgs {
    /// How to reach the gateway.
    #[command(flatten)]
    pub client: ClientArgs,
    /// The dossier
    #[arg(long, value_name = "CODE")]
    pub dossier: String,
    /// Why, one word for the log in capitals, such as DECIDED or WITHDRAWN
    #[arg(long, value_name = "WORD")]
    pub reason: String,
    /// The id under which repeating this command is harmless; random if not given
    #[arg(long, value_name = "ID")]
    pub request_id: Option<String>,
}

/// Arguments of `motlan verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// How to reach the gateway.
    #[command(flatten)]
    pub client: ClientArgs,
    /// The dossier the question is for
    #[arg(long, value_name = "CODE", conflicts_with = "purpose", required_unless_present = "purpose")]
    pub dossier: Option<String>,
    /// The registered purpose the question is for
    #[arg(long, value_name = "ID")]
    pub purpose: Option<String>,
    /// The person's id
    #[arg(long, value_name = "ID")]
    pub id: String,
    /// The name the person gives
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// The birth date the person gives: dd/MM/yyyy, yyyy-MM-dd or yyyyMMdd, from 1850 to today.
    /// A year (yyyy) or month (yyyy-MM) alone agrees, at LOW assurance, only with a record that
    /// knows no more; against a fuller record the answer is MISMATCH / CLAIM_LESS_PRECISE, whether
    /// the year is the right one or not
    #[arg(long, value_name = "DATE")]
    pub birth_date: Option<String>,
}

/// What `motlan audit search` looks for; what is left out does not filter.
#[derive(Debug, Args)]
pub struct SearchFilter {
    /// Entries of this dossier
    #[arg(long, value_name = "CODE")]
    pub dossier: Option<String>,
    /// Entries about this subject, KIND one of person, cmnd, enterprise, certificate, parcel, insurance
    #[arg(long, value_name = "KIND:VALUE", conflicts_with = "person")]
    pub subject: Option<String>,
    /// Entries about this person: short for --subject person:ID
    #[arg(long, value_name = "ID")]
    pub person: Option<String>,
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
    /// Entries from this instant on (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Entries before this instant (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Which entries come first
    #[arg(long, value_enum, default_value_t)]
    pub order: Order,
    /// At most so many entries
    #[arg(long, value_name = "N", default_value = "50")]
    pub limit: NonZeroUsize,
}

/// Which entries come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Order {
    /// The newest
    #[default]
    Newest,
    /// The oldest
    Oldest,
}

/// Arguments of `motlan audit search`.
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// How to reach the gateway.
    #[command(flatten)]
    pub client: ClientArgs,
    /// What to look for.
    #[command(flatten)]
    pub filter: SearchFilter,
}
