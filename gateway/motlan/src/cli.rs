//! The command line: what may be asked for, and which command answers.

mod ids;
mod names;
mod reasons;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use ids::run as id;
pub use names::run as compare_names;
pub use reasons::run as reasons;

/// One gateway to the national databases, so that citizens hand a fact in once.
#[derive(Debug, Parser)]
#[command(name = "motlan", version, about, long_about = None, after_help = EXIT_CODES, disable_help_subcommand = true)]
pub struct Cli {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Shown under `motlan --help`.
const EXIT_CODES: &str = "\
Exit codes:
   0  done; the answer is yes
   1  done; the answer is no (invalid, mismatch, denied, not found)
   2  the command line is wrong
  64  the configuration is wrong
  65  an input file is wrong
  69  something is unavailable; later may help
  70  a fault of the program";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the whole thing once on synthetic people: sandbox, gateway, dossier, audit entries
    Demo(DemoArgs),
    /// Run the simulated registries and a gateway until Ctrl-C
    Sandbox(SandboxArgs),
    /// Run the gateway
    Serve(ServeArgs),
    /// Work with configuration files
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Open a dossier
    Open(OpenArgs),
    /// Resolve a dossier: what is reused, what prefills, what still needs paper
    Resolve(ResolveArgs),
    /// Is this the person they say they are?
    Verify(VerifyArgs),
    /// Read the audit log
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Explain whether an identifier is valid as written
    Id(IdArgs),
    /// Show how two names compare
    Match(MatchArgs),
    /// Explain a reason code, or print the page of all of them
    Reasons(ReasonsArgs),
}

/// Arguments of `motlan demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Print one JSON object instead of the table
    #[arg(long)]
    pub json: bool,
    /// The procedure to run
    #[arg(long, value_name = "CODE", default_value = "1.004222")]
    pub procedure: String,
    /// One of its cases; its first if none is named
    #[arg(long, value_name = "CASE")]
    pub case: Option<String>,
    /// Which of the sandbox's demo families applies, from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub family: usize,
}

/// Arguments of `motlan sandbox`.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// The folder for endpoints, client certificates, tokens and state; made if absent
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
}

/// Arguments of `motlan serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// `motlan config …`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Name every mistake in a configuration file
    Check {
        /// The configuration file
        file: PathBuf,
    },
}

/// `motlan audit …`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Search the entries; the search is itself an entry
    Search(SearchArgs),
}

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
    /// The birth date the person gives: dd/MM/yyyy, yyyy-MM-dd, yyyyMMdd or a year
    #[arg(long, value_name = "DATE")]
    pub birth_date: Option<String>,
}

/// Arguments of `motlan audit search`.
#[derive(Debug, Default, Args)]
pub struct SearchFilter {
    /// Entries of this dossier
    #[arg(long, value_name = "CODE")]
    pub dossier: Option<String>,
    /// Entries about this person
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
    /// Entries from this instant on (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Entries before this instant (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// At most so many entries
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
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

/// Whether sandbox identities pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SyntheticArg {
    /// Accept prefixes 097–099, as a sandbox does
    Allow,
    /// Refuse them, as production does
    Refuse,
}

/// Arguments of `motlan id`.
#[derive(Debug, Args)]
pub struct IdArgs {
    /// The kind of identifier, such as personal_id or enterprise_code
    #[arg(required_unless_present = "csv", requires = "value")]
    pub kind: Option<String>,
    /// The value as written
    pub value: Option<String>,
    /// Judge every row of a CSV file (columns kind,value; others ignored); - reads standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kind", "value"])]
    pub csv: Option<PathBuf>,
    /// Sandbox identities
    #[arg(long, value_enum, value_name = "RULE", default_value_t = SyntheticArg::Refuse)]
    pub synthetic: SyntheticArg,
}

/// Arguments of `motlan match`.
#[derive(Debug, Args)]
pub struct MatchArgs {
    /// One name
    #[arg(required_unless_present = "csv", requires = "b")]
    pub a: Option<String>,
    /// The other
    pub b: Option<String>,
    /// Compare every row of a CSV file (columns a_name,b_name; others ignored); - reads standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["a", "b"])]
    pub csv: Option<PathBuf>,
}

/// Arguments of `motlan reasons`.
#[derive(Debug, Args)]
pub struct ReasonsArgs {
    /// The code, such as SUBJECT_NOT_IN_DOSSIER; none prints all, in Markdown
    pub code: Option<String>,
}

/// Opens a CSV file, or standard input for `-`.
fn open_csv(path: &std::path::Path) -> Result<csv::Reader<Box<dyn std::io::Read>>, crate::exit::Failure> {
    use crate::exit::{Exit, OrExit};
    use anyhow::Context as _;

    let source: Box<dyn std::io::Read> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        let file = std::fs::File::open(path).with_context(|| format!("cannot open {}", path.display()));
        Box::new(file.or_exit(Exit::Usage)?)
    };
    // Rows may be ragged: a missing value is an empty one, judged like any other.
    Ok(csv::ReaderBuilder::new().flexible(true).from_reader(source))
}

/// Where the named columns stand, or which one is missing.
fn columns<const N: usize>(
    reader: &mut csv::Reader<Box<dyn std::io::Read>>,
    names: [&str; N],
) -> Result<[usize; N], crate::exit::Failure> {
    use crate::exit::{Exit, Failure, OrExit};

    let header = reader.byte_headers().or_exit(Exit::Data)?.clone();
    let mut found = [0; N];
    for (place, name) in found.iter_mut().zip(names) {
        let position = header.iter().position(|column| column == name.as_bytes());
        *place =
            position.ok_or_else(|| Failure::new(Exit::Data, format!("the file has no column {name}")))?;
    }
    Ok(found)
}
