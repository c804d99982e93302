//! What reads an answer before any decoder sees it.

use motlan_api::{Invalid, Read};
use motlan_transport::json::{self, MAX_DEPTH, MAX_TEXT, Object};
use motlan_transport::{read_refusal, read_token, xml};
use serde_json::Value;

use crate::{Verdict, invariants};

/// The longest validity of a token that is believed, in seconds.
const LONGEST_VALIDITY: u64 = 86_400;

/// The answer of a token endpoint.
pub(crate) fn token(bytes: &[u8]) -> Verdict {
    let (read, again) = (read_token(bytes), read_token(bytes));
    assert_eq!(read, again, "the same bytes");
    let Ok((header, validity)) = read else { return Verdict::Malformed };
    assert!(header.is_sensitive(), "a token in every log line");
    assert_eq!(format!("{header:?}"), "Sensitive");
    let text = header.to_str().expect("visible characters");
    let token = text.strip_prefix("Bearer ").expect("a bearer token");
    assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()), "no token");
    assert!(validity.as_secs() <= LONGEST_VALIDITY);
    Verdict::Whole
}

/// The body of a status 400.
pub(crate) fn refusal(bytes: &[u8]) -> Verdict {
    invariants::failure(&read_refusal(bytes))
}

/// A JSON document, and every typed reading of every member of it.
pub(crate) fn json_text(bytes: &[u8]) -> Verdict {
    let read = json::read(bytes);
    assert_eq!(read, json::read(bytes), "the same bytes");
    match json::answer(bytes) {
        Ok(answer) => assert!(read.is_ok(), "an answer out of nothing: {}", answer.is_some()),
        Err(error) => {
            invariants::failure(&error);
        }
    }
    let Ok(value) = read else { return Verdict::Malformed };
    assert!(depth(&value) <= MAX_DEPTH, "deeper than may be");
    assert!(json::read(value.to_string().as_bytes()).is_ok(), "written again it is no document");
    members(&value);
    Verdict::Whole
}

/// An XML document, judged before a tree is built of it.
pub(crate) fn xml_text(bytes: &[u8]) -> Verdict {
    let checked = xml::check(bytes);
    assert_eq!(checked, xml::check(bytes), "the same bytes");
    let lossy = String::from_utf8_lossy(bytes);
    assert!(!xml::escape(&lossy).contains(['<', '>']), "markup in an escaped text");
    datum(xml::text(&lossy));
    match checked {
        Ok(text) => {
            assert!(bytes.ends_with(text.as_bytes()), "another text than was sent");
            Verdict::Whole
        }
        Err(_) => Verdict::Malformed,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

fn members(value: &Value) {
    match value {
        Value::Array(items) => items.iter().for_each(members),
        Value::Object(map) => {
            let object = Object::of(value).expect("an object");
            for (name, value) in map {
                typed(object, name);
                members(value);
            }
        }
        _ => {}
    }
}

/// Whatever the member is, it reads as what it is asked for as, or not at all.
fn typed(object: Object<'_>, name: &str) {
    datum(object.text(name));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    for length in [2, 3, 5] {
        if let Ok(Some(code)) = object.digits(name, length) {
            assert!(code.len() == length && digits(&code), "no code of {length} digits");
        }
    }
    if let Ok(Some(code)) = object.code(name) {
        assert!(!code.is_empty() && code.chars().count() <= MAX_TEXT);
    }
    if let Ok(Some(number)) = object.decimal(name) {
        let (whole, fraction) = number.split_once('.').unwrap_or((&number, "0"));
        assert!(digits(whole) && digits(fraction) && number.len() <= 37, "no decimal");
    }
    let read = [
        object.whole(name).map(|read| read.is_some()),
        object.boolean(name).map(|read| read.is_some()),
        object.object(name).map(|read| read.is_some()),
        object.objects(name).map(|read| read.is_some()),
    ];
    let present = object.has(name);
    assert!(
        read.iter().all(|read| matches!(read, Err(Invalid)) || *read == Ok(present) || *read == Ok(false))
    );
}

fn datum(read: Read<&str>) {
    if let Ok(Some(text)) = read {
        assert!(!text.is_empty() && text == text.trim(), "blanks around a datum");
        assert!(text.chars().count() <= MAX_TEXT && !text.chars().any(char::is_control), "no datum");
    }
}
