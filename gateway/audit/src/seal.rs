//! Sealing: identifiers under their subject's key, commitment keys under all
//! natural subjects' keys together.
//!
//! AES-256-GCM with a random 96-bit nonce; the sealed form is nonce, then
//! ciphertext, then tag, in base64url without padding where it is text. A data
//! key seals far fewer than 2^32 messages in its life.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use motlan_audit_tree::entry::{Commitment, CommitmentSeal};
use motlan_audit_tree::{CommitmentKey, Mac, random};
use zeroize::Zeroizing;

use crate::keys::Key;

/// A key ready to seal and open.
pub(crate) struct Sealer(LessSafeKey);

/// A derived key is 32 bytes long.
struct Len32;

impl KeyType for Len32 {
    fn len(&self) -> usize {
        32
    }
}

// === impl Sealer ===

impl Sealer {
    pub(crate) fn new(key: &Key) -> Result<Self, Unspecified> {
        Ok(Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_ref())?)))
    }

    /// Seals `plain`, bound to `aad`.
    pub(crate) fn seal(&self, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let mut nonce = [0; NONCE_LEN];
        random::fill(&mut nonce)?;
        let mut out = Vec::with_capacity(NONCE_LEN + plain.len() + 16);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(plain);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(aad), &mut out[NONCE_LEN..])?;
        out.extend_from_slice(tag.as_ref());
        Ok(out)
    }

    /// Opens what [`Sealer::seal`] made with the same `aad`.
    pub(crate) fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or(Unspecified)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce)?;
        let mut plain = Zeroizing::new(rest.to_vec());
        let len = self.0.open_in_place(nonce, Aad::from(aad), &mut plain)?.len();
        plain.truncate(len);
        Ok(plain)
    }
}

/// Seals as base64url text.
pub(crate) fn seal_text(sealer: &Sealer, aad: &[u8], plain: &[u8]) -> Result<String, Unspecified> {
    Ok(URL_SAFE_NO_PAD.encode(sealer.seal(aad, plain)?))
}

/// Opens what [`seal_text`] made.
pub(crate) fn open_text(
    sealer: &Sealer,
    aad: &[u8],
    sealed: &str,
) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    sealer.open(aad, &URL_SAFE_NO_PAD.decode(sealed).map_err(|_| Unspecified)?)
}

/// One key from several secrets, all of them needed: HKDF-SHA-256 over their
/// concatenation (sorted by their owners' pseudonyms, duplicates left out).
pub(crate) fn joint_key(mut owners: Vec<(&str, &Key)>) -> Result<Key, Unspecified> {
    owners.sort_unstable_by_key(|(pseudonym, _)| *pseudonym);
    owners.dedup_by_key(|(pseudonym, _)| *pseudonym);
    let mut secret = Zeroizing::new(Vec::with_capacity(32 * owners.len()));
    for (_, key) in owners {
        secret.extend_from_slice(key.as_ref());
    }
    derive(&secret, b"motlan commitment key v1")
}

/// Seals under the keys of these owners together.
pub(crate) fn joint_sealer(owners: Vec<(&str, &Key)>) -> Result<Sealer, Unspecified> {
    Sealer::new(&joint_key(owners)?)
}

/// A key for another use, from a secret.
pub(crate) fn derive(secret: &[u8], label: &'static [u8]) -> Result<Key, Unspecified> {
    let mut out = Zeroizing::new([0; 32]);
    Salt::new(HKDF_SHA256, b"motlan audit").extract(secret).expand(&[label], Len32)?.fill(out.as_mut())?;
    Ok(out)
}

/// Seals a commitment key, bound to its MAC.
pub(crate) fn seal_commitment(
    seal: CommitmentSeal,
    sealer: &Sealer,
    mac: &Mac,
    key: &CommitmentKey,
) -> Result<Commitment, Unspecified> {
    let sealed_key = seal_text(sealer, &mac.0, key.expose())?;
    Ok(Commitment { mac: hex::encode(mac.0).into(), seal, sealed_key: sealed_key.into() })
}

#[cfg(test)]
mod tests;
