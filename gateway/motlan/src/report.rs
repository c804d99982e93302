//! A resolved dossier as people read it: the table, what prefills, what still
//! needs paper.

use std::io::{self, Write};

use motlan_proto::audit::v1::Entry;
use motlan_proto::dossier::v1::{
    ComponentOutcome, ComponentResult, ResolveSummary, ReuseMode, WithheldFields,
};

use crate::client::{entry_lines, registry_vi};
use crate::term::{Look, Table, Tone};

/// Everything a resolve told.
#[derive(Clone, Default)]
pub struct Resolved {
    /// The components, in the order in which they were decided.
    pub components: Vec<ComponentResult>,
    /// The summary, if the stream came to its end.
    pub summary: Option<ResolveSummary>,
}

/// An outcome in Vietnamese, with its tone.
pub fn outcome_vi(outcome: ComponentOutcome) -> (&'static str, Tone) {
    match outcome {
        ComponentOutcome::Unspecified => ("Không rõ", Tone::Bad),
        ComponentOutcome::Reused => ("Không phải nộp", Tone::Good),
        ComponentOutcome::Prefilled => ("Điền sẵn", Tone::Helpful),
        ComponentOutcome::NeedsPaper => ("Phải nộp giấy tờ", Tone::Wanting),
        ComponentOutcome::SourceUnavailable => ("Nguồn gián đoạn", Tone::Bad),
        ComponentOutcome::NotInCase => ("Không yêu cầu", Tone::Faint),
    }
}

/// The outcome's stable code.
pub fn outcome_code(outcome: ComponentOutcome) -> &'static str {
    let name = outcome.as_str_name();
    name.strip_prefix("COMPONENT_OUTCOME_").unwrap_or(name)
}

/// The mode's stable code; empty where there is none.
pub fn mode_code(mode: ReuseMode) -> &'static str {
    let name = mode.as_str_name();
    let code = name.strip_prefix("REUSE_MODE_").unwrap_or(name);
    if mode == ReuseMode::Unspecified { "" } else { code }
}

/// One line while it happens.
pub fn progress(component: &ComponentResult, look: Look) -> String {
    let (text, tone) = outcome_vi(component.outcome());
    let name = crate::term::wrap(&component.name, look.width.saturating_sub(24).max(20));
    let more = if name.len() > 1 { "…" } else { "" };
    format!(
        "  {} {}{more}",
        look.paint(&format!("{text:<17}"), tone),
        name.first().map_or("", String::as_str)
    )
}

/// Writes table, prefilled blanks and papers still needed.
pub fn write(resolved: &Resolved, look: Look, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new(&[("Thành phần hồ sơ", 5), ("Kết quả", 0), ("Nguồn", 0), ("Lý do", 4)]);
    let asked = |component: &&ComponentResult| component.outcome() != ComponentOutcome::NotInCase;
    for component in in_order(resolved).into_iter().filter(asked) {
        let (outcome, tone) = outcome_vi(component.outcome());
        let mut name = component.name.clone();
        if !component.required {
            name.push_str(" – nếu có");
        }
        if !component.code.is_empty() {
            name = format!("{name} [{}]", component.code);
        }
        let reason = format!("{} ({})", component.reason_vi, component.reason);
        let source = registry_vi(component.source()).to_owned();
        let plain = |text| (text, Tone::Plain);
        table.row(vec![plain(name), (outcome.to_owned(), tone), plain(source), plain(reason)]);
    }
    table.write(look, out)?;
    summary(resolved, look, out)?;
    prefilled(resolved, look, out)?;
    papers(resolved, look, out)?;
    not_asked(resolved, look, out)
}

/// Components that count first, in the order of the procedure where known.
fn in_order(resolved: &Resolved) -> Vec<&ComponentResult> {
    let rank = |component: &&ComponentResult| match component.outcome() {
        ComponentOutcome::Reused => 0,
        ComponentOutcome::Prefilled => 1,
        ComponentOutcome::NeedsPaper => 2,
        ComponentOutcome::SourceUnavailable | ComponentOutcome::Unspecified => 3,
        ComponentOutcome::NotInCase => 4,
    };
    let mut components: Vec<&ComponentResult> = resolved.components.iter().collect();
    components.sort_by(|a, b| rank(a).cmp(&rank(b)).then(a.position.cmp(&b.position)));
    components
}

