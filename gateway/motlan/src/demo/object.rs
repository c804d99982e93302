//! The demo as one JSON object.

use motlan_proto::dossier::v1::ComponentResult;
use serde::Serialize;
use serde_json::{Value, json};

use super::Outcome;
use crate::client::{entry_lines, instant, receipt_line, registry_code};
use crate::report::{mode_code, outcome_code};

/// One component.
#[derive(Serialize)]
struct Component<'a> {
    code: &'a str,
    key: &'a str,
    name: &'a str,
    required: bool,
    outcome: &'static str,
    mode: Option<&'static str>,
    source: Option<&'static str>,
    data_time: Option<String>,
    reason: &'a str,
    reason_vi: &'a str,
    reason_en: &'a str,
    receipt: Value,
    prefilled: Vec<Value>,
    prefilled_fields: u32,
    total_fields: u32,
    derived_form: bool,
}

/// The whole run.
pub(super) fn of(outcome: &Outcome) -> Value {
    let summary = outcome.resolved.summary.clone().unwrap_or_default();
    let mut components: Vec<&ComponentResult> = outcome.resolved.components.iter().collect();
    components.sort_by_key(|component| component.position);
    json!({
        "procedure": outcome.plan.procedure,
        "case": outcome.plan.case,
        "agency": outcome.plan.agency,
        "dossier": outcome.dossier,
        "synthetic": true,
        "components": components.into_iter().map(component).collect::<Vec<_>>(),
        "reused": summary.reused,
        "total": summary.total,
        "prefilled_fields": summary.prefilled_fields,
        "total_fields": summary.total_fields,
        "derived_prefilled_fields": summary.derived_prefilled_fields,
        "derived_total_fields": summary.derived_total_fields,
        "audit_entries": outcome.entries.len(),
        "audit_log": outcome.entries.iter().map(entry).collect::<Vec<_>>(),
    })
}

fn component(result: &ComponentResult) -> Component<'_> {
    let named = |name: &'static str| Some(name).filter(|name| !name.is_empty());
    let blank = |field: &motlan_proto::dossier::v1::PrefilledField| {
        json!({
            "key": field.key,
            "label_vi": field.label_vi,
            "label_en": field.label_en,
            "values": field.values,
            "withheld_reason": field.withheld.then_some(&field.withheld_reason),
        })
    };
    Component {
        code: &result.code,
        key: &result.key,
        name: &result.name,
        required: result.required,
        outcome: outcome_code(result.outcome()),
        mode: named(mode_code(result.mode())),
        source: named(registry_code(result.source())),
        data_time: result.data_time.as_ref().and_then(instant).map(|time| time.to_string()),
        reason: &result.reason,
        reason_vi: &result.reason_vi,
        reason_en: &result.reason_en,
        receipt: result.receipt.as_ref().map_or(Value::Null, |receipt| {
            json!({
                "origin": receipt.origin,
                "index": receipt.index,
                "leaf_hash": hex::encode(&receipt.leaf_hash),
                "text": receipt_line(receipt),
            })
        }),
        prefilled: result.prefilled.iter().map(blank).collect(),
        prefilled_fields: result.prefilled_fields,
        total_fields: result.total_fields,
        derived_form: result.derived_form,
    }
}

/// An entry's columns, and the entry itself as it is stored.
fn entry(entry: &motlan_proto::audit::v1::Entry) -> Value {
    let [index, _, kind, who, what, ended] = entry_lines(entry);
    json!({
        "index": index.parse::<u64>().unwrap_or_default(),
        "time": entry.time.as_ref().and_then(instant).map(|time| time.to_string()),
        "kind": kind,
        "who": who,
        "what": what,
        "ended": ended,
        "entry": serde_json::from_slice::<Value>(&entry.canonical).unwrap_or(Value::Null),
    })
}
