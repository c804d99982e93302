//! Partial files that nobody needs any more: of places that became full.

use motlan_audit_tree::tile::{TILE_WIDTH, Tile};
use motlan_audit_tree::{Bundle, TreeHead};

use super::Integrator;

impl Integrator {
    /// Partial files stay until the full one of their place is published: whoever
    /// reads by an older checkpoint finds either.
    pub(super) fn forget(&self, before: TreeHead, now: TreeHead) {
        let mut hashes = (before.size, now.size);
        for level in 0..8 {
            let place = hashes.0 / u64::from(TILE_WIDTH);
            hashes = (place, hashes.1 / u64::from(TILE_WIDTH));
            // Full now, and begun before.
            if place < hashes.1 && Tile::in_tree(level, place, before.size).is_some() {
                self.remove_partials(level, place);
            }
        }
    }

    /// What a crash left of the places that became full last.
    pub(super) fn tidy(&self) {
        let mut hashes = self.published.borrow().head().size;
        for level in 0..8 {
            hashes /= u64::from(TILE_WIDTH);
            if let Some(place) = hashes.checked_sub(1) {
                self.remove_partials(level, place);
            }
        }
    }

    /// A file too many harms nobody: that it cannot be removed is only told.
    fn remove_partials(&self, level: u8, place: u64) {
        let tile = Tile::new(level, place, TILE_WIDTH).map(|tile| tile.to_string());
        let bundle = Bundle::new(place, TILE_WIDTH).filter(|_| level == 0).map(|bundle| bundle.to_string());
        for full in tile.into_iter().chain(bundle) {
            if let Err(error) = self.files.remove_partials(&full) {
                tracing::warn!(error = &error as &dyn std::error::Error, full, "partial files stay");
            }
        }
    }
}