fn summary(resolved: &Resolved, look: Look, out: &mut dyn Write) -> io::Result<()> {
    let Some(summary) = &resolved.summary else { return Ok(()) };
    writeln!(out)?;
    let reused = format!("Không phải nộp {}/{} thành phần", summary.reused, summary.total);
    writeln!(out, "{}", look.paint(&reused, Tone::Strong))?;
    if summary.total_fields > 0 {
        writeln!(out, "Điền sẵn {}/{} mục của các tờ khai", summary.prefilled_fields, summary.total_fields)?;
    }
    if summary.derived_total_fields > 0 {
        let (filled, total) = (summary.derived_prefilled_fields, summary.derived_total_fields);
        let derived =
            format!("trong đó {filled}/{total} mục thuộc tờ khai suy ra từ tên và nội dung (DERIVED)");
        write!(out, "{}", look.paragraph(&derived, 2))?;
    }
    if summary.unavailable > 0 {
        writeln!(out, "{} thành phần chưa tra cứu được vì nguồn gián đoạn", summary.unavailable)?;
    }
    if summary.actor_absent {
        writeln!(
            out,
            "Không có mã xác nhận của người thực hiện: chỉ cho biết kết quả, không cung cấp giá trị."
        )?;
    }
    for withheld in &summary.withheld {
        let WithheldFields { reason, reason_vi, reason_en, fields } = withheld;
        let told = format!("{fields} mục điền được nhưng không cung cấp giá trị ({reason}): {reason_vi}");
        write!(out, "{}", look.paint(&look.paragraph(&format!("{told} / {reason_en}"), 0), Tone::Wanting))?;
    }
    Ok(())
}

fn prefilled(resolved: &Resolved, look: Look, out: &mut dyn Write) -> io::Result<()> {
    for component in in_order(resolved).into_iter().filter(|component| !component.prefilled.is_empty()) {
        writeln!(out)?;
        let derived = if component.derived_form { ", DERIVED" } else { "" };
        let count = format!("({}/{} mục{derived})", component.prefilled_fields, component.total_fields);
        write!(out, "{}", look.paint("Điền sẵn: ", Tone::Strong))?;
        writeln!(out, "{} {count}", component.name)?;
        let mut table = Table::new(&[("Mục", 3), ("Giá trị", 5)]);
        for field in &component.prefilled {
            let value = if field.withheld {
                format!("(không cung cấp: {})", field.withheld_reason)
            } else {
                field.values.join("; ")
            };
            table.row(vec![(field.label_vi.clone(), Tone::Faint), (value, Tone::Plain)]);
        }
        table.write(look, out)?;
    }
    Ok(())
}

fn papers(resolved: &Resolved, look: Look, out: &mut dyn Write) -> io::Result<()> {
    let needed = |component: &&ComponentResult| {
        matches!(component.outcome(), ComponentOutcome::NeedsPaper | ComponentOutcome::SourceUnavailable)
    };
    let components: Vec<&ComponentResult> = in_order(resolved).into_iter().filter(needed).collect();
    writeln!(out)?;
    // A form that is filled in is still the applicant's to complete and sign.
    let forms = in_order(resolved);
    let forms = forms.iter().filter(|component| component.outcome() == ComponentOutcome::Prefilled);
    let forms: Vec<&&ComponentResult> = forms.collect();
    if !forms.is_empty() {
        writeln!(out, "{}", look.paint("Còn phải kiểm tra, bổ sung và ký", Tone::Strong))?;
        for form in forms {
            let left = form.total_fields.saturating_sub(form.prefilled_fields);
            let line = format!("• {} (còn {left}/{} mục chưa điền)", form.name, form.total_fields);
            write!(out, "{}", look.paragraph(&line, 2))?;
        }
    }
    if components.is_empty() {
        return writeln!(out, "{}", look.paint("Không phải nộp giấy tờ nào khác.", Tone::Good));
    }
    writeln!(out, "{}", look.paint("Còn phải nộp", Tone::Strong))?;
    for component in components {
        write!(out, "{}", look.paragraph(&format!("• {}", component.name), 2))?;
        write!(out, "{}", look.paragraph(&format!("{} / {}", component.reason_vi, component.reason_en), 6))?;
    }
    Ok(())
}

/// What this case does not ask for, in short.
fn not_asked(resolved: &Resolved, look: Look, out: &mut dyn Write) -> io::Result<()> {
    let outside = |component: &&ComponentResult| component.outcome() == ComponentOutcome::NotInCase;
    let components: Vec<&ComponentResult> = in_order(resolved).into_iter().filter(outside).collect();
    if components.is_empty() {
        return Ok(());
    }
    let title = format!("Không yêu cầu trong trường hợp này ({})", components.len());
    writeln!(out, "\n{}", look.paint(&title, Tone::Faint))?;
    for component in components {
        write!(out, "{}", look.paint(&look.paragraph(&format!("• {}", component.name), 2), Tone::Faint))?;
    }
    Ok(())
}

/// Writes audit entries as a table.
pub fn entries(entries: &[Entry], look: Look, out: &mut dyn Write) -> io::Result<()> {
    let titles =
        [("#", 0), ("Thời điểm", 0), ("Sự kiện", 0), ("Người thực hiện", 3), ("Nội dung", 3), ("Kết quả", 3)];
    let mut table = Table::new(&titles);
    for entry in entries {
        table.row(entry_lines(entry).into_iter().map(|text| (text, Tone::Plain)).collect());
    }
    table.write(look, out)
}

#[cfg(test)]
mod tests;
