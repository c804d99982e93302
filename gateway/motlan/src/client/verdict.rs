//! The verdict on a claim, for people: Vietnamese beside the stable codes.

use std::io::{self, Write};

use motlan_proto::common::v1::{Assurance, ClaimField, Finding, FindingLevel, Outcome};
use motlan_proto::population::v1::VerifyIdentityResponse;

use super::show::{self, short};
use crate::term::{Look, Tone};

/// Writes the verdict: the outcome, then what was found of each part.
pub(super) fn write(answer: &VerifyIdentityResponse, look: Look, out: &mut dyn Write) -> io::Result<()> {
    let verdict = answer.verdict.clone().unwrap_or_default();
    let tone = if answer.outcome() == Outcome::Match { Tone::Good } else { Tone::Wanting };
    let outcome = look.paint(outcome_vi(answer.outcome()), tone);
    let codes = short(answer.outcome().as_str_name(), "OUTCOME_");
    match verdict.assurance() {
        Assurance::Unspecified => writeln!(out, "{outcome} ({codes})")?,
        Assurance::Low => writeln!(out, "{outcome}, mức bảo đảm thấp: cần xem thêm giấy tờ ({codes} LOW)")?,
        Assurance::High => writeln!(out, "{outcome}, mức bảo đảm cao ({codes} HIGH)")?,
    }
    for finding in &verdict.findings {
        writeln!(out, "  {}", line(finding))?;
    }
    if let Some(receipt) = &answer.receipt {
        writeln!(out, "  receipt: {}", show::receipt(receipt))?;
    }
    Ok(())
}

/// A finding in one line.
pub(super) fn line(finding: &Finding) -> String {
    let level = short(finding.level().as_str_name(), "FINDING_LEVEL_");
    let field = short(finding.field().as_str_name(), "CLAIM_FIELD_");
    let (why, code) = match code_vi(&finding.code) {
        Some("") | None => (String::new(), finding.code.as_str()),
        Some(why) => (format!(", {why}"), finding.code.as_str()),
    };
    // Where code and level say the same, once is enough.
    let code = if code == level { String::new() } else { format!(" {code}") };
    format!("{}: {}{why} ({field} {level}{code})", field_vi(finding.field()), level_vi(finding.level()))
}

const fn outcome_vi(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Match => "Khớp",
        Outcome::Mismatch => "Không khớp",
        Outcome::NotFound => "Không tìm thấy trong cơ sở dữ liệu nguồn",
        Outcome::Incomplete => "Dữ liệu nguồn không đủ để kết luận",
        Outcome::Found => "Tìm thấy",
        Outcome::SourceUnavailable => "Nguồn gián đoạn",
        Outcome::Denied => "Từ chối",
        Outcome::Failed => "Lỗi",
        Outcome::Unspecified => "Không rõ",
    }
}

const fn field_vi(field: ClaimField) -> &'static str {
    match field {
        ClaimField::Id => "Số định danh",
        ClaimField::FullName => "Họ, chữ đệm và tên",
        ClaimField::BirthDate => "Ngày, tháng, năm sinh",
        ClaimField::EnterpriseName => "Tên doanh nghiệp",
        ClaimField::Representative => "Người đại diện theo pháp luật",
        ClaimField::Status => "Tình trạng hoạt động",
        ClaimField::Unspecified => "Mục khác",
    }
}

const fn level_vi(level: FindingLevel) -> &'static str {
    match level {
        FindingLevel::Exact => "giống hệt",
        FindingLevel::CanonicalEqual => "cùng một tên, cách viết khác nhau",
        FindingLevel::UnaccentedEqual => "chỉ giống nhau khi bỏ dấu",
        FindingLevel::Mismatch => "tên khác",
        FindingLevel::Equal => "trùng khớp",
        FindingLevel::MatchPartial => "khớp phần mà nguồn có",
        FindingLevel::Different => "khác",
        FindingLevel::NotChecked => "không đối chiếu",
        FindingLevel::AbsentAtSource => "nguồn không có dữ liệu",
        FindingLevel::Unspecified => "không rõ",
    }
}

/// What a code adds to its level: nothing for some. `None` for a code that this
/// build does not know; it is shown as it is.
pub(super) fn code_vi(code: &str) -> Option<&'static str> {
    Some(match code {
        "IDENTICAL" | "EQUAL" | "DIFFERENT" | "ABSENT_AT_SOURCE" => "",
        "NFC" => "khác dạng mã hóa Unicode",
        "INVISIBLE" => "có ký tự ẩn",
        "SPACE" => "khác khoảng trắng",
        "CASE" => "khác chữ hoa, chữ thường",
        "APOSTROPHE" => "khác kiểu dấu nháy",
        "HYPHEN" => "khác kiểu dấu gạch nối",
        "TONE_PLACEMENT" => "khác vị trí đặt dấu thanh",
        "LOOKALIKE" => "có chữ cái trông giống chữ Đ",
        "IY_FOLDED" => "khác i và y",
        "UNACCENTED" => "khác dấu",
        "WORD_ORDER" => "khác thứ tự các từ",
        "SEPARATOR" => "khác chỗ ngắt giữa các từ",
        "SCRIPT" => "có chữ cái thuộc bảng chữ khác",
        "EMPTY" => "để trống",
        "TOO_LONG" => "quá dài",
        "SUPERSEDED_ID" => "số cũ, đã được thay bằng số khác",
        "YES_NO_SERVICE" => "theo dịch vụ chỉ trả lời có hoặc không",
        "NOT_CLAIMED" => "không được khai",
        "YEAR_ONLY_AT_SOURCE" => "nguồn chỉ có năm sinh",
        "CLAIM_LESS_PRECISE" => "khai ít hơn nguồn, cần đủ ngày, tháng, năm sinh",
        "PARTIAL_AT_SOURCE" => "nguồn chỉ có một phần ngày sinh",
        _ => return None,
    })
}
