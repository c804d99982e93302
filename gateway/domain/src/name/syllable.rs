//! Tones and i/y: what depends on where a letter stands in its syllable.
//!
//! Works on decomposed lower-case text. A *segment* is a run of letters and
//! their marks; spaces, apostrophes, hyphens and digits end it. Vietnamese
//! words are one syllable, with one cluster of vowels; words of other peoples'
//! languages may have more (*Chamaléa*), and a tone stays in its cluster.

use unicode_normalization::char::is_combining_mark;

/// A letter with its marks, the five tones kept apart.
struct Letter {
    base: char,
    marks: Vec<char>,
    tones: Vec<char>,
}

/// Moves every tone behind the last letter of its vowel cluster, and writes i
/// for y where `fold_iy` is set and practice lets them vary.
pub(super) fn settle(text: &str, fold_iy: bool) -> String {
    let mut settled = String::with_capacity(text.len());
    let mut segment: Vec<Letter> = Vec::new();
    for c in text.chars() {
        match segment.last_mut() {
            Some(letter) if is_tone(c) => letter.tones.push(c),
            Some(letter) if is_combining_mark(c) => letter.marks.push(c),
            _ if c.is_alphabetic() => segment.push(Letter { base: c, marks: Vec::new(), tones: Vec::new() }),
            _ => {
                write_segment(&mut segment, fold_iy, &mut settled);
                settled.push(c);
            }
        }
    }
    write_segment(&mut segment, fold_iy, &mut settled);
    settled
}

/// Grave, acute, tilde, hook above, dot below. The vowel marks (circumflex,
/// breve, horn) are not among them.
fn is_tone(c: char) -> bool {
    matches!(c, '\u{0300}' | '\u{0301}' | '\u{0303}' | '\u{0309}' | '\u{0323}')
}

fn is_vowel(base: char) -> bool {
    matches!(base, 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

fn write_segment(segment: &mut Vec<Letter>, fold_iy: bool, out: &mut String) {
    move_tones(segment);
    if fold_iy {
        fold_final_y(segment);
    }
    for letter in segment.drain(..) {
        out.push(letter.base);
        out.extend(letter.marks);
        out.extend(letter.tones);
    }
}

/// Gathers the tones of each cluster on its last vowel. A tone typed on a
/// consonant before the first cluster or behind the last one belongs to that
/// cluster; between two clusters it stays. So does the tilde of an n before a
/// vowel: ñ is a letter of its own (*H'Ñun*), and no tone.
fn move_tones(segment: &mut [Letter]) {
    let Some(first) = segment.iter().position(|letter| is_vowel(letter.base)) else {
        return;
    };
    let Some(last) = segment.iter().rposition(|letter| is_vowel(letter.base)) else {
        return;
    };
    let mut waiting = Vec::new();
    for index in 0..segment.len() {
        let in_cluster = is_vowel(segment[index].base);
        let before_vowel = segment.get(index + 1).is_some_and(|next| is_vowel(next.base));
        if in_cluster || index > last || (index < first && !(before_vowel && is_enye(&segment[index]))) {
            waiting.append(&mut segment[index].tones);
        }
        if in_cluster && !before_vowel {
            segment[index].tones.append(&mut waiting);
        }
    }
    segment[last].tones.append(&mut waiting);
}

/// The letter ñ.
fn is_enye(letter: &Letter) -> bool {
    letter.base == 'n' && letter.tones.contains(&'\u{0303}')
}

/// Writes i for a bare final y that is the only vowel behind a consonant, or
/// stands after qu. Not in ai/ay, ui/uy, not for a lone Y.
fn fold_final_y(segment: &mut [Letter]) {
    let Some((last, before)) = segment.split_last_mut() else {
        return;
    };
    if last.base != 'y' || !last.marks.is_empty() {
        return;
    }
    let onset = match before {
        [q, u] if q.base == 'q' && u.base == 'u' && u.marks.is_empty() => true,
        [] => false,
        consonants => consonants.iter().all(|letter| is_latin_consonant(letter.base)),
    };
    if onset {
        last.base = 'i';
    }
}

fn is_latin_consonant(base: char) -> bool {
    (base.is_ascii_lowercase() && !is_vowel(base)) || matches!(base, 'đ' | 'ð' | 'ɖ')
}
