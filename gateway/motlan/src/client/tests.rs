//! What the client shows, apart from any gateway.

use motlan_domain::id::Synthetic;
use motlan_proto::audit::v1::{Entry, EntryKind, EntryOrder, SearchEntriesRequest};
use motlan_proto::common::v1::{
    Assurance, CacheState, ClaimField, Finding, FindingLevel, Freshness, Outcome, Verdict, subject_key,
};
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
    assert!(told.starts_with("DOSSIER_UNKNOWN\n"), "{told}");
    for part in [
        "Không có hồ sơ.",
        "no dossier",
        "dossier_code: is wrong",
        "tiếp theo / next: kiểm tra mã hồ sơ",
        "check the dossier's code",
        "log/1#7 00ff",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    assert!(!told.contains("receipt_index") && !told.contains("next_"), "{told}");
}

/// A status as the gateway makes it, with that advice.
fn advised(code: Code, reason: &str, advice: &str, after: Option<std::time::Duration>) -> Refusal {
    let facts = std::collections::HashMap::from([("retry".to_owned(), advice.to_owned())]);
    let mut details: Vec<ErrorDetail> = vec![
        ErrorInfo::new(reason, "motlan", facts).into(),
        LocalizedMessage::new("vi-VN", "Vì thế.").into(),
        LocalizedMessage::new("en-US", "that is why").into(),
    ];
    details.extend(after.map(|after| ErrorDetail::from(RetryInfo::new(Some(after)))));
    Refusal::from(Status::with_error_details_vec(code, "that is why", details))
}

#[test]
fn every_refusal_says_what_to_do_next_and_none_how_rust_names_its_code() {
    let three = Some(std::time::Duration::from_secs(3));
    let mut told = 0;
    for reason in motlan_domain::Reason::ALL {
        for (advice, after, en) in [
            ("later", three, "ask again in 3 s"),
            ("later", None, "ask again in a few minutes"),
            ("after_change", None, "change the request"),
            ("never", None, "will not bring another answer"),
        ] {
            let text = advised(Code::PermissionDenied, reason.code(), advice, after).to_string();
            assert!(text.starts_with(&format!("{reason}\n  Vì thế.\n  that is why\n")), "{text}");
            let next = text.lines().find(|line| line.contains("tiếp theo / next: "));
            let next = next.unwrap_or_else(|| panic!("{reason}: nothing to do next: {text}"));
            assert_eq!(next.matches(" / ").count(), 2, "both languages, once each: {next}");
            // Some reasons have a step of their own, whatever the advice.
            told += usize::from(next.contains(en));
        }
    }
    assert!(told > 4 * 60, "{told} of the general steps");
    let own = |reason| advised(Code::PermissionDenied, reason, "after_change", None).to_string();
    assert!(own("ACTOR_ABSENT").contains("--token FILE"));
    assert!(own("REQUEST_ID_REUSED").contains("--request-id"));
}

#[test]
fn what_the_gateway_says_to_do_next_is_told_with_the_time_to_wait() {
    let facts = [("retry", "later"), ("next_vi", "Gửi lại sau."), ("next_en", "Ask again later.")];
    let facts = facts.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let facts = std::collections::HashMap::from(facts);
    let details: Vec<ErrorDetail> = vec![
        ErrorInfo::new("SOURCE_TIMEOUT", "motlan", facts).into(),
        RetryInfo::new(Some(std::time::Duration::from_secs(3))).into(),
    ];
    let told = Refusal::from(Status::with_error_details_vec(Code::Unavailable, "late", details)).to_string();
    assert!(told.contains("Gửi lại sau. (sau 3 giây) / Ask again later. (in 3 s)"), "{told}");
}

