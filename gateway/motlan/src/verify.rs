//! `motlan audit verify`: a published log checked from its files, the keys, and
//! whatever somebody kept of it. Speaks to no gateway and opens no database.

mod files;
mod print;

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use motlan_audit_tree::verify::{Evidence, Keys, Report, Source, verify};

use crate::cli::VerifyLogArgs;
use crate::exit::{Ended, Exit, OrExit as _};
use crate::term::Look;
use files::{Folder, Served};

/// Runs the command.
pub async fn run(args: VerifyLogArgs, out: &mut dyn Write) -> Ended {
    let (json, deep) = (args.json, args.deep);
    // Hashing holds up the thread it runs on.
    let verified = tokio::task::spawn_blocking(move || verified(&args)).await;
    let report = verified.context("the verification panicked").or_exit(Exit::Internal)?;
    if json {
        let text = serde_json::to_string(&report).context("the report is no JSON").or_exit(Exit::Internal)?;
        writeln!(out, "{text}")?;
    } else {
        print::report(&report, deep, Look::of_stdout(), out)?;
    }
    Ok(match report.exit_code() {
        0 => Exit::Ok,
        1 => Exit::No,
        _ => Exit::Usage,
    })
}

fn verified(args: &VerifyLogArgs) -> Report {
    let given = keys(args).and_then(|keys| Ok((keys, evidence(args)?)));
    let (keys, evidence) = match given {
        Ok(given) => given,
        Err(error) => return Report::unreadable(error.as_ref()),
    };
    let log = args.log.as_str();
    let scheme = log.split_once("://").map_or("", |(scheme, _)| scheme);
    if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http") {
        match Served::at(log) {
            Ok(served) => with(&served, &keys, &evidence, args.deep),
            Err(error) => Report::unreadable(error.as_ref()),
        }
    } else {
        with(&Folder::at(Path::new(log)), &keys, &evidence, args.deep)
    }
}

fn with(source: &impl Source, keys: &Keys, evidence: &Evidence, deep: bool) -> Report {
    verify(source, keys, evidence, deep)
}

fn keys(args: &VerifyLogArgs) -> anyhow::Result<Keys> {
    let mut keys = Keys::default();
    for given in &args.key {
        keys.add_log(&key_text(given)?).with_context(|| format!("--key {given}"))?;
    }
    for given in &args.witness_key {
        keys.add_witnesses(&key_text(given)?).with_context(|| format!("--witness-key {given}"))?;
    }
    Ok(keys)
}

/// A verifier key as it is, or the content of the file of that name.
pub(crate) fn key_text(given: &str) -> anyhow::Result<String> {
    if given.parse::<motlan_audit_tree::VerifierKey>().is_ok() {
        return Ok(given.to_owned());
    }
    std::fs::read_to_string(given).with_context(|| format!("no verifier key, and no file: {given}"))
}

fn evidence(args: &VerifyLogArgs) -> anyhow::Result<Evidence> {
    let mut evidence = Evidence::default();
    let read = |file: &Path| std::fs::read(file).with_context(|| format!("cannot read {}", file.display()));
    for file in &args.checkpoint {
        evidence.add_checkpoint(&file.display().to_string(), &read(file)?)?;
    }
    for file in &args.receipt {
        evidence.add_receipts(&file.display().to_string(), &read(file)?)?;
    }
    Ok(evidence)
}
