//! motlan-harness: see ARCHITECTURE.md.
