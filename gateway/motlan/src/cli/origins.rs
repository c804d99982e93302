//! `motlan audit origins …` and `motlan keys new-registry`: what may be asked for.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `motlan audit origins …`.
#[derive(Debug, Subcommand)]
pub enum OriginsCommand {
    /// Sign a registry: it is written to standard output
    Sign(SignOriginsArgs),
    /// Verify a signed registry and show what it lists
    Verify(VerifyOriginsArgs),
}

/// Arguments of `motlan keys new-registry`.
#[derive(Debug, Args)]
pub struct NewRegistryArgs {
    /// The key file to make
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The registry's name, a URL without a scheme: `registry.example`
    #[arg(long, value_name = "NAME")]
    pub name: String,
}

/// Arguments of `motlan audit origins sign`.
#[derive(Debug, Args)]
pub struct SignOriginsArgs {
    /// The registry's key file, made with `motlan keys new-registry`
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// The number of this issue, greater than that of the one before
    #[arg(long, value_name = "N")]
    pub serial: u64,
    /// A line per log: `<origin> <verifier key> [after <origin>]`; `#` begins a comment
    #[arg(value_name = "FILE")]
    pub lines: PathBuf,
}

/// Arguments of `motlan audit origins verify`.
#[derive(Debug, Args)]
pub struct VerifyOriginsArgs {
    /// The registry's verifier key, or a file with it
    #[arg(long, value_name = "FILE|KEY")]
    pub key: String,
    /// The signed registry
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}
