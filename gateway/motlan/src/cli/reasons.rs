//! `motlan reasons`: what a code means and what to do about it.

use std::io::Write;

use motlan_api::MalformedCause;
use motlan_server::reasons::{Told, all, page};

use super::ReasonsArgs;
use crate::exit::{Ended, Exit, Failure};

/// Runs the command.
pub fn run(args: &ReasonsArgs, out: &mut dyn Write) -> Ended {
    let causes =
        MalformedCause::ALL.map(|cause| Told::cause(cause.as_str(), cause.text_vi(), cause.text_en()));
    let all = all(causes);
    let Some(code) = &args.code else {
        write!(out, "{}", page(&all))?;
        return Ok(Exit::Ok);
    };
    // Codes are upper case; whoever types one need not be.
    let told = all.iter().find(|told| told.code.eq_ignore_ascii_case(code));
    let Told { code, met, origin, retry, vi, en, next, .. } =
        told.ok_or_else(|| Failure::new(Exit::No, unknown(code, &all)))?;
    writeln!(out, "{code}: {} · origin {} · retry {}", met.words(), origin.as_str(), retry.as_str())?;
    writeln!(out, "  {vi}\n  {}\n  {en}\n  {}", next.vi, next.en)?;
    Ok(Exit::Ok)
}

fn unknown(code: &str, all: &[Told]) -> String {
    let code = code.to_ascii_uppercase();
    let likeness = |told: &Told| strsim::jaro_winkler(told.code, &code);
    let near = all.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let near = near.map(|told| format!("; nearest: {}", told.code)).unwrap_or_default();
    format!("không có mã lý do này / there is no such reason{near}")
}
