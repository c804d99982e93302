//! What the keys of an entry's subjects open: identifiers and commitment keys,
//! for as long as nobody erased them.

use motlan_audit_tree::entry::{CommitmentSeal, Subject};
use motlan_audit_tree::{CommitmentKey, Entry, SubjectClass};

use crate::error::AuditError;
use crate::log::AuditLog;
use crate::seal::{Sealer, joint_key, open_text};
use crate::subjects::Pseudonym;

impl AuditLog {
    /// Opens a sealed identifier: `None` once its subject's key was erased.
    ///
    /// # Errors
    /// When the subject table cannot be read.
    pub fn reveal(&self, subject: &Subject) -> Result<Option<String>, AuditError> {
        let Some(pseudonym) = Pseudonym::parse(&subject.pseudonym) else { return Ok(None) };
        let (Some(key), Some(sealed)) = (self.inner.subjects.key_of(&pseudonym)?, &subject.sealed) else {
            return Ok(None);
        };
        let plain =
            Sealer::new(&key).and_then(|sealer| open_text(&sealer, pseudonym.as_str().as_bytes(), sealed));
        Ok(plain.ok().and_then(|plain| String::from_utf8(plain.to_vec()).ok()))
    }

    /// Opens an entry's commitment key: `None` once the key of any of its
    /// natural subjects was erased.
    ///
    /// # Errors
    /// When the subject table cannot be read.
    pub fn commitment_key(&self, entry: &Entry) -> Result<Option<CommitmentKey>, AuditError> {
        let Some(commitment) = &entry.commitment else { return Ok(None) };
        let Ok(mac) = hex::decode(commitment.mac.as_bytes()) else { return Ok(None) };
        let opened = if commitment.seal == CommitmentSeal::Record {
            open_text(&self.inner.assembler.record, &mac, &commitment.sealed_key)
        } else {
            let mut keys = Vec::new();
            for subject in entry.subjects.iter().filter(|s| s.class == SubjectClass::Natural) {
                let Some(pseudonym) = Pseudonym::parse(&subject.pseudonym) else { return Ok(None) };
                let Some(key) = self.inner.subjects.key_of(&pseudonym)? else { return Ok(None) };
                keys.push((pseudonym, key));
            }
            let owners = keys.iter().map(|(pseudonym, key)| (pseudonym.as_str(), key)).collect();
            joint_key(owners)
                .and_then(|key| Sealer::new(&key))
                .and_then(|sealer| open_text(&sealer, &mac, &commitment.sealed_key))
        };
        let bytes = opened.ok().and_then(|plain| <[u8; 32]>::try_from(plain.as_slice()).ok());
        Ok(bytes.map(CommitmentKey::from_bytes))
    }
}
