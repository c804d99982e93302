//! Operations and searches, bad in one value each.

use motlan_e2e::*;
use motlan_harness::Connection;
use motlan_proto::audit::v1::SearchEntriesRequest;
use motlan_proto::catalogue::v1::{GetProcedureRequest, ListProceduresRequest};
use motlan_proto::common::v1::{SubjectKey, subject_key};
use motlan_proto::dossier::v1::{OpenDossierRequest, ResolveDossierRequest};

use super::{Row, row};

/// Opening, closing, resolving, and the catalogue.
pub(crate) async fn operations(by: &Connection, good: &OpenDossierRequest, own: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    type Change = fn(&mut OpenDossierRequest);
    let changes: [(&str, &'static str, &'static str, Change); 11] = [
        ("", "request_id", "REQUEST_ID_MISSING", |r| r.request_id.clear()),
        ("có dấu cách", "request_id", "REQUEST_ID_CHARACTERS", |r| {
            r.request_id = "có dấu cách".to_owned();
        }),
        ("", "request_id", "REQUEST_ID_LENGTH", |r| r.request_id = "a".repeat(500)),
        ("H32.2O2-261121", "dossier_code", "DOSSIER_CODE_FORM", |r| {
            r.dossier_code = "H32.2O2-261121".to_owned();
        }),
        ("7.31415", "procedure_code", "PROCEDURE_CODE_FORM", |r| r.procedure_code = "7.31415".to_owned()),
        ("Khánh Hòa", "agency_code", "AGENCY_CODE_CHARACTERS", |r| r.agency_code = "Khánh Hòa".to_owned()),
        ("97185000001", "subjects[0].subject.personal_id", "PERSONAL_ID_LENGTH", |r| {
            r.subjects[0].subject =
                Some(SubjectKey { key: Some(subject_key::Key::PersonalId("97185000001".to_owned())) });
        }),
        ("", "subjects[0].subject", "SUBJECT_MISSING", |r| r.subjects[0].subject = None),
        ("", "subjects", "TOO_MANY_VALUES", |r| r.subjects = vec![r.subjects[0].clone(); 40]),
        ("", "evidence", "VALUE_MISSING", |r| r.evidence = None),
        ("", "evidence.acceptance_receipt", "ACCEPTANCE_RECEIPT_LENGTH", |r| {
            let long =
                motlan_proto::dossier::v1::opening_evidence::Evidence::AcceptanceReceipt("a".repeat(20_000));
            r.evidence.as_mut().unwrap().evidence = Some(long);
        }),
    ];
    for (value, field, reason, change) in changes {
        let mut request = good.clone();
        change(&mut request);
        rows.push(row("OpenDossier", value, field, reason, open(by, &request).await));
    }
    for (value, reason) in
        [("", "VALUE_MISSING"), ("vì đã xong", "CLOSE_REASON_FORM"), (&*"A".repeat(49), "CLOSE_REASON_FORM")]
    {
        rows.push(row(
            "CloseDossier",
            value,
            "reason",
            reason,
            close_as(by, own, "one-request-id", value).await,
        ));
    }
    rows.push(row(
        "CloseDossier",
        "",
        "request_id",
        "REQUEST_ID_MISSING",
        close_as(by, own, "", "DECIDED").await,
    ));
    let mut request = ResolveDossierRequest { dossier_code: own.to_owned(), ..Default::default() };
    request.component_keys = vec!["sổ đỏ của tôi".to_owned()];
    let told = by.dossiers().resolve_dossier(request.clone()).await;
    rows.push(row("ResolveDossier", "sổ đỏ của tôi", "component_keys[0]", "COMPONENT_CODE_CHARACTERS", told));
    // Well formed, and of no component of this procedure.
    let unheard = "000.00.00.G15-KQ999999";
    request.component_keys = vec![unheard.to_owned()];
    let told = by.dossiers().resolve_dossier(request.clone()).await;
    rows.push(row("ResolveDossier", unheard, "component_keys[0]", "COMPONENT_UNKNOWN", told));
    request.component_keys = vec!["1.004222#1".to_owned(); 100];
    rows.push(row(
        "ResolveDossier",
        "",
        "component_keys",
        "TOO_MANY_VALUES",
        by.dossiers().resolve_dossier(request).await,
    ));
    let request = GetProcedureRequest { procedure_code: "1,004222".to_owned() };
    rows.push(row(
        "GetProcedure",
        "1,004222",
        "procedure_code",
        "PROCEDURE_CODE_FORM",
        by.catalogue().get_procedure(request).await,
    ));
    let request = ListProceduresRequest { page_size: 501, ..Default::default() };
    let told = by.catalogue().list_procedures(request).await;
    rows.push(row("ListProcedures", "", "page_size", "PAGE_SIZE_RANGE", told));
    rows
}

