//! Logs built in memory, and everything that can be done to them.

mod deep;
mod forge;
mod forks;
mod hashes;
mod hostile;
mod inputs;
mod rotated;
mod sizes;
mod tampered;
mod witnesses;

use super::*;
use forge::{Forged, Shown, keys};

/// What a verification says, in short.
type Said = (Verdict, Option<(Code, Option<u64>)>);

fn said(report: &Report) -> Said {
    (report.verdict, report.fault.as_ref().map(|fault| (fault.code, fault.index)))
}

/// Verifies with the log's key and nothing else.
fn alone(shown: &Shown) -> Report {
    verify(shown, &keys(&[]), &Evidence::default(), false)
}

const OK: Said = (Verdict::Ok, None);

fn fault(code: Code, index: impl Into<Option<u64>>) -> Said {
    (Verdict::Fault, Some((code, index.into())))
}
