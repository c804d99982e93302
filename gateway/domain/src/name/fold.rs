//! The foldings of a name, cumulative and in order of consequence.
//!
//! Every stage does what the stages before it do and one thing more, so the
//! first stage at which two names are equal is what it took to make them so.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::NameCode;
use super::syllable;

/// How far to fold.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Nfc,
    Invisible,
    Space,
    Case,
    Apostrophe,
    Hyphen,
    TonePlacement,
    Lookalike,
    IyFolded,
}

/// Folds a name up to a stage. The result is in NFC.
pub(super) fn fold(name: &str, upto: Stage) -> String {
    // Invisible characters go before anything is decomposed: one of them
    // between a letter and its mark would keep the two apart.
    let visible = name.chars().filter(|c| upto < Stage::Invisible || !is_invisible(*c));
    let mut folded: String = visible.nfd().collect();
    if upto >= Stage::Space {
        folded = folded.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    if upto >= Stage::Case {
        // Letter by letter and downwards only: by way of upper case the dotless
        // ı would become i.
        folded = folded.chars().flat_map(char::to_lowercase).collect();
    }
    if upto >= Stage::Apostrophe {
        folded = folded.chars().map(|c| if is_apostrophe(c) { '\'' } else { c }).collect();
    }
    if upto >= Stage::Hyphen {
        folded = folded.chars().map(|c| if is_hyphen(c) { '-' } else { c }).collect();
    }
    if upto >= Stage::Lookalike {
        folded = folded.chars().map(|c| if matches!(c, 'ð' | 'ɖ') { 'đ' } else { c }).collect();
    }
    if upto >= Stage::TonePlacement {
        folded = syllable::settle(&folded, upto >= Stage::IyFolded);
    }
    folded.nfc().collect()
}

/// Drops every mark of a canonical key, and the stroke of đ.
pub(super) fn without_marks(key: &str) -> String {
    key.nfd().filter(|c| !is_combining_mark(*c)).map(|c| if c == 'đ' { 'd' } else { c }).collect()
}

/// How many composed characters a reader can see, blanks counted.
pub(super) fn visible_length(name: &str) -> usize {
    name.chars().filter(|c| !is_invisible(*c)).nfc().count()
}

/// Characters that no name holds and that folding does not drop: controls, and
/// what turns the direction of writing on a screen.
pub(super) fn is_forbidden(c: char) -> bool {
    (c.is_control() && !c.is_whitespace()) || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Whether an unaccented key holds a letter that is not Latin. The ranges end
/// the Latin blocks; what follows is Greek, Cyrillic and the rest.
pub(super) fn has_foreign_letter(key: &str) -> bool {
    key.chars().any(|c| c.is_alphabetic() && !matches!(c, '\0'..='\u{024F}' | '\u{1E00}'..='\u{1EFF}'))
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{00AD}')
}

/// ' ‘ ’ ʼ ´ `
fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}' | '\u{2019}' | '\u{02BC}' | '\u{00B4}' | '\u{0060}')
}

/// Hyphens, dashes and the minus sign.
fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}')
}

// === impl Stage ===

impl Stage {
    /// Every stage, the least first.
    pub(super) const ALL: [Self; 9] = [
        Self::Nfc,
        Self::Invisible,
        Self::Space,
        Self::Case,
        Self::Apostrophe,
        Self::Hyphen,
        Self::TonePlacement,
        Self::Lookalike,
        Self::IyFolded,
    ];

    /// The code that names it.
    pub(super) const fn code(self) -> NameCode {
        match self {
            Self::Nfc => NameCode::Nfc,
            Self::Invisible => NameCode::Invisible,
            Self::Space => NameCode::Space,
            Self::Case => NameCode::Case,
            Self::Apostrophe => NameCode::Apostrophe,
            Self::Hyphen => NameCode::Hyphen,
            Self::TonePlacement => NameCode::TonePlacement,
            Self::Lookalike => NameCode::Lookalike,
            Self::IyFolded => NameCode::IyFolded,
        }
    }
}
