//! The `motlan` binary.
fn main() {}
