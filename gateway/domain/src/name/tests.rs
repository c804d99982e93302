//! Pairs of names, one rule a row; what holds for any name is in `properties`.

mod properties;

use super::*;

/// Checks rows of (a, b, level, code), both ways round.
fn check(rows: &[(&str, &str, NameLevel, NameCode)]) {
    for (a, b, level, code) in rows {
        for (a, b) in [(a, b), (b, a)] {
            let found = compare(a, b);
            assert_eq!((found.level, found.code), (*level, *code), "{a:?} / {b:?}");
        }
    }
    println!("{} pairs", rows.len());
}

#[test]
fn what_is_only_writing() {
    use NameCode::*;
    use NameLevel::CanonicalEqual;
    let rows: Vec<_> = [
        ("Nguyễn Thị Ếch", "Nguye\u{302}\u{303}n Thi\u{323} E\u{302}\u{301}ch", Nfc),
        ("Lê", "Lê\u{200B}", Invisible),
        ("Lê", "Le\u{200D}\u{302}", Invisible),
        ("Lê An", "Lê\u{AD} An\u{200E}", Invisible),
        ("Lê An", "\u{3000}Lê\u{2028}\u{85}An\n", Space),
        ("Lê An", "LÊ AN", Case),
        ("Ðặng", "ðặng", Case),
        ("Đặng", "Ðặng", Lookalike),
        ("Đặng", "Ɖặng", Lookalike),
        ("đặng", "ɖặng", Lookalike),
        ("ÐẶNG", "đặng", Lookalike),
        ("H'Hen Niê", "H’Hen Niê", Apostrophe),
        ("H'Hen Niê", "H`Hen Niê", Apostrophe),
        ("H'Hen Niê", "H´HEN NIÊ", Apostrophe),
        ("H'Hen Niê", "H\u{1FEF}Hen Niê", Apostrophe),
        ("Ka-Thị", "Ka\u{2212}Thị", Hyphen),
        ("Ka-Thị", "Ka\u{2014}Thị", Hyphen),
        ("Hòa", "Hoà", TonePlacement),
        ("Hòang", "Hoàng", TonePlacement),
        ("Hùynh", "Huỳnh", TonePlacement),
        ("Thúy", "Thuý", TonePlacement),
        ("Qúy", "Quý", TonePlacement),
        ("Qùynh", "Quỳnh", TonePlacement),
        ("Gìa", "Già", TonePlacement),
        ("Gỉang", "Giảng", TonePlacement),
        ("Nguỹên", "Nguyễn", TonePlacement),
        ("Nguyêñ", "Nguyễn", TonePlacement),
        ("Ñguyên", "Nguyễn", TonePlacement),
        ("Hoang\u{300}", "Hoàng", TonePlacement),
        ("Ngọai", "Ngoại", TonePlacement),
        ("HÒA", "hoà", TonePlacement),
        ("Khuỷu", "Khủyu", TonePlacement),
        ("Ðiêũ", "Điễu", Lookalike),
        ("Mỹ", "Mĩ", IyFolded),
        ("My", "Mi", IyFolded),
        ("Quý", "Quí", IyFolded),
        ("Qúy", "Quí", IyFolded),
        ("Quy", "Qui", IyFolded),
        ("QUỲ", "quì", IyFolded),
        ("Đỹ", "Đĩ", IyFolded),
        ("Vy", "Vi", IyFolded),
        ("Nghy", "Nghi", IyFolded),
        ("Thỵ", "Thị", IyFolded),
        ("K'Lý", "K’Lí", IyFolded),
        ("Ka-Ly", "Ka-Li", IyFolded),
    ]
    .map(|(a, b, code)| (a, b, CanonicalEqual, code))
    .to_vec();
    check(&rows);
}

#[test]
fn what_is_another_name_with_the_same_letters() {
    let rows: Vec<_> = [
        ("Dũng", "Dung"),
        ("Đung", "Dung"),
        ("Hoà", "Hoá"),
        ("Thủy", "Thùy"),
        ("Ayŭn", "Ayun"),
        ("Ayŭn", "Ayũn"),
        ("Bĭ", "By"),
        ("Kđĭ", "Kđi"),
        ("H'Ñun", "H'Nun"),
        ("H'Ñun", "H'Nũn"),
        ("Chamaléa", "Chamálea"),
        ("Hoàng", "Hoang\u{300}\u{301}"),
        ("Lương", "Lưong"),
        ("Quý", "Qui"),
        ("Mỹ", "Mi"),
        ("Ðỗ", "Dô"),
    ]
    .map(|(a, b)| (a, b, NameLevel::UnaccentedEqual, NameCode::Unaccented))
    .to_vec();
    check(&rows);
}

