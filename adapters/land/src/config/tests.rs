//! The section as an operator writes it.

use motlan_api::suite::section;

use super::LandConfig;

#[test]
fn the_section_reads() {
    assert_eq!(section::check("parcel", LandConfig::resolve), Vec::<String>::new());
}
