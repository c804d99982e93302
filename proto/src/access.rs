//! Each method's access class, as the contract declares it.

/// How a method is guarded (`motlan.common.v1.AccessClass`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccessClass {
    /// A permit; intent and outcome, or a denial, are recorded.
    Data,
    /// Auditors; recorded as a read of the log.
    Audit,
    /// Any configured caller; denials are recorded.
    Catalogue,
    /// Role and agency; an entry of its own kind.
    Operate,
    /// The gateway's own state; not recorded.
    Probe,
}

include!(concat!(env!("OUT_DIR"), "/access.rs"));

/// The class of the method at a gRPC path such as
/// `/motlan.population.v1.PopulationService/GetPerson`; `None` for a path that
/// is not of this contract.
pub fn access_class(path: &str) -> Option<AccessClass> {
    let at = TABLE.binary_search_by_key(&path, |(known, _)| known).ok()?;
    Some(TABLE[at].1)
}

/// Every method of the contract: gRPC path and class, sorted by path.
pub fn methods() -> &'static [(&'static str, AccessClass)] {
    &TABLE
}
