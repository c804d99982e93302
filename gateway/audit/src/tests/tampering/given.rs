//! What others kept, and what that shows of a log: computed from what differs,
//! not by the verifier.

use motlan_audit_tree::SignedCheckpoint;
use motlan_audit_tree::verify::{Code, Evidence, Handed, Report, Truncation};

use super::genuine::Genuine;
use super::shown::Shown;

/// What the verifier is given besides the log and its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    Nothing,
    /// A witness's key alone: whoever rewrote the log left its note away.
    WitnessKey,
    Checkpoint(u64),
    /// Two of them, around what was done.
    Around(u64, u64),
    Receipt(u64),
    Cosigned(u64),
}

/// What must come of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expected {
    /// Any of these codes, at that index.
    pub(super) fault: Option<(&'static [Code], Option<u64>)>,
    pub(super) handed: Handed,
    pub(super) covered: u64,
    pub(super) truncation: Truncation,
    pub(super) witnessed: Option<u64>,
}

const IN_ENTRIES: &[Code] = &[Code::EntryMissing, Code::EntryMalformed, Code::EntryIndex, Code::EntryChanged];

// === impl Given ===

impl Given {
    pub(super) fn evidence(self, genuine: &Genuine) -> Evidence {
        let mut evidence = Evidence::default();
        let mut checkpoint = |signed: SignedCheckpoint| {
            evidence.add_checkpoint("checkpoint", signed.to_string().as_bytes()).unwrap();
        };
        match self {
            Self::Nothing | Self::WitnessKey => {}
            Self::Checkpoint(size) => checkpoint(genuine.checkpoint(size)),
            Self::Around(before, behind) => {
                checkpoint(genuine.checkpoint(behind));
                checkpoint(genuine.checkpoint(before));
            }
            Self::Cosigned(size) => checkpoint(genuine.cosigned(size)),
            Self::Receipt(index) => genuine.add_receipt(&mut evidence, index),
        }
        evidence
    }

    pub(super) fn trusts_a_witness(self) -> bool {
        matches!(self, Self::WitnessKey | Self::Cosigned(_))
    }

    /// The sizes of checkpoints, smallest first.
    pub(super) fn sizes(self) -> Vec<u64> {
        match self {
            Self::Nothing | Self::WitnessKey | Self::Receipt(_) => Vec::new(),
            Self::Checkpoint(size) | Self::Cosigned(size) => vec![size],
            Self::Around(before, behind) => vec![before, behind],
        }
    }

    pub(super) fn covers(self) -> u64 {
        match self {
            Self::Receipt(index) => index + 1,
            _ => self.sizes().last().copied().unwrap_or(0),
        }
    }

    /// What this shows of that log.
    pub(super) fn expects(self, shown: &Shown<'_>) -> Expected {
        let size = shown.head.size;
        let (sizes, covered) = (self.sizes(), self.covers());
        let agrees = |known: &&u64| **known <= shown.first;
        let fault = if shown.shows {
            Some((IN_ENTRIES, Some(shown.first)))
        } else if sizes.iter().any(|known| *known > shown.first && *known <= size) {
            Some((&[Code::Fork][..], sizes.iter().rfind(agrees).copied()))
        } else if covered > size {
            Some((&[Code::Truncated][..], Some(size)))
        } else {
            let receipt = if let Self::Receipt(index) = self { Some(index) } else { None };
            let other = receipt.filter(|index| !shown.has_genuine(*index));
            other.map(|index| (&[Code::ReceiptMismatch][..], Some(index)))
        };
        Expected {
            fault,
            handed: Handed {
                checkpoints: sizes.len() as u64,
                receipts: u64::from(matches!(self, Self::Receipt(_))),
                witness_keys: u64::from(self.trusts_a_witness()),
            },
            covered,
            truncation: match covered {
                0 => Truncation::Undetectable,
                _ if covered > size => Truncation::Found,
                _ => Truncation::NoneBelowCovered,
            },
            witnessed: if let Self::Cosigned(size) = self { Some(size) } else { None },
        }
    }
}

/// What was said, in the form of what must be.
pub(super) fn said(report: &Report, expected: &Expected) -> Expected {
    let fault = report.fault.as_ref().map(|fault| {
        let codes = expected.fault.map(|(codes, _)| codes).filter(|codes| codes.contains(&fault.code));
        (codes.unwrap_or(&[]), fault.index)
    });
    Expected {
        fault,
        handed: report.evidence,
        covered: report.covered,
        truncation: report.truncation,
        witnessed: report.witnessed.as_ref().map(|witnessed| witnessed.size),
    }
}
