//! Ways to spoil any input.

use crate::record::Sample;
use crate::{json, xml};

/// Somebody else than any sample is about.
const STRANGER: &str = "099099000001";

/// A name for the way, and the input.
pub(crate) fn all(sample: &Sample) -> Vec<(String, Vec<u8>)> {
    let mut spoilt = Vec::new();
    for (at, part) in sample.parts.iter().enumerate() {
        let which = if sample.parts.len() > 1 { format!("{at}-") } else { String::new() };
        for (how, bytes) in ways(part) {
            let mut parts = sample.parts.clone();
            parts[at] = bytes;
            spoilt.push((format!("{which}{how}"), sample.with(&parts)));
        }
    }
    if sample.line.is_some() {
        let other = Sample {
            line: Some(STRANGER.to_owned()),
            parts: sample.parts.clone(),
            name: String::new(),
            ..*sample
        };
        spoilt.push(("asked-about-another".to_owned(), other.input()));
    }
    spoilt
}

fn ways(part: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut ways = match part.first() {
        Some(b'<') => xml::ways(part),
        _ => json::ways(part),
    };
    let length = part.len();
    let cut = |of: usize| part[..length * of / 10].to_vec();
    ways.extend([
        ("nothing", Vec::new()),
        ("cut-early", cut(1)),
        ("cut-in-the-middle", cut(5)),
        ("cut-late", part[..length.saturating_sub(1)].to_vec()),
        ("after-a-bom", [b"\xEF\xBB\xBF", part].concat()),
        ("with-a-tail", [part, b"\n<x/>{}"].concat()),
        ("not-utf8", flipped(part, length / 3, 0x80)),
        ("flipped-early", flipped(part, length / 7, 0x20)),
        ("flipped-late", flipped(part, length * 6 / 7, 0x01)),
        ("without-a-stretch", [&part[..length / 3], &part[length / 2..]].concat()),
        ("with-a-stretch-twice", [&part[..length / 2], &part[length / 3..]].concat()),
    ]);
    ways
}

fn flipped(part: &[u8], at: usize, bit: u8) -> Vec<u8> {
    let mut bytes = part.to_vec();
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= bit;
    }
    bytes
}
