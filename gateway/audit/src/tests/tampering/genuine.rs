//! A log as the gateway wrote and published it, and what others kept of it.

use std::collections::BTreeMap;
use std::fs;
use std::sync::OnceLock;

use motlan_audit_tree::tile::TILE_WIDTH;
use motlan_audit_tree::verify::{Evidence, Keys};
use motlan_audit_tree::{
    Bundle, Checkpoint, CosigningKey, Frontier, LeafHash, SignedCheckpoint, SigningKey, TreeHead, bundle,
    leaf_hash,
};

use super::super::varied::{cast, varied};
use super::super::*;
use crate::KeyProvider as _;

/// The entries the log had when it was tampered with.
pub(super) const SIZE: u64 = 2_050;

/// The entries that it had in the end: evidence is of any time until then.
pub(super) const LATER: u64 = SIZE + 60;

/// From entry to entry: so an hour is a hundred of them.
const STEP: Duration = Duration::from_secs(36);
const AN_HOUR: u64 = 100;

/// An entry's bytes and their hash.
pub(super) struct Line {
    pub(super) bytes: Vec<u8>,
    pub(super) leaf: LeafHash,
}

/// The log, and all that is made of it once.
pub(super) struct Genuine {
    /// By index, up to [`LATER`].
    pub(super) lines: Vec<Line>,
    /// Each as the entry of the place before and behind its own.
    pub(super) down: Vec<Line>,
    pub(super) up: Vec<Line>,
    /// Another entry in each place, just as good.
    pub(super) other: Vec<Line>,
    /// By size.
    heads: Vec<TreeHead>,
    /// The edge of the tree of so many full bundles.
    pub(super) edges: Vec<Frontier>,
    /// All tiles of [`SIZE`].
    pub(super) tiles: BTreeMap<String, Vec<u8>>,
    key: SigningKey,
}

/// It is written once in this process.
pub(super) fn genuine() -> &'static Genuine {
    static GENUINE: OnceLock<Genuine> = OnceLock::new();
    GENUINE.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Genuine::of(runtime.block_on(written()))
    })
}

/// Has a gateway's log written and published. Its bundles' entries.
async fn written() -> Vec<Vec<u8>> {
    let mut world = World::new().await;
    for one in cast() {
        world.log.subject(&one).await.unwrap();
    }
    let mut appends = Vec::new();
    // All are known: from here on each draft is one entry.
    for index in world.log.health().durable.next_multiple_of(10)..LATER {
        if appends.is_empty() {
            for at in world.log.health().durable..index {
                world.log.append(draft(usize::try_from(at).unwrap())).await.unwrap();
            }
        }
        // The wall clock alone: by the other one a commit would take too long.
        let at = NOON + i64::try_from(STEP.as_micros() as u64 * index).unwrap();
        world.clock.set(Timestamp::from_microsecond(at).unwrap());
        appends.push(world.log.begin(varied(index)).placed().await.unwrap());
    }
    for receipt in futures::future::join_all(appends).await {
        check_origin(&receipt.unwrap());
    }
    world.shut().await;

    let folder = world.dir.path().join("log");
    let log = published_by(&world);
    let newest = SignedCheckpoint::open(&fs::read(folder.join("checkpoint")).unwrap(), &log).unwrap();
    assert_eq!(newest.head().size, LATER);
    let mut entries = Vec::new();
    for wanted in (0..).map_while(|index| Bundle::in_tree(index, LATER)) {
        let bytes = fs::read(folder.join(wanted.to_string())).unwrap();
        entries.extend(bundle::split_entries(wanted, &bytes).unwrap().into_iter().map(<[u8]>::to_vec));
    }
    let made = signed(&log_key(), head_of(&entries));
    assert_eq!(made, newest, "what is made here of these entries is what the gateway published");
    entries
}

fn check_origin(receipt: &Receipt) {
    assert_eq!(&*receipt.origin, ORIGIN);
}

fn log_key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, &MemoryKeyProvider::fixed(7).log_keys().unwrap().current).unwrap()
}

fn witness() -> CosigningKey {
    CosigningKey::from_seed("witness.example", &[11; 32]).unwrap()
}

fn signed(key: &SigningKey, head: TreeHead) -> SignedCheckpoint {
    SignedCheckpoint::sign(Checkpoint::new(ORIGIN, head).unwrap(), key).unwrap()
}

