//! JSON from strangers: bounded depth, no repeated member, typed reading.

use std::fmt;

use motlan_api::{FetchError, Invalid, MalformedCause, Read};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Deepest nesting read; the registries' own answers stay below 8.
pub const MAX_DEPTH: usize = 32;
/// `maLoi` of "no such record".
const NOT_FOUND: &str = "KHONG_TIM_THAY";
/// Longest text of one datum, in characters.
pub const MAX_TEXT: usize = 2_000;

/// Reads a whole document. Nesting is judged before a tree is built; a
/// repeated member is an unexpected shape, since either could be meant.
pub fn read(bytes: &[u8]) -> Result<Value, MalformedCause> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if depth_exceeds(bytes, MAX_DEPTH) {
        return Err(MalformedCause::TooDeep);
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    value.map_err(|error| match error.classify() {
        serde_json::error::Category::Eof => MalformedCause::Truncated,
        serde_json::error::Category::Data => MalformedCause::Shape,
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => MalformedCause::Syntax,
    })
}

/// Reads an answer of a registry that says "no such record" and refuses with
/// `{maLoi, moTa}` (decided for the sandbox; the public sources are silent).
/// `None` when there is no such record.
pub fn answer(bytes: &[u8]) -> Result<Option<Value>, FetchError> {
    let value = read(bytes).map_err(FetchError::malformed)?;
    let Some(object) = Object::of(&value).filter(|object| object.has("maLoi")) else {
        return Ok(Some(value));
    };
    if object.0.keys().any(|name| name != "maLoi" && name != "moTa") {
        return Err(FetchError::malformed(MalformedCause::Shape));
    }
    match object.code("maLoi") {
        Ok(Some(code)) if code == NOT_FOUND => Ok(None),
        Ok(Some(code)) => Err(FetchError::refused(&code)),
        _ => Err(FetchError::malformed(MalformedCause::Shape)),
    }
}

fn depth_exceeds(bytes: &[u8], limit: usize) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// The members of an object, read one by one with their type.
#[derive(Clone, Copy)]
pub struct Object<'a>(&'a Map<String, Value>);

// === impl Object ===

impl<'a> Object<'a> {
    /// The object that the value is.
    pub fn of(value: &'a Value) -> Option<Self> {
        value.as_object().map(Self)
    }

    /// Whether the member is there, `null` aside.
    pub fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    /// Whether none of these members is there, though others are: another
    /// schema, rather than an absent datum.
    pub fn is_foreign(&self, known: &[&str]) -> bool {
        !self.0.is_empty() && !known.iter().any(|name| self.0.contains_key(*name))
    }

    /// The member, `null` being absent.
    pub fn value(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text, trimmed; empty is absent. Control characters and lengths beyond
    /// reason are invalid.
    pub fn text(&self, name: &str) -> Read<&'a str> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => clean(text),
            Some(_) => Err(Invalid),
        }
    }

    /// As [`Self::text`], owned.
    pub fn string(&self, name: &str) -> Read<String> {
        Ok(self.text(name)?.map(str::to_owned))
    }

    /// A code of that many digits, as text or, with its zeros lost, as a
    /// number (administrative units).
    pub fn digits(&self, name: &str, length: usize) -> Read<String> {
        let text = match self.value(name) {
            Some(Value::Number(number)) => Some(format!("{:0>length$}", number.to_string())),
            _ => self.string(name)?,
        };
        match text {
            Some(text) if text.len() != length || !text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Err(Invalid)
            }
            other => Ok(other),
        }
    }

    /// A text that `parse` must accept.
    pub fn parsed<T, E>(&self, name: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Read<T> {
        self.text(name)?.map(parse).transpose().map_err(|_| Invalid)
    }

    /// A code written as a text or as a whole number.
    pub fn code(&self, name: &str) -> Read<String> {
        match self.value(name) {
            Some(Value::Number(number)) if !number.is_f64() => Ok(Some(number.to_string())),
            _ => self.string(name),
        }
    }

    /// A non-negative decimal, as a number or as text: digits with at most one
    /// point.
    pub fn decimal(&self, name: &str) -> Read<String> {
        let text = match self.value(name) {
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => self.string(name)?,
        };
        match text {
            Some(text) if is_decimal(&text) => Ok(Some(text)),
            Some(_) => Err(Invalid),
            None => Ok(None),
        }
    }

    /// A whole number, as a number or as text.
    pub fn whole(&self, name: &str) -> Read<u32> {
        self.code(name)?.map(|text| text.parse()).transpose().map_err(|_| Invalid)
    }

    /// `true` or `false`.
    pub fn boolean(&self, name: &str) -> Read<bool> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Bool(yes)) => Ok(Some(*yes)),
            Some(_) => Err(Invalid),
        }
    }

    /// An object.
    pub fn object(&self, name: &str) -> Read<Object<'a>> {
        self.value(name).map(|value| Object::of(value).ok_or(Invalid)).transpose()
    }

    /// A list of objects.
    pub fn objects(&self, name: &str) -> Read<Vec<Object<'a>>> {
        match self.value(name) {
            None => Ok(None),
            Some(value) => objects(value).map(Some).ok_or(Invalid),
        }
    }
}

/// The objects of a list, or nothing if anything else stands in it.
pub fn objects(value: &Value) -> Option<Vec<Object<'_>>> {
    value.as_array()?.iter().map(Object::of).collect()
}

/// Trims, and refuses what no datum holds. Shared with [`crate::xml`].
pub(crate) fn clean(text: &str) -> Read<&str> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let too_long = text.len() > MAX_TEXT && text.chars().count() > MAX_TEXT;
    if too_long || text.chars().any(char::is_control) { Err(Invalid) } else { Ok(Some(text)) }
}

fn is_decimal(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits =
        |part: &str| !part.is_empty() && part.len() <= 18 && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(fraction)
}

/// Builds a [`Value`] and refuses repeated members.
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = sequence.next_element_seed(Self)? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(Name(name)) = entries.next_key()? {
            let value = entries.next_value_seed(Self)?;
            if map.insert(name, value).is_some() {
                return Err(serde::de::Error::custom("repeated member"));
            }
        }
        Ok(Value::Object(map))
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Name(String);

#[cfg(test)]
mod tests;
