//! `motlan witness …` and `motlan keys new-witness`: what may be asked for.
//! There is no configuration file: a witness has nothing to configure but
//! whom it trusts, and that belongs where it can be seen.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use motlan_audit_tree::VerifierKey;

/// `motlan witness …`.
#[derive(Debug, Subcommand)]
pub enum WitnessCommand {
    /// Make the folder of a new witness, which has seen nothing yet
    New(NewWitnessArgs),
    /// Run the witness until Ctrl-C
    Run(WitnessArgs),
}

/// Arguments of `motlan keys new-witness`.
#[derive(Debug, Args)]
pub struct WitnessKeyArgs {
    /// The key file to make
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The witness's name, a URL without a scheme: `witness.example/w1`
    #[arg(long, value_name = "NAME")]
    pub name: String,
}

/// Arguments of `motlan witness new`.
#[derive(Debug, Args)]
pub struct NewWitnessArgs {
    /// The folder for what it will have cosigned; made if absent
    #[arg(long, value_name = "DIR")]
    pub folder: PathBuf,
    /// Its key file, made with `motlan keys new-witness`
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
}

/// Arguments of `motlan witness run`.
#[derive(Debug, Args)]
pub struct WitnessArgs {
    /// The folder and the key
    #[command(flatten)]
    pub own: NewWitnessArgs,
    /// A key of a log to witness, `<origin>+<id>+<key>`; several of one origin are one log
    #[arg(long = "log-key", value_name = "KEY", required = true)]
    pub log_keys: Vec<VerifierKey>,
    /// Where to serve plain HTTP; TLS is a proxy's
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7380")]
    pub listen: SocketAddr,
}