#[test]
fn a_status_that_is_no_word_of_a_gateway_is_explained() {
    let codes = (1..17).map(Code::from_i32);
    let mut seen = std::collections::BTreeSet::new();
    for code in codes {
        let told = Refusal::from(Status::new(code, "connection reset")).to_string();
        assert!(!told.contains(&format!("{code:?}")), "{told}");
        let lines: Vec<&str> = told.lines().collect();
        assert!(lines.len() >= 3 && lines[2].ends_with(": connection reset"), "{told}");
        assert!(lines[0].bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'), "{told}");
        seen.insert(lines[0].to_owned());
    }
    assert!(seen.len() >= 5, "{seen:?}");
    let told = Refusal::from(Status::new(Code::Unavailable, "")).to_string();
    assert!(told.contains("Mất kết nối") && told.contains("--endpoint"), "{told}");
}

#[test]
fn violations_are_told_with_field_reason_and_both_languages() {
    let violation = tonic_types::FieldViolation {
        field: "subject.personal_id".to_owned(),
        description: "twelve digits".to_owned(),
        reason: "PERSONAL_ID_LENGTH".to_owned(),
        localized_message: Some(LocalizedMessage::new("vi-VN", "mười hai chữ số")),
    };
    let details: Vec<ErrorDetail> = vec![
        ErrorInfo::new("PERSONAL_ID_LENGTH", "motlan", std::collections::HashMap::new()).into(),
        BadRequest::new(vec![violation]).into(),
    ];
    let refusal = Refusal::from(Status::with_error_details_vec(Code::InvalidArgument, "twelve", details));
    let told = refusal.to_string();
    assert!(
        told.contains("subject.personal_id: PERSONAL_ID_LENGTH: mười hai chữ số / twelve digits"),
        "{told}"
    );
    assert_eq!(told.matches("mười hai").count(), 1, "once: {told}");
    assert_eq!(refusal.violations[0].field, "subject.personal_id");
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

#[test]
fn a_verdict_is_told_in_vietnamese_beside_its_codes() {
    let finding = |field: ClaimField, level: FindingLevel, code: &str| Finding {
        field: field.into(),
        level: level.into(),
        code: code.to_owned(),
    };
    let answer = VerifyIdentityResponse {
        outcome: Outcome::Match.into(),
        verdict: Some(Verdict {
            assurance: Assurance::Low.into(),
            findings: vec![
                finding(ClaimField::Id, FindingLevel::Equal, "EQUAL"),
                finding(ClaimField::FullName, FindingLevel::UnaccentedEqual, "UNACCENTED"),
                finding(ClaimField::BirthDate, FindingLevel::MatchPartial, "YEAR_ONLY_AT_SOURCE"),
                finding(ClaimField::BirthDate, FindingLevel::NotChecked, "NEWER_THAN_THIS"),
            ],
        }),
        ..Default::default()
    };
    let mut out = Vec::new();
    verdict::write(&answer, crate::term::Look::plain(80), &mut out).unwrap();
    let told = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(
        lines,
        [
            "Khớp, mức bảo đảm thấp: cần xem thêm giấy tờ (MATCH LOW)",
            "  Số định danh: trùng khớp (ID EQUAL)",
            "  Họ, chữ đệm và tên: chỉ giống nhau khi bỏ dấu, khác dấu (FULL_NAME UNACCENTED_EQUAL UNACCENTED)",
            "  Ngày, tháng, năm sinh: khớp phần mà nguồn có, nguồn chỉ có năm sinh (BIRTH_DATE MATCH_PARTIAL YEAR_ONLY_AT_SOURCE)",
            "  Ngày, tháng, năm sinh: không đối chiếu (BIRTH_DATE NOT_CHECKED NEWER_THAN_THIS)",
        ]
    );
}

#[test]
fn every_code_of_a_finding_has_its_words() {
    use motlan_domain::name::NameCode as N;

    let names = [
        N::Identical,
        N::Nfc,
        N::Invisible,
        N::Space,
        N::Case,
        N::Apostrophe,
        N::Hyphen,
        N::TonePlacement,
        N::Lookalike,
        N::IyFolded,
        N::Unaccented,
        N::WordOrder,
        N::Separator,
        N::Script,
        N::Different,
        N::Empty,
        N::TooLong,
    ];
    // The codes of identity.rs that are no name codes.
    let others = [
        "EQUAL",
        "DIFFERENT",
        "SUPERSEDED_ID",
        "ABSENT_AT_SOURCE",
        "YES_NO_SERVICE",
        "CLAIM_LESS_PRECISE",
        "NOT_CLAIMED",
        "YEAR_ONLY_AT_SOURCE",
        "PARTIAL_AT_SOURCE",
    ];
    for code in names.map(N::as_str).into_iter().chain(others) {
        assert!(verdict::code_vi(code).is_some(), "{code} has no words");
    }
    assert_eq!(verdict::code_vi("NO_SUCH_CODE"), None);
}

fn searched(line: &str) -> Result<SearchEntriesRequest, String> {
    use clap::Parser as _;

    let line = format!("motlan audit search --client C {line}");
    let cli = crate::cli::Cli::try_parse_from(line.split_whitespace()).map_err(|error| error.to_string())?;
    let crate::cli::Command::Audit(crate::cli::AuditCommand::Search(args)) = cli.command else {
        panic!("{line}")
    };
    search::request(&args.filter)
}

#[test]
fn every_filter_of_the_api_can_be_asked_for() {
    let all = "--dossier D --subject enterprise:0100233488 --agency A --officer O --procedure P --outcome denied \
               --kind access.denied --from 2026-11-21T00:00:00+07:00 --to 2026-11-22T00:00:00Z --order oldest";
    let request = searched(all).unwrap();
    let json = serde_json::to_value(&request).unwrap();
    // Page size and token belong to the paging, not to what is looked for.
    let fields: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let pool = prost_reflect::DescriptorPool::decode(motlan_proto::FILE_DESCRIPTOR_SET).unwrap();
    let declared = pool.get_message_by_name("motlan.audit.v1.SearchEntriesRequest").unwrap();
    let declared: Vec<String> = declared.fields().map(|field| field.json_name().to_owned()).collect();
    // Those of a proved range belong to `audit prove`.
    let ranges = ["indexFrom", "indexTo", "proveRange", "treeSize"];
    assert!(ranges.iter().all(|range| declared.iter().any(|name| name == range)), "{declared:?}");
    let asked = declared.iter().filter(|name| !name.starts_with("page") && !ranges.contains(&name.as_str()));
    for name in asked {
        assert!(fields.contains(&name.as_str()), "no option sets {name}");
    }
    assert_eq!(request.kind(), EntryKind::AccessDenied);
    assert_eq!(request.outcome(), Outcome::Denied);
    assert_eq!(request.order(), EntryOrder::OldestFirst);
    assert_eq!(searched("--kind ENTRY_NOT_RELEASED").unwrap().kind(), EntryKind::EntryNotReleased);
    assert_eq!(searched("").unwrap().order(), EntryOrder::NewestFirst);

    let key = |line: &str| searched(line).unwrap().subject.unwrap().key.unwrap();
    assert!(matches!(key("--person 1"), subject_key::Key::PersonalId(id) if id == "1"));
    assert!(matches!(key("--subject cmnd:2"), subject_key::Key::Cmnd(id) if id == "2"));
    assert!(matches!(key("--subject certificate:C3"), subject_key::Key::CertificateSerial(id) if id == "C3"));
    assert!(matches!(key("--subject insurance:4"), subject_key::Key::InsuranceNumber(id) if id == "4"));
    assert!(
        matches!(key("--subject parcel:22366/7/123"), subject_key::Key::Parcel(parcel) if parcel.number == 123)
    );
}

#[test]
fn a_filter_that_is_none_is_told_with_the_nearest() {
    let wrong = [
        ("--outcome DENYED", "nearest: DENIED"),
        ("--outcome unspecified", "there is no such outcome"),
        ("--kind access.refused", "nearest: ACCESS_DENIED"),
        ("--from yesterday", "is not a time such as"),
        ("--subject 097085000001", "--subject is not KIND:VALUE"),
        ("--subject person:", "--subject is not KIND:VALUE"),
        ("--subject alien:1", "there is no kind alien"),
        ("--subject parcel:22366/7", "COMMUNE/SHEET/NUMBER"),
    ];
    for (line, part) in wrong {
        let told = searched(line).expect_err(line);
        assert!(told.contains(part) && told.contains(" / "), "{line}: {part} is not in {told}");
        assert!(!told.contains("097085000001"), "no identifier: {told}");
    }
}
