//! Requests with mistakes: every one is told, at its field, by its code.

use motlan_catalogue::Catalogue;
use motlan_domain::{Operation, SubjectKey};
use motlan_proto::audit::v1 as audit_wire;
use motlan_proto::catalogue::v1 as catalogue_wire;
use motlan_proto::common::v1 as wire;
use motlan_proto::dossier::v1 as dossier_wire;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::RULES;
use crate::convert::ask::{self, Asked};
use crate::convert::{audit, catalogue, dossier, resolve};
use crate::invalid::Checked;
use crate::status::Failure;

/// Field and reason of every violation.
fn violations(failure: Failure) -> Vec<(String, String)> {
    let status = Status::from(failure);
    assert_eq!(status.code(), Code::InvalidArgument);
    let bad = status.get_details_bad_request().expect("a BadRequest");
    bad.field_violations.into_iter().map(|violation| (violation.field, violation.reason)).collect()
}

fn check<T: std::fmt::Debug>(result: Result<T, Failure>, expected: &[(&str, &str)]) {
    let told = violations(result.expect_err("the request has mistakes"));
    let told: Vec<_> = told.iter().map(|(field, reason)| (field.as_str(), reason.as_str())).collect();
    assert_eq!(told, expected);
}

fn dossier_purpose(code: &str) -> wire::Purpose {
    wire::Purpose { basis: Some(wire::purpose::Basis::DossierCode(code.into())) }
}

fn person(id: &str) -> wire::PersonKey {
    wire::PersonKey { key: Some(wire::person_key::Key::PersonalId(id.into())) }
}

fn question(
    purpose: impl Into<Option<wire::Purpose>>,
    subject: impl Into<Option<wire::PersonKey>>,
    fields: &[&str],
    max_age: Option<(i64, i32)>,
) -> Result<motlan_domain::Question, Failure> {
    let mut checked = Checked::default();
    let subject = ask::person(&mut checked, "subject", subject.into().as_ref(), RULES);
    let asked = Asked {
        purpose: purpose.into(),
        fields: fields.iter().map(|&name| name.to_owned()).collect(),
        max_age: max_age.map(|(seconds, nanos)| pbjson_types::Duration { seconds, nanos }),
    };
    ask::question(
        checked,
        Operation::GetPerson,
        &asked,
        subject,
        None,
        &motlan_domain::Trace::new(7, 8, false),
    )
}

#[test]
fn a_sound_question_is_taken_over() {
    let asked =
        question(dossier_purpose("H32.216-261121-0007"), person("097090000123"), &["sex"], Some((0, 0)));
    let asked = asked.expect("sound");
    assert!(matches!(asked.subject, SubjectKey::Person(_)));
    assert_eq!(asked.fields.names(motlan_domain::Dataset::Person), ["sex"]);
    assert_eq!(asked.max_age, Some(std::time::Duration::ZERO));
}

#[test]
fn every_mistake_of_a_question_is_told_at_once() {
    let asked = question(
        dossier_purpose("H32.216-261321-0007"),
        person("05609012345"),
        &["sex", "shoe_size"],
        Some((-1, 0)),
    );
    check(
        asked,
        &[
            ("subject.personal_id", "PERSONAL_ID_LENGTH"),
            ("fields[1]", "FIELD_UNKNOWN"),
            ("max_age", "MAX_AGE_RANGE"),
            ("purpose.dossier_code", "DOSSIER_CODE_DATE"),
        ],
    );
    check(question(None, None, &[], None), &[("subject", "SUBJECT_MISSING"), ("purpose", "PURPOSE_MISSING")]);
    let many: Vec<&str> = std::iter::repeat_n("sex", 27).collect();
    let asked = question(
        dossier_purpose("H32.216-261121-0007"),
        person("097090000123"),
        &many,
        Some((0, 1_000_000_000)),
    );
    check(asked, &[("fields", "TOO_MANY_VALUES"), ("max_age", "MAX_AGE_RANGE")]);
}

