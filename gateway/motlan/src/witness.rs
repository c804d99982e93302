//! `motlan witness` and `motlan keys new-witness`: what another office runs.
//!
//! A witness is of use because it is not ours: it needs none of the gateway's
//! configuration, keys or folders.

#[cfg(test)]
mod tests;

use std::io::Write;
use std::sync::Arc;

use anyhow::Context as _;
use motlan_audit_tree::{TrustedLog, VerifierKey};
use motlan_witness::{
    KeyFileError, Limits, OpenError, Witness, WitnessOptions, create_folder, create_key, read_key,
};
use tokio_util::sync::CancellationToken;

use crate::cli::{NewWitnessArgs, WitnessArgs, WitnessKeyArgs};
use crate::clock::SystemClock;
use crate::config::{LogFormat, LogSection};
use crate::exit::{Ended, Exit, Failure, OrExit as _};
use crate::run::StopSignal;
use crate::telemetry::log_to_stderr;

/// `motlan keys new-witness`. The public key goes to those who are to trust it.
pub fn new_key(args: &WitnessKeyArgs, out: &mut dyn Write) -> Ended {
    let path = args.file.display();
    let public = create_key(&args.file, &args.name).map_err(|error| Failure {
        exit: exit_of_key(&error),
        cause: anyhow::Error::from(error).context(path.to_string()),
    })?;
    writeln!(out, "{path}: khóa riêng của bên chứng kiến / the witness's private key")?;
    writeln!(out, "khóa công khai / public key: {public}")?;
    Ok(Exit::Ok)
}

/// `motlan witness new`.
pub fn new(args: &NewWitnessArgs, out: &mut dyn Write) -> Ended {
    let key = own_key(args)?;
    let path = args.folder.display();
    create_folder(&args.folder, key.verifier_key()).map_err(|error| failure(error, &path.to_string()))?;
    writeln!(out, "{path}: thư mục của bên chứng kiến mới / the folder of a new witness")?;
    Ok(Exit::Ok)
}

/// `motlan witness run`: until a signal comes.
pub async fn run(args: &WitnessArgs, out: &mut dyn Write) -> Ended {
    log_to_stderr(&LogSection { filter: "info".to_owned(), format: LogFormat::Text });
    let stop = StopSignal::listen().or_exit(Exit::Internal)?;
    let witness = open(args)?;
    let public = own_key(&args.own)?.verifier_key().clone();
    writeln!(out, "http://{}/ {public}", witness.handle().address())?;
    out.flush()?;
    let drain = CancellationToken::new();
    let stopped = async {
        stop.received().await;
        drain.cancel();
        // What is under way has its time; the witness says when it is done.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        ended = witness.run(drain.clone()) => ended.context("witness").or_exit(Exit::Unavailable)?,
        () = stopped => {}
    }
    Ok(Exit::Ok)
}

fn open(args: &WitnessArgs) -> Result<Witness, Failure> {
    let options = WitnessOptions {
        listen: args.listen,
        folder: args.own.folder.clone(),
        logs: logs(&args.log_keys),
        limits: Limits::default(),
    };
    let opened = Witness::open(options, own_key(&args.own)?, Arc::new(SystemClock::start()));
    opened.map_err(|error| failure(error, &args.own.folder.display().to_string()))
}

/// Keys of one origin are one log: that is how a log changes its key.
fn logs(keys: &[VerifierKey]) -> Vec<TrustedLog> {
    let mut logs: Vec<TrustedLog> = Vec::new();
    for key in keys {
        match logs.iter_mut().find(|log| log.origin == key.name()) {
            Some(log) => log.keys.push(key.clone()),
            None => logs.push(key.clone().into()),
        }
    }
    logs
}

fn own_key(args: &NewWitnessArgs) -> Result<motlan_audit_tree::CosigningKey, Failure> {
    read_key(&args.key).map_err(|error| {
        let exit = exit_of_key(&error);
        Failure { exit, cause: anyhow::Error::from(error).context(args.key.display().to_string()) }
    })
}

fn exit_of_key(error: &KeyFileError) -> Exit {
    match error {
        KeyFileError::Missing | KeyFileError::Name => Exit::Usage,
        KeyFileError::Exposed | KeyFileError::Malformed => Exit::Data,
        KeyFileError::Io(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Exit::Usage,
        KeyFileError::Random | KeyFileError::Io(_) => Exit::Unavailable,
    }
}

fn failure(error: OpenError, folder: &str) -> Failure {
    let exit = match error {
        OpenError::Log { .. } | OpenError::NoFolder | OpenError::Exists => Exit::Usage,
        OpenError::OtherKey { .. } | OpenError::Damaged { .. } => Exit::Data,
        OpenError::InUse | OpenError::Folder(_) | OpenError::Listen { .. } => Exit::Unavailable,
    };
    Failure { exit, cause: anyhow::Error::from(error).context(folder.to_owned()) }
}
