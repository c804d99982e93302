//! What a datum's text may be.

use motlan_domain::Record;
use motlan_transport::json::MAX_TEXT;
use serde_json::Value;

/// Every text of a record: no longer than a datum may be, no control
/// characters, not blank.
pub(crate) fn check(record: &Record) {
    let value = serde_json::to_value(record).expect("every record has a JSON form");
    walk(&value);
}

fn walk(value: &Value) {
    match value {
        Value::String(text) => {
            assert!(text.chars().count() <= MAX_TEXT, "a text of {} characters", text.chars().count());
            assert!(!text.chars().any(char::is_control), "a control character in a text");
            assert!(!text.trim().is_empty(), "a blank text is no datum");
        }
        Value::Array(items) => items.iter().for_each(walk),
        Value::Object(members) => members.values().for_each(walk),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
