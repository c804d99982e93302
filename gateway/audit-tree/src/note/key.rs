//! Public keys of signers, and what each algorithm signs.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::{NoteError, Signature, is_key_name};
use crate::hash::sha256_array;

/// Length of an Ed25519 public key.
const PUBLIC_BYTES: usize = 32;

/// Length of an Ed25519 signature.
const SIGNATURE_BYTES: usize = 64;

/// The latest time of a cosignature (C2SP tlog-cosignature).
pub(super) const MAX_TIME: u64 = i64::MAX as u64;

/// What a key signs, and how. A key has one algorithm: its id depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519 over the text (C2SP signed-note, type 0x01): a log's own.
    Ed25519,
    /// Ed25519 over time and text (C2SP tlog-cosignature `cosignature/v1`,
    /// type 0x04): a witness's. It says that at that time this was the
    /// largest tree the witness had seen, and grown from all before.
    CosignatureV1,
}

/// A signer's public key with its name, written
/// `<name>+<id in hex>+<base64 of type and key>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: u32,
    algorithm: Algorithm,
    public: [u8; PUBLIC_BYTES],
}

/// Why that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not the form of a verifier key, or not a possible name.
    #[error("not a verifier key")]
    Malformed,
    /// A verifier key of an algorithm unknown here.
    #[error("signature type {kind:#04x} is not supported")]
    UnknownAlgorithm {
        /// The type's byte.
        kind: u8,
    },
    /// Name, type and key do not give the id that stands between them: a
    /// part was mistyped, or exchanged.
    #[error("key id does not belong to this name and key")]
    OtherId,
    /// The seed is not taken by the cryptographic library.
    #[error("seed was rejected")]
    Rejected,
}

// === impl Algorithm ===

impl Algorithm {
    fn kind(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::CosignatureV1 => 0x04,
        }
    }

    fn of_kind(kind: u8) -> Result<Self, KeyError> {
        match kind {
            0x01 => Ok(Self::Ed25519),
            0x04 => Ok(Self::CosignatureV1),
            _ => Err(KeyError::UnknownAlgorithm { kind }),
        }
    }
}

// === impl VerifierKey ===

impl VerifierKey {
    /// The key of that name, algorithm and Ed25519 public key (RFC 8032).
    ///
    /// # Errors
    /// [`KeyError::Malformed`] for a name that is empty or holds a space, a
    /// plus sign or a control character.
    pub fn new(name: &str, algorithm: Algorithm, public: [u8; PUBLIC_BYTES]) -> Result<Self, KeyError> {
        if !is_key_name(name) {
            return Err(KeyError::Malformed);
        }
        let id = key_id(name, algorithm.kind(), &public);
        Ok(Self { name: name.to_owned(), id, algorithm, public })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of `SHA-256(name || 0x0A || type || public key)`.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether a signature says it is this key's.
    pub(super) fn is_named_by(&self, signature: &Signature) -> bool {
        self.id == signature.id && self.name == signature.name
    }

    /// Checks a signature over a note's text. The answer is the time it
    /// states, where the algorithm has one.
    pub(super) fn verify(&self, text: &str, signature: &[u8]) -> Result<Option<u64>, NoteError> {
        let bad = || NoteError::BadSignature { name: self.name.clone() };
        let (time, message, signature) = match self.algorithm {
            Algorithm::Ed25519 => (None, Cow::from(text), signature),
            Algorithm::CosignatureV1 => {
                let (time, signature) = signature.split_first_chunk::<8>().ok_or_else(bad)?;
                let time = u64::from_be_bytes(*time);
                (Some(time), Cow::from(cosigned_message(text, time)), signature)
            }
        };
        let public = UnparsedPublicKey::new(&ED25519, &self.public);
        let holds = signature.len() == SIGNATURE_BYTES
            && time.is_none_or(|time| time <= MAX_TIME)
            && public.verify(message.as_bytes(), signature).is_ok();
        if holds { Ok(time) } else { Err(bad()) }
    }
}

/// The verifier key as it is given to others.
impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = BASE64_STANDARD.encode([&[self.algorithm.kind()][..], &self.public].concat());
        write!(f, "{}+{:08x}+{encoded}", self.name, self.id)
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        // The base64 may hold plus signs too, the name and the id may not.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Malformed);
        };
        let id = parse_id(id).ok_or(KeyError::Malformed)?;
        let decoded = BASE64_STANDARD.decode(encoded).map_err(|_| KeyError::Malformed)?;
        let (kind, public) = decoded.split_first().ok_or(KeyError::Malformed)?;
        let algorithm = Algorithm::of_kind(*kind)?;
        let public = public.try_into().map_err(|_| KeyError::Malformed)?;
        let key = Self::new(name, algorithm, public)?;
        if key.id == id { Ok(key) } else { Err(KeyError::OtherId) }
    }
}

/// What a cosignature is over.
pub(super) fn cosigned_message(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

fn key_id(name: &str, kind: u8, public: &[u8]) -> u32 {
    let mut context = Context::new(&SHA256);
    context.update(name.as_bytes());
    context.update(&[b'\n', kind]);
    context.update(public);
    let [a, b, c, d, ..] = sha256_array(context);
    u32::from_be_bytes([a, b, c, d])
}

/// Eight lower-case hex digits.
fn parse_id(text: &str) -> Option<u32> {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let form = text.len() == 8 && text.bytes().all(digit);
    form.then(|| u32::from_str_radix(text, 16).ok()).flatten()
}
