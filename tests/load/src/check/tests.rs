//! Each way in which an answer can be wrong is noticed.

use bytes::BytesMut;
use http::{HeaderMap, HeaderValue};
use motlan_proto::business::v1::Enterprise;

use super::*;
use crate::client::framed;

fn answer(index: u64) -> GetEnterpriseResponse {
    let record = Enterprise {
        code: Some("4200000001".to_owned()),
        name: Some("CÔNG TY".to_owned()),
        ..Enterprise::default()
    };
    let receipt = Receipt {
        origin: motlan::sandbox::ORIGIN.to_owned(),
        index,
        leaf_hash: vec![7; 32],
        time: Some(motlan_proto::time::Timestamp { seconds: 1, nanos: 0 }),
        commitment_key: vec![8; 32],
    };
    GetEnterpriseResponse {
        outcome: Outcome::Found.into(),
        record: Some(record),
        receipt: Some(receipt),
        ..GetEnterpriseResponse::default()
    }
}

fn reply(answer: &GetEnterpriseResponse) -> Reply {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    Reply { framed: framed(answer), trailers }
}

fn changed(change: impl FnOnce(&mut GetEnterpriseResponse)) -> Reply {
    let mut answer = answer(41);
    change(&mut answer);
    reply(&answer)
}

fn receipt(answer: &mut GetEnterpriseResponse) -> &mut Receipt {
    answer.receipt.as_mut().unwrap()
}

fn judged(expected: &Expected, reply: &Reply) -> Result<Vec<Place>, Wrong> {
    let mut places = Vec::new();
    expected.judge(reply, &mut places)?;
    Ok(places)
}

#[test]
fn the_same_answer_under_another_receipt_is_right() {
    let expected = Expected::recorded(answer(3));
    assert_eq!(judged(&expected, &reply(&answer(41))).unwrap(), [Place { index: 41, leaf_hash: [7; 32] }]);
    let same = Expected::Same(framed(&answer(3)).slice(5..));
    assert_eq!(judged(&same, &reply(&answer(3))).unwrap(), []);
}

#[test]
fn every_other_answer_is_wrong() {
    let expected = Expected::recorded(answer(3));
    let wrong = [
        changed(|answer| answer.receipt = None),
        changed(|answer| answer.record.as_mut().unwrap().code = Some("4200000002".to_owned())),
        changed(|answer| answer.record = None),
        changed(|answer| answer.outcome = Outcome::NotFound.into()),
        changed(|answer| answer.incomplete_cause = 1),
        changed(|answer| receipt(answer).origin = "another/log".to_owned()),
        changed(|answer| receipt(answer).leaf_hash.clear()),
        changed(|answer| receipt(answer).time = None),
        changed(|answer| receipt(answer).commitment_key.clear()),
    ];
    for (number, reply) in wrong.iter().enumerate() {
        assert!(judged(&expected, reply).is_err(), "case {number}");
        assert!(judged(&Expected::Same(framed(&answer(41)).slice(5..)), reply).is_err(), "case {number}");
    }
}

#[test]
fn a_refusal_or_half_a_message_is_no_answer() {
    let expected = Expected::recorded(answer(3));
    let mut refused = reply(&answer(3));
    refused.trailers.insert("grpc-status", HeaderValue::from_static("7"));
    assert!(judged(&expected, &refused).is_err());
    let mut silent = reply(&answer(3));
    silent.trailers.clear();
    assert!(judged(&expected, &silent).is_err());
    let mut cut = reply(&answer(3));
    cut.framed = cut.framed.slice(..cut.framed.len() - 1);
    assert!(judged(&expected, &cut).is_err());
    let mut compressed = BytesMut::from(&reply(&answer(3)).framed[..]);
    compressed[0] = 1;
    assert!(judged(&expected, &Reply { framed: compressed.freeze(), ..reply(&answer(3)) }).is_err());
}

#[test]
fn the_first_answer_is_held_against_the_world() {
    let right = reply(&answer(0));
    assert!(first_answer(&right, "4200000001", "CÔNG TY").is_ok());
    assert!(first_answer(&right, "4200000002", "CÔNG TY").is_err());
    assert!(first_answer(&right, "4200000001", "CÔNG TY KHÁC").is_err());
    assert!(first_answer(&changed(|answer| answer.receipt = None), "4200000001", "CÔNG TY").is_err());
}

#[test]
fn receipts_are_distinct_and_in_the_log() {
    assert!(distinct(vec![5, 3, 4], 3, 6).is_ok());
    assert!(distinct(vec![], 3, 3).is_ok());
    assert!(distinct(vec![5, 3, 5], 3, 6).is_err());
    assert!(distinct(vec![2, 3], 3, 6).is_err());
    assert!(distinct(vec![3, 6], 3, 6).is_err());
}
