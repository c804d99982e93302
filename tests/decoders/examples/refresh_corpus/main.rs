//! Writes the corpus anew: what the simulated registries answer today, and the
//! same spoilt in every way that is known. Run it when a wire shape changes:
//!
//! ```text
//! cargo run -p motlan-decoders --example refresh_corpus
//! ```
//!
//! It writes and removes files that begin with `good-` or `spoilt-`; what a
//! fuzzer found (`found-…`) stays. The same world gives the same files.
#![allow(clippy::print_stdout, clippy::expect_used, reason = "a tool for developers")]

mod json;
mod record;
mod spoil;
mod xml;

use motlan_decoders::{TARGETS, Verdict, corpus, feed};

use record::Sample;

/// How many spoilt inputs a target gets at most.
const SPOILT: usize = 32;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let recorded = record::all().await?;
    for target in TARGETS {
        let samples: Vec<&Sample> = recorded.iter().filter(|sample| sample.target == target.name).collect();
        anyhow::ensure!(!samples.is_empty(), "nothing was recorded for {}", target.name);
        let folder = corpus::folder(target.name);
        std::fs::create_dir_all(&folder)?;
        for input in corpus::inputs(target.name)? {
            if input.name.starts_with("good-") || input.name.starts_with("spoilt-") {
                std::fs::remove_file(folder.join(input.name))?;
            }
        }
        let mut verdicts = Vec::new();
        let mut write = |name: String, bytes: Vec<u8>| {
            verdicts.push(feed(target.name, &bytes));
            std::fs::write(folder.join(name), bytes)
        };
        for sample in &samples {
            write(format!("good-{}", sample.name), sample.input())?;
        }
        let spoilt = spread(samples.iter().flat_map(|sample| spoil::all(sample)).collect());
        for (number, (how, bytes)) in spoilt.into_iter().enumerate() {
            write(format!("spoilt-{number:02}-{how}"), bytes)?;
        }
        let count = |verdict: Verdict| verdicts.iter().filter(|one| **one == verdict).count();
        println!(
            "{:24} {} whole, {} partly, {} not found, {} refused, {} malformed",
            target.name,
            count(Verdict::Whole),
            count(Verdict::Partly),
            count(Verdict::NotFound),
            count(Verdict::Refused),
            count(Verdict::Malformed),
        );
    }
    Ok(())
}

/// At most so many of them, of every kind and of every sample.
fn spread(all: Vec<(String, Vec<u8>)>) -> Vec<(String, Vec<u8>)> {
    let mut kinds: Vec<String> = Vec::new();
    let mut chosen = Vec::new();
    // Each kind once, of a sample further on each time.
    for (how, _) in &all {
        if !kinds.contains(how) {
            kinds.push(how.clone());
        }
    }
    for (turn, kind) in kinds.iter().enumerate() {
        let of_kind: Vec<_> = all.iter().filter(|(how, _)| how == kind).collect();
        chosen.extend(of_kind.get(turn % of_kind.len().max(1)).map(|input| (*input).clone()));
    }
    chosen.truncate(SPOILT);
    chosen
}
