//! `KetQuaXacThucResponse{TonTai}` (service 033).

use motlan_api::{FetchError, Invalid, MalformedCause};

use crate::element;

/// Reads the yes or no. Anything else than exactly one is malformed: there is
/// no half of it.
pub fn decode_confirmation(bytes: &[u8]) -> Result<bool, FetchError> {
    let document = element::parse(bytes)?;
    let root = element::root(&document, "KetQuaXacThucResponse")?;
    let exists = root.parsed("TonTai", |text| match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(Invalid),
    });
    exists.ok().flatten().ok_or_else(|| FetchError::malformed(MalformedCause::Shape))
}

#[cfg(test)]
mod tests;
