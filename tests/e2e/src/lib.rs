//! motlan-e2e: see ARCHITECTURE.md.
