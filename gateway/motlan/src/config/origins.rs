//! `[audit] origins` and `origins_key`: the registry in which this gateway's log
//! has to stand.

use std::path::PathBuf;

use motlan_audit_tree::VerifierKey;

use super::reader::Section;

/// The registry of origins.
#[derive(Debug, Clone)]
pub struct OriginsSection {
    /// The signed file.
    pub file: PathBuf,
    /// The key that signs it.
    pub key: VerifierKey,
}

/// `None` for a mistake, `Some(None)` where none is named.
#[expect(clippy::option_option, reason = "a wrong registry is not an absent one")]
pub(super) fn read(section: &Section<'_>) -> Option<Option<OriginsSection>> {
    section.know("origins");
    section.know("origins_key");
    if !section.has("origins") && !section.has("origins_key") {
        return Some(None);
    }
    // Either asks for the other: without its key a registry says nothing.
    let file = section.file("origins");
    let key = section.parsed("origins_key", |text| {
        text.parse().map_err(|_| "is no verifier key <name>+<id>+<key>".to_owned())
    });
    Some(Some(OriginsSection { file: file?, key: key? }))
}
