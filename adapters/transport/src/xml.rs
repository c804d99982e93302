//! XML from strangers: no document type, no entities of its own, bounded depth
//! and count.

use motlan_api::{MalformedCause, Read};
use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError};
use quick_xml::events::{BytesStart, Event};

use crate::json::clean;

/// Deepest nesting read; the registries' own answers stay below 8.
pub const MAX_DEPTH: usize = 32;
/// Most elements read.
pub const MAX_ELEMENTS: usize = 50_000;
/// Most attributes of one element, namespaces among them: to compare each with
/// each must not cost.
pub const MAX_ATTRIBUTES: usize = 32;
/// Most comments and processing instructions; the registries send none.
pub const MAX_ASIDES: usize = 1_000;

/// Judges a document before any tree is built of it, and hands its text on.
pub fn check(bytes: &[u8]) -> Result<&str, MalformedCause> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| match error.error_len() {
        None => MalformedCause::Truncated,
        Some(_) => MalformedCause::Syntax,
    })?;
    let mut reader = Reader::from_str(text);
    let (mut depth, mut elements, mut asides) = (0_usize, 0_usize, 0_usize);
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                few_attributes(&start)?;
                depth += 1;
                elements += 1;
            }
            Ok(Event::Empty(start)) => {
                few_attributes(&start)?;
                elements += 1;
            }
            Ok(Event::Comment(_) | Event::PI(_)) => asides += 1,
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(Event::DocType(_)) => return Err(MalformedCause::Forbidden),
            Ok(Event::GeneralRef(entity)) if !is_harmless(&entity) => return Err(MalformedCause::Forbidden),
            Ok(Event::Eof) if depth > 0 || elements == 0 => return Err(MalformedCause::Truncated),
            Ok(Event::Eof) => return Ok(text),
            Ok(_) => {}
            Err(error) => return Err(classify(&error)),
        }
        if depth > MAX_DEPTH {
            return Err(MalformedCause::TooDeep);
        }
        if elements > MAX_ELEMENTS || asides > MAX_ASIDES {
            return Err(MalformedCause::TooLarge);
        }
    }
}

/// A datum's text: trimmed, empty being absent, without control characters.
pub fn text(text: &str) -> Read<&str> {
    clean(text)
}

/// Escapes a text for an element's content.
pub fn escape(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

/// What is no attribute ends the count; the parser judges it.
fn few_attributes(start: &BytesStart<'_>) -> Result<(), MalformedCause> {
    let attributes = start.attributes().with_checks(false).take(MAX_ATTRIBUTES + 1).count();
    if attributes > MAX_ATTRIBUTES { Err(MalformedCause::TooLarge) } else { Ok(()) }
}

/// The five entities of XML itself, and references to characters.
fn is_harmless(entity: &str) -> bool {
    entity.starts_with('#') || matches!(entity, "lt" | "gt" | "amp" | "apos" | "quot")
}

fn classify(error: &Error) -> MalformedCause {
    match error {
        Error::Syntax(_) | Error::IllFormed(IllFormedError::MissingEndTag(_)) => MalformedCause::Truncated,
        _ => MalformedCause::Syntax,
    }
}

#[cfg(test)]
mod tests;
