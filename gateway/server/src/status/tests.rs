//! Every reason has one code, and what is told is complete and harmless.

use std::sync::Arc;
use std::time::Duration;

use motlan_domain::id::{IdRules, PersonalId, Synthetic};
use tonic_types::StatusExt as _;

use super::*;
use crate::invalid::Checked;

fn told(failure: Failure) -> (Status, Vec<ErrorDetail>) {
    let status = Status::from(failure);
    let details = status.check_error_details_vec().expect("the details decode");
    (status, details)
}

fn info(details: &[ErrorDetail]) -> ErrorInfo {
    let found = details.iter().find_map(|detail| match detail {
        ErrorDetail::ErrorInfo(info) => Some(info.clone()),
        _ => None,
    });
    found.expect("an ErrorInfo")
}

fn texts(details: &[ErrorDetail]) -> Vec<(String, String)> {
    let texts = details.iter().filter_map(|detail| match detail {
        ErrorDetail::LocalizedMessage(text) => Some((text.locale.clone(), text.message.clone())),
        _ => None,
    });
    texts.collect()
}

fn retry_delay(details: &[ErrorDetail]) -> Option<Duration> {
    details.iter().find_map(|detail| match detail {
        ErrorDetail::RetryInfo(info) => info.retry_delay,
        _ => None,
    })
}

#[test]
fn every_reason_is_told_with_code_texts_and_retry() {
    assert!(Reason::ALL.len() > 70, "only {} reasons", Reason::ALL.len());
    for reason in Reason::ALL.iter().copied() {
        let (status, details) = told(Failure::new(reason));
        assert_eq!(status.code(), code(reason), "{reason}");
        assert_ne!(status.code(), Code::Ok, "{reason}");
        assert_ne!(status.code(), Code::Unknown, "{reason}");
        assert_eq!(status.message(), reason.text_en(), "{reason}");
        let info = info(&details);
        assert_eq!((info.reason.as_str(), info.domain.as_str()), (reason.code(), "motlan"));
        assert!(info.metadata.contains_key("origin") && info.metadata.contains_key("retry"), "{reason}");
        assert_eq!(info.metadata["next_vi"], reason.advice().vi, "{reason}");
        assert_eq!(info.metadata["next_en"], reason.advice().en, "{reason}");
        let expected = [("vi-VN", reason.text_vi()), ("en-US", reason.text_en())];
        let expected: Vec<_> = expected.map(|(locale, text)| (locale.to_owned(), text.to_owned())).into();
        assert_eq!(texts(&details), expected, "{reason}");
        let soon = reason.retry() == Retry::Later && reason != Reason::GuessLimit;
        assert_eq!(retry_delay(&details).is_some(), soon, "{reason}");
    }
}

#[test]
fn codes_follow_the_origin_of_a_reason() {
    let of = |wanted: Code| Reason::ALL.iter().copied().filter(move |reason| code(*reason) == wanted);
    assert!(of(Code::Unauthenticated).all(|reason| reason.origin() == Origin::Caller));
    assert!(of(Code::PermissionDenied).all(|reason| reason.origin() == Origin::Caller));
    assert!(of(Code::InvalidArgument).all(|reason| reason.origin() == Origin::Caller));
    assert!(of(Code::Unavailable).all(|reason| reason.origin() != Origin::Caller));
    for reason in Reason::ALL.iter().filter(|reason| reason.code().starts_with("SOURCE_")) {
        assert_eq!(code(*reason), Code::Unavailable, "{reason}");
    }
    for reason in Reason::ALL.iter().filter(|reason| reason.code().starts_with("TOKEN_")) {
        assert_eq!(code(*reason), Code::Unauthenticated, "{reason}");
    }
}

#[test]
fn a_recorded_refusal_carries_its_receipt_and_a_registry_its_delay() {
    let receipt = Receipt {
        origin: Arc::from("log.test/1"),
        index: 42,
        leaf_hash: motlan_audit_tree::leaf_hash(b"entry"),
        time: jiff::Timestamp::UNIX_EPOCH,
    };
    let failure = Failure::new(Reason::SourceSuspended)
        .retry_after(Some(Duration::from_secs(30)))
        .at(Some(Registry::Land))
        .caused_by(Some("TOO_LARGE"))
        .recorded(receipt.clone());
    let (status, details) = told(failure);
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(retry_delay(&details), Some(Duration::from_secs(30)));
    let metadata = info(&details).metadata;
    assert_eq!(metadata["registry"], "land");
    assert_eq!(metadata["cause"], "TOO_LARGE");
    assert_eq!(metadata["receipt_origin"], "log.test/1");
    assert_eq!(metadata["receipt_index"], "42");
    assert_eq!(metadata["receipt_leaf_hash"], hex::encode(receipt.leaf_hash));
}

