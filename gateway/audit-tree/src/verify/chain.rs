//! The keys that a log's own statements lead to, from those that were given.

use super::keys::Keys;
use super::report::{Code, Fault};
use super::{Source, Stop};
use crate::note::VerifierKey;
use crate::rotation::{self, KeyChain, MAX_ROTATIONS};

/// Reads every statement of the log.
pub(super) fn read(source: &(impl Source + ?Sized), keys: &Keys) -> Result<KeyChain, Stop> {
    let mut chain = KeyChain::default();
    for number in 1..=MAX_ROTATIONS {
        let path = rotation::path(number);
        let Some(bytes) = source.get(&path)? else { break };
        let wrong = |what: &str| Fault::new(Code::KeyStatement, None, format!("{path}: {what}."));
        chain.push(&bytes).map_err(|error| wrong(&error.to_string()))?;
        let named = |key: &VerifierKey| chain.origin() == Some(key.name());
        if !keys.log.iter().any(named) {
            return Err(wrong("this is a statement of another log").into());
        }
    }
    Ok(chain)
}
