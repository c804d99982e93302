//! `motlan audit reindex`: the search index made anew from the log alone, for an
//! operator who does not trust the one there is. The gateway must be down.

use std::io::Write;

use anyhow::Context as _;
use motlan_audit::store::StoreError;
use motlan_audit::{AuditError, FileKeyProvider};

use crate::cli::ReindexArgs;
use crate::config;
use crate::exit::{Ended, Exit, Failure, OrExit as _};

/// Runs the command.
pub async fn run(args: &ReindexArgs, out: &mut dyn Write) -> Ended {
    let config = config::check(&args.config).or_exit(Exit::Config)?;
    let keys = FileKeyProvider::open(&config.audit_keys).context("the audit keys cannot be used");
    let (options, keys) = (config.audit, keys.or_exit(Exit::Config)?);
    let folder = options.dir.display().to_string();
    // It reads the whole log: not on a thread that others wait for.
    let made = tokio::task::spawn_blocking(move || motlan_audit::reindex(&options, &keys)).await;
    let made = made.context("the indexing panicked").or_exit(Exit::Internal)?;
    let entries = made.map_err(|error| failure(error, &folder))?;
    writeln!(
        out,
        "{folder}: đã lập lại chỉ mục tìm kiếm cho {entries} bản ghi / search index made anew of {entries} entries"
    )?;
    Ok(Exit::Ok)
}

fn failure(error: AuditError, folder: &str) -> Failure {
    let exit = match error {
        AuditError::Store(StoreError::Corrupt { .. } | StoreError::Origin) => Exit::Data,
        _ => Exit::Unavailable,
    };
    let what = match exit {
        Exit::Data => "nhật ký không khớp / the log is not as it should be",
        _ => "không lập lại được chỉ mục / the index cannot be made anew",
    };
    Failure { exit, cause: anyhow::Error::from(error).context(format!("{folder}: {what}")) }
}
