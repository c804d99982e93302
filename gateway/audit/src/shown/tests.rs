//! What is shown of a log is what is published, as long as it is asked for by a
//! checkpoint that was.

use std::sync::Arc;

use motlan_audit_tree::leaf_hash;
use motlan_domain::ManualClock;

use super::*;
use crate::{Draft, Kind, MemoryKeyProvider};

#[tokio::test]
async fn partial_files_are_shown_for_as_long_as_the_full_ones() {
    let clock = Arc::new(ManualClock::at("2026-11-26T08:00:00Z".parse().unwrap()));
    let keys = Arc::new(MemoryKeyProvider::fixed(7));
    let (log, service) = AuditLog::in_memory("log.test/1", keys, clock).unwrap();
    let mut leaves = Vec::new();
    for to in [40_u64, 256, 300] {
        while (leaves.len() as u64) < to {
            leaves.push(log.append(Draft::new(Kind::ConfigLoaded)).await.unwrap().leaf_hash);
        }
        log.published(to).await;
    }
    let tile = |width| log.public_file(PublicFile::Tile(Tile::new(0, 0, width).unwrap()));
    let bundle = |index, width| log.bundle(Bundle::new(index, width).unwrap());
    let hashes: Vec<u8> = leaves.iter().flatten().copied().collect();
    for width in [1, 40, 41, 256] {
        let shown = tile(width).await.unwrap().expect("a tile");
        assert_eq!(shown, hashes[..usize::from(width) * 32], "{width}");
        let shown = bundle(0, width).await.unwrap().expect("a bundle");
        let entries = split_entries(Bundle::new(0, width).unwrap(), &shown).expect("so many entries");
        assert!(entries.iter().zip(&leaves).all(|(entry, leaf)| leaf_hash(entry) == *leaf), "{width}");
    }
    assert!(bundle(1, 44).await.unwrap().is_some(), "control");
    assert!(log.public_file(PublicFile::Tile(Tile::new(1, 0, 1).unwrap())).await.unwrap().is_some());
    for (index, width) in [(1, 45), (1, 256), (2, 1), (u64::MAX, 256)] {
        assert_eq!(bundle(index, width).await.unwrap(), None, "{index} {width}");
        let tile = Tile::new(0, index, width).unwrap();
        assert_eq!(log.public_file(PublicFile::Tile(tile)).await.unwrap(), None, "{tile}");
    }
    for file in [PublicFile::Kept(256), PublicFile::Kept(u64::MAX), PublicFile::Witnessed] {
        assert_eq!(log.public_file(file).await.unwrap(), None, "{file:?}");
    }
    service.shutdown().await;
}