/// Searches of the log.
pub(crate) async fn searches(auditor: &Connection) -> Vec<Row> {
    let mut rows = Vec::new();
    let at = |seconds, nanos| Some(motlan_proto::time::Timestamp { seconds, nanos });
    type Change<'a> = Box<dyn Fn(&mut SearchEntriesRequest) + 'a>;
    let changes: Vec<(&str, &'static str, &'static str, Change<'_>)> = vec![
        ("H32.2O2", "dossier_code", "DOSSIER_CODE_FORM", Box::new(|r| r.dossier_code = "H32.2O2".to_owned())),
        (
            "sở xây dựng",
            "agency_code",
            "AGENCY_CODE_CHARACTERS",
            Box::new(|r| r.agency_code = "sở xây dựng".to_owned()),
        ),
        (
            "nguyễn văn a",
            "officer_account",
            "OFFICER_ACCOUNT_CHARACTERS",
            Box::new(|r| r.officer_account = "nguyễn văn a".to_owned()),
        ),
        (
            "7.31415",
            "procedure_code",
            "PROCEDURE_CODE_FORM",
            Box::new(|r| r.procedure_code = "7.31415".to_owned()),
        ),
        (
            "97185000001",
            "subject.personal_id",
            "PERSONAL_ID_LENGTH",
            Box::new(|r| {
                r.subject =
                    Some(SubjectKey { key: Some(subject_key::Key::PersonalId("97185000001".to_owned())) });
            }),
        ),
        ("", "outcome", "ENUM_VALUE_UNKNOWN", Box::new(|r| r.outcome = 99)),
        ("", "kind", "ENUM_VALUE_UNKNOWN", Box::new(|r| r.kind = -1)),
        ("", "order", "ENUM_VALUE_UNKNOWN", Box::new(|r| r.order = 7)),
        ("", "page_size", "PAGE_SIZE_RANGE", Box::new(|r| r.page_size = 1_000_000)),
        ("", "time_from", "TIMESTAMP_RANGE", Box::new(move |r| r.time_from = at(i64::MAX, 0))),
        (
            "",
            "time_to",
            "TIME_RANGE_INVALID",
            Box::new(move |r| (r.time_from, r.time_to) = (at(2_000, 0), at(1_000, 0))),
        ),
        ("", "index_to", "INDEX_RANGE_INVALID", Box::new(|r| (r.index_from, r.index_to) = (9, 8))),
        (
            "../../etc/passwd",
            "page_token",
            "PAGE_TOKEN_INVALID",
            Box::new(|r| r.page_token = "../../etc/passwd".to_owned()),
        ),
        ("", "page_token", "PAGE_TOKEN_INVALID", Box::new(|r| r.page_token = "A".repeat(5_000))),
        ("", "page_token", "PAGE_TOKEN_INVALID", Box::new(|r| r.page_token = "A".repeat(43))),
    ];
    for (value, field, reason, change) in changes {
        let mut request = SearchEntriesRequest::default();
        change(&mut request);
        rows.push(row("SearchEntries", value, field, reason, auditor.audit().search_entries(request).await));
    }
    rows
}
