//! Several logs at once, and whether they are all there are: those that a signed
//! registry of origins lists.

use std::collections::BTreeSet;
use std::io::{self, Write};

use motlan_audit_tree::verify::{Evidence, Keys, Report, Verdict};
use motlan_audit_tree::{Checkpoint, Note};
use serde::Serialize;

use crate::exit::{Exit, Failure};
use crate::origins::Origins;
use crate::term::{Look, Tone};

/// What was found of all of them.
#[derive(Debug, Serialize)]
pub(super) struct Together {
    pub(super) verdict: Verdict,
    /// The serial of the registry; none where the registry was not taken.
    serial: Option<u64>,
    /// Logs of the registry that were not shown, or not as that log.
    missing: Vec<String>,
    /// Logs that were shown and are not listed.
    unlisted: Vec<String>,
    /// How many checkpoints and receipts are of none of the logs shown.
    unmatched: u64,
    /// Of each, in the order given.
    pub(super) logs: Vec<Report>,
    /// Why nothing was looked at. Not told where it is not so.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<Refused>,
}

/// Why nothing was looked at, in the form of a report's fault.
#[derive(Debug, Serialize)]
struct Refused {
    code: &'static str,
    index: Option<u64>,
    detail: String,
}

/// Adds the keys that the registry lists.
pub(super) fn add_keys(keys: &mut Keys, origins: &Origins) -> anyhow::Result<()> {
    let lines = origins.registry.origins().iter();
    let lines = lines.fold(String::new(), |text, listed| text + &listed.key().to_string() + "\n");
    Ok(keys.add_log(&lines)?)
}

/// The log that a published checkpoint says it is of; nothing vouches for that yet.
pub(super) fn said_origin(checkpoint: &[u8]) -> Option<String> {
    let checkpoint: Checkpoint = Note::parse(checkpoint).ok()?.text().parse().ok()?;
    Some(checkpoint.origin().to_owned())
}

// === impl Together ===

impl Together {
    /// Sums the reports up. A log is shown where its checkpoint is one of it; what
    /// is at fault in it, its own report says.
    pub(super) fn of(origins: &Origins, evidence: &Evidence, logs: Vec<Report>) -> Self {
        let shown: BTreeSet<&str> = logs.iter().filter_map(|report| report.origin.as_deref()).collect();
        let shown: Vec<&str> = shown.into_iter().collect();
        let missing = origins.registry.missing(&shown);
        let missing: Vec<String> = missing.iter().map(|listed| listed.origin().to_owned()).collect();
        let unlisted = shown.iter().filter(|origin| origins.registry.find(origin).is_none());
        let unlisted = unlisted.map(|origin| (*origin).to_owned()).collect();
        let unmatched = evidence.of_none_of(&shown);
        let verdict = if logs.iter().any(|report| report.verdict == Verdict::Fault) {
            Verdict::Fault
        } else if logs.iter().any(|report| report.verdict == Verdict::Unreadable) {
            Verdict::Unreadable
        } else if logs.iter().all(|report| report.verdict == Verdict::Ok)
            && missing.is_empty()
            && unmatched == 0
        {
            Verdict::Ok
        } else {
            Verdict::Fault
        };
        let serial = Some(origins.registry.serial());
        Self { verdict, serial, missing, unlisted, unmatched, logs, fault: None }
    }

    /// Where the registry is refused, or something that was given cannot be read.
    pub(super) fn none(failure: &Failure) -> Self {
        let forged = failure.exit == Exit::No;
        let (verdict, code) =
            if forged { (Verdict::Fault, "REGISTRY_SIGNATURE") } else { (Verdict::Unreadable, "UNREADABLE") };
        let fault = Some(Refused { code, index: None, detail: failure.to_string() });
        let (missing, unlisted, logs) = (Vec::new(), Vec::new(), Vec::new());
        Self { verdict, serial: None, missing, unlisted, unmatched: 0, logs, fault }
    }

    /// Writes what the registry adds to the logs' own reports.
    pub(super) fn print(&self, look: Look, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "Sổ đăng ký / registry      số / serial {}, {} nhật ký được xuất trình / logs shown",
            self.serial.unwrap_or_default(),
            self.logs.len()
        )?;
        for origin in &self.missing {
            let told = look.paint("THIẾU NHẬT KÝ / LOG MISSING", Tone::Wanting);
            writeln!(out, "  {told}: {origin}")?;
        }
        for origin in &self.unlisted {
            writeln!(out, "  không có trong sổ đăng ký / not in the registry: {origin}")?;
        }
        if self.unmatched > 0 {
            let told = look.paint("BẰNG CHỨNG CỦA NHẬT KÝ KHÁC / EVIDENCE OF OTHER LOGS", Tone::Wanting);
            writeln!(out, "  {told}: {}", self.unmatched)?;
        }
        Ok(())
    }
}
