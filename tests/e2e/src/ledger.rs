//! The log read from its files, the journal's segments and before them the
//! bundles of the published log, by the description of their formats and not by
//! the gateway's code: what stands there is what an office would find that had
//! nothing but the disk.

use std::collections::BTreeMap;
use std::path::Path;

use motlan_audit_tree::leaf_hash;
use serde_json::Value;

/// Bytes of a segment before its first frame.
const SEGMENT_HEADER: usize = 64;

/// Bytes of a frame before its entry.
const FRAME_HEADER: usize = 32;

/// What a client holds of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The entry's place.
    pub index: u64,
    /// Its hash.
    pub leaf_hash: Vec<u8>,
}

/// Every entry of a log.
pub struct Ledger {
    entries: Vec<(Vec<u8>, Value)>,
    /// Entry by entry: those that an `entry.not_released` names.
    marked: Vec<bool>,
}

// === impl Held ===

impl From<motlan_proto::common::v1::Receipt> for Held {
    fn from(receipt: motlan_proto::common::v1::Receipt) -> Self {
        assert_eq!(receipt.leaf_hash.len(), 32, "a receipt has a hash");
        Self { index: receipt.index, leaf_hash: receipt.leaf_hash }
    }
}

// === impl Ledger ===

impl Ledger {
    /// Reads the segments of an audit folder to the end of what is whole, and what
    /// is older from the published log: every frame sound, indices without a gap,
    /// times that never go back.
    pub fn read(folder: &Path, published: &Path) -> Self {
        // While the gateway runs, a full segment may go in between.
        let segments = std::iter::repeat_with(|| segments(folder)).find_map(|segments| segments);
        let segments = segments.expect("segments");
        let (begins, _) = segments.first_key_value().expect("a segment");
        let mut entries: Vec<(Vec<u8>, Value)> = Vec::new();
        let mut take = |entry: &[u8]| {
            let value: Value = serde_json::from_slice(entry).expect("an entry is JSON");
            assert_eq!(value["index"], entries.len(), "{value}");
            let earlier = entries.last().map(|(_, last)| time(last));
            assert!(earlier.is_none_or(|earlier| earlier <= time(&value)), "time goes back: {value}");
            entries.push((entry.to_vec(), value));
            entries.len() as u64
        };
        let mut next = 0;
        while next < *begins {
            let bundle = std::fs::read(published.join(bundle(next / 256))).expect("a full bundle");
            let mut rest = &bundle[..];
            while let Some((length, behind)) = rest.split_first_chunk::<2>().filter(|_| next < *begins) {
                let (entry, after) = behind.split_at(u16::from_be_bytes(*length).into());
                next = take(entry);
                rest = after;
            }
        }
        for (first, bytes) in segments {
            assert_eq!(&bytes[..8], b"MOTLANJ1");
            assert_eq!(next, first, "a segment ends before the next begins");
            let mut rest = &bytes[SEGMENT_HEADER..];
            while let Some((entry, after)) = frame(rest, next) {
                next = take(entry);
                rest = after;
            }
        }
        let mut marked = vec![false; entries.len()];
        for (at, (_, entry)) in entries.iter().enumerate() {
            let Some(range) = entry.get("not_released") else { continue };
            assert_eq!(entry["kind"], "entry.not_released");
            let place = |name: &str| usize::try_from(range[name].as_u64().unwrap()).unwrap();
            assert!(place("last") < at, "a mark names what stands before it: {entry}");
            marked[place("first")..=place("last")].fill(true);
        }
        Self { entries, marked }
    }

    /// How many entries there are.
    pub fn len(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether a receipt is honoured: its very entry stands there, and no later
    /// one says that it was not released.
    pub fn honours(&self, held: &Held) -> bool {
        let place = usize::try_from(held.index).unwrap();
        let found = self.entries.get(place).map(|(bytes, _)| leaf_hash(bytes));
        found.is_some_and(|hash| hash.as_slice() == held.leaf_hash) && !self.marked[place]
    }

    /// The entries, each with whether it is marked as not released.
    pub fn entries(&self) -> impl Iterator<Item = (&Value, bool)> {
        self.entries.iter().map(|(_, entry)| entry).zip(self.marked.iter().copied())
    }

    /// The entry at that place.
    pub fn entry(&self, index: u64) -> &Value {
        &self.entries[usize::try_from(index).unwrap()].1
    }

    /// Why entries were marked, each cause once.
    pub fn causes(&self) -> std::collections::BTreeSet<&str> {
        self.entries.iter().filter_map(|(_, entry)| entry["not_released"]["cause"].as_str()).collect()
    }
}

/// The segments of a folder by their first index; none if one goes meanwhile.
fn segments(folder: &Path) -> Option<BTreeMap<u64, Vec<u8>>> {
    let mut segments = BTreeMap::new();
    for item in std::fs::read_dir(folder).expect("an audit folder") {
        let path = item.expect("a file").path();
        if path.extension().is_some_and(|extension| extension == "journal") {
            let first: u64 = path.file_stem().unwrap().to_str().unwrap().parse().expect("an index");
            match std::fs::read(path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
                bytes => drop(segments.insert(first, bytes.expect("a segment"))),
            }
        }
    }
    assert!(!segments.is_empty(), "no segment in {}", folder.display());
    Some(segments)
}

/// Where the full bundle of that number lies: 1234067 is `x001/x234/067`.
fn bundle(number: u64) -> String {
    let mut place = format!("{:03}", number % 1000);
    let mut above = number / 1000;
    while above > 0 {
        place = format!("x{:03}/{place}", above % 1000);
        above /= 1000;
    }
    format!("tile/entries/{place}")
}

/// The frame at the start of `bytes` if it is whole, sound and of that index.
fn frame(bytes: &[u8], index: u64) -> Option<(&[u8], &[u8])> {
    let (header, rest) = bytes.split_at_checked(FRAME_HEADER)?;
    let len = u32::from_le_bytes(header[..4].try_into().unwrap()) as usize;
    if len == 0 || u64::from_le_bytes(header[8..16].try_into().unwrap()) != index {
        return None;
    }
    let (entry, after) = rest.split_at_checked(len)?;
    let hash = leaf_hash(entry);
    let sound = (0..16).all(|at| header[16 + at] == header[at] ^ hash[at]);
    sound.then_some((entry, after))
}

/// Written with as many digits always, so that text compares as time does.
fn time(entry: &Value) -> &str {
    entry["time"].as_str().expect("an entry has a time")
}
