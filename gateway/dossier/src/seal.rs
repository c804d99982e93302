//! Sealing identifiers at rest, and the keyed digest of a subject.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use motlan_domain::SubjectKey;
use motlan_domain::id::{
    CertificateSerial, Cmnd, EnterpriseCode, IdRules, InsuranceNumber, ParcelKey, PersonalId, Synthetic,
};

use crate::error::RegisterError;

/// The register's key, 256 random bits, kept outside its file. Without it the
/// file tells dossier codes and procedures, but nobody's identifier.
#[derive(Clone, zeroize::Zeroize, zeroize::ZeroizeOnDrop)]
pub struct RegisterKey([u8; 32]);

/// Seals, opens, digests.
pub(crate) struct Sealer {
    seal: RandomizedNonceKey,
    digest: hmac::Key,
    rules: IdRules,
}

// === impl RegisterKey ===

impl RegisterKey {
    /// From 32 random bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for RegisterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RegisterKey(…)")
    }
}

// === impl Sealer ===

impl Sealer {
    pub(crate) fn new(key: &RegisterKey, synthetic: Synthetic) -> Result<Self, RegisterError> {
        let root = hmac::Key::new(hmac::HMAC_SHA256, &key.0);
        let derive = |label: &[u8]| hmac::sign(&root, label);
        let seal = RandomizedNonceKey::new(&AES_256_GCM, derive(b"motlan register seal v1").as_ref());
        Ok(Self {
            seal: seal.map_err(|_| RegisterError::Corrupt)?,
            digest: hmac::Key::new(hmac::HMAC_SHA256, derive(b"motlan register digest v1").as_ref()),
            // A stored id was judged when it came in; only the rule of the
            // synthetic ones may have changed since (a sandbox file moved here).
            rules: IdRules { synthetic, present_year: i16::MAX },
        })
    }

    /// `nonce ‖ ciphertext ‖ tag`.
    pub(crate) fn seal(&self, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, RegisterError> {
        let mut body = plain.to_vec();
        let sealed = self.seal.seal_in_place_append_tag(Aad::from(aad), &mut body);
        let mut out = sealed.map_err(|_| RegisterError::Corrupt)?.as_ref().to_vec();
        out.append(&mut body);
        Ok(out)
    }

    pub(crate) fn open(&self, aad: &[u8], sealed: Vec<u8>) -> Result<Vec<u8>, RegisterError> {
        if sealed.len() < NONCE_LEN {
            return Err(RegisterError::Corrupt);
        }
        let (nonce, body) = sealed.split_at(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| RegisterError::Corrupt)?;
        let mut body = body.to_vec();
        let plain =
            self.seal.open_in_place(nonce, Aad::from(aad), &mut body).map_err(|_| RegisterError::Corrupt)?;
        Ok(plain.to_vec())
    }

    pub(crate) fn seal_subject(&self, aad: &[u8], key: &SubjectKey) -> Result<Vec<u8>, RegisterError> {
        self.seal(aad, format!("{}\n{}", key.scheme(), key.expose()).as_bytes())
    }

    pub(crate) fn open_subject(&self, aad: &[u8], sealed: Vec<u8>) -> Result<SubjectKey, RegisterError> {
        let plain = self.open(aad, sealed)?;
        let text = std::str::from_utf8(&plain).map_err(|_| RegisterError::Corrupt)?;
        let (scheme, value) = text.split_once('\n').ok_or(RegisterError::Corrupt)?;
        let rules = &self.rules;
        let key = match scheme {
            "personal_id" => PersonalId::parse(value, rules).map(SubjectKey::Person),
            "cmnd" => Cmnd::parse(value, rules).map(SubjectKey::Cmnd),
            "enterprise_code" => EnterpriseCode::parse(value).map(SubjectKey::Enterprise),
            "certificate" => CertificateSerial::parse(value).map(SubjectKey::Certificate),
            "parcel" => ParcelKey::parse(value).map(SubjectKey::Parcel),
            "insurance_number" => InsuranceNumber::parse(value).map(SubjectKey::Insurance),
            _ => return Err(RegisterError::Corrupt),
        };
        key.map_err(|_| RegisterError::Corrupt)
    }

    /// The keyed digest under which guesses about a subject are counted. The
    /// late CMND counts as the personal id that it is.
    pub(crate) fn digest(&self, key: &SubjectKey) -> [u8; 32] {
        let value = key.expose();
        let scheme = match key {
            SubjectKey::Cmnd(_) if value.len() == 12 => "personal_id",
            _ => key.scheme(),
        };
        self.tag(format!("subject\n{scheme}\n{value}").as_bytes())
    }

    /// Tells whether a file belongs to this key.
    pub(crate) fn key_check(&self) -> [u8; 32] {
        self.tag(b"key check")
    }

    fn tag(&self, message: &[u8]) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(hmac::sign(&self.digest, message).as_ref());
        out
    }
}
