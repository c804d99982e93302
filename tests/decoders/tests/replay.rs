//! The committed corpus, input by input, through the very function that the
//! fuzzer calls: on stable Rust, with every test run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "test code")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use motlan_decoders::{TARGETS, Verdict, corpus, feed};
use tokio::time::Instant;

/// The least a target's corpus holds, and the most that is looked through in
/// a short while.
const LEAST: usize = 12;
const MOST: usize = 100;
/// The largest input that is kept.
const LARGEST: usize = 32 * 1024;
/// How long one input may take, in a build without optimisation, on a machine
/// that does other things as well. The inputs are small.
const LONGEST: Duration = Duration::from_secs(2);

#[test]
fn every_input_is_read_as_it_may_be() {
    let mut fed = 0;
    for target in TARGETS {
        let inputs = corpus::inputs(target.name).unwrap_or_else(|error| panic!("{}: {error}", target.name));
        assert!((LEAST..=MOST).contains(&inputs.len()), "{}: {} inputs", target.name, inputs.len());
        let mut verdicts: BTreeMap<Verdict, u32> = BTreeMap::new();
        for input in inputs {
            let what = format!("{}/{}", target.name, input.name);
            assert!(input.bytes.len() <= LARGEST, "{what}: {} bytes", input.bytes.len());
            let begun = Instant::now();
            let verdict = std::panic::catch_unwind(|| feed(target.name, &input.bytes));
            let verdict = verdict.unwrap_or_else(|_| panic!("{what} breaks an invariant"));
            assert!(begun.elapsed() < LONGEST, "{what}: took {:?}", begun.elapsed());
            if input.name.starts_with("good-") {
                assert_ne!(verdict, Verdict::Malformed, "{what}: an answer of the sandbox");
                // That somebody whom the source holds does not exist contradicts.
                let odd = what == "population_status/good-nobody";
                assert_eq!(verdict == Verdict::Partly, odd, "{what}: an answer of the sandbox");
            }
            *verdicts.entry(verdict).or_default() += 1;
            fed += 1;
        }
        println!("{:24} {verdicts:?}", target.name);
        // A corpus that is refused throughout, or never, shows nothing.
        let seen = |verdict: Verdict| verdicts.contains_key(&verdict);
        assert!(seen(Verdict::Whole) || target.name == "transport_refusal", "{}", target.name);
        assert!(seen(Verdict::Malformed), "{}: {verdicts:?}", target.name);
    }
    println!("{fed} inputs");
    assert!(fed >= TARGETS.len() * LEAST);
}

/// The names that stand in a folder, without an ending.
fn names(folder: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(corpus::fuzz_folder().join(folder)).unwrap();
    entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn every_decoder_has_a_target_and_a_corpus() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(targets.len(), TARGETS.len(), "a target twice");
    assert_eq!(names("fuzz_targets"), targets);
    assert_eq!(names("corpus"), targets);
    let manifest = std::fs::read_to_string(corpus::fuzz_folder().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let bins = manifest["bin"].as_array().unwrap();
    let listed: BTreeSet<String> = bins.iter().map(|bin| bin["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(listed, targets, "Cargo.toml lists the targets");
    assert_eq!(manifest["package"]["metadata"]["cargo-fuzz"].as_bool(), Some(true));
    for target in TARGETS {
        let file = corpus::fuzz_folder().join(format!("fuzz_targets/{}.rs", target.name));
        let text = std::fs::read_to_string(file).unwrap();
        assert!(
            text.contains(&format!("motlan_decoders::feed(\"{}\", bytes)", target.name)),
            "{}",
            target.name
        );
    }
    // A decoder that an adapter offers and no target calls.
    let called = ["population", "business", "insurance", "land"].map(|room| {
        let read = |path: String| std::fs::read_to_string(path).unwrap();
        let root = env!("CARGO_MANIFEST_DIR");
        let offered = read(format!("{root}/../../adapters/{room}/src/lib.rs"));
        let decoders: BTreeSet<String> = offered
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|word| word.starts_with("decode_"))
            .map(str::to_owned)
            .collect();
        let used = read(format!("{root}/src/{room}.rs"));
        let forgotten: Vec<&String> =
            decoders.iter().filter(|name| !used.contains(&format!("{name}("))).collect();
        assert!(forgotten.is_empty(), "{room}: no target calls {forgotten:?}");
        decoders.len()
    });
    assert!(called.iter().all(|count| *count > 0) && called.iter().sum::<usize>() >= 11, "{called:?}");
}
