//! A verification told to people.

#[cfg(test)]
mod tests;

use std::io::{self, Write};

use jiff::{SignedDuration, Timestamp};
use motlan_audit_tree::verify::{Report, Truncation, Verdict};

use crate::term::{Look, Tone};

/// Writes the report.
pub(super) fn report(report: &Report, now: Timestamp, look: Look, out: &mut dyn Write) -> io::Result<()> {
    let (vi, en, tone) = match report.verdict {
        Verdict::Ok => ("KHÔNG PHÁT HIỆN SAI LỆCH", "nothing is wrong in the evidence given", Tone::Good),
        Verdict::Fault => ("PHÁT HIỆN SAI LỆCH", "a fault was found", Tone::Wanting),
        Verdict::Unreadable => ("KHÔNG ĐỌC ĐƯỢC", "it cannot be read", Tone::Wanting),
    };
    writeln!(out, "{} / {en}", look.paint(vi, tone))?;
    if let Some(fault) = &report.fault {
        // As in the JSON: what a program reads and a person cites.
        let code = serde_json::to_value(fault.code).ok();
        let code = code.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
        match fault.index {
            Some(index) => writeln!(out, "  {code}, bản ghi số {index} / entry {index}: {}", fault.detail)?,
            None => writeln!(out, "  {code}: {}", fault.detail)?,
        }
    }
    if report.verdict == Verdict::Unreadable {
        return Ok(());
    }
    if let (Some(origin), Some(root)) = (&report.origin, &report.root) {
        writeln!(out, "Nhật ký / log              {origin}")?;
        writeln!(out, "Số bản ghi / entries       {}  ({root})", report.size)?;
    }
    if let Some(keys) = report.keys.as_ref().filter(|keys| !keys.reached.is_empty()) {
        let ids: Vec<&str> = keys.signed.iter().filter_map(|key| key.split('+').nth(1)).collect();
        let reached = keys.reached.len();
        writeln!(
            out,
            "Khóa / keys                {reached} khóa kế tiếp được khóa trước xác nhận / signed in by earlier ones; ký bởi / signed by {}",
            ids.join(", ")
        )?;
    }
    let checked = &report.checked;
    writeln!(
        out,
        "Đã kiểm tra / checked      {} bản ghi / entries{}, {} tile, {} checkpoint, {} biên nhận / receipts",
        checked.entries,
        if checked.deep { ", cả nội dung / content too" } else { "" },
        checked.tiles,
        checked.checkpoints,
        checked.receipts
    )?;
    if checked.hashes_only {
        let text = "không đọc bản ghi nào, chỉ mã băm / no entry was read, hashes alone";
        writeln!(out, "Phạm vi / extent           {}", look.paint(text, Tone::Wanting))?;
    }
    let given = &report.evidence;
    writeln!(
        out,
        "Bằng chứng / evidence      {} checkpoint, {} biên nhận / receipts, {} khóa nhân chứng / witness keys",
        given.checkpoints, given.receipts, given.witness_keys
    )?;
    let truncation = match report.truncation {
        Truncation::Undetectable => look.paint(
            "KHÔNG THỂ PHÁT HIỆN: không có bằng chứng từ bên ngoài / UNDETECTABLE: no evidence from outside",
            Tone::Wanting,
        ),
        Truncation::NoneBelowCovered => {
            format!("không bị cắt bớt dưới {0} / nothing cut off below {0}", report.covered)
        }
        Truncation::Found => look.paint("BỊ CẮT BỚT / CUT OFF", Tone::Wanting),
    };
    writeln!(out, "Phần cuối / the end        {truncation}")?;
    let tail = &report.unwitnessed;
    let since = tail.since.map(|since| since_when(since.timestamp(), now)).unwrap_or_default();
    match &report.witnessed {
        Some(seen) => writeln!(
            out,
            "Nhân chứng / witnessed     đến / up to {} ({}, {}); chưa được chứng kiến / not yet: {}{since}",
            seen.size,
            seen.time.as_deref().unwrap_or("?"),
            seen.witnesses.join(", "),
            tail.entries
        ),
        None if given.witness_keys == 0 => writeln!(
            out,
            "Nhân chứng / witnessed     không kiểm tra được vì không có khóa nhân chứng nào (--witness-key) / cannot be \
             checked: no key of a witness is given (--witness-key)"
        ),
        None => writeln!(
            out,
            "Nhân chứng / witnessed     chưa có / nothing; {} bản ghi / entries{since}",
            tail.entries
        ),
    }
}

/// Since when, and how long that is by now; by a clock that is behind the log's
/// the time alone.
fn since_when(since: Timestamp, now: Timestamp) -> String {
    let age = SignedDuration::from_secs(now.duration_since(since).as_secs());
    let age = if age.is_negative() { String::new() } else { format!(" ({age:#} trước / ago)") };
    format!(", từ / since {since}{age}")
}
