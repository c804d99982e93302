//! What a form for people does before parsing: it repairs how a value was
//! typed, never what it says, and tells that it did.

use unicode_normalization::UnicodeNormalization;

use super::IdKind;

/// Longer input is handed back as it is; parsing then refuses it.
const MAX_BYTES: usize = 256;

/// A value as a form may hand it on to parsing.
#[derive(Clone, PartialEq, Eq)]
pub struct Normalised {
    /// The value, not yet judged.
    pub value: String,
    /// Whether it differs from what was typed; the form shows it then.
    pub changed: bool,
}

/// Compatibility forms (full-width digits), invisible characters, blanks
/// around, and, by kind, separators inside and letter case. A letter typed for
/// a digit stays as it is.
pub fn normalise(kind: IdKind, value: &str) -> Normalised {
    if value.len() > MAX_BYTES {
        return Normalised { value: value.to_owned(), changed: false };
    }
    let visible: String = value.nfkc().filter(|c| !is_invisible(*c)).map(plain).collect();
    let trimmed = visible.trim();
    let cleaned = match kind {
        IdKind::PersonalId | IdKind::Cmnd | IdKind::InsuranceNumber | IdKind::BusinessLocation => {
            without_separators(trimmed)
        }
        IdKind::HealthCard => without_separators(trimmed).to_uppercase(),
        IdKind::EnterpriseCode => enterprise(trimmed),
        IdKind::LandCertificate => certificate(trimmed),
        IdKind::ProcedureCode => without_blanks(trimmed).replace(',', ".").to_uppercase(),
        IdKind::AgencyCode | IdKind::DossierCode => without_blanks(trimmed).to_uppercase(),
        IdKind::Parcel | IdKind::PurposeId => without_blanks(trimmed).to_lowercase(),
        IdKind::ComponentCode => without_blanks(trimmed),
        IdKind::RequestId | IdKind::OfficerAccount => trimmed.to_owned(),
    };
    let changed = cleaned != value;
    Normalised { value: cleaned, changed }
}

/// Shows no value: it may be a personal one.
impl std::fmt::Debug for Normalised {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Normalised").field("changed", &self.changed).finish_non_exhaustive()
    }
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{00AD}')
}

/// Dashes, slashes and the look-alikes of Đ in their plain form.
fn plain(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{2044}' | '\u{2215}' => '/',
        '\u{00D0}' | '\u{0189}' => 'Đ',
        '\u{00F0}' | '\u{0256}' => 'đ',
        other => other,
    }
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '.' | '-' | '_' | '/')
}

fn without_blanks(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn without_separators(text: &str) -> String {
    text.chars().filter(|c| !is_separator(*c)).collect()
}

/// Thirteen digits get their hyphen back, whatever stood between.
fn enterprise(text: &str) -> String {
    let bare = without_separators(text);
    if bare.len() == 13 && bare.bytes().all(|byte| byte.is_ascii_digit()) && text.len() != 13 {
        format!("{}-{}", &bare[..10], &bare[10..])
    } else {
        bare
    }
}

/// One space where any separator stood between letters and digits.
fn certificate(text: &str) -> String {
    let upper = text.to_uppercase();
    let Some(digits) = upper.find(|c: char| c.is_ascii_digit()) else {
        return without_separators(&upper);
    };
    let (letters, rest) = upper.split_at(digits);
    let space =
        if letters.ends_with(is_separator) && letters.contains(|c| !is_separator(c)) { " " } else { "" };
    format!("{}{space}{}", without_separators(letters), without_separators(rest))
}
