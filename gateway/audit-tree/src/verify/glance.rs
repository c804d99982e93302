//! The index an entry states about itself, without reading the entry whole.
//!
//! This is done for every entry, so it makes nothing: it walks over the bytes
//! once. What it takes for a JSON object is what RFC 8259 does, in UTF-8,
//! without a byte order mark and nested no deeper than [`MAX_DEPTH`]; of a
//! name that stands twice the last counts.

#[cfg(test)]
mod tests;

/// How deep values may lie in each other, the entry's own object included.
const MAX_DEPTH: u8 = 128;

/// What an entry says about its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Glance {
    /// It is no JSON object.
    NotAnObject,
    /// An object, whose `index` is not there or not written in digits alone.
    NoIndex,
    /// That index; one beyond 64 bits is the largest of 64 bits.
    Index(u64),
}

/// Reads what an entry says about its place.
pub(super) fn own_index(entry: &[u8]) -> Glance {
    if std::str::from_utf8(entry).is_err() {
        return Glance::NotAnObject;
    }
    object(entry).unwrap_or(Glance::NotAnObject)
}

// === the walk ===
//
// Where it stands is handed on by value: kept behind a reference, that would
// be most of what the walk costs.

/// Walks over the whole text; none where it is no object.
fn object(text: &[u8]) -> Option<Glance> {
    let mut found = Glance::NoIndex;
    // What is open, the innermost lowest: 1 for an object.
    let mut open: u128 = 0;
    let mut depth = 0;
    let mut at = space(text, 0);
    if text.get(at) != Some(&b'{') {
        return None;
    }
    loop {
        // A value begins here; in an object its name does.
        let mut is_own = false;
        if open & 1 == 1 {
            let (behind, escaped) = string(text, at)?;
            is_own = depth == 1 && is_index(text.get(at..behind)?, escaped);
            let colon = space(text, behind);
            at = space(text, word(text, colon, b":")?);
        }
        let begin = at;
        let first = *text.get(at)?;
        let is_container = matches!(first, b'{' | b'[');
        match first {
            b'"' => (at, _) = string(text, at)?,
            b't' => at = word(text, at, b"true")?,
            b'f' => at = word(text, at, b"false")?,
            b'n' => at = word(text, at, b"null")?,
            _ if !is_container => at = number(text, at)?,
            _ => {
                if depth == MAX_DEPTH {
                    return None;
                }
                depth += 1;
                open = open << 1 | u128::from(first == b'{');
                at = space(text, at + 1);
            }
        }
        if is_own {
            found = integer(text.get(begin..at)?);
        }
        if is_container && !matches!(text.get(at)?, b'}' | b']') {
            continue;
        }
        // Behind a value, or in what is empty: all that ends here, ends.
        loop {
            at = space(text, at);
            let close = if open & 1 == 1 { b'}' } else { b']' };
            match *text.get(at)? {
                b',' => break,
                byte if byte == close => at += 1,
                _ => return None,
            }
            open >>= 1;
            depth -= 1;
            if depth == 0 {
                return (space(text, at) == text.len()).then_some(found);
            }
        }
        at = space(text, at + 1);
    }
}

/// Behind the string that begins at `at`, and whether it has escapes.
#[inline]
fn string(text: &[u8], at: usize) -> Option<(usize, bool)> {
    if text.get(at) != Some(&b'"') {
        return None;
    }
    let mut at = at + 1;
    let mut escaped = false;
    loop {
        at = plain(text, at);
        match text.get(at)? {
            b'"' => return Some((at + 1, escaped)),
            b'\\' => at = escape(text, at + 1)?,
            _ => return None,
        }
        escaped = true;
    }
}

fn escape(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 1),
        b'u' => {
            let digits = text.get(at + 1..at + 5)?;
            digits.iter().all(u8::is_ascii_hexdigit).then_some(at + 5)
        }
        _ => None,
    }
}

/// Behind the bytes of a string up to a quote, backslash or control
/// character: they are most of an entry, so eight at a time.
#[inline]
fn plain(text: &[u8], mut at: usize) -> usize {
    while let Some(eight) = text.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let stops = stops(u64::from_le_bytes(*eight));
        if stops != 0 {
            return at + (stops.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while text.get(at).is_some_and(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
        at += 1;
    }
    at
}

#[inline]
fn number(text: &[u8], at: usize) -> Option<usize> {
    let at = skip(text, at, b"-");
    // A number does not begin with a zero that says nothing.
    let zero = skip(text, at, b"0");
    let mut at = if zero == at { digits(text, at)? } else { zero };
    let point = skip(text, at, b".");
    if point != at {
        at = digits(text, point)?;
    }
    let exponent = skip(text, at, b"eE");
    if exponent == at { Some(at) } else { digits(text, skip(text, exponent, b"+-")) }
}

#[inline]
fn digits(text: &[u8], at: usize) -> Option<usize> {
    let mut end = at;
    while text.get(end).is_some_and(u8::is_ascii_digit) {
        end += 1;
    }
    (end > at).then_some(end)
}

#[inline]
fn word(text: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    text.get(at..)?.starts_with(word).then_some(at + word.len())
}

#[inline]
fn space(text: &[u8], at: usize) -> usize {
    // A canonical entry has none.
    if text.get(at).is_some_and(|byte| *byte > b' ') { at } else { some_space(text, at) }
}

#[cold]
fn some_space(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Behind one of these bytes, or where it was.
#[inline]
fn skip(text: &[u8], at: usize, any_of: &[u8]) -> usize {
    at + usize::from(text.get(at).is_some_and(|byte| any_of.contains(byte)))
}

/// The high bit of each byte that a plain run stops at. Right up to the first
/// such byte, counted from the low end; above it a carry may set more.
fn stops(eight: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let below = |eight: u64, bound: u8| eight.wrapping_sub(ONES * u64::from(bound)) & !eight & HIGH;
    let is = |byte: u8| below(eight ^ (ONES * u64::from(byte)), 1);
    is(b'"') | is(b'\\') | below(eight, 0x20)
}

/// Whether a name, its quotes included, is that of the index.
#[inline]
fn is_index(name: &[u8], escaped: bool) -> bool {
    if !escaped {
        return name == b"\"index\"";
    }
    // Nobody writes it so who is not up to something.
    serde_json::from_slice::<String>(name).is_ok_and(|name| name == "index")
}

/// The index that a value is; of one that holds others its first bytes.
fn integer(value: &[u8]) -> Glance {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Glance::NoIndex;
    }
    let digits = value.iter().map(|byte| u64::from(byte - b'0'));
    Glance::Index(digits.fold(0, |value: u64, digit| value.saturating_mul(10).saturating_add(digit)))
}
