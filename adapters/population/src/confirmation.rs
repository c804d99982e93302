//! `KetQuaXacThucResponse{TonTai}` (service 033).

use motlan_api::{FetchError, MalformedCause};

use crate::element::{self, NS_PEOPLE};

/// Reads the yes or no. Anything else than exactly one is malformed: there is
/// no half of it.
pub fn decode_confirmation(bytes: &[u8]) -> Result<bool, FetchError> {
    let document = element::parse(bytes)?;
    let root = element::root(&document, NS_PEOPLE, "KetQuaXacThucResponse")?;
    root.truth("TonTai").ok().flatten().ok_or_else(|| FetchError::malformed(MalformedCause::Shape))
}

#[cfg(test)]
mod tests;
