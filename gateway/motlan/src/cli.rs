//! The command line: what may be asked for, and which command answers.

mod calls;
mod ids;
mod keys;
mod names;
mod origins;
mod prove;
mod reasons;
mod rotate;
mod sheet;
#[cfg(test)]
mod tests;
mod witness;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use calls::{
    ClientArgs, CloseArgs, GetArgs, OpenArgs, Order, ResolveArgs, SearchArgs, SearchFilter, VerifyArgs,
};
pub use ids::run as id;
pub use keys::run as new_keys;
pub use names::run as compare_names;
pub use origins::{NewRegistryArgs, OriginsCommand, SignOriginsArgs, VerifyOriginsArgs};
pub use prove::{ProveArgs, WatchArgs};
pub use reasons::run as reasons;
pub use rotate::{begin as rotate_log, end as retire_log};
pub use witness::{NewWitnessArgs, WitnessArgs, WitnessCommand, WitnessKeyArgs};

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
  70  a fault of the program
 130  interrupted (Ctrl-C)";

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
    /// Make the key files that a configuration names
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Witness other offices' logs: cosign what grew from what was seen, nothing else
    #[command(subcommand)]
    Witness(WitnessCommand),
    /// Open a dossier
    Open(OpenArgs),
    /// Resolve a dossier: what is reused, what prefills, what still needs paper
    Resolve(ResolveArgs),
    /// Show a dossier: its state and the roles taken, no identifiers
    Get(GetArgs),
    /// Close a dossier: no question is answered under it any more
    Close(CloseArgs),
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

/// `motlan keys …`.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make new random keys, each file with mode 0600; never overwrites one
    New(NewKeysArgs),
    /// Make a witness's key, a file with mode 0600, and say what others verify it with
    NewWitness(WitnessKeyArgs),
    /// Make the key of a registry of origins, a file with mode 0600; no gateway has it
    NewRegistry(NewRegistryArgs),
    /// Begin a change of the audit log's key: the next start signs the new one in
    RotateLog(RotateLogArgs),
    /// End it: the old key goes, once the new one signs the published log
    RetireLog(RetireLogArgs),
}

/// Arguments of `motlan keys new`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("files").required(true).multiple(true))]
pub struct NewKeysArgs {
    /// The audit log's key file, `[audit] keys`: four lines
    #[arg(long, value_name = "FILE", group = "files")]
    pub audit: Option<PathBuf>,
    /// The dossier register's key file, `[dossiers] key`: 64 hexadecimal digits
    #[arg(long, value_name = "FILE", group = "files")]
    pub register: Option<PathBuf>,
}

/// Arguments of `motlan keys rotate-log`.
#[derive(Debug, Args)]
pub struct RotateLogArgs {
    /// The audit log's key file, `[audit] keys`
    pub file: PathBuf,
}

/// Arguments of `motlan keys retire-log`.
#[derive(Debug, Args)]
pub struct RetireLogArgs {
    /// The audit log's key file, `[audit] keys`
    pub file: PathBuf,
    /// The folder of the published log, `[audit] published`
    #[arg(long, value_name = "DIR")]
    pub log: PathBuf,
}

/// `motlan audit …`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Search the entries; the search is itself an entry
    Search(Box<SearchArgs>),
    /// Verify a published log from its files alone: no gateway, no database
    Verify(VerifyLogArgs),
    /// Make the search index anew from the log, while the gateway is down
    Reindex(ReindexArgs),
    /// The registry of origins: which logs there are
    #[command(subcommand)]
    Origins(OriginsCommand),
    /// Begin a log in the place of one that does not open any more; the gateway does not run
    Recover(RecoverArgs),
    /// Prove that these are all entries about somebody, or that a receipt's entry is in the log
    Prove(Box<ProveArgs>),
    /// Follow the log as it grows, and hold it to what it was
    Watch(Box<WatchArgs>),
}

/// Arguments of `motlan audit reindex`.
#[derive(Debug, Args)]
pub struct ReindexArgs {
    /// The gateway's configuration file
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// Arguments of `motlan audit recover`.
#[derive(Debug, Args)]
pub struct RecoverArgs {
    /// The configuration file, as it is: of the old log
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// The name of the new log
    #[arg(long, value_name = "NAME")]
    pub origin: String,
    /// Why, in a sentence; it stands in the new log for good, so it names no person
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Who does this: your login
    #[arg(long, value_name = "LOGIN")]
    pub operator: String,
    /// A checkpoint that the old log signed and its files do not hold any more, as a witness or an auditor
    /// kept it: shows that the log was put back, and is named in the new one as its last
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// Also where the log opens, or does not for a reason that may be mended
    #[arg(long)]
    pub force: bool,
}

/// Arguments of `motlan audit verify`. Exit code 0: nothing is wrong in the
/// evidence given; 1: something is; 2: it cannot be read.
#[derive(Debug, Args)]
pub struct VerifyLogArgs {
    /// The published log: its folder, or the address it is served at; with --origins several
    #[arg(long, value_name = "DIR|URL", required = true)]
    pub log: Vec<String>,
    /// The log's verifier key, or a file with it (`log.pub`); several after a change of keys
    #[arg(long, value_name = "FILE|KEY", required_unless_present = "origins")]
    pub key: Vec<String>,
    /// A signed registry of origins: every log it lists must be given, and its keys are the logs'
    #[arg(long, value_name = "FILE", requires = "origins_key")]
    pub origins: Option<PathBuf>,
    /// The verifier key of the registry, or a file with it
    #[arg(long, value_name = "FILE|KEY", requires = "origins")]
    pub origins_key: Option<String>,
    /// A witness's verifier key, or a file with some
    #[arg(long, value_name = "FILE|KEY")]
    pub witness_key: Vec<String>,
    /// A checkpoint that somebody outside kept
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Vec<PathBuf>,
    /// A receipt that a caller was given, or a list of them, as JSON
    #[arg(long, value_name = "FILE")]
    pub receipt: Vec<PathBuf>,
    /// Read what every entry says, too
    #[arg(long)]
    pub deep: bool,
    /// Read no entries: what is public alone, hashes, checkpoints, and receipts by them
    #[arg(long, conflicts_with = "deep")]
    pub hashes_only: bool,
    /// From a server, as an auditor: the folder with cert.pem, key.pem and ca.pem
    #[arg(long, value_name = "DIR")]
    pub client: Option<PathBuf>,
    /// The officer's token; by default officer.jwt in that folder
    #[arg(long, value_name = "FILE", requires = "client")]
    pub token: Option<PathBuf>,
    /// From a server, as anybody: the authority of its certificate, PEM
    #[arg(long, value_name = "FILE", conflicts_with = "client")]
    pub ca: Option<PathBuf>,
    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
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
