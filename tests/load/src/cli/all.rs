//! Every measurement, one after the other.

use std::fmt::Display;
use std::io::Write as _;

use anyhow::Context as _;
use serde::Serialize;
use serde_json::{Map, Value};

use super::args::AllArgs;
use super::single_threaded;
use crate::{audit, coalesce, compare, footprint, overload, resolve, tell};

/// What has come of them so far.
struct Shown {
    /// Collected for one object; without it each is shown as soon as it is there.
    collected: Option<Map<String, Value>>,
}

/// Runs them. The first wrong answer ends it.
pub(super) fn run(args: &AllArgs) -> anyhow::Result<()> {
    let mut shown = Shown { collected: args.common.json.then(Map::new) };
    let (options, runtime) = (args.footprint().options()?, single_threaded()?);
    shown.add("footprint", || runtime.block_on(footprint::run(&options)))?;
    let options = args.coalesce().options()?;
    shown.add("coalesce", || runtime.block_on(coalesce::run(&options)))?;
    let options = args.resolve().options()?;
    shown.add("resolve", || runtime.block_on(resolve::run(&options)))?;
    let options = args.compare().options()?;
    shown.add("compare", || runtime.block_on(compare::run(&options)))?;
    let options = args.overload().options()?;
    shown.add("overload", || runtime.block_on(overload::run(&options)))?;
    let options = args.audit().options()?;
    shown.add("audit", || runtime.block_on(audit::run(&options)))?;
    let mut out = std::io::stdout().lock();
    if let Some(all) = shown.collected {
        serde_json::to_writer_pretty(&mut out, &all)?;
        writeln!(out)?;
    }
    Ok(out.flush()?)
}

// === impl Shown ===

impl Shown {
    fn add<T: Serialize + Display>(
        &mut self,
        name: &'static str,
        measure: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<()> {
        tell(&format!("== {name}"));
        let report = measure().context(name)?;
        if let Some(collected) = &mut self.collected {
            collected.insert(name.to_owned(), serde_json::to_value(&report)?);
        } else {
            let mut out = std::io::stdout().lock();
            write!(out, "\n== {name}\n{report}")?;
            out.flush()?;
        }
        Ok(())
    }
}
