//! Alive, dead, missing, and everything that is none of them.

use jiff::Timestamp;
use motlan_api::{Decoding, FetchError, MalformedCause};
use motlan_domain::{Completeness, Dataset, IncompleteCause, Reason};
use proptest::prelude::*;

use super::{FIELDS, LifeStatus, decode_status};
use crate::samples::{HEAD, RULES, person_key};

const DEAD: &str = "<TonTai>true</TonTai><TinhTrang>1</TinhTrang><Ngay>20260724</Ngay><ThoiDiemDuLieu>2026-11-20T22:00:00+07:00</ThoiDiemDuLieu>";

fn document(content: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<KetQuaXacMinh xmlns=\"http://gtel.vn/qldc\">{content}</KetQuaXacMinh>"
    )
}

fn decode(bytes: &[u8]) -> Result<LifeStatus, FetchError> {
    let retrieved_at: Timestamp = "2026-11-21T02:00:00Z".parse().unwrap();
    decode_status(bytes, &Decoding { subject: &person_key(HEAD), rules: RULES, retrieved_at })
}

fn read(content: &str) -> Result<LifeStatus, Option<MalformedCause>> {
    decode(document(content).as_bytes()).map_err(|error| match error {
        FetchError::Malformed { cause, .. } => Some(cause),
        _ => None,
    })
}

fn changed(from: &str, to: &str) -> String {
    assert!(DEAD.contains(from), "{from}");
    DEAD.replacen(from, to, 1)
}

#[test]
fn the_three_states() {
    let time = "<ThoiDiemDuLieu>2026-11-20T22:00:00+07:00</ThoiDiemDuLieu>";
    for (state, deceased, missing) in [
        ("<TinhTrang>0</TinhTrang>", false, false),
        ("<TinhTrang>1</TinhTrang><Ngay>20260724</Ngay>", true, false),
        ("<TinhTrang>1</TinhTrang>", true, false),
        ("<TinhTrang>2</TinhTrang><Ngay>20200101</Ngay>", false, true),
    ] {
        let status = read(&format!("<TonTai>true</TonTai>{state}{time}")).ok().unwrap();
        assert_eq!((status.deceased, status.missing), (Some(deceased), Some(missing)), "{state}");
        assert_eq!(status.completeness, Completeness::Complete, "{state}");
        assert_eq!(status.data_time, "2026-11-20T15:00:00Z".parse().ok(), "{state}");
    }
}

#[test]
fn the_data_time_in_its_forms() {
    let stated = "2026-11-20T22:00:00+07:00";
    for (form, expected) in [
        ("2026-11-20T15:00:00Z", Some("2026-11-20T15:00:00Z")),
        ("2026-11-20T22:00:00", Some("2026-11-20T15:00:00Z")),
        ("2026-11-20T22:00:00.500+07:00", Some("2026-11-20T15:00:00.5Z")),
        ("2026-11-21T09:04:00+07:00", Some("2026-11-21T02:04:00Z")),
        ("2026-11-21T09:06:00+07:00", None),
        ("20/11/2026", None),
        ("hôm qua", None),
    ] {
        let status = read(&changed(stated, form)).ok().unwrap();
        assert_eq!(status.data_time, expected.map(|text| text.parse().unwrap()), "{form}");
        assert_eq!(status.completeness == Completeness::Complete, expected.is_some(), "{form}");
        assert_eq!(status.deceased, expected.map(|_| true), "{form}");
    }
    // A source that dates nothing still says what it says.
    let undated = read(&changed(&format!("<ThoiDiemDuLieu>{stated}</ThoiDiemDuLieu>"), "")).ok().unwrap();
    assert_eq!((undated.deceased, undated.data_time), (Some(true), None));
}

#[test]
fn what_is_missing_invalid_or_contradictory_says_nothing_of_life() {
    use IncompleteCause::{Contradictory, FieldInvalid, FieldMissing};
    for (from, to, expected) in [
        ("<TinhTrang>1</TinhTrang>", "", FieldMissing),
        ("<TinhTrang>1</TinhTrang>", "<TinhTrang/>", FieldMissing),
        ("<TinhTrang>1", "<TinhTrang>3", FieldInvalid),
        ("<TinhTrang>1", "<TinhTrang>còn sống", FieldInvalid),
        ("<TinhTrang>1</TinhTrang>", "<TinhTrang>1</TinhTrang><TinhTrang>0</TinhTrang>", FieldInvalid),
        ("<TinhTrang>1</TinhTrang>", "<TinhTrang xmlns=\"\">1</TinhTrang>", FieldMissing),
        ("20260724", "20260732", FieldInvalid),
        ("20260724", "20261122", Contradictory),
        ("<TinhTrang>1", "<TinhTrang>0", Contradictory),
        ("<TonTai>true", "<TonTai>false", Contradictory),
    ] {
        let status = read(&changed(from, to)).ok().unwrap();
        assert_eq!((status.deceased, status.missing), (None, None), "{to}");
        let Completeness::Incomplete { cause, missing } = status.completeness else { panic!("{to} passed") };
        assert_eq!((cause, missing.names(Dataset::Person)), (expected, FIELDS.to_vec()), "{to}");
    }
}

#[test]
fn without_one_yes_or_no_it_is_no_answer() {
    use MalformedCause::{Forbidden, Namespace, Shape, Truncated};
    for content in [
        "",
        &changed("<TonTai>true</TonTai>", ""),
        &changed("true", ""),
        &changed("true", "có"),
        &changed("</TonTai>", "</TonTai><TonTai>false</TonTai>"),
        &changed("<TonTai>", "<TonTai xmlns=\"\">"),
    ] {
        assert_eq!(read(content).err(), Some(Some(Shape)), "{content}");
    }
    let good = document(DEAD);
    let other = good.replace("http://gtel.vn/qldc", "http://www.mic.gov.vn/dancu/1.0");
    for (text, expected) in [
        (other.as_str(), Namespace),
        (&good.replace("KetQuaXacMinh", "KetQua"), Shape),
        (&good[..good.len() - 3], Truncated),
        ("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", Forbidden),
    ] {
        let error = decode(text.as_bytes()).err().unwrap();
        assert!(matches!(error, FetchError::Malformed { cause, .. } if cause == expected), "{error:?}");
    }
}

#[test]
fn refusals_keep_their_code_and_the_quota_heals() {
    let refused = |code: &str| decode(format!("<Loi><Ma>{code}</Ma><MoTa>x</MoTa></Loi>").as_bytes()).err();
    for code in ["001", "002", "003", "005", "010", "011", "030", "031"] {
        let error = refused(code).unwrap();
        assert!(matches!(&error, FetchError::Refused { code: told, .. } if told == code), "{error:?}");
    }
    assert_eq!(refused("020").unwrap().reason(), Reason::SourceThrottled);
}

/// Damage never turns the dead into the living or the missing.
fn holds(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(status) = decode(bytes) {
        let known = (status.deceased, status.missing);
        let whole = status.completeness == Completeness::Complete;
        prop_assert_eq!(known, if whole { (Some(true), Some(false)) } else { (None, None) });
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(decode(&bytes).is_err());
    }

    #[test]
    fn bytes_overwritten_with_letters(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), b'a'..=b'z'), 1..6),
    ) {
        let mut bytes = document(DEAD).into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        holds(&bytes)?;
    }

    #[test]
    fn stretches_cut_out(from in any::<prop::sample::Index>(), length in 1_usize..200) {
        let mut bytes = document(DEAD).into_bytes();
        let from = from.index(bytes.len());
        bytes.drain(from..(from + length).min(bytes.len()));
        holds(&bytes)?;
    }
}
