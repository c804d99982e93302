//! What entries say, and whether one after the other they can say it.

use super::report::{Code, Fault};
use crate::entry::{Entry, EntryError, EntryTime, Kind, Rotated};
use crate::rotation::{KeyChain, Rotation};

/// The checks of `--deep`. They stop at the first fault.
pub(super) struct Deep {
    origin: String,
    last: Option<EntryTime>,
    /// A bit an entry: whether it is an `access.intent`. 12 MB for 100
    /// million entries.
    intents: Vec<u64>,
    /// The last rotation of the log's key.
    rotated: Option<Rotation>,
    /// Published statements that no entry told of yet.
    untold: Vec<Rotation>,
    fault: Option<Fault>,
}

// === impl Deep ===

impl Deep {
    pub(super) fn new(origin: &str, chain: &KeyChain) -> Self {
        Self {
            origin: origin.to_owned(),
            last: None,
            intents: Vec::new(),
            rotated: None,
            untold: chain.rotations().to_vec(),
            fault: None,
        }
    }

    /// Checks an entry; all of a log come in order.
    pub(super) fn check(&mut self, index: u64, bytes: &[u8]) {
        if self.fault.is_none() {
            self.fault = self.entry(index, bytes).err();
        }
    }

    /// The fault found, if any.
    pub(super) fn finish(self) -> Result<(), Fault> {
        self.fault.map_or(Ok(()), Err)?;
        // Published only once the entry was: whoever has the old key and not the
        // log can make such a statement, and not the entry.
        self.untold.first().map_or(Ok(()), |untold| {
            let detail = format!("No entry tells that {} signs.", untold.new_key());
            Err(Fault::new(Code::KeyStatement, None, detail))
        })
    }

    fn entry(&mut self, index: u64, bytes: &[u8]) -> Result<(), Fault> {
        let fault = |code, detail: String| Err(Fault::new(code, index, format!("Entry {index} {detail}.")));
        let entry = match Entry::parse(bytes) {
            Ok(entry) => entry,
            Err(EntryError::NotCanonical { at }) => {
                return fault(Code::EntryNotCanonical, format!("is not in canonical form from byte {at} on"));
            }
            Err(error) => return fault(Code::EntryMalformed, format!("is not of the entry format: {error}")),
        };
        if entry.origin != self.origin {
            return fault(Code::EntryOrigin, "says that it belongs to another log".to_owned());
        }
        if self.last.is_some_and(|last| entry.time < last) {
            return fault(Code::TimeBackwards, "is older than the entry before it".to_owned());
        }
        if let Some(intent) = entry.intent
            && !self.is_intent(intent)
        {
            return fault(Code::IntentUnknown, format!("answers entry {intent}, which is no earlier intent"));
        }
        if let Some(range) = &entry.not_released
            && !(range.first <= range.last && range.last < index)
        {
            let range =
                format!("is about entries {} to {}, which are not all earlier", range.first, range.last);
            return fault(Code::NotReleasedRange, range);
        }
        if let Some(rotated) = &entry.rotated {
            let Some(rotation) = self.goes_on(rotated) else {
                let what = "does not hold a statement of this log's keys that goes on from the one before";
                return fault(Code::KeyStatement, what.to_owned());
            };
            self.untold
                .retain(|untold| (untold.old(), untold.new_key()) != (rotation.old(), rotation.new_key()));
            self.rotated = Some(rotation);
        }
        self.last = Some(entry.time);
        self.remember(index, entry.kind == Kind::AccessIntent);
        Ok(())
    }

    /// The rotation, if it is one of this log and key. After a crash it may be
    /// told of once more.
    fn goes_on(&self, rotated: &Rotated) -> Option<Rotation> {
        let next = Rotation::parse(rotated.statement.as_bytes()).ok()?;
        let named = next.origin() == self.origin
            && next.old().to_string() == rotated.old
            && next.new_key().to_string() == rotated.new;
        let follows = self.rotated.as_ref().is_none_or(|last| {
            last.new_key() == next.old() || (last.old(), last.new_key()) == (next.old(), next.new_key())
        });
        (named && follows).then_some(next)
    }

    fn is_intent(&self, index: u64) -> bool {
        let word = usize::try_from(index / 64).ok().and_then(|word| self.intents.get(word));
        word.is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    fn remember(&mut self, index: u64, is_intent: bool) {
        if index.is_multiple_of(64) {
            self.intents.push(0);
        }
        if let Some(word) = self.intents.last_mut() {
            *word |= u64::from(is_intent) << (index % 64);
        }
    }
}
