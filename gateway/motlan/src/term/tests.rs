//! Wrapping and aligning Vietnamese text.

use super::*;

fn table() -> Table {
    let mut table = Table::new(&[("Thành phần", 3), ("Kết quả", 0), ("Lý do", 2)]);
    table.row(vec![
        ("Tờ khai thay đổi thông tin cư trú (Mẫu CT01)".to_owned(), Tone::Plain),
        ("Điền sẵn".to_owned(), Tone::Helpful),
        ("Tờ khai đã được điền sẵn từ cơ sở dữ liệu; kiểm tra và ký.".to_owned(), Tone::Plain),
    ]);
    table
}

fn written(look: Look) -> String {
    let mut out = Vec::new();
    table().write(look, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn no_line_is_wider_than_the_terminal_and_no_word_is_lost() {
    for width in [60, 80, 100, 160] {
        let text = written(Look::plain(width));
        for line in text.lines() {
            assert!(line.width() <= width, "{width}: {line:?}");
        }
        for word in ["(Mẫu", "CT01)", "ký.", "Điền"] {
            assert!(text.contains(word), "{width}: {word} is missing");
        }
    }
}

#[test]
fn columns_are_aligned_by_what_is_seen() {
    // The second row holds a decomposed tone: more chars, the same columns.
    let mut table = Table::new(&[("A", 0), ("B", 0)]);
    table.row(vec![("Ho\u{300}a".to_owned(), Tone::Plain), ("x".to_owned(), Tone::Plain)]);
    table.row(vec![("Hòa".to_owned(), Tone::Plain), ("x".to_owned(), Tone::Plain)]);
    let mut out = Vec::new();
    table.write(Look::plain(80), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let columns: Vec<usize> =
        text.lines().skip(2).map(|line| line.split('x').next().unwrap().width()).collect();
    assert_eq!(columns, [5, 5]);
}

#[test]
fn colour_is_written_only_where_it_may_be() {
    assert!(!written(Look::plain(80)).contains('\u{1b}'));
    assert!(written(Look { colour: true, width: 80 }).contains('\u{1b}'));
}

#[test]
fn a_word_longer_than_the_line_is_broken() {
    assert_eq!(wrap("abcdef gh", 4), ["abcd", "ef", "gh"]);
    assert_eq!(wrap("", 4), [""]);
    assert_eq!(wrap("một hai", 7), ["một hai"]);
}
