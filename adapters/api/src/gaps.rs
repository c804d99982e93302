//! Bookkeeping of what an answer lacks, so that no decoder passes off half a
//! record as whole.

use motlan_domain::{Completeness, Dataset, FieldSet, IncompleteCause};

/// A value is there, but not in a form that the contract allows. Says nothing
/// of the value: it may be somebody's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invalid;

/// A value as read from an answer: there, absent, or there and invalid.
pub type Read<T> = Result<Option<T>, Invalid>;

/// Collects what is missing from a record while it is decoded.
#[derive(Debug)]
pub struct Gaps {
    dataset: Dataset,
    missing: FieldSet,
    cause: Option<IncompleteCause>,
}

// === impl Gaps ===

impl Gaps {
    /// Nothing missing yet.
    pub const fn new(dataset: Dataset) -> Self {
        Self { dataset, missing: FieldSet::EMPTY, cause: None }
    }

    /// A datum that may be absent; an invalid one is noted and dropped.
    pub fn take<T>(&mut self, field: &'static str, read: Read<T>) -> Option<T> {
        if read.is_err() {
            self.note(IncompleteCause::FieldInvalid, field);
        }
        read.unwrap_or_default()
    }

    /// A datum that has to be there.
    pub fn need<T>(&mut self, field: &'static str, read: Read<T>) -> Option<T> {
        if matches!(read, Ok(None)) {
            self.note(IncompleteCause::FieldMissing, field);
        }
        self.take(field, read)
    }

    /// The field has to be there and is not.
    pub fn absent(&mut self, field: &'static str) {
        self.note(IncompleteCause::FieldMissing, field);
    }

    /// The field has a form that the contract does not allow.
    pub fn invalid(&mut self, field: &'static str) {
        self.note(IncompleteCause::FieldInvalid, field);
    }

    /// The field contradicts another part of the answer.
    pub fn contradictory(&mut self, field: &'static str) {
        self.note(IncompleteCause::Contradictory, field);
    }

    /// Everything contradicts: no field can be relied on.
    pub fn all_contradictory(&mut self) {
        self.cause = Some(IncompleteCause::Contradictory);
        self.missing = self.dataset.all_fields();
    }

    /// A whole record of a list was dropped for what it lacks. None of its
    /// fields is in the answer, also not those that could be read: so whoever
    /// asks for any field is told that the list is not whole.
    pub fn dropped(&mut self, why: Completeness) {
        self.absorb(why);
        self.raise(IncompleteCause::FieldMissing);
        self.missing = self.dataset.all_fields();
    }

    /// Takes over what another decoder of the same dataset found.
    pub fn absorb(&mut self, other: Completeness) {
        if let Completeness::Incomplete { cause, missing } = other {
            self.raise(cause);
            self.missing = self.missing.union(missing);
        }
    }

    /// Whether nothing is missing so far.
    pub const fn is_whole(&self) -> bool {
        self.cause.is_none()
    }

    /// The verdict.
    pub fn finish(self) -> Completeness {
        match self.cause {
            None => Completeness::Complete,
            Some(cause) => Completeness::Incomplete { cause, missing: self.missing },
        }
    }

    fn note(&mut self, cause: IncompleteCause, field: &'static str) {
        self.raise(cause);
        // A name that is no field would be a mistake of the decoder: on the
        // safe side, then, nothing counts as read.
        self.missing = match self.dataset.field(field) {
            Some(id) => self.missing.with(id),
            None => self.dataset.all_fields(),
        };
    }

    /// Keeps the gravest cause: contradiction, then invalid, then missing.
    fn raise(&mut self, cause: IncompleteCause) {
        let weight = |cause: IncompleteCause| match cause {
            IncompleteCause::FieldMissing => 0,
            IncompleteCause::FieldInvalid => 1,
            IncompleteCause::Contradictory => 2,
        };
        if self.cause.is_none_or(|known| weight(known) < weight(cause)) {
            self.cause = Some(cause);
        }
    }
}

#[cfg(test)]
mod tests;
