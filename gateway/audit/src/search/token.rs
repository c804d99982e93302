//! Page tokens: opaque, bound to their query, worthless when changed.
//!
//! 32 bytes in base64url: the bound of the search, the last entry given, and
//! half an HMAC-SHA-256 over both and the whole query. So a token of another
//! query, of another log, or of no log is refused, and shows no identifier.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Order, SearchQuery, Searcher};

/// Where the next page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    /// The search covers the entries below this index, on every page.
    pub(super) through: u64,
    /// The last index given or looked at; before the first page one that excludes nothing.
    pub(super) last: u64,
}

// === impl Token ===

impl Token {
    /// The beginning of a search.
    pub(super) const fn first(order: Order, through: u64) -> Self {
        let last = match order {
            Order::NewestFirst => through,
            Order::OldestFirst => u64::MAX,
        };
        Self { through, last }
    }

    fn bytes(self) -> [u8; 16] {
        let mut out = [0; 16];
        out[..8].copy_from_slice(&self.through.to_le_bytes());
        out[8..].copy_from_slice(&self.last.to_le_bytes());
        out
    }
}

// === impl Searcher ===

impl Searcher {
    pub(super) fn write_token(&self, query: &SearchQuery, token: Token) -> String {
        let mut out = [0; 32];
        out[..16].copy_from_slice(&token.bytes());
        out[16..].copy_from_slice(&self.token_mac(query, token));
        URL_SAFE_NO_PAD.encode(out)
    }

    pub(super) fn read_token(&self, query: &SearchQuery, text: &str) -> Option<Token> {
        let bytes: [u8; 32] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let number =
            |at: usize| bytes[at..at + 8].iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte));
        let token = Token { through: number(0), last: number(8) };
        verify_slices_are_equal(&bytes[16..], &self.token_mac(query, token)).ok().map(|()| token)
    }

    fn token_mac(&self, query: &SearchQuery, token: Token) -> [u8; 16] {
        let mut context = hmac::Context::with_key(&self.token_key);
        context.update(&token.bytes());
        // Lengths before texts: no two queries share an input.
        let mut part = |text: Option<&[u8]>| {
            context.update(&text.map_or(u64::MAX, |text| text.len() as u64).to_le_bytes());
            context.update(text.unwrap_or_default());
        };
        let texts = [&query.dossier, &query.agency, &query.officer, &query.procedure];
        for text in texts {
            part(text.as_ref().map(String::as_bytes));
        }
        part(
            query.subject.as_ref().map(|subject| self.subjects.hash(subject)).as_ref().map(|hash| &hash[..]),
        );
        part(query.pseudonym.as_ref().map(|pseudonym| pseudonym.as_str().as_bytes()));
        part(Some(&query.index_from.to_le_bytes()));
        part(query.index_to.map(u64::to_le_bytes).as_ref().map(|bytes| &bytes[..]));
        part(query.outcome.map(|outcome| outcome.as_str().as_bytes()));
        for kind in &query.kinds {
            part(Some(kind.as_str().as_bytes()));
        }
        for bound in [query.from, query.to] {
            part(bound.map(|at| at.as_nanosecond().to_le_bytes()).as_ref().map(|bytes| &bytes[..]));
        }
        part(Some(&[u8::from(query.order == Order::OldestFirst)]));
        let mut mac = [0; 16];
        mac.copy_from_slice(&context.sign().as_ref()[..16]);
        mac
    }
}
