//! Every reason says what it is and what to do, in both languages, as a person
//! would write it.

use super::*;
use crate::answer::{IncompleteCause, Unfinished};
use crate::date::DateError;
use crate::id::IdReason;
use crate::name::NameError;

/// Codes, texts in Vietnamese, steps.
fn everything() -> Vec<(&'static str, &'static str, Advice)> {
    let mut all: Vec<_> = Reason::ALL.iter().map(|r| (r.code(), r.text_vi(), r.advice())).collect();
    all.extend(IdReason::ALL.iter().map(|r| (r.as_str(), r.text_vi(), r.advice())));
    all.extend(DateError::ALL.iter().map(|r| (r.reason(), r.text_vi(), r.advice())));
    all.extend(NameError::ALL.iter().map(|r| (r.reason(), r.text_vi(), r.advice())));
    all.extend(IncompleteCause::ALL.iter().map(|r| (r.reason(), r.text_vi(), r.advice())));
    all.extend(Unfinished::ALL.iter().map(|r| (r.reason(), r.text_vi(), r.advice())));
    all
}

#[test]
fn every_code_is_there_once_and_reads_as_one() {
    let mut codes: Vec<_> = everything().into_iter().map(|(code, ..)| code).collect();
    assert!(codes.len() > 130, "only {} codes", codes.len());
    for code in &codes {
        let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        assert!(code.len() >= 5 && code.chars().all(plain), "{code}");
    }
    let all = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), all, "a code stands twice");
}

#[test]
fn every_step_is_a_sentence_in_its_language() {
    for (code, text_vi, Advice { vi, en }) in everything() {
        assert!(!text_vi.is_ascii() && unicode_normalization::is_nfc(text_vi), "{code}: {text_vi}");
        for sentence in [vi, en] {
            let mut letters = sentence.chars();
            assert!(letters.next().is_some_and(char::is_uppercase), "{code}: {sentence}");
            assert!(sentence.ends_with('.') && !sentence.contains("  "), "{code}: {sentence}");
            // On the wire beside the texts, so short enough for a header.
            assert!(sentence.len() <= 240, "{code}: {} bytes", sentence.len());
        }
        assert!(!vi.is_ascii() && en != vi, "{code}: {vi}");
        assert!(unicode_normalization::is_nfc(vi), "{code}: not NFC");
    }
}