#[test]
fn what_is_another_name() {
    use NameCode::*;
    let rows: Vec<_> = [
        ("Thúy", "Thúi", Different),
        ("Mai", "May", Different),
        ("Y", "I", Different),
        ("Ý", "Í", Different),
        ("H'Y", "H'I", Different),
        ("Ayi", "Ayy", Different),
        ("Uy", "Ui", Different),
        ("Huyền", "Huiền", Different),
        ("Quyt", "Quit", Different),
        ("Chamaly", "Chamali", Different),
        ("Hoàng", "Huỳnh", Different),
        ("Mỹ2", "Mỹ", Different),
        ("An An", "An", Different),
        ("Lê Văn An", "An Văn Lê", WordOrder),
        ("Lê An", "LêAn", Separator),
        ("H'Wen", "HWen", Separator),
        ("H'Wen", "H Wen", Separator),
        ("H'Wen", "H-Wen", Separator),
        ("H'Wen", "HW'en", Separator),
        ("Y-Blơng", "Y Blơng", Separator),
        ("Y - Blơng", "Y-Blơng", Separator),
        ("Lê Аn", "Lê An", Script), // Cyrillic А
        ("Hοa", "Hoa", Script),     // Greek ο
        ("Ｌê", "Lê", Script),      // full-width: no NFKC here
        ("Lê", "", Empty),
        ("Lê", " \u{200B}", Empty),
    ]
    .map(|(a, b, code)| (a, b, NameLevel::Mismatch, code))
    .to_vec();
    check(&rows);
}

#[test]
fn identity_wants_more_than_a_level() {
    let rows = [
        ("Lê Hòa", "LÊ HOÀ", true, false),
        ("Lê Mỹ", "Lê Mỹ", true, false),
        ("Lê Mỹ", "Lê Mĩ", false, true),
        ("Lê Quý", "Le Qui", false, true),
        ("Lê Quý", "Le Quy", false, false),
        ("", "", false, false),
        ("", " ", false, false),
    ];
    for (a, b, identity, folded_iy) in rows {
        let compared = compare(a, b);
        assert_eq!((compared.is_identity(), compared.folded_iy), (identity, folded_iy), "{a:?} / {b:?}");
    }
    let long = "a".repeat(MAX_BYTES + 1);
    assert_eq!(compare(&long, &long).level, NameLevel::Exact);
    assert!(!compare(&long, &long).is_identity());
    assert_eq!(compare(&long, &long[1..]).level, NameLevel::Mismatch);
    assert_eq!(compare(&long, &long[1..]).code, NameCode::TooLong);
}

#[test]
fn keys_and_forms() {
    assert_eq!(canonical("  LÝ  THỊ\u{A0}Hoà "), "lí thị hoà");
    assert_eq!(canonical_strict("LÝ Thị Hòa"), "lý thị hoà");
    assert_eq!(unaccented("Lý Thị Đoá"), "li thi doa");
    let forms = [
        ("Nguyễn Thị Đào", "NGUYENTHIDAO"),
        ("Lý Mỹ", "LYMY"),
        ("H’Hen Niê", "HHENNIE"),
        ("Y Krông - Ayŭn", "YKRONGAYUN"),
        ("Ðặng\u{200B} Ñun", "DANGNUN"),
        ("Trần 2", "TRAN2"),
        ("", ""),
    ];
    for (name, form) in forms {
        assert_eq!(registry_form(name), form, "{name:?}");
        assert_eq!(registry_form(form), form, "{name:?}: twice is once");
    }
}

#[test]
fn what_may_be_a_name() {
    let long = "ễ".repeat(MAX_CHARS);
    let decomposed = "e\u{302}\u{303}".repeat(MAX_CHARS);
    let too_long = "a".repeat(MAX_CHARS + 1);
    let huge = "a".repeat(1 << 20);
    let rows = [
        ("Nguyễn Văn An", Ok(())),
        ("H'Hen Niê", Ok(())),
        ("Y", Ok(())),
        ("Võ\tVăn\u{A0}Cội\u{200B}", Ok(())),
        (&long, Ok(())),
        (&decomposed, Ok(())),
        (&too_long, Err(NameError::Length)),
        (&huge, Err(NameError::Length)),
        ("", Err(NameError::Empty)),
        (" \u{200B}\u{FEFF}\n", Err(NameError::Empty)),
        ("An\0", Err(NameError::Control)),
        ("An\u{1B}[31m", Err(NameError::Control)),
        ("An\u{202E}nA", Err(NameError::Control)),
    ];
    for (name, expected) in rows {
        assert_eq!(
            PersonName::new(name).map(drop),
            expected,
            "{:?}",
            name.chars().take(20).collect::<String>()
        );
    }
    let name = PersonName::new(" Lê An ").expect("a name");
    assert_eq!((name.expose(), format!("{name:?}").as_str()), (" Lê An ", "PersonName(…)"));
    for error in [NameError::Empty, NameError::Length, NameError::Control] {
        assert!(
            error.reason().starts_with("NAME_") && error.text_vi().len() > 20 && error.text_en().len() > 20
        );
    }
    assert!(serde_json::from_str::<PersonName>("\"\"").is_err());
}
