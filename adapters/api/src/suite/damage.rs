//! Damage to answers in JSON: what a decoder makes of them is never passed off
//! as whole.

use jiff::Timestamp;
use motlan_domain::id::{IdRules, Synthetic};
use motlan_domain::{Fetched, Outcome, SubjectKey};
use serde_json::{Value, json};

use crate::{Decoding, FetchError};

/// The rules for ids in the samples, which are synthetic.
pub const RULES: IdRules = IdRules { synthetic: Synthetic::Allowed, present_year: 2026 };

/// When the samples were received: 2026-11-21T02:00:00Z.
const RETRIEVED_AT: Timestamp = Timestamp::constant(1_795_226_400, 0);

/// What a decoder is told beside a sample.
pub const fn about(subject: &SubjectKey) -> Decoding<'_> {
    Decoding { subject, rules: RULES, retrieved_at: RETRIEVED_AT }
}

/// The document with that value at a JSON pointer, where there has to be one.
pub fn with(mut document: Value, pointer: &str, value: Value) -> Value {
    let place = document.pointer_mut(pointer);
    assert!(place.is_some(), "nothing stands at {pointer}");
    if let Some(place) = place {
        *place = value;
    }
    document
}

/// Damages every datum of a good document in turn: what comes of it has to be an
/// error, an incomplete answer, or the very same records. How many were, or
/// every deviation. `excused` names data that may make another record.
pub fn damage(
    good: &Value,
    decode: impl Fn(&[u8]) -> Result<Fetched, FetchError>,
    excused: impl Fn(&str) -> bool,
) -> Result<usize, Vec<String>> {
    let read = |document: &Value| {
        decode(document.to_string().as_bytes()).ok().filter(|fetched| fetched.outcome() == Outcome::Found)
    };
    let Some(whole) = read(good) else { return Err(vec!["the good document is not whole".to_owned()]) };
    let mut all = Vec::new();
    pointers(good, String::new(), &mut all);
    let (mut damaged, mut passed) = (0, Vec::new());
    for pointer in all {
        let instead = [
            json!({"x": 1}),
            json!([1]),
            json!(true),
            json!("\u{7f}~"),
            json!(-7.5),
            json!("x".repeat(3_000)),
        ];
        for value in instead {
            let found = read(&with(good.clone(), &pointer, value));
            if found.is_some_and(|found| found.records != whole.records) && !excused(&pointer) {
                passed.push(pointer.clone());
            }
            damaged += 1;
        }
    }
    if passed.is_empty() { Ok(damaged) } else { Err(passed) }
}

/// Every place in the document.
fn pointers(value: &Value, at: String, into: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| pointers(value, format!("{at}/{name}"), into));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, value)| pointers(value, format!("{at}/{i}"), into));
        }
        _ => {}
    }
    into.push(at);
}