fn head_of(entries: &[Vec<u8>]) -> TreeHead {
    let leaves: Vec<_> = entries.iter().map(|entry| leaf_hash(entry)).collect();
    Frontier::new().append(&leaves).head
}

/// The log's key, and the witness's where it is trusted.
pub(super) fn keys(with_witness: bool) -> Keys {
    let mut keys = Keys::default();
    keys.add_log(&log_key().verifier_key().to_string()).unwrap();
    if with_witness {
        keys.add_witnesses(&witness().verifier_key().to_string()).unwrap();
    }
    keys
}

// === impl Line ===

impl Line {
    fn new(bytes: Vec<u8>) -> Self {
        Self { leaf: leaf_hash(&bytes), bytes }
    }

    /// The same entry, saying another index.
    fn renumbered(&self, index: u64) -> Self {
        let name = b"\"index\":";
        let at = self.bytes.windows(name.len()).position(|part| part == name).unwrap() + name.len();
        let digits = self.bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let index = index.to_string();
        Self::new([&self.bytes[..at], index.as_bytes(), &self.bytes[at + digits..]].concat())
    }

    /// One bit flipped that leaves an entry: the last digit of its time.
    fn other(&self) -> Self {
        let name = b"\"time\":\"";
        let at = self.bytes.windows(name.len()).rposition(|part| part == name).unwrap();
        let end = at + self.bytes[at..].iter().position(|byte| *byte == b'Z').unwrap();
        let mut bytes = self.bytes.clone();
        bytes[end - 1] ^= 1;
        Self::new(bytes)
    }
}

// === impl Genuine ===

impl Genuine {
    fn of(entries: Vec<Vec<u8>>) -> Self {
        let lines: Vec<Line> = entries.into_iter().map(Line::new).collect();
        let numbered = || (0_u64..).zip(&lines);
        let mut frontier = Frontier::new();
        let mut heads = vec![frontier.head()];
        let mut edges = vec![frontier.clone()];
        for line in &lines {
            frontier.extend(&[line.leaf]);
            heads.push(frontier.head());
            if (heads.len() - 1).is_multiple_of(usize::from(TILE_WIDTH)) {
                edges.push(frontier.clone());
            }
        }
        let leaves: Vec<_> = lines.iter().take(SIZE as usize).map(|line| line.leaf).collect();
        let tiles = Frontier::new().append(&leaves).tiles;
        Self {
            down: numbered().map(|(at, line)| line.renumbered(at.saturating_sub(1))).collect(),
            up: numbered().map(|(at, line)| line.renumbered(at + 1)).collect(),
            other: lines.iter().map(Line::other).collect(),
            heads,
            edges,
            tiles: tiles.into_iter().map(|(tile, bytes)| (tile.to_string(), bytes)).collect(),
            key: log_key(),
            lines,
        }
    }

    /// The first of the log's entries, as many as it then had.
    pub(super) fn then(&self) -> Vec<&Line> {
        self.lines.iter().take(SIZE as usize).collect()
    }

    /// How many entries there were an hour before that one came.
    pub(super) fn an_hour_before(index: u64) -> u64 {
        (index + 1).saturating_sub(AN_HOUR)
    }

    /// The checkpoint that the log published, or would have, at that size.
    pub(super) fn checkpoint(&self, size: u64) -> SignedCheckpoint {
        self.sign(self.heads[size as usize])
    }

    /// That checkpoint as the witness cosigned it.
    pub(super) fn cosigned(&self, size: u64) -> SignedCheckpoint {
        let mut checkpoint = self.checkpoint(size);
        checkpoint.add(witness().cosign(checkpoint.note(), 1_796_000_000).unwrap()).unwrap();
        checkpoint
    }

    /// Signed with the log's own key, whatever it states.
    pub(super) fn sign(&self, head: TreeHead) -> SignedCheckpoint {
        signed(&self.key, head)
    }

    /// By somebody who only has a key of their own.
    pub(super) fn sign_as_another(head: TreeHead) -> SignedCheckpoint {
        signed(&SigningKey::from_seed(ORIGIN, &[8; 32]).unwrap(), head)
    }

    /// What the caller of that entry was given.
    pub(super) fn add_receipt(&self, evidence: &mut Evidence, index: u64) {
        let hash = hex::encode(self.lines[index as usize].leaf);
        let receipt = format!(r#"{{"origin":"{ORIGIN}","index":"{index}","leafHash":"{hash}"}}"#);
        evidence.add_receipts("receipt", receipt.as_bytes()).unwrap();
    }
}
