//! `motlan audit verify`: a published log checked from its files, the keys, and
//! whatever somebody kept of it. Speaks to no gateway and opens no database.

mod files;
mod origins;
mod print;

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use motlan_audit_tree::Rotation;
use motlan_audit_tree::rotation::{MAX_ROTATIONS, path};
use motlan_audit_tree::verify::{Evidence, Extent, Keys, Report, Source, Verdict, verify_to};
use motlan_domain::Clock as _;

use crate::cli::{ClientArgs, VerifyLogArgs};
use crate::clock::SystemClock;
use crate::exit::{Ended, Exit, Failure, OrExit as _};
use crate::term::Look;
use files::{Access, Folder, Served};
use origins::Together;

/// Runs the command.
pub async fn run(args: VerifyLogArgs, out: &mut dyn Write) -> Ended {
    if args.origins.is_some() {
        return run_all(args, out).await;
    }
    if args.log.len() > 1 {
        return Err(Failure::new(
            Exit::Usage,
            "--log: nhiều nhật ký cần --origins / several logs need --origins",
        ));
    }
    let json = args.json;
    // Hashing holds up the thread it runs on.
    let verified = tokio::task::spawn_blocking(move || verified(&args)).await;
    let report = verified.context("the verification panicked").or_exit(Exit::Internal)?;
    let written = if json {
        let text = serde_json::to_string(&report).context("the report is no JSON").or_exit(Exit::Internal)?;
        writeln!(out, "{text}")
    } else {
        let now = SystemClock::start().now();
        print::report(&report, now, Look::of_stdout(), out)
    };
    exit(report.verdict).told(written)
}

fn exit(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Ok => Exit::Ok,
        Verdict::Fault => Exit::No,
        Verdict::Unreadable => Exit::Usage,
    }
}

/// Several logs, and a registry that says whether they are all there are.
async fn run_all(args: VerifyLogArgs, out: &mut dyn Write) -> Ended {
    let json = args.json;
    let together = tokio::task::spawn_blocking(move || all_verified(&args)).await;
    let together = together.context("the verification panicked").or_exit(Exit::Internal)?;
    let together = match together {
        // Programs are told in their words why nothing was looked at.
        Err(failure) if json && matches!(failure.exit, Exit::No | Exit::Usage) => Together::none(&failure),
        together => together?,
    };
    let written = if json {
        let text =
            serde_json::to_string(&together).context("the report is no JSON").or_exit(Exit::Internal)?;
        writeln!(out, "{text}")
    } else {
        let now = SystemClock::start().now();
        let reports = together.logs.iter().try_for_each(|report| {
            print::report(report, now, Look::of_stdout(), out)?;
            writeln!(out)
        });
        reports.and_then(|()| together.print(Look::of_stdout(), out))
    };
    exit(together.verdict).told(written)
}

fn all_verified(args: &VerifyLogArgs) -> Result<Together, Failure> {
    let (Some(file), Some(key)) = (&args.origins, &args.origins_key) else {
        return Err(Failure::new(Exit::Usage, "--origins and --origins-key"));
    };
    let key = crate::origins::key_of(key).or_exit(Exit::Usage)?;
    let registry = crate::origins::open_as_evidence(file, &key)?;
    let mut keys = keys(args).or_exit(Exit::Usage)?;
    origins::add_keys(&mut keys, &registry).or_exit(Exit::Usage)?;
    let given = evidence(args).or_exit(Exit::Usage)?;
    let reports = args.log.iter().map(|log| {
        of_log(log, args, |source| {
            let said = source.get("checkpoint").ok().flatten();
            let said = said.as_deref().and_then(origins::said_origin);
            let own = said.map(|origin| given.of_log(&origin));
            verify_to(source, &keys, &own.unwrap_or_default(), extent(args))
        })
    });
    Ok(Together::of(&registry, &given, reports.collect()))
}

fn verified(args: &VerifyLogArgs) -> Report {
    let given = keys(args).and_then(|keys| Ok((keys, evidence(args)?)));
    let (keys, evidence) = match given {
        Ok(given) => given,
        Err(error) => return Report::unreadable(error.as_ref()),
    };
    let log = args.log.first().map(String::as_str).unwrap_or_default();
    of_log(log, args, |source| verify_to(source, &keys, &evidence, extent(args)))
}

/// A report over the files of that folder or address.
fn of_log(log: &str, args: &VerifyLogArgs, verify: impl Fn(&dyn Source) -> Report) -> Report {
    if is_served(log) {
        let access = Access { client: args.client.clone(), ca: args.ca.clone(), token: args.token.clone() };
        match Served::at(log, &access) {
            Ok(served) => verify(&served),
            Err(error) => Report::unreadable(error.as_ref()),
        }
    } else {
        verify(&Folder::at(Path::new(log)))
    }
}

fn is_served(log: &str) -> bool {
    let scheme = log.split_once("://").map_or("", |(scheme, _)| scheme);
    scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
}

/// What a published log states of its keys.
pub(crate) struct Published {
    /// Which log it says it is.
    pub(crate) origin: String,
    /// That one key of it follows another, in order; each signed by both.
    pub(crate) rotations: Vec<Rotation>,
}

/// The statements published in that folder or at that address. Whether the keys are
/// the log's is not judged here.
pub(crate) async fn published(log: &str, client: &ClientArgs) -> anyhow::Result<Published> {
    let (log, folder) = (log.to_owned(), client.client.clone());
    let read = move || {
        let source: Box<dyn Source> = if is_served(&log) {
            // They are for anybody.
            Box::new(Served::at(&log, &Access { ca: Some(folder.join("ca.pem")), ..Access::default() })?)
        } else {
            Box::new(Folder::at(Path::new(&log)))
        };
        // What has no checkpoint is no log, whatever else is missing there.
        let checkpoint = source.get("checkpoint").with_context(|| format!("--log {log}"))?;
        let origin = checkpoint.as_deref().and_then(origins::said_origin);
        let origin = origin.with_context(|| {
            format!("--log {log}: không có nhật ký đã công bố ở đó / there is no published log")
        })?;
        let mut notes = Vec::new();
        for number in 1..=MAX_ROTATIONS {
            let Some(note) = source.get(&path(number)).with_context(|| format!("--log {log}"))? else {
                break;
            };
            notes.push(note);
        }
        let rotations = crate::prove::rotations(notes.iter().map(Vec::as_slice), &origin);
        Ok(Published { origin, rotations })
    };
    tokio::task::spawn_blocking(read).await.context("reading the statements panicked")?
}

const fn extent(args: &VerifyLogArgs) -> Extent {
    match (args.hashes_only, args.deep) {
        (true, _) => Extent::Hashes,
        (false, true) => Extent::Contents,
        (false, false) => Extent::Entries,
    }
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
