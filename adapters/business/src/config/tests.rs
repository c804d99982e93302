//! The section as an operator writes it.

use motlan_api::suite::section;

use super::BusinessConfig;

#[test]
fn the_section_reads() {
    assert_eq!(section::check("enterprise", BusinessConfig::resolve), Vec::<String>::new());
}
