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
/// Most namespace declarations in force at once: those of an element and of all
/// around it. Who builds the tree gives every element that declares one a list
/// of all of them, so many of both would cost their product. The registries
/// declare one, at the root.
pub const MAX_NAMESPACES: usize = 16;
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
    let (mut elements, mut asides) = (0_usize, 0_usize);
    // How many namespaces each open element has in force.
    let mut open: Vec<usize> = Vec::with_capacity(MAX_DEPTH);
    loop {
        let around = open.last().copied().unwrap_or_default();
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                open.push(namespaces(&start, around)?);
                elements += 1;
            }
            Ok(Event::Empty(start)) => {
                namespaces(&start, around)?;
                elements += 1;
            }
            Ok(Event::Comment(_) | Event::PI(_)) => asides += 1,
            Ok(Event::End(_)) => {
                open.pop();
            }
            Ok(Event::DocType(_)) => return Err(MalformedCause::Forbidden),
            Ok(Event::GeneralRef(entity)) if !is_harmless(&entity) => return Err(MalformedCause::Forbidden),
            Ok(Event::Eof) if !open.is_empty() || elements == 0 => return Err(MalformedCause::Truncated),
            Ok(Event::Eof) => return Ok(text),
            Ok(_) => {}
            Err(error) => return Err(classify(&error)),
        }
        if open.len() > MAX_DEPTH {
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

/// How many namespace declarations are in force in an element, `around` of them
/// from outside; an error where they or its attributes are too many.
/// What is no attribute could hide what comes after it, so it is no XML here.
fn namespaces(start: &BytesStart<'_>, around: usize) -> Result<usize, MalformedCause> {
    let mut in_force = around;
    for (number, attribute) in start.attributes().with_checks(false).enumerate() {
        let attribute = attribute.map_err(|_| MalformedCause::Syntax)?;
        in_force += usize::from(attribute.key.as_namespace_binding().is_some());
        if number == MAX_ATTRIBUTES || in_force > MAX_NAMESPACES {
            return Err(MalformedCause::TooLarge);
        }
    }
    Ok(in_force)
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
