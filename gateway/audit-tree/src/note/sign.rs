//! Private keys: a log's, and a witness's.
//!
//! They are two types because they say different things: a log that signed
//! what it had not made, or a witness that signed without a time, would be
//! taken for the other.

use std::fmt;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

use super::key::{Algorithm, KeyError, MAX_TIME, VerifierKey, cosigned_message};
use super::{Note, Signature};

/// A log's private key, of [`Algorithm::Ed25519`].
///
/// The only copy of the seed lies with the cryptographic library, which wipes
/// it when this value is dropped.
pub struct SigningKey(Pair);

/// A witness's private key, of [`Algorithm::CosignatureV1`]; kept like
/// [`SigningKey`].
pub struct CosigningKey(Pair);

struct Pair {
    secret: Ed25519KeyPair,
    verifier: VerifierKey,
}

/// Why nothing was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// A cosignature states when it was made: not 1970 itself, and not after
    /// 2^63 − 1 seconds. The clock is wrong.
    #[error("time of the cosignature is out of range")]
    Time,
    /// The text is none a note can have.
    #[error("not the text of a note")]
    Text,
    /// The cryptographic library failed.
    #[error("signing failed")]
    Failed,
}

// === impl SigningKey ===

impl SigningKey {
    /// The key of a 32-byte seed (RFC 8032). The caller wipes its own copy.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] for a name no key can have.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        Pair::from_seed(name, Algorithm::Ed25519, seed).map(Self)
    }

    /// The public key, for those who verify.
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.0.verifier
    }

    /// A note of that text with this key's signature.
    ///
    /// # Errors
    /// [`SignError::Text`] or [`SignError::Failed`].
    pub fn sign(&self, text: &str) -> Result<Note, SignError> {
        let signature = self.0.sign(text)?;
        let signature = Signature::of(&self.0.verifier, signature);
        Note::new(text.to_owned(), vec![signature]).map_err(|_| SignError::Text)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

// === impl CosigningKey ===

impl CosigningKey {
    /// The key of a 32-byte seed (RFC 8032). The caller wipes its own copy.
    /// The name is not signed, so each witness needs a seed of its own.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] for a name no key can have.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        Pair::from_seed(name, Algorithm::CosignatureV1, seed).map(Self)
    }

    /// The public key, for those who verify.
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.0.verifier
    }

    /// A signature that at `time`, in seconds since 1970, this note's
    /// checkpoint was the log's largest tree the witness had seen. Only to be
    /// made when that is durable.
    ///
    /// # Errors
    /// [`SignError::Time`] or [`SignError::Failed`].
    pub fn cosign(&self, note: &Note, time: u64) -> Result<Signature, SignError> {
        if time == 0 || time > MAX_TIME {
            return Err(SignError::Time);
        }
        let signature = self.0.sign(&cosigned_message(note.text(), time))?;
        Ok(Signature::of(&self.0.verifier, [&time.to_be_bytes()[..], &signature].concat()))
    }
}

impl fmt::Debug for CosigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CosigningKey(..)")
    }
}

// === impl Pair ===

impl Pair {
    fn from_seed(name: &str, algorithm: Algorithm, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let secret = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::Rejected)?;
        let public = secret.public_key().as_ref().try_into().map_err(|_| KeyError::Rejected)?;
        Ok(Self { secret, verifier: VerifierKey::new(name, algorithm, public)? })
    }

    fn sign(&self, message: &str) -> Result<Vec<u8>, SignError> {
        let signature = self.secret.try_sign(message.as_bytes()).map_err(|_| SignError::Failed)?;
        Ok(signature.as_ref().to_vec())
    }
}
