//! The insurance registry's answers. Two of its targets read two answers at
//! once; a NUL parts them.

use motlan_api::Holder;
use motlan_domain::date::PartialDate;
use motlan_domain::name::PersonName;
use motlan_domain::{Dataset, Record, SubjectKey};
use motlan_insurance::{Hits, decode_health_card, decode_participation, decode_search};

use crate::asked::{self, decoding};
use crate::{Verdict, invariants};

/// `getMaSoBhxhTheoTieuChi`; the line is `name|birth date`.
pub(crate) fn search(input: &[u8]) -> Verdict {
    let (line, bytes) = asked::split(input);
    let holder = holder(line);
    match (decode_search(bytes, &holder), decode_search(bytes, &holder)) {
        (Ok(hits), Ok(again)) => {
            assert_eq!(hits, again, "the same bytes");
            let shown = format!("{hits:?}");
            assert!(!shown.bytes().any(|byte| byte.is_ascii_digit()), "a number shows: {shown}");
            match hits {
                Hits::One(_) => Verdict::Whole,
                Hits::Several => Verdict::Partly,
                Hits::None => Verdict::NotFound,
            }
        }
        (Err(error), Err(_)) => invariants::failure(&error),
        _ => panic!("the same bytes were read once and refused once"),
    }
}

/// `getTraCuuTtHgdByMaSoBhxh`, then `quaTrinhDong`.
pub(crate) fn participation(input: &[u8]) -> Verdict {
    let (line, bytes) = asked::split(input);
    let (base, history) = parted(bytes);
    let number = asked::insurance(line);
    let subject = SubjectKey::Insurance(number.clone());
    let answers = |record: &Record| matches!(record, Record::Participation(record) if record.insurance_number.as_ref() == Some(&number));
    let decode = || decode_participation(base, history, &number, &decoding(&subject));
    invariants::records(Dataset::Participation, decode, answers)
}

/// `getTraCuuTtHgdByMaSoBhxh`, then `theBHYT`.
pub(crate) fn health_card(input: &[u8]) -> Verdict {
    let (line, bytes) = asked::split(input);
    let (base, card) = parted(bytes);
    let number = asked::insurance(line);
    let subject = SubjectKey::Insurance(number.clone());
    let answers = |record: &Record| matches!(record, Record::HealthCard(record) if record.insurance_number.as_ref() == Some(&number));
    let decode = || decode_health_card(base, card, &number, &decoding(&subject));
    invariants::records(Dataset::HealthCard, decode, answers)
}

fn parted(bytes: &[u8]) -> (&[u8], &[u8]) {
    let at = bytes.iter().position(|byte| *byte == 0);
    at.map_or((bytes, &[][..]), |at| (&bytes[..at], &bytes[at + 1..]))
}

fn holder(line: &str) -> Holder {
    let (name, birth_date) = line.split_once('|').unwrap_or_default();
    let name = PersonName::new(name).or_else(|_| PersonName::new("Nguyễn Văn An"));
    let birth_date = PartialDate::parse_iso(birth_date).or_else(|_| PartialDate::parse_iso("1960-02-15"));
    Holder { full_name: name.expect("a name"), birth_date: birth_date.expect("a date") }
}
