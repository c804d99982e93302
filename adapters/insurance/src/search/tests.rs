//! One hit, none, several, and somebody else.

use motlan_api::{FetchError, Holder, MalformedCause};
use motlan_domain::date::PartialDate;
use motlan_domain::name::PersonName;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Hits, decode_search};
use crate::samples::{base, bytes, number};

fn holder(name: &str, date: &str) -> Holder {
    Holder {
        full_name: PersonName::new(name).unwrap(),
        birth_date: PartialDate::parse_compact(date).unwrap(),
    }
}

fn search(document: &Value) -> Result<Hits, Option<MalformedCause>> {
    decode_search(&bytes(document), &holder("Nguyễn Văn An", "19600215")).map_err(|error| match error {
        FetchError::Malformed { cause, .. } => Some(cause),
        _ => None,
    })
}

fn row(name: &str, value: Value) -> Value {
    let mut row = base();
    row[name] = value;
    row
}

#[test]
fn exactly_one_number_is_taken() {
    assert_eq!(search(&json!([base()])), Ok(Hits::One(number())));
    assert_eq!(search(&json!([base(), base()])), Ok(Hits::One(number())), "the same number twice");
    assert_eq!(search(&json!([])), Ok(Hits::None));
    assert_eq!(search(&json!({"maLoi": "KHONG_TIM_THAY"})), Ok(Hits::None));
    assert_eq!(search(&json!([base(), row("maSoBhxh", json!("9700000002"))])), Ok(Hits::Several));
    assert_eq!(
        search(&json!([{"maSoBhxh": "9700000001"}])),
        Ok(Hits::One(number())),
        "a route that tells no more"
    );
}

#[test]
fn a_row_about_somebody_else_answers_another_question() {
    let other = Err(Some(MalformedCause::OtherSubject));
    assert_eq!(
        search(&json!([row("hoTen", json!("Nguyễn Văn Ân"))])),
        Ok(Hits::One(number())),
        "marks may be lost"
    );
    assert_eq!(search(&json!([row("hoTen", json!("Nguyễn Văn Ba"))])), other);
    assert_eq!(search(&json!([row("ngaySinh", json!("19600216"))])), other);
    assert_eq!(search(&json!([row("ngaySinh", json!("x"))])), other);
    assert_eq!(search(&json!([base(), row("hoTen", json!("Nguyễn Văn Ba"))])), other);
    let mut year_only = row("ngaySinh", json!("1960"));
    year_only["loaiNgaySinh"] = json!("1");
    assert_eq!(search(&json!([year_only])), Ok(Hits::One(number())));
}

#[test]
fn rows_without_a_number_are_another_shape() {
    for document in [
        json!([row("maSoBhxh", Value::Null)]),
        json!([row("maSoBhxh", json!("97"))]),
        json!(["9700000001"]),
        json!({"rows": []}),
        json!(null),
    ] {
        assert_eq!(search(&document), Err(Some(MalformedCause::Shape)), "{document:.40}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(text in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode_search(&text, &holder("Nguyễn Văn An", "1960"));
    }
}
