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

/// What is left to walk over.
struct Walk<'a> {
    rest: &'a [u8],
}

/// Reads what an entry says about its place.
pub(super) fn own_index(entry: &[u8]) -> Glance {
    if std::str::from_utf8(entry).is_err() {
        return Glance::NotAnObject;
    }
    Walk { rest: entry }.whole().unwrap_or(Glance::NotAnObject)
}

// === impl Walk ===

/// Each walks over one thing; none where that thing does not stand there.
impl<'a> Walk<'a> {
    fn whole(&mut self) -> Option<Glance> {
        let mut found = Glance::NoIndex;
        self.space();
        self.members(MAX_DEPTH, |name, value| {
            if is_index(name) {
                found = integer(value);
            }
        })?;
        self.space();
        self.rest.is_empty().then_some(found)
    }

    /// An object, each member given away.
    fn members(&mut self, depth: u8, mut member: impl FnMut(&'a [u8], &'a [u8])) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        self.expect(b'{')?;
        self.space();
        if self.skip(b'}') {
            return Some(());
        }
        loop {
            let name = self.string()?;
            self.space();
            self.expect(b':')?;
            self.space();
            let before = self.rest;
            self.value(depth)?;
            member(name, before.get(..before.len() - self.rest.len())?);
            self.space();
            if self.skip(b'}') {
                return Some(());
            }
            self.expect(b',')?;
            self.space();
        }
    }

    fn elements(&mut self, depth: u8) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        self.expect(b'[')?;
        self.space();
        if self.skip(b']') {
            return Some(());
        }
        loop {
            self.value(depth)?;
            self.space();
            if self.skip(b']') {
                return Some(());
            }
            self.expect(b',')?;
            self.space();
        }
    }

    fn value(&mut self, depth: u8) -> Option<()> {
        match self.rest.first()? {
            b'"' => self.string().map(drop),
            b'{' => self.members(depth, |_, _| ()),
            b'[' => self.elements(depth),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.number(),
        }
    }

    /// What stands between the quotes, its escapes as they are.
    fn string(&mut self) -> Option<&'a [u8]> {
        self.expect(b'"')?;
        let begin = self.rest;
        loop {
            self.plain();
            match self.next()? {
                b'"' => return begin.get(..begin.len() - self.rest.len() - 1),
                b'\\' => self.escape()?,
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<()> {
        match self.next()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => {
                let (digits, rest) = self.rest.split_first_chunk::<4>()?;
                self.rest = rest;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(())
            }
            _ => None,
        }
    }

    /// Bytes of a string up to a quote, backslash or control character:
    /// most of an entry, so eight at a time.
    fn plain(&mut self) {
        while let Some((eight, rest)) = self.rest.split_first_chunk::<8>() {
            let stops = stops(u64::from_le_bytes(*eight));
            if stops != 0 {
                let before = (stops.trailing_zeros() / 8) as usize;
                self.rest = self.rest.get(before..).unwrap_or_default();
                return;
            }
            self.rest = rest;
        }
        while let [byte, rest @ ..] = self.rest
            && !matches!(byte, b'"' | b'\\' | 0..=0x1f)
        {
            self.rest = rest;
        }
    }

    fn number(&mut self) -> Option<()> {
        self.skip(b'-');
        // A number does not begin with a zero that says nothing.
        if !self.skip(b'0') {
            self.digits()?;
        }
        if self.skip(b'.') {
            self.digits()?;
        }
        if self.skip(b'e') || self.skip(b'E') {
            let _ = self.skip(b'+') || self.skip(b'-');
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.rest = self.rest.get(digits..)?;
        (digits > 0).then_some(())
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(word)?;
        Some(())
    }

    fn space(&mut self) {
        while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    fn next(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    fn skip(&mut self, byte: u8) -> bool {
        let rest = self.rest.split_first().filter(|(first, _)| **first == byte).map(|(_, rest)| rest);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.skip(byte).then_some(())
    }
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

fn is_index(name: &[u8]) -> bool {
    if !name.contains(&b'\\') {
        return name == b"index";
    }
    // Nobody writes it so who is not up to something.
    let quoted = [b"\"", name, b"\""].concat();
    serde_json::from_slice::<String>(&quoted).is_ok_and(|name| name == "index")
}

fn integer(value: &[u8]) -> Glance {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Glance::NoIndex;
    }
    let digits = value.iter().map(|byte| u64::from(byte - b'0'));
    Glance::Index(digits.fold(0, |value: u64, digit| value.saturating_mul(10).saturating_add(digit)))
}
