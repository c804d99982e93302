//! The tables are whole, in order, and guess nothing.

use std::collections::BTreeSet;

use super::*;

#[test]
fn ethnic_groups_have_two_digit_codes() {
    let known = [
        ("01", "Kinh"),
        ("04", "Hoa"),
        ("05", "Khmer"),
        ("08", "Mông"),
        ("12", "Ê Đê"),
        ("17", "Chăm"),
        ("20", "Mnông"),
        ("21", "Raglai"),
        ("30", "Co"),
        ("40", "Phù Lá"),
        ("50", "Si La"),
        ("54", "Rơ Măm"),
    ];
    for (code, name) in known {
        assert_eq!(ethnic_group(code), Some(name), "{code}");
    }
    for code in ["", "0", "00", "1", "55", "99", "001", "K1", "０１"] {
        assert_eq!(ethnic_group(code), None, "{code}");
    }
    let distinct: BTreeSet<&str> = ETHNIC_GROUPS.into_iter().collect();
    assert_eq!(distinct.len(), 54);
}

#[test]
fn countries_are_found_by_code() {
    let known = [("AD", "Andorra"), ("FR", "Pháp"), ("LA", "Lào"), ("US", "Hoa Kỳ"), ("VN", "Việt Nam")];
    for (code, name) in known {
        assert_eq!(country(code), Some(name), "{code}");
    }
    for code in ["", "vn", "VNM", "XX", "V"] {
        assert_eq!(country(code), None, "{code}");
    }
    let table = countries::COUNTRIES;
    assert!(table.windows(2).all(|pair| pair[0].0 < pair[1].0), "in the order of the codes");
    let distinct: BTreeSet<&str> = table.iter().map(|(_, name)| *name).collect();
    assert_eq!(distinct.len(), table.len());
}
