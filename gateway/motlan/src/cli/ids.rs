//! `motlan id`: the gateway's own verdict on an identifier, explained.

use std::io::Write;
use std::path::Path;

use motlan_domain::Clock as _;
use motlan_domain::id::{self, IdError, IdKind, IdRules, Synthetic};

use super::sheet::Sheet;
use super::{IdArgs, SyntheticArg};
use crate::clock::{SystemClock, id_rules};
use crate::exit::{Ended, Exit, Failure};

/// What a row of an unknown kind is told.
const KIND_UNKNOWN: &str = "KIND_UNKNOWN";

/// Runs the command.
pub fn run(args: &IdArgs, out: &mut dyn Write) -> Ended {
    let synthetic = match args.synthetic {
        SyntheticArg::Allow => Synthetic::Allowed,
        SyntheticArg::Refuse => Synthetic::Refused,
    };
    let rules = id_rules(SystemClock::start().now(), synthetic);
    match (&args.csv, &args.kind, &args.value) {
        (Some(file), ..) => classify(file, rules, out),
        (None, Some(kind), Some(value)) => explain(kind, value, rules, out),
        _ => Err(Failure::new(
            Exit::Usage,
            "cần loại và giá trị, hoặc --csv FILE / a kind and a value, or --csv FILE",
        )),
    }
}

fn explain(kind: &str, value: &str, rules: IdRules, out: &mut dyn Write) -> Ended {
    let kind: IdKind = kind.parse().map_err(|_| Failure::new(Exit::Usage, unknown_kind(kind)))?;
    writeln!(out, "{kind}: {} / {}", kind.text_vi(), kind.text_en())?;
    let Err(error) = id::check(kind, value, &rules) else {
        writeln!(out, "hợp lệ / valid")?;
        return Ok(Exit::Ok);
    };
    writeln!(out, "không hợp lệ / not valid: {}", error.reason())?;
    writeln!(out, "  {}\n  {}", error.text_vi(), error.text_en())?;
    let normalised = id::normalise(kind, value);
    if normalised.changed && id::check(kind, &normalised.value, &rules).is_ok() {
        writeln!(out, "gợi ý / perhaps: {}", normalised.value)?;
    }
    Ok(Exit::No)
}

fn unknown_kind(kind: &str) -> String {
    let names: Vec<&str> = IdKind::ALL.iter().map(|kind| kind.as_str()).collect();
    let near =
        names.iter().max_by(|a, b| strsim::jaro_winkler(a, kind).total_cmp(&strsim::jaro_winkler(b, kind)));
    let near = near.map(|name| format!("; nearest: {name}")).unwrap_or_default();
    format!(
        "không có loại mã định danh này / unknown kind of identifier{near}\ncác loại / kinds: {}",
        names.join(", ")
    )
}

fn classify(file: &Path, rules: IdRules, out: &mut dyn Write) -> Ended {
    let mut rows = Sheet::open(file, ["kind", "value"])?;
    let mut output = csv::Writer::from_writer(out);
    output.write_record(["kind", "value", "valid", "reason"])?;
    while let Some([kind, value]) = rows.next()? {
        let reason = verdict(kind, value, rules);
        let valid: &[u8] = if reason.is_none() { b"true" } else { b"false" };
        output.write_record([kind, value, valid, reason.unwrap_or_default().as_bytes()])?;
    }
    output.flush()?;
    Ok(Exit::Ok)
}

/// The reason a value is invalid, or none.
fn verdict(kind: &[u8], value: &[u8], rules: IdRules) -> Option<&'static str> {
    let Some(kind) = std::str::from_utf8(kind).ok().and_then(|kind| kind.parse::<IdKind>().ok()) else {
        return Some(KIND_UNKNOWN);
    };
    // Bytes that are no text become U+FFFD, which no identifier holds.
    id::check(kind, &String::from_utf8_lossy(value), &rules).err().map(IdError::reason)
}
