//! Names of people, and how two of them compare.
//!
//! The same name is written in many ways: composed or decomposed, with the
//! tone on one vowel or the next, in capitals, with no-break spaces, with an
//! Icelandic Ð for Đ. [`compare`] folds exactly what is only writing and says
//! what it had to fold; what may tell two people apart is never folded into
//! equality. There is no edit distance: published client code that accepts
//! half-length distance shows the harm.
//!
//! The levels are equalities of nested keys:
//! - `EXACT`: the same code points;
//! - `CANONICAL_EQUAL`: the same [`canonical`] key;
//! - `UNACCENTED_EQUAL`: the same [`unaccented`] key. It merges distinct names
//!   (*Dũng*, *Dung*), so it is never a match by itself;
//! - `MISMATCH`: the rest, word order and joined words included.

mod error;
mod fold;
mod syllable;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use error::NameError;
use fold::Stage;

/// Longest name, in composed characters without the invisible ones.
const MAX_CHARS: usize = 120;

/// Longer texts are not folded at all: they are equal or they differ.
const MAX_BYTES: usize = 4096;

/// A person's name as stated or as registered (*họ, chữ đệm và tên*). Kept as
/// written. Its `Debug` shows nothing; it serialises in clear, for encrypted
/// stores and canonical answers.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PersonName(String);

/// How two names compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NameComparison {
    /// The level.
    pub level: NameLevel,
    /// The most consequential thing that had to be folded, or what differs.
    pub code: NameCode,
    /// Whether i and y had to be taken for one letter (*Mỹ*, *Mĩ*). It is
    /// spelling practice, not law, so this is a hint and no identity.
    pub folded_iy: bool,
}

/// Levels of agreement, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NameLevel {
    /// The same code points.
    Exact,
    /// The same name, written differently.
    CanonicalEqual,
    /// The same without tones and marks.
    UnaccentedEqual,
    /// Another name.
    Mismatch,
}

/// What had to be folded, or what differs. Under `CANONICAL_EQUAL` the codes
/// come in order of consequence and the last one needed is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NameCode {
    /// Nothing.
    Identical,
    /// Composed and decomposed characters.
    Nfc,
    /// Invisible characters.
    Invisible,
    /// White space.
    Space,
    /// Upper and lower case.
    Case,
    /// Glyphs of the apostrophe.
    Apostrophe,
    /// Glyphs of the hyphen.
    Hyphen,
    /// The place of the tone mark in its syllable.
    TonePlacement,
    /// Ð or Ɖ for Đ.
    Lookalike,
    /// i and y.
    IyFolded,
    /// Tones and vowel marks.
    Unaccented,
    /// The same words in another order.
    WordOrder,
    /// Spaces, apostrophes or hyphens lost, added or exchanged.
    Separator,
    /// A letter of another script, perhaps a look-alike.
    Script,
    /// Another name.
    Different,
    /// At least one of the two holds nothing.
    Empty,
    /// At least one of the two is too long to be a name.
    TooLong,
}

/// Compares two names. Symmetric; never panics, whatever the text.
pub fn compare(a: &str, b: &str) -> NameComparison {
    if a.len() > MAX_BYTES || b.len() > MAX_BYTES {
        let level = if a == b { NameLevel::Exact } else { NameLevel::Mismatch };
        return NameComparison { level, code: NameCode::TooLong, folded_iy: false };
    }
    let (key_a, key_b) = (canonical(a), canonical(b));
    let empty = key_a.is_empty() || key_b.is_empty();
    if a == b {
        let code = if empty { NameCode::Empty } else { NameCode::Identical };
        return NameComparison { level: NameLevel::Exact, code, folded_iy: false };
    }
    if key_a == key_b {
        let code = if empty { NameCode::Empty } else { first_equal_stage(a, b) };
        let folded_iy = code == NameCode::IyFolded;
        return NameComparison { level: NameLevel::CanonicalEqual, code, folded_iy };
    }
    if fold::without_marks(&key_a) == fold::without_marks(&key_b) {
        let strict = fold::without_marks(&canonical_strict(a)) == fold::without_marks(&canonical_strict(b));
        return NameComparison {
            level: NameLevel::UnaccentedEqual,
            code: NameCode::Unaccented,
            folded_iy: !strict,
        };
    }
    let code = if empty { NameCode::Empty } else { what_differs(&key_a, &key_b) };
    NameComparison { level: NameLevel::Mismatch, code, folded_iy: false }
}

