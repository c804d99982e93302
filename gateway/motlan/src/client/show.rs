//! Answers of the gateway in a line or two for people.

use jiff::Timestamp;
use motlan_proto::audit::v1::{Entry, EntryKind};
use motlan_proto::common::v1::{Outcome, Receipt, Registry};

use crate::clock::in_vietnam;

/// A receipt in one line.
pub fn receipt(receipt: &Receipt) -> String {
    let hash = hex::encode(&receipt.leaf_hash);
    format!("{}#{} {}", receipt.origin, receipt.index, hash.get(..16).unwrap_or(&hash))
}

/// A protobuf timestamp as an instant.
pub fn instant(time: &motlan_proto::time::Timestamp) -> Option<Timestamp> {
    Timestamp::try_from(*time).ok()
}

/// An instant on Viet Nam's clock, to the second.
pub fn local(time: Timestamp) -> String {
    in_vietnam(time).strftime("%d/%m/%Y %H:%M:%S").to_string()
}

/// The short name of a registry.
pub fn registry(registry: Registry) -> &'static str {
    match registry {
        Registry::Unspecified => "",
        Registry::Population => "population",
        Registry::Business => "business",
        Registry::Insurance => "insurance",
        Registry::Land => "land",
    }
}

/// The same in Vietnamese.
pub fn registry_vi(registry: Registry) -> &'static str {
    match registry {
        Registry::Unspecified => "",
        Registry::Population => "Dân cư",
        Registry::Business => "Doanh nghiệp",
        Registry::Insurance => "Bảo hiểm",
        Registry::Land => "Đất đai",
    }
}

/// An enum value's protobuf name without its prefix.
pub(super) fn short(name: &'static str, prefix: &str) -> &'static str {
    name.strip_prefix(prefix).unwrap_or(name)
}

/// An entry as columns: index, time, kind, who, what, how it ended.
pub fn entry_lines(entry: &Entry) -> [String; 6] {
    let kind = short(entry.kind().as_str_name(), "ENTRY_KIND_").to_lowercase().replacen('_', ".", 1);
    let kind = if entry.kind() == EntryKind::Unspecified { String::new() } else { kind };
    let who = match (entry.officer_account.as_str(), entry.citizen_pseudonym.as_str()) {
        ("", "") => format!("{} {}", entry.caller_system, entry.actor_kind),
        ("", pseudonym) => {
            format!("{} công dân {}", entry.caller_system, pseudonym.get(..8).unwrap_or(pseudonym))
        }
        (account, _) => format!("{} {account}", entry.caller_system),
    };
    let outcome = match entry.outcome() {
        Outcome::Unspecified => "",
        outcome => short(outcome.as_str_name(), "OUTCOME_"),
    };
    // Columns that only some kinds have stand in the stored entry.
    let stored: serde_json::Value = serde_json::from_slice(&entry.canonical).unwrap_or_default();
    let component = |key: &str| stored["component"][key].as_str().unwrap_or_default().to_owned();
    // An operation names its dataset.
    let loaded = stored["loaded"]["what"].as_str().unwrap_or_default();
    let what = format!("{} {} {loaded}", entry.operation, component("key"));
    let decided = component("outcome");
    let reason = if entry.reason == decided { "" } else { &entry.reason };
    let ended = format!("{outcome} {decided} {reason}");
    let time = entry.time.as_ref().and_then(instant).map(local).unwrap_or_default();
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    [entry.index.to_string(), time, kind, plain(&who), plain(&what), plain(&ended)]
}