#[test]
fn a_claim_is_judged() {
    let claim = |name: &str, date: Option<&str>| {
        let mut checked = Checked::default();
        let today = jiff::civil::date(2026, 11, 21);
        let claim = ask::identity_claim(&mut checked, name, date, today);
        checked.finish(claim)
    };
    assert!(claim("Nguyễn Văn A", None).is_ok());
    check(claim("", Some("31/12/1990")), &[("full_name", "NAME_EMPTY"), ("birth_date", "DATE_FORMAT")]);
    for (date, reason) in [("2026-11-22", "BIRTH_DATE_FUTURE"), ("1849", "BIRTH_DATE_TOO_EARLY")] {
        check(claim("Nguyễn Văn A", Some(date)), &[("birth_date", reason)]);
    }
    assert!(claim("Nguyễn Văn A", Some("2026-11-21")).is_ok(), "born today");
    // Of a parcel every part that is wrong is told.
    for (commune, sheet, number, reasons) in [
        ("2236x", 0, 1, vec!["PARCEL_COMMUNE", "PARCEL_NUMBER"]),
        ("22366", 0, 0, vec!["PARCEL_NUMBER"]),
        ("2236x", 1, 1, vec!["PARCEL_COMMUNE"]),
    ] {
        let mut checked = Checked::default();
        let key = wire::ParcelKey { commune_code: commune.to_owned(), sheet, number };
        let parcel = ask::parcel(&mut checked, "parcel", Some(&key));
        let expected: Vec<_> = reasons.into_iter().map(|reason| ("parcel", reason)).collect();
        check(checked.finish(parcel), &expected);
    }
    let of_enterprise = |name: Option<&str>, representative: Option<&str>, active: bool| {
        let mut checked = Checked::default();
        let claim = ask::enterprise_claim(&mut checked, name, representative, active, RULES);
        checked.finish(Some(claim))
    };
    // What claims nothing agrees with anything.
    let missing = ["name", "representative_personal_id", "active"].map(|field| (field, "VALUE_MISSING"));
    check(of_enterprise(None, None, false), &missing);
    assert!(of_enterprise(None, None, true).is_ok());
    assert!(of_enterprise(None, Some("097090000123"), false).is_ok());
    assert!(of_enterprise(Some("Công ty A"), None, false).is_ok());
    let enterprise = |name: &str, representative: &str| {
        let mut checked = Checked::default();
        let claim = ask::enterprise_claim(&mut checked, Some(name), Some(representative), true, RULES);
        checked.finish(Some(claim))
    };
    check(
        enterprise("  ", "1"),
        &[("name", "ENTERPRISE_NAME_FORM"), ("representative_personal_id", "PERSONAL_ID_LENGTH")],
    );
    // Characters, not bytes: each of these is three.
    assert!(enterprise(&"ộ".repeat(500), "097090000123").is_ok());
    for name in ["ộ".repeat(501), "a\nb".to_owned(), String::new()] {
        check(enterprise(&name, "097090000123"), &[("name", "ENTERPRISE_NAME_FORM")]);
    }
}

fn subject(role: &str, key: wire::subject_key::Key) -> dossier_wire::NamedSubject {
    dossier_wire::NamedSubject { role: role.into(), subject: Some(wire::SubjectKey { key: Some(key) }) }
}

fn sound_opening() -> dossier_wire::OpenDossierRequest {
    use dossier_wire::opening_evidence::Evidence;
    dossier_wire::OpenDossierRequest {
        request_id: "r-1".into(),
        dossier_code: "H32.216-261121-0007".into(),
        procedure_code: "1.004222".into(),
        case: String::new(),
        agency_code: "H32.216".into(),
        subjects: vec![subject("applicant", wire::subject_key::Key::PersonalId("097090000123".into()))],
        evidence: Some(dossier_wire::OpeningEvidence {
            evidence: Some(Evidence::Assertion(dossier_wire::Assertion {})),
        }),
    }
}

#[test]
fn an_opening_is_judged_against_rules_and_catalogue() {
    let catalogue = Catalogue::embedded().expect("the catalogue loads");
    let (id, open) = dossier::open(&sound_opening(), RULES, &catalogue).expect("sound");
    assert_eq!((id.as_str(), open.subjects.len(), open.receipt), ("r-1", 1, None));

    let bad = dossier_wire::OpenDossierRequest {
        request_id: String::new(),
        procedure_code: "9.999999".into(),
        agency_code: "H32.999".into(),
        subjects: Vec::new(),
        evidence: None,
        ..sound_opening()
    };
    check(
        dossier::open(&bad, RULES, &catalogue),
        &[
            ("request_id", "REQUEST_ID_MISSING"),
            ("agency_code", "AGENCY_UNKNOWN"),
            ("procedure_code", "PROCEDURE_UNKNOWN"),
            ("subjects", "APPLICANT_MISSING"),
            ("evidence", "VALUE_MISSING"),
        ],
    );

    let mut bad = sound_opening();
    bad.case = "no_such_case".into();
    // The applicant is a person, and nobody stands in an unheard role.
    bad.subjects[0] = subject("applicant", wire::subject_key::Key::EnterpriseCode("0100233488".into()));
    bad.subjects.push(subject("cousin", wire::subject_key::Key::PersonalId("12".into())));
    check(
        dossier::open(&bad, RULES, &catalogue),
        &[
            ("case", "CASE_UNKNOWN"),
            ("subjects[0].role", "ROLE_UNKNOWN"),
            ("subjects[1].subject.personal_id", "PERSONAL_ID_LENGTH"),
            ("subjects[1].role", "ROLE_UNKNOWN"),
        ],
    );
}