#[test]
fn no_cause_is_told_where_there_is_none() {
    let (_, details) = told(Failure::new(Reason::SourceTimeout).at(Some(Registry::Land)));
    assert!(!info(&details).metadata.contains_key("cause"));
}

#[test]
fn invalid_input_lists_every_violation_and_none_of_the_values() {
    let rules = IdRules { synthetic: Synthetic::Refused, present_year: 2026 };
    let mut checked = Checked::default();
    let short = checked.take("subject.personal_id", PersonalId::parse("05609012345", &rules));
    checked.take("birth_date", motlan_domain::date::PartialDate::parse_iso("1990-02-30"));
    let failure = checked.finish(short).expect_err("both are wrong");
    let (status, details) = told(failure);
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(info(&details).reason, "PERSONAL_ID_LENGTH");
    let violations = details.iter().find_map(|detail| match detail {
        ErrorDetail::BadRequest(bad) => Some(bad.field_violations.clone()),
        _ => None,
    });
    let violations = violations.expect("a BadRequest");
    let seen: Vec<_> = violations.iter().map(|v| (v.field.as_str(), v.reason.as_str())).collect();
    assert_eq!(seen, [("subject.personal_id", "PERSONAL_ID_LENGTH"), ("birth_date", "DATE_CALENDAR")]);
    for violation in &violations {
        assert!(!violation.description.is_empty());
        let vietnamese = violation.localized_message.as_ref().expect("a Vietnamese text");
        assert_eq!(vietnamese.locale, "vi-VN");
    }
    assert!(!format!("{status:?}").contains("05609012345"), "the value leaks");
    assert!(retry_delay(&details).is_none());
}

/// What the strictest of the common gRPC libraries take as headers, in all;
/// grpc-java and the C core refuse more.
const HEADERS: usize = 8_192;

/// The size of a status as trailers: names, values and 32 bytes each.
fn trailers(status: &Status) -> usize {
    let details = status.details().len().div_ceil(3) * 4;
    let message: usize =
        status.message().bytes().map(|b| if b.is_ascii_graphic() || b == b' ' { 1 } else { 3 }).sum();
    let others =
        ":status200content-typeapplication/grpcgrpc-status16grpc-messagegrpc-status-details-bin".len();
    details + message + others + 6 * 32
}

#[test]
fn every_status_fits_the_headers_of_every_client() {
    let receipt = Receipt {
        origin: Arc::from("a-rather-long-name-of-a-log.province.example.vn/gateway-1"),
        index: u64::MAX,
        leaf_hash: motlan_audit_tree::leaf_hash(b"entry"),
        time: jiff::Timestamp::UNIX_EPOCH,
    };
    for reason in Reason::ALL.iter().copied() {
        let failure = Failure::new(reason).recorded(receipt.clone()).at(Some(Registry::Population));
        assert!(trailers(&Status::from(failure)) < HEADERS / 2, "{reason}");
    }
    // Every mistake at its longest, and as many different ones as there are.
    let flaws = motlan_domain::id::IdReason::ALL;
    let mut checked = Checked::default();
    for (place, rule) in flaws.iter().cycle().take(200).enumerate() {
        let flaw = crate::invalid::Flaw {
            reason: rule.as_str(),
            vi: rule.text_vi(),
            en: rule.text_en(),
            next: rule.advice(),
        };
        checked.flaw(format!("subjects[{place}].subject.certificate_serial"), flaw);
    }
    let failure = checked.finish::<()>(None).expect_err("all are wrong");
    let (status, details) = told(failure);
    assert!(trailers(&status) <= HEADERS, "{} bytes", trailers(&status));
    assert_eq!(info(&details).metadata["violations"], "200");
}

#[test]
fn a_long_list_of_mistakes_tells_each_text_once() {
    let listed = |count: usize| {
        let mut checked = Checked::default();
        for place in 0..count {
            checked.flaw(format!("subjects[{place}].role"), Reason::RoleUnknown);
            checked.flaw(format!("subjects[{place}].subject"), Reason::SubjectMissing);
        }
        let (_, details) = told(checked.finish::<()>(None).expect_err("all are wrong"));
        let bad = details.into_iter().find_map(|detail| match detail {
            ErrorDetail::BadRequest(bad) => Some(bad.field_violations),
            _ => None,
        });
        bad.expect("a BadRequest")
    };
    let few = listed(4);
    assert_eq!(few.len(), 8);
    assert!(few.iter().all(|v| !v.description.is_empty() && v.localized_message.is_some()));
    let many = listed(25);
    assert_eq!(many.len(), 50, "none is left out while they fit");
    let with_text = many.iter().filter(|v| v.localized_message.is_some() && !v.description.is_empty());
    assert_eq!(with_text.count(), 2);
    assert!(many.iter().all(|v| !v.field.is_empty() && !v.reason.is_empty()));
    assert!(listed(200).len() < 400);
}
