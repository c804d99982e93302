//! The keys a verifier trusts.

use crate::note::{Algorithm, KeyError, VerifierKey};
use crate::rotation::KeyChain;

/// Keys of the log, and of witnesses the verifier trusts; each once.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    pub(super) log: Vec<VerifierKey>,
    pub(super) witnesses: Vec<VerifierKey>,
}

/// Why a text gives no keys: the user gave the wrong file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// A line is no verifier key.
    #[error("line {line} is not a verifier key")]
    Malformed {
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        source: KeyError,
    },
    /// A witness's key where a log's belongs, or the other way round.
    #[error("the key in line {line} signs something else")]
    OtherUse {
        /// Which line, from 1.
        line: usize,
    },
    /// Nothing but comments.
    #[error("no key in it")]
    Empty,
}

// === impl Keys ===

impl Keys {
    /// Adds the log keys of a text: a verifier key a line; empty lines and
    /// those that begin with `#` are ignored, white space around a key too.
    ///
    /// # Errors
    /// [`KeysError`], with nothing added.
    pub fn add_log(&mut self, text: &str) -> Result<(), KeysError> {
        add(&mut self.log, text, Algorithm::Ed25519)
    }

    /// Adds the witness keys of a text of the same form.
    ///
    /// # Errors
    /// [`KeysError`], with nothing added.
    pub fn add_witnesses(&mut self, text: &str) -> Result<(), KeysError> {
        add(&mut self.witnesses, text, Algorithm::CosignatureV1)
    }

    /// The keys of the log's statements that none of these leads to: those of before.
    pub(super) fn not_trusted(&self, chain: &KeyChain) -> Self {
        let unknown = chain.keys().into_iter().filter(|key| !self.log.contains(key));
        Self { log: unknown.cloned().collect(), witnesses: Vec::new() }
    }

    /// Adds the log keys that those known lead to, and tells which.
    pub(super) fn follow(&mut self, chain: &KeyChain) -> Vec<String> {
        let reached = chain.trusted_from(&self.log);
        let told = reached.iter().map(ToString::to_string).collect();
        self.log.extend(reached);
        told
    }
}

fn add(known: &mut Vec<VerifierKey>, text: &str, algorithm: Algorithm) -> Result<(), KeysError> {
    let mut keys: Vec<VerifierKey> = Vec::new();
    for (line, content) in (1..).zip(text.lines().map(str::trim)) {
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let key: VerifierKey = content.parse().map_err(|source| KeysError::Malformed { line, source })?;
        if key.algorithm() != algorithm {
            return Err(KeysError::OtherUse { line });
        }
        keys.push(key);
    }
    if keys.is_empty() {
        return Err(KeysError::Empty);
    }
    for key in keys {
        if !known.contains(&key) {
            known.push(key);
        }
    }
    Ok(())
}
