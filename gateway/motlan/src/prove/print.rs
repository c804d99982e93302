//! What was proved, and what was not, told to people and to programs.

use std::io::Write;

use motlan_audit_tree::verify::complete::{Incomplete, Whole};

use super::{Proved, Wrong};
use crate::client::json::Contract;
use crate::exit::Failure;
use crate::report;
use crate::term::{Look, Tone};

/// What is believed without a proof, in any case.
const WORD: (&str, &str) = (
    "mã băm của số định danh: theo lời của cổng kết nối; ai được giao khóa băm thì tính lại được",
    "that the keyed hash is that of the identifier: the gateway's word; whoever is given the hash key can \
     compute it",
);

/// Where nobody said which logs there are.
const LOGS: (&str, &str) = (
    "không còn nhật ký nào khác của tỉnh: chưa nêu --origin",
    "that the province has no other log: no --origin was given",
);

/// Writes the report for people.
pub(super) fn report(
    proved: &[Proved],
    missing: &[String],
    origins_given: bool,
    look: Look,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    for log in proved {
        match &log.outcome {
            Ok(whole) => shown(whole, log, look, out)?,
            Err(wrong) => {
                let title = look.paint("CHƯA CHỨNG MINH ĐƯỢC", Tone::Wanting);
                writeln!(out, "{title} / not shown to be whole  {}", log.endpoint)?;
                writeln!(out, "  {} / {wrong}", wrong.vi())?;
                wrong.notes().iter().try_for_each(|note| writeln!(out, "\n{note}"))?;
            }
        }
    }
    for origin in missing {
        let title = look.paint("THIẾU NHẬT KÝ", Tone::Wanting);
        writeln!(out, "{title} / a log is missing: {origin}")?;
    }
    writeln!(out, "Không được chứng minh / not shown")?;
    item(look, WORD, out)?;
    if !origins_given {
        item(look, LOGS, out)?;
    }
    Ok(())
}

fn shown(whole: &Whole, log: &Proved, look: Look, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out, "{} / shown to be whole", look.paint("ĐÃ CHỨNG MINH LÀ ĐẦY ĐỦ", Tone::Good))?;
    writeln!(out, "Nhật ký / log              {}", whole.origin)?;
    writeln!(out, "Checkpoint                 {} bản ghi / entries", whole.head.size)?;
    let (from, to) = (whole.range.from, whole.range.to);
    writeln!(
        out,
        "Đã xem / looked at         {} bản ghi, số {from} đến trước {to} / entries {from} to before {to}",
        to - from
    )?;
    writeln!(
        out,
        "Đối tượng / subjects       {} bí danh, mỗi bí danh một đối tượng / one pseudonym each",
        whole.opened
    )?;
    writeln!(out, "Khớp / matching            {}", whole.matching)?;
    if !log.entries.is_empty() {
        report::entries(&log.entries, look, out)?;
    }
    if !whole.erased.is_empty() {
        let count = whole.erased.len();
        let title = look.paint("ĐÃ XÓA LIÊN KẾT", Tone::Wanting);
        writeln!(
            out,
            "{title}: {count} bí danh trong khoảng này không còn biết là của ai / erased: whose {count} pseudonyms of \
             this range were, nobody knows any more"
        )?;
        for pseudonym in &whole.erased {
            writeln!(out, "  {pseudonym}")?;
        }
    }
    Ok(())
}

fn item(look: Look, (vi, en): (&str, &str), out: &mut dyn Write) -> Result<(), Failure> {
    write!(out, "{}", look.paragraph(&format!("• {vi} / {en}"), 2))?;
    Ok(())
}

/// Writes one JSON object.
pub(super) fn json(
    proved: &[Proved],
    missing: &[String],
    origins_given: bool,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let contract = Contract::load()?;
    let mut logs = Vec::new();
    for log in proved {
        let entries: Result<Vec<_>, _> =
            log.entries.iter().map(|entry| contract.json("motlan.audit.v1.Entry", entry)).collect();
        let entries = entries?;
        logs.push(match &log.outcome {
            Ok(whole) => serde_json::json!({
                "shown": true, "origin": whole.origin, "size": whole.head.size,
                "from": whole.range.from, "to": whole.range.to, "matching": whole.matching,
                "subjects": whole.opened, "erased": whole.erased, "whole_log": whole.all, "entries": entries,
            }),
            Err(wrong) => serde_json::json!({
                "shown": false, "endpoint": log.endpoint, "why_vi": wrong.vi(), "why_en": wrong.to_string(),
                "notes": wrong.notes(),
            }),
        });
    }
    let mut not_shown = vec![WORD.1];
    if !origins_given {
        not_shown.push(LOGS.1);
    }
    let shown = missing.is_empty() && proved.iter().all(|log| log.outcome.is_ok());
    let told =
        serde_json::json!({ "shown": shown, "logs": logs, "missing": missing, "not_shown": not_shown });
    writeln!(out, "{told}")?;
    Ok(())
}

// === impl Wrong ===

impl Wrong {
    /// The signed notes that show it, where some do.
    fn notes(&self) -> Vec<String> {
        match self {
            Self::Checkpoint(not_taken) => not_taken.notes(),
            Self::Answer(_) | Self::Incomplete(_) => Vec::new(),
        }
    }

    /// In Vietnamese.
    fn vi(&self) -> &'static str {
        match self {
            Self::Checkpoint(not_taken) => not_taken.told().0,
            Self::Answer(_) => "trả lời của cổng kết nối thiếu phần bắt buộc",
            Self::Incomplete(incomplete) => match incomplete {
                Incomplete::NotInOrder { .. } | Incomplete::Unfinished { .. } => {
                    "các bản ghi không liền nhau hoặc chưa đủ khoảng đã hỏi"
                }
                Incomplete::NotTheLog { .. } => {
                    "các bản ghi không đúng với checkpoint: có bản ghi bị bỏ sót, thêm vào hoặc sửa đổi"
                }
                Incomplete::Malformed(_) | Incomplete::TimeBackwards(_) => "có bản ghi sai quy cách",
                Incomplete::TimeNotCovered(_) => "khoảng đã xem chưa bao trùm thời gian đã hỏi",
                Incomplete::NotShown(_) => {
                    "bản ghi đưa ra không có trong nhật ký hoặc không phải loại đã nêu"
                }
                Incomplete::OtherCommitment(_) => {
                    "thông tin về đối tượng không khớp với cam kết trong nhật ký"
                }
                Incomplete::Unopened(_) => "có bí danh trong khoảng này không được chứng minh là của ai",
                Incomplete::TwoPseudonyms(..) => "một đối tượng có hai bí danh",
                Incomplete::OtherSubject => "bí danh đưa ra không phải của đối tượng đã hỏi",
            },
        }
    }
}
