//! The section as an operator writes it.

use motlan_api::suite::section;

use super::InsuranceConfig;

#[test]
fn the_section_reads() {
    assert_eq!(section::check("card", InsuranceConfig::resolve), Vec::<String>::new());
}
