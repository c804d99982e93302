//! The report tells everything that was resolved, to people.

use motlan_proto::common::v1::Registry;
use motlan_proto::dossier::v1::PrefilledField;

use super::*;

fn component(name: &str, outcome: ComponentOutcome, reason: &str) -> ComponentResult {
    ComponentResult {
        key: name.to_owned(),
        name: name.to_owned(),
        required: true,
        outcome: outcome.into(),
        source: Registry::Population.into(),
        reason: reason.to_owned(),
        reason_vi: format!("Vì {reason}."),
        reason_en: format!("because {reason}"),
        ..Default::default()
    }
}

fn written(components: Vec<ComponentResult>, summary: ResolveSummary) -> String {
    let mut out = Vec::new();
    write(&Resolved { components, summary: Some(summary) }, Look::plain(100), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn reused_prefilled_missing_and_not_asked_are_told_apart() {
    let mut form = component("Tờ khai", ComponentOutcome::Prefilled, "FORM_PREFILLED");
    form.prefilled = vec![
        PrefilledField {
            label_vi: "Họ tên".to_owned(),
            values: vec!["Bùi A".to_owned()],
            ..Default::default()
        },
        PrefilledField {
            label_vi: "Ngày sinh".to_owned(),
            withheld: true,
            withheld_reason: "EVIDENCE_TOO_WEAK".to_owned(),
            ..Default::default()
        },
    ];
    let text = written(
        vec![
            component("Giấy chờ", ComponentOutcome::SourceUnavailable, "SOURCE_TIMEOUT"),
            component("Giấy thừa", ComponentOutcome::NotInCase, "NOT_IN_CASE"),
            component("Giấy thiếu", ComponentOutcome::NeedsPaper, "NO_SOURCE"),
            form,
            component("Giấy có", ComponentOutcome::Reused, "RECORD_REUSED"),
        ],
        ResolveSummary {
            reused: 1,
            total: 4,
            prefilled_fields: 2,
            total_fields: 9,
            unavailable: 1,
            withheld: vec![WithheldFields {
                reason: "EVIDENCE_TOO_WEAK".to_owned(),
                reason_vi: "Vì yếu.".to_owned(),
                reason_en: "because weak".to_owned(),
                fields: 1,
            }],
            ..Default::default()
        },
    );
    let place = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part} is not in {text}"));
    assert!(place("Giấy có") < place("Tờ khai") && place("Tờ khai") < place("Giấy thiếu"));
    assert!(place("Không phải nộp 1/4") < place("Còn phải nộp"));
    let papers = &text[place("Còn phải nộp")..place("Không yêu cầu trong trường hợp này (1)")];
    assert!(
        papers.contains("Giấy thiếu") && papers.contains("Giấy chờ") && papers.contains("because NO_SOURCE")
    );
    assert!(!papers.contains("Giấy có"));
    for part in [
        "Bùi A",
        "(không cung cấp: EVIDENCE_TOO_WEAK)",
        "1 mục điền được nhưng không cung cấp giá trị (EVIDENCE_TOO_WEAK): Vì yếu. / because weak",
        "2/9 mục",
        "Giấy thừa",
        "SOURCE_TIMEOUT",
        "Dân cư",
    ] {
        place(part);
    }
}

#[test]
fn nothing_left_to_hand_in_is_said() {
    let text = written(
        vec![component("Giấy", ComponentOutcome::Reused, "RECORD_REUSED")],
        ResolveSummary::default(),
    );
    assert!(text.contains("Không phải nộp giấy tờ nào khác."));
    assert!(!text.contains("Còn phải"), "nothing is left: {text}");
    assert!(!text.contains("không cung cấp"), "nothing is withheld: {text}");
    // A form is still to be completed and signed.
    let form = ComponentResult {
        total_fields: 9,
        prefilled_fields: 7,
        ..component("Tờ khai", ComponentOutcome::Prefilled, "FORM_PREFILLED")
    };
    let text = written(vec![form], ResolveSummary::default());
    assert!(text.contains("Còn phải kiểm tra, bổ sung và ký"), "{text}");
    assert!(text.contains("Tờ khai (còn 2/9 mục chưa điền)"), "{text}");
}

#[test]
fn every_outcome_has_a_text_and_a_code() {
    let outcomes = [
        ComponentOutcome::Reused,
        ComponentOutcome::Prefilled,
        ComponentOutcome::NeedsPaper,
        ComponentOutcome::SourceUnavailable,
        ComponentOutcome::NotInCase,
    ];
    let texts: std::collections::BTreeSet<&str> =
        outcomes.iter().map(|outcome| outcome_vi(*outcome).0).collect();
    assert_eq!(texts.len(), outcomes.len());
    assert_eq!(outcome_code(ComponentOutcome::NeedsPaper), "NEEDS_PAPER");
    assert_eq!((mode_code(ReuseMode::CopyOnly), mode_code(ReuseMode::Unspecified)), ("COPY_ONLY", ""));
}
