//! What the client shows, apart from any gateway.

use motlan_domain::id::Synthetic;
use motlan_proto::audit::v1::{Entry, EntryKind};
use motlan_proto::common::v1::{CacheState, Freshness, Outcome, subject_key};
use motlan_proto::dossier::v1::{
    ComponentOutcome, ComponentResult, ResolveDossierResponse, resolve_dossier_response,
};
use motlan_proto::population::v1::VerifyIdentityResponse;
use tonic::{Code, Status};
use tonic_types::{BadRequest, ErrorDetail, ErrorInfo, LocalizedMessage, RetryInfo, StatusExt as _};

use super::json::Contract;
use super::*;

#[test]
fn json_drops_enum_prefixes_at_every_depth_and_nothing_else() {
    let contract = Contract::load().unwrap();
    let answer = VerifyIdentityResponse {
        outcome: Outcome::NotFound.into(),
        freshness: Some(Freshness { cache_state: CacheState::Coalesced.into(), ..Default::default() }),
        ..Default::default()
    };
    let json = contract.json("motlan.population.v1.VerifyIdentityResponse", &answer).unwrap();
    assert_eq!(json["outcome"], "NOT_FOUND");
    assert_eq!(json["freshness"]["cacheState"], "COALESCED");
    // A text that looks like an enum value stays as it is.
    let component = ComponentResult {
        outcome: ComponentOutcome::NeedsPaper.into(),
        name: "COMPONENT_OUTCOME_REUSED".to_owned(),
        ..Default::default()
    };
    let message =
        ResolveDossierResponse { result: Some(resolve_dossier_response::Result::Component(component)) };
    let json = contract.json("motlan.dossier.v1.ResolveDossierResponse", &message).unwrap();
    assert_eq!(json["component"]["outcome"], "NEEDS_PAPER");
    assert_eq!(json["component"]["name"], "COMPONENT_OUTCOME_REUSED");
    assert!(contract.json("motlan.dossier.v1.Unheard", &message).is_err());
}

#[test]
fn a_refusal_is_told_in_full() {
    let facts = [
        ("origin", "caller"),
        ("next_vi", "Kiểm tra mã hồ sơ."),
        ("next_en", "Check the code."),
        ("receipt_origin", "log/1"),
        ("receipt_index", "7"),
        ("receipt_leaf_hash", "00ff"),
    ];
    let facts: std::collections::HashMap<String, String> =
        facts.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let details: Vec<ErrorDetail> = vec![
        ErrorInfo::new("DOSSIER_UNKNOWN", "motlan", facts).into(),
        LocalizedMessage::new("vi-VN", "Không có hồ sơ.").into(),
        LocalizedMessage::new("en-US", "no dossier").into(),
        BadRequest::with_violation("dossier_code", "is wrong").into(),
        RetryInfo::new(Some(std::time::Duration::from_secs(3))).into(),
    ];
    let refusal =
        Refusal::from(Status::with_error_details_vec(Code::PermissionDenied, "no dossier", details));
    assert_eq!((refusal.reason.as_str(), refusal.exit()), ("DOSSIER_UNKNOWN", Exit::No));
    assert_eq!(refusal.receipt.as_ref().map(|receipt| receipt.index), Some(7));
    let told = refusal.to_string();
    for part in [
        "PermissionDenied DOSSIER_UNKNOWN",
        "Không có hồ sơ.",
        "→ Kiểm tra mã hồ sơ.\n  → Check the code.",
        "dossier_code: is wrong",
        "after 3 s",
        "log/1#7 00ff",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    assert!(!told.contains("receipt_index") && !told.contains("next_"), "{told}");
}

#[test]
fn failures_end_the_program_by_their_kind() {
    let exits = [
        (Code::Unavailable, Exit::Unavailable),
        (Code::ResourceExhausted, Exit::Unavailable),
        (Code::PermissionDenied, Exit::No),
        (Code::InvalidArgument, Exit::No),
        (Code::Unauthenticated, Exit::No),
        (Code::Internal, Exit::Internal),
    ];
    for (code, exit) in exits {
        let failure = Failure::from(Refusal::from(Status::new(code, "x")));
        assert_eq!(failure.exit, exit, "{code:?}");
    }
}

#[test]
fn subjects_are_read_as_people_write_them() {
    let valid = [
        ("applicant=person:097088298875", "personal_id"),
        ("a=cmnd:123456789", "cmnd"),
        ("a=enterprise:0100233488", "enterprise_code"),
        ("a=certificate:CS 012345", "certificate"),
        ("a=insurance:0123456789", "insurance_number"),
        ("a=parcel:22366/7/123", "parcel"),
    ];
    let rules = crate::clock::id_rules("2026-11-21T00:00:00Z".parse().unwrap(), Synthetic::Allowed);
    for (text, scheme) in valid {
        let named = subject::named(text).unwrap_or_else(|problem| panic!("{text}: {problem}"));
        let key = named.subject.unwrap();
        let domain = to_domain(&key, &rules).unwrap_or_else(|| panic!("{text} is not valid"));
        assert_eq!(domain.scheme(), scheme, "{text}");
        // There and back.
        assert!(to_domain(&to_proto(&domain), &rules).is_some_and(|again| again == domain), "{text}");
    }
    for text in
        ["applicant", "applicant=097088298875", "=person:1", "a=person:", "a=alien:1", "a=parcel:22366/7"]
    {
        assert!(subject::named(text).is_err(), "{text} was accepted");
    }
    let refused = subject_key("person", "12").unwrap();
    assert!(
        matches!(refused.key, Some(subject_key::Key::PersonalId(_))) && to_domain(&refused, &rules).is_none()
    );
}

#[test]
fn an_entry_is_shown_in_columns() {
    let entry = Entry {
        canonical: br#"{"component":{"key":"K1","outcome":"REUSED"}}"#.to_vec(),
        index: 12,
        kind: EntryKind::ComponentDecided.into(),
        caller_system: "one-stop".to_owned(),
        officer_account: "canbo.h32.202".to_owned(),
        reason: "RECORD_REUSED".to_owned(),
        ..Default::default()
    };
    let shown = entry_lines(&entry);
    assert_eq!(
        shown,
        ["12", "", "component.decided", "one-stop canbo.h32.202", "K1", "REUSED RECORD_REUSED"]
    );
}
