//! Commitments: proof of what was said, without saying it.
//!
//! A bare hash of an answer that can be guessed would be an oracle, so an
//! answer is committed to under a random key of its own. The key goes to the
//! caller in the receipt and, sealed, into the entry.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::{error::Unspecified, hmac};
use zeroize::Zeroize;

use crate::hash::sha256_array;
use crate::random;

/// HMAC-SHA-256 of a canonical answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mac(pub [u8; 32]);

/// The random key of one answer's commitment.
#[derive(Clone)]
pub struct CommitmentKey([u8; 32]);

// === impl CommitmentKey ===

impl CommitmentKey {
    /// A new random key.
    ///
    /// # Errors
    /// When the system's random source fails.
    pub fn generate() -> Result<Self, Unspecified> {
        let mut bytes = [0; 32];
        random::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The key of those bytes, e.g. from a receipt.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key's bytes, for the receipt and for sealing.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Drop for CommitmentKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for CommitmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CommitmentKey(..)")
    }
}

// === impl Mac ===

impl Mac {
    /// Commits to `canonical_answer`: the answer in canonical JSON, its
    /// receipt left out.
    pub fn over(key: &CommitmentKey, canonical_answer: &[u8]) -> Self {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key.0), canonical_answer);
        let mut out = [0; 32];
        out.copy_from_slice(tag.as_ref());
        Self(out)
    }

    /// Whether this commits to that answer under that key, in constant time.
    pub fn verify(&self, key: &CommitmentKey, canonical_answer: &[u8]) -> bool {
        hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key.0), canonical_answer, &self.0).is_ok()
    }
}

/// What a `subject.created` entry commits to: `SHA-256("motlan subject v1" ||
/// 0x00 || opening || keyed_hash || pseudonym)`. An auditor who receives the
/// 32-byte random `opening` and the keyed hash can check that one person has
/// one pseudonym; nobody else learns anything.
pub fn subject_commitment(opening: &[u8; 32], keyed_hash: &[u8; 32], pseudonym: &str) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(b"motlan subject v1\0");
    context.update(opening);
    context.update(keyed_hash);
    context.update(pseudonym.as_bytes());
    sha256_array(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commitment_opens_for_its_own_answer_only() {
        let key = CommitmentKey::generate().unwrap();
        let other = CommitmentKey::generate().unwrap();
        let mac = Mac::over(&key, b"{\"outcome\":\"FOUND\"}");
        assert!(mac.verify(&key, b"{\"outcome\":\"FOUND\"}"));
        assert!(!mac.verify(&key, b"{\"outcome\":\"NOT_FOUND\"}"));
        assert!(!mac.verify(&other, b"{\"outcome\":\"FOUND\"}"));
    }

    /// RFC 4231 test case 2 shows the MAC is plain HMAC-SHA-256 (key padded
    /// with zeros to 32 bytes is the same HMAC key).
    #[test]
    fn the_mac_is_hmac_sha_256() {
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let mac = Mac::over(&CommitmentKey::from_bytes(key), b"what do ya want for nothing?");
        assert_eq!(hex::encode(mac.0), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn every_input_of_a_subject_commitment_counts() {
        let base = subject_commitment(&[1; 32], &[2; 32], "s_a");
        assert_ne!(base, subject_commitment(&[3; 32], &[2; 32], "s_a"));
        assert_ne!(base, subject_commitment(&[1; 32], &[3; 32], "s_a"));
        assert_ne!(base, subject_commitment(&[1; 32], &[2; 32], "s_b"));
        assert_eq!(base, subject_commitment(&[1; 32], &[2; 32], "s_a"));
    }

    #[test]
    fn a_key_does_not_show_itself() {
        assert_eq!(format!("{:?}", CommitmentKey::from_bytes([7; 32])), "CommitmentKey(..)");
    }
}
