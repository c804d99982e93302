//! Ways to spoil a JSON answer.

use serde_json::{Value, json};

/// A name for the way, and the answer.
pub(crate) fn ways(part: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let Ok(good) = serde_json::from_slice::<Value>(part) else { return Vec::new() };
    let text = String::from_utf8_lossy(part);
    let mut ways: Vec<(&'static str, Vec<u8>)> = vec![
        ("in-an-envelope", bytes(&json!({"Envelope": {"Body": good.clone()}}))),
        ("in-a-list", bytes(&json!([good.clone()]))),
        ("nested", format!("{}{text}{}", "[".repeat(40), "]".repeat(40)).into_bytes()),
        ("an-empty-object", b"{}".to_vec()),
        ("an-empty-list", b"[]".to_vec()),
        ("null", b"null".to_vec()),
        ("not-found", br#"{"maLoi":"KHONG_TIM_THAY","moTa":"x"}"#.to_vec()),
        ("refused", br#"{"maLoi":"DU_LIEU_KHONG_HOP_LE","moTa":"x"}"#.to_vec()),
        ("refused-with-a-number", br#"{"maLoi":"LOI_097060000001"}"#.to_vec()),
        ("refused-and-answered", text.replacen('{', "{\"maLoi\":\"X\",", 1).into_bytes()),
        ("a-lone-surrogate", text.replacen(":\"", ":\"\\ud800", 1).into_bytes()),
        ("a-member-twice", twice(&text)),
    ];
    let instead: [(&'static str, Value); 9] = [
        ("an-object-for-a-datum", json!({"x": 1})),
        ("a-list-for-a-datum", json!([1])),
        ("true-for-a-datum", json!(true)),
        ("null-for-a-datum", Value::Null),
        ("a-blank-datum", json!("  ")),
        ("a-control-character", json!("\u{7f}~")),
        ("a-negative-number", json!(-7.5)),
        ("a-huge-number", json!(1e300)),
        ("a-long-datum", json!("x".repeat(2_001))),
    ];
    let mut pointers = Vec::new();
    leaves(&good, String::new(), &mut pointers);
    for (turn, (how, value)) in instead.into_iter().enumerate() {
        let Some(pointer) = pointers.get(turn * pointers.len() / 9) else { continue };
        let mut spoilt = good.clone();
        if let Some(place) = spoilt.pointer_mut(pointer) {
            *place = value;
        }
        ways.push((how, bytes(&spoilt)));
    }
    // Each datum gone in turn would be many: the first of each object goes.
    ways.push(("without-the-first-datum", bytes(&without_first(good))));
    ways
}

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// The first member stands there again.
fn twice(text: &str) -> Vec<u8> {
    let first = text.split_once('{').and_then(|(_, rest)| rest.split_once(':')).map(|(name, _)| name);
    let name = first.unwrap_or("\"x\"");
    text.replacen('{', &format!("{{{name}:\"y\","), 1).into_bytes()
}

fn without_first(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members.into_iter().skip(1).map(|(name, value)| (name, without_first(value))).collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(without_first).collect()),
        other => other,
    }
}

fn leaves(value: &Value, at: String, into: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| leaves(value, format!("{at}/{name}"), into));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, value)| leaves(value, format!("{at}/{i}"), into));
        }
        _ => into.push(at),
    }
}