#[test]
fn closing_and_resolving_are_judged() {
    let close = |reason: &str| {
        dossier::close(&dossier_wire::CloseDossierRequest {
            request_id: "r".into(),
            dossier_code: "H32.216-261121-0007".into(),
            reason: reason.into(),
        })
    };
    for reason in ["DECIDED", "A", "WITHDRAWN_2", &"A".repeat(48)] {
        assert!(close(reason).is_ok(), "{reason}");
    }
    check(close(""), &[("reason", "VALUE_MISSING")]);
    for reason in ["Nguyễn Văn A", "decided", "2ND", "_DECIDED", "DECIDED ", "ĐÓNG", &"A".repeat(49)] {
        check(close(reason), &[("reason", "CLOSE_REASON_FORM")]);
    }
    let request = dossier_wire::ResolveDossierRequest {
        dossier_code: "x".into(),
        component_keys: vec!["000.00.00.G15-KQ004946".into(), "a b".into()],
        max_age: None,
    };
    check(
        resolve::request(&request, &motlan_domain::Trace::new(7, 8, false)),
        &[("dossier_code", "DOSSIER_CODE_FORM"), ("component_keys[1]", "COMPONENT_CODE_CHARACTERS")],
    );
}

#[test]
fn a_search_is_judged() {
    let sound = audit_wire::SearchEntriesRequest {
        outcome: wire::Outcome::Denied.into(),
        kind: audit_wire::EntryKind::AccessDenied.into(),
        ..Default::default()
    };
    let query = audit::query(&sound, RULES).expect("sound");
    assert_eq!(query.outcome, Some(motlan_audit::Outcome::Denied));
    assert_eq!(query.kinds, [motlan_audit::Kind::AccessDenied]);
    let bad = audit_wire::SearchEntriesRequest {
        dossier_code: "?".into(),
        subject: Some(wire::SubjectKey::default()),
        outcome: 99,
        kind: 99,
        order: 99,
        time_from: Some(motlan_proto::time::Timestamp { seconds: 10, nanos: 0 }),
        time_to: Some(motlan_proto::time::Timestamp { seconds: 9, nanos: 0 }),
        page_size: 201,
        page_token: "x".repeat(513),
        ..Default::default()
    };
    check(
        audit::query(&bad, RULES),
        &[
            ("dossier_code", "DOSSIER_CODE_FORM"),
            ("subject", "SUBJECT_MISSING"),
            ("outcome", "ENUM_VALUE_UNKNOWN"),
            ("kind", "ENUM_VALUE_UNKNOWN"),
            ("order", "ENUM_VALUE_UNKNOWN"),
            ("time_to", "TIME_RANGE_INVALID"),
            ("page_size", "PAGE_SIZE_RANGE"),
            ("page_token", "PAGE_TOKEN_INVALID"),
        ],
    );
}

#[test]
fn the_catalogue_is_paged_whole() {
    let held = Catalogue::embedded().expect("the catalogue loads");
    let mut told = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = catalogue_wire::ListProceduresRequest { page_size: 4, page_token: page_token.clone() };
        let page = catalogue::list(&held, &request).expect("sound");
        assert!(page.procedures.len() <= 4 && !page.procedures.is_empty());
        told.extend(page.procedures.into_iter().map(|procedure| procedure.code));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let all: Vec<_> = held.procedures().map(|procedure| procedure.code.as_str().to_owned()).collect();
    assert_eq!(told, all);
    assert!(told.len() > 4, "one page proves nothing");
    let bad = catalogue_wire::ListProceduresRequest { page_size: 501, page_token: "?".into() };
    check(
        catalogue::list(&held, &bad),
        &[("page_size", "PAGE_SIZE_RANGE"), ("page_token", "PAGE_TOKEN_INVALID")],
    );
    let unknown = catalogue::find(&held, "9.999999").map(|_| ()).expect_err("there is none");
    assert_eq!(Status::from(unknown).code(), Code::NotFound);
    for procedure in held.procedures() {
        let wire = catalogue::procedure(procedure);
        assert_eq!(wire.components.len(), procedure.components.len());
        assert!(!wire.registered.is_empty() || procedure.registered_all().next().is_none());
    }
}