/// The key of `CANONICAL_EQUAL`: NFC, lower case, single plain spaces, tones at
/// one place of their syllable, look-alikes and glyphs folded, i for y where
/// practice lets them vary. For comparing, not for printing.
pub fn canonical(name: &str) -> String {
    fold::fold(name, Stage::IyFolded)
}

/// As [`canonical`], but i and y stay apart.
pub fn canonical_strict(name: &str) -> String {
    fold::fold(name, Stage::Lookalike)
}

/// The key of `UNACCENTED_EQUAL`: the canonical key without any mark, đ as d.
pub fn unaccented(name: &str) -> String {
    fold::without_marks(&canonical(name))
}

/// The name as services 037 and 033 are sent it: unaccented, upper case,
/// whatever is not alphanumeric removed, spaces included; i and y as written.
pub fn registry_form(name: &str) -> String {
    fold::without_marks(&canonical_strict(name))
        .to_uppercase()
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect()
}

/// The least folding that makes two canonically equal names equal.
fn first_equal_stage(a: &str, b: &str) -> NameCode {
    let stage = Stage::ALL.into_iter().find(|stage| fold::fold(a, *stage) == fold::fold(b, *stage));
    stage.map_or(NameCode::IyFolded, Stage::code)
}

/// Why two canonical keys are keys of different names; a help to whoever
/// mistyped, not a measure of likeness.
fn what_differs(a: &str, b: &str) -> NameCode {
    let [plain_a, plain_b] = [a, b].map(fold::without_marks);
    let words = |text: &str| {
        let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        words.sort_unstable();
        words
    };
    let letters = |text: &str| text.chars().filter(|c| !matches!(c, ' ' | '\'' | '-')).collect::<String>();
    if words(&plain_a) == words(&plain_b) {
        NameCode::WordOrder
    } else if letters(&plain_a) == letters(&plain_b) {
        NameCode::Separator
    } else if fold::has_foreign_letter(&plain_a) != fold::has_foreign_letter(&plain_b) {
        NameCode::Script
    } else {
        NameCode::Different
    }
}

// === impl PersonName ===

impl PersonName {
    /// A name as written: something visible, at most 120 characters, no
    /// control characters but those that folding takes for white space, and
    /// nothing that turns the direction of writing.
    pub fn new(name: &str) -> Result<Self, NameError> {
        if name.len() > MAX_BYTES || fold::visible_length(name) > MAX_CHARS {
            return Err(NameError::Length);
        }
        if name.chars().any(fold::is_forbidden) {
            return Err(NameError::Control);
        }
        if canonical(name).is_empty() {
            return Err(NameError::Empty);
        }
        Ok(Self(name.to_owned()))
    }

    /// The name in clear, as written.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PersonName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersonName(…)")
    }
}

/// In clear: for encrypted stores and canonical material only.
impl Serialize for PersonName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PersonName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

// === impl NameComparison ===

impl NameComparison {
    /// Whether the names may count as one person's without a further look:
    /// the same writing or the same name, no i/y folding, and not empty.
    pub const fn is_identity(self) -> bool {
        matches!(self.level, NameLevel::Exact | NameLevel::CanonicalEqual)
            && !self.folded_iy
            && !matches!(self.code, NameCode::Empty | NameCode::TooLong)
    }
}

// === impl NameLevel ===

impl NameLevel {
    /// Stable upper-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "EXACT",
            Self::CanonicalEqual => "CANONICAL_EQUAL",
            Self::UnaccentedEqual => "UNACCENTED_EQUAL",
            Self::Mismatch => "MISMATCH",
        }
    }
}

// === impl NameCode ===

impl NameCode {
    /// Stable upper-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identical => "IDENTICAL",
            Self::Nfc => "NFC",
            Self::Invisible => "INVISIBLE",
            Self::Space => "SPACE",
            Self::Case => "CASE",
            Self::Apostrophe => "APOSTROPHE",
            Self::Hyphen => "HYPHEN",
            Self::TonePlacement => "TONE_PLACEMENT",
            Self::Lookalike => "LOOKALIKE",
            Self::IyFolded => "IY_FOLDED",
            Self::Unaccented => "UNACCENTED",
            Self::WordOrder => "WORD_ORDER",
            Self::Separator => "SEPARATOR",
            Self::Script => "SCRIPT",
            Self::Different => "DIFFERENT",
            Self::Empty => "EMPTY",
            Self::TooLong => "TOO_LONG",
        }
    }
}

#[cfg(test)]
mod tests;
