//! What holds for any name, on generated Vietnamese syllables and on any text.

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::*;

const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];
const ONSETS: [&str; 16] =
    ["", "b", "đ", "g", "gh", "h", "kh", "l", "m", "n", "ng", "ngh", "nh", "qu", "th", "tr"];
const RHYMES: [&str; 24] = [
    "a", "an", "ai", "ay", "ao", "âu", "e", "êch", "i", "y", "iên", "yên", "o", "oa", "oang", "oe", "ô",
    "ươ", "ương", "u", "uy", "uynh", "ưu", "uyên",
];

/// A decomposed syllable without a tone, a tone, and its vowels' positions
/// behind their marks, where a tone may stand.
#[derive(Debug, Clone)]
struct Syllable {
    letters: Vec<char>,
    tone: char,
    places: Vec<usize>,
}

impl Syllable {
    /// The syllable in NFC with its tone at one of its places.
    fn toned(&self, place: prop::sample::Index) -> String {
        let mut letters = self.letters.clone();
        letters.insert(self.places[place.index(self.places.len())], self.tone);
        letters.into_iter().nfc().collect()
    }

    fn toneless(&self) -> String {
        self.letters.iter().copied().nfc().collect()
    }
}

fn syllable() -> impl Strategy<Value = Syllable> {
    let parts = (
        prop::sample::select(&ONSETS[..]),
        prop::sample::select(&RHYMES[..]),
        prop::sample::select(&TONES[..]),
    );
    parts.prop_map(|(onset, rhyme, tone)| {
        let letters: Vec<char> = format!("{onset}{rhyme}").nfd().collect();
        let is_mark = |c: char| ('\u{300}'..'\u{370}').contains(&c);
        let places = (0..letters.len())
            .filter(|i| "aeiouy".contains(letters[*i]))
            .map(|i| (i + 1..letters.len()).find(|next| !is_mark(letters[*next])).unwrap_or(letters.len()))
            .collect();
        Syllable { letters, tone, places }
    })
}

fn syllables() -> impl Strategy<Value = Vec<(Syllable, prop::sample::Index, prop::sample::Index)>> {
    prop::collection::vec((syllable(), any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..5)
}

fn joined(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

/// Text likely to meet the foldings, and text that is anything at all.
fn text() -> impl Strategy<Value = String> {
    let near = prop::sample::select(
        "aăâeêioôơuưyhkqgđdnÐðƉñÑYIàảãáạŭ \u{A0}\u{200B}\u{AD}'’-–\u{300}\u{301}\u{303}\u{323}\u{302}\u{31B}0İıſßАο"
            .chars()
            .collect::<Vec<_>>(),
    );
    prop_oneof![prop::collection::vec(near, 0..12).prop_map(String::from_iter), any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_tone_may_stand_anywhere_in_its_syllable(words in syllables()) {
        let a = joined(words.iter().map(|(word, here, _)| word.toned(*here)));
        let b = joined(words.iter().map(|(word, _, there)| word.toned(*there)));
        let compared = compare(&a, &b);
        prop_assert!(compared.is_identity(), "{a:?} / {b:?}: {compared:?}");
        let upper = compare(&a, &b.to_uppercase());
        prop_assert!(upper.is_identity(), "{a:?} / {b:?} in capitals: {upper:?}");
    }

    #[test]
    fn a_lost_tone_is_never_writing_only(words in syllables(), lost in any::<prop::sample::Index>()) {
        let lost = lost.index(words.len());
        let a = joined(words.iter().map(|(word, here, _)| word.toned(*here)));
        let b = joined(words.iter().enumerate().map(|(i, (word, here, _))| {
            if i == lost { word.toneless() } else { word.toned(*here) }
        }));
        prop_assert_eq!(compare(&a, &b).level, NameLevel::UnaccentedEqual, "{:?} / {:?}", a, b);
    }

    #[test]
    fn a_tone_moved_to_another_syllable_is_another_name(
        words in syllables(), more in (syllable(), any::<prop::sample::Index>()),
    ) {
        let rest = joined(words.iter().map(|(word, here, _)| word.toned(*here)));
        let (word, place) = more;
        let first = &words[0].0;
        prop_assume!(first.tone != word.tone);
        let a = format!("{} {rest}", word.toned(place));
        let mut swapped = word.clone();
        swapped.tone = first.tone;
        let b = format!("{} {rest}", swapped.toned(place));
        prop_assert_eq!(compare(&a, &b).level, NameLevel::UnaccentedEqual, "{:?} / {:?}", a, b);
    }

    #[test]
    fn comparing_is_reflexive_and_symmetric(a in text(), b in text()) {
        prop_assert_eq!(compare(&a, &a).level, NameLevel::Exact);
        prop_assert_eq!(compare(&a, &b), compare(&b, &a));
    }

    #[test]
    fn unicode_form_and_case_never_matter(a in text()) {
        for form in [a.nfc().collect::<String>(), a.nfd().collect()] {
            prop_assert!(compare(&a, &form).level <= NameLevel::CanonicalEqual, "{a:?} / {form:?}");
        }
        let lower = a.to_lowercase();
        prop_assert!(compare(&a, &lower).level <= NameLevel::CanonicalEqual || a.contains('Σ'), "{a:?} / {lower:?}");
    }

    #[test]
    fn keys_are_settled(a in text()) {
        for key in [canonical, canonical_strict] {
            let once = key(&a);
            prop_assert_eq!(key(&once), once.clone(), "{:?}", a);
        }
    }

    #[test]
    fn levels_nest(a in text(), b in text()) {
        if canonical(&a) == canonical(&b) {
            prop_assert_eq!(unaccented(&a), unaccented(&b));
        }
        let compared = compare(&a, &b);
        prop_assert_eq!(compared.level <= NameLevel::CanonicalEqual, canonical(&a) == canonical(&b));
        prop_assert_eq!(compared.level <= NameLevel::UnaccentedEqual, unaccented(&a) == unaccented(&b));
    }
}
