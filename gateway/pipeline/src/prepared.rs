//! Answers reduced before: the same answer under the same permission comes to
//! the same, so that need not be worked out for every hit.
//!
//! **Invariant**: what is found here is what `minimise` would return: it
//! depends on the kept answer, the fields permitted, and for each person whom
//! the answer names on whether the dossier knows them. All of that is compared.
//! Whether the question is permitted was decided before, as for any other.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use motlan_domain::dataset::FieldSet;
use motlan_domain::{Fetched, Operation, Outcome};
use parking_lot::Mutex;
use smallvec::SmallVec;

use crate::answer::Answer;
use crate::minimise::{Allowance, Asked, Minimal, minimise_asking};

/// Ways in which one answer was reduced that are remembered.
const MOST: usize = 4;

/// What one kept answer came to, by permission.
#[derive(Debug)]
pub(crate) struct Memo {
    known: Mutex<SmallVec<[Arc<Prepared>; 1]>>,
    budget: Arc<Budget>,
    /// What a reduced answer is counted as: the records, their canonical form and
    /// the one in which they are told each as much as the answer itself.
    weight: u32,
}

/// Bytes that may be spent on remembering.
#[derive(Debug)]
pub(crate) struct Budget(AtomicU64);

/// A part of the budget, given back when dropped.
#[derive(Debug)]
struct Share {
    budget: Arc<Budget>,
    bytes: u64,
}

#[derive(Debug)]
struct Prepared {
    fields: FieldSet,
    permitted: FieldSet,
    asked: Asked,
    minimal: Minimal,
    _share: Share,
}

/// Where whoever tells a reduced answer keeps the form in which it does, so that
/// telling it again costs nothing. What it is made of must be the records and
/// the states of the fields alone.
#[derive(Clone, Default)]
pub struct Form(Option<Arc<Place>>);

/// The operation that told it first, and how.
type Place = OnceLock<(Operation, Arc<[u8]>)>;

/// The canonical form of an answer, and of which.
pub(crate) struct Canonical {
    operation: Operation,
    outcome: Outcome,
    values: bool,
    retrieved_at: Timestamp,
    source_data_time: Option<Timestamp>,
    bytes: Arc<[u8]>,
}

// === impl Budget ===

impl Budget {
    /// So many bytes.
    pub(crate) fn new(bytes: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(bytes)))
    }

    fn take(self: &Arc<Self>, bytes: u32) -> Option<Share> {
        let bytes = u64::from(bytes);
        let less = |left: u64| left.checked_sub(bytes);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).ok()?;
        Some(Share { budget: Arc::clone(self), bytes })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.0.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

// === impl Memo ===

impl Memo {
    /// For an answer of that weight.
    pub(crate) fn new(budget: Arc<Budget>, weight: u32) -> Self {
        Self { known: Mutex::default(), budget, weight: weight.saturating_mul(3) }
    }

    /// The answer, reduced.
    pub(crate) fn minimal(&self, fetched: &Fetched, allowance: &Allowance<'_>) -> Minimal {
        let mut known = self.known.lock();
        if let Some(prepared) = known.iter().find(|prepared| prepared.is_for(allowance)) {
            return prepared.minimal.clone();
        }
        let (minimal, asked) = minimise_asking(fetched, allowance);
        if known.len() < MOST
            && let Some(share) = self.budget.take(self.weight)
        {
            let Allowance { fields, permitted, .. } = *allowance;
            let prepared = Prepared { fields, permitted, asked, minimal: minimal.clone(), _share: share };
            known.push(Arc::new(prepared));
        }
        minimal
    }
}

// === impl Prepared ===

impl Prepared {
    fn is_for(&self, allowance: &Allowance<'_>) -> bool {
        self.fields == allowance.fields
            && self.permitted == allowance.permitted
            && self.asked.iter().all(|(id, known)| allowance.persons.contains(id) == *known)
    }
}

/// The canonical form of an answer made of `minimal`.
pub(crate) fn canonical(minimal: &Minimal, answer: &Answer) -> Result<Arc<[u8]>, serde_json::Error> {
    let slot: &OnceLock<Canonical> = &minimal.canonical;
    // A verdict depends on the claim.
    if answer.verdict.is_some() {
        return answer.canonical().map(Arc::from);
    }
    if let Some(known) = slot.get().filter(|known| known.is_of(answer)) {
        return Ok(Arc::clone(&known.bytes));
    }
    let bytes: Arc<[u8]> = answer.canonical()?.into();
    let canonical = Canonical {
        operation: answer.operation,
        outcome: answer.outcome,
        values: !answer.records.is_empty(),
        retrieved_at: answer.freshness.retrieved_at,
        source_data_time: answer.freshness.source_data_time,
        bytes: Arc::clone(&bytes),
    };
    // Another may have been first, with this or another form: either serves.
    drop(slot.set(canonical));
    Ok(bytes)
}

// === impl Form ===

impl Form {
    /// A place that is kept.
    pub(crate) fn kept() -> Self {
        Self(Some(Arc::default()))
    }

    /// The form in which this operation tells the answer.
    pub fn get_or_make(&self, operation: Operation, make: impl FnOnce() -> Arc<[u8]>) -> Arc<[u8]> {
        let Some(place) = &self.0 else { return make() };
        match place.get() {
            Some((of, form)) if *of == operation => Arc::clone(form),
            // One kept answer may serve two operations, seldom.
            Some(_) => make(),
            None => {
                let form = make();
                // Another may have been first: either serves.
                drop(place.set((operation, Arc::clone(&form))));
                form
            }
        }
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Form")
    }
}

// === impl Canonical ===

impl fmt::Debug for Canonical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canonical")
    }
}

impl Canonical {
    /// Everything else that the form tells comes of the records.
    fn is_of(&self, answer: &Answer) -> bool {
        self.operation == answer.operation
            && self.outcome == answer.outcome
            && self.values != answer.records.is_empty()
            && self.retrieved_at == answer.freshness.retrieved_at
            && self.source_data_time == answer.freshness.source_data_time
    }
}

#[cfg(test)]
mod tests;
