//! Whether the log bears out what clients were told.

use std::collections::{BTreeMap, BTreeSet};

use motlan_harness::CallReport;
use serde_json::Value;

use super::{Call, Reply, What};
use crate::{Held, Ledger};

/// Every receipt is honoured, none was given twice; and an answer that was
/// refused because the log could not be written does not stand in it as given.
pub fn judge(calls: &[Call], ledger: &Ledger) {
    let held: Vec<&Held> = calls.iter().flat_map(|call| &call.held).collect();
    let missing = unhonoured(calls, ledger);
    assert!(missing.is_empty(), "{} of {} receipts are not honoured: {missing:?}", missing.len(), held.len());
    let mut given = BTreeMap::new();
    for receipt in &held {
        let before = given.insert(receipt.index, &receipt.leaf_hash);
        assert!(before.is_none(), "index {} was given twice", receipt.index);
    }
    let told: BTreeSet<u64> = given.into_keys().collect();
    let by_trace = by_trace(ledger);
    for call in calls.iter().filter(|call| was_unrecorded(call)) {
        for (index, entry, marked) in by_trace.get(call.trace.as_str()).into_iter().flatten() {
            let accounted = *marked || told.contains(index) || !tells(entry);
            assert!(accounted, "refused, and yet entry {index} says that it was told: {call:?}\n{entry}");
        }
    }
}

/// Every intent has the one outcome that cites it. One that an entry says was
/// not released was never acted on, and has none; an outcome that was not
/// released stands there all the same. To be asked of a log in which nothing is
/// under way. How many of the outcomes are of questions that a stop cut off.
pub fn judge_intents(ledger: &Ledger) -> usize {
    let wrong = unpaired(ledger.entries());
    assert!(wrong.is_empty(), "intents, how many outcomes each has, and whether it is marked: {wrong:?}");
    let kind = |wanted: &str| ledger.entries().filter(|(entry, _)| entry["kind"] == wanted).count();
    assert!(kind("access.intent") > 0, "no registry was asked: this shows nothing");
    // Control: an outcome that is missing is missed.
    let without = ledger.entries().filter(|(entry, _)| entry["intent"].is_null());
    assert!(!unpaired(without).is_empty(), "no outcome is looked for");
    ledger.entries().filter(|(entry, _)| entry["reason"] == "INTERRUPTED").count()
}

/// Intents that have another number of outcomes than they should.
fn unpaired<'a>(entries: impl Iterator<Item = (&'a Value, bool)>) -> BTreeMap<u64, (u64, bool)> {
    let mut outcomes: BTreeMap<u64, (u64, bool)> = BTreeMap::new();
    for (entry, marked) in entries {
        if entry["kind"] == "access.intent" {
            outcomes.entry(entry["index"].as_u64().expect("an index")).or_default().1 = marked;
        }
        if let Some(intent) = entry["intent"].as_u64() {
            let known = outcomes.get_mut(&intent);
            known.unwrap_or_else(|| panic!("no intent before its outcome: {entry}")).0 += 1;
        }
    }
    outcomes.retain(|_, (count, marked)| *count != u64::from(!*marked));
    outcomes
}

/// The receipts that the log does not honour: no such entry, another one, or
/// one that a later entry says was not released.
pub fn unhonoured<'a>(calls: &'a [Call], ledger: &Ledger) -> Vec<&'a Held> {
    calls.iter().flat_map(|call| &call.held).filter(|held| !ledger.honours(held)).collect()
}

/// No registry was asked about a person whom a question with an intent in the
/// log does not name. Only persons who are asked about once can be judged.
pub fn judge_registries(calls: &[Call], ledger: &Ledger, asked: &CallReport) {
    let asked: BTreeSet<&str> = asked.calls.iter().filter_map(|call| call.subject.as_deref()).collect();
    let by_trace = by_trace(ledger);
    let mut judged = 0;
    for call in calls {
        let Some(subject) = call.subject.as_deref().filter(|_| once(call.what)) else { continue };
        judged += 1;
        let entries = by_trace.get(call.trace.as_str()).into_iter().flatten();
        let intent = entries.filter(|(_, entry, marked)| entry["kind"] == "access.intent" && !marked).count();
        assert!(intent > 0 || !asked.contains(subject), "a registry was asked without an intent: {call:?}");
        assert!(call.what != What::Stranger || !asked.contains(subject), "about a stranger: {call:?}");
    }
    assert!(judged > 0, "nobody was asked about: this shows nothing");
}

fn once(what: What) -> bool {
    matches!(what, What::Stranger | What::VerifyUnknown)
}

/// Refused, whole, because nothing could be recorded. A resolve had told parts.
fn was_unrecorded(call: &Call) -> bool {
    let unrecorded = matches!(&call.reply, Reply::Refused { reason, .. } if reason == "AUDIT_UNAVAILABLE");
    unrecorded && call.what != What::Resolve
}

/// Whether an entry says that the caller was told something: fields, a verdict,
/// or that there is nothing, each with a commitment to it; or a refusal. A
/// dossier's opening is no answer: one that stands in the log and was not told
/// is gone on with by the same request.
fn tells(entry: &Value) -> bool {
    let disclosed = entry["fields"]["disclosed"].as_array().is_some_and(|fields| !fields.is_empty());
    let kind = entry["kind"].as_str().unwrap_or_default();
    disclosed
        || !entry["commitment"].is_null()
        || ["access.denied", "log.read", "credential.refused"].contains(&kind)
}

type Place<'a> = (u64, &'a Value, bool);

fn by_trace(ledger: &Ledger) -> BTreeMap<&str, Vec<Place<'_>>> {
    let mut by_trace: BTreeMap<&str, Vec<Place<'_>>> = BTreeMap::new();
    for ((entry, marked), index) in ledger.entries().zip(0..) {
        if let Some(trace) = entry["trace"].as_str() {
            by_trace.entry(trace).or_default().push((index, entry, marked));
        }
    }
    by_trace
}
