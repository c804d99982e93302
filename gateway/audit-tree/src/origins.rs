//! The registry of origins: which logs there are, in one signed list.
//!
//! ```text
//! motlan origin registry v1
//! 3
//! motlan.example/gw1 motlan.example/gw1+31ad3d21+AZ…
//! motlan.example/gw1-2 motlan.example/gw1-2+c8a0b2e4+AQ… after motlan.example/gw1
//! motlan.example/gw2 motlan.example/gw2+77a1f20c+AQ…
//!
//! — registry.example 5Tj3Cg…
//! ```
//!
//! Each gateway is a log of its own. Whoever is shown some of them cannot see
//! that one is kept back: this list says how many there are. It is a signed note
//! of a key that no gateway has, of a header, a serial number that grows with
//! every issue, and a line per origin, sorted: its name, one of its keys (the
//! log's own statements lead from there to the later ones,
//! [`rotation`](crate::rotation)), and the log that it goes on from, where that
//! was broken off. That one stays in the list.
//!
//! **Out of scope**: who signs it, how it is handed round, and whether it is the
//! newest: the serial tells two apart, and nothing tells of a third.

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use crate::note::{Algorithm, Note, NoteError, SignError, SigningKey, VerifierKey};
use crate::text::parse_size;

/// The first line.
const HEADER: &str = "motlan origin registry v1";

/// Between a line's key and the origin that it goes on from.
const AFTER: &str = " after ";

/// A registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    serial: u64,
    origins: Vec<Listed>,
}

/// A log of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    key: VerifierKey,
    after: Option<String>,
}

/// Why that is no registry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// The text does not begin as one does.
    #[error("does not begin with \"{HEADER}\" and a serial number")]
    Header,
    /// A line is not `<origin> <key> [after <origin>]`, its key another log's or
    /// none that signs checkpoints.
    #[error("line {line} is no origin with its key")]
    Line {
        /// Which, from 1.
        line: usize,
    },
    /// The lines are not sorted by origin, or one stands twice.
    #[error("line {line} does not stand behind the one before it, sorted by origin")]
    Order {
        /// Which, from 1.
        line: usize,
    },
    /// A log goes on from itself or from one that is not listed.
    #[error("line {line} goes on from a log that is not in the list")]
    After {
        /// Which, from 1.
        line: usize,
    },
    /// There is no log in it.
    #[error("lists no log")]
    Empty,
    /// No note, or not one of the registry's key.
    #[error("not signed by the key of the registry")]
    Note(#[from] NoteError),
}

// === impl Listed ===

impl Listed {
    /// The log's name.
    pub fn origin(&self) -> &str {
        self.key.name()
    }

    /// One of its keys.
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// The log that it goes on from.
    pub fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.origin(), self.key)?;
        self.after.as_ref().map_or(Ok(()), |after| write!(f, "{AFTER}{after}"))
    }
}

/// One line, without its line end.
fn listed(text: &str) -> Option<Listed> {
    let (line, after) = match text.split_once(AFTER) {
        Some((line, after)) => (line, Some(after.to_owned())),
        None => (text, None),
    };
    let (_, key) = line.split_once(' ')?;
    let key: VerifierKey = key.parse().ok()?;
    let listed = Listed { key, after };
    // One spelling.
    (listed.key.algorithm() == Algorithm::Ed25519 && listed.to_string() == text).then_some(listed)
}

// === impl Registry ===

impl Registry {
    /// A registry of these lines, in any order; empty ones and those that begin
    /// with `#` are left out. Line numbers of errors are those of the text.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn of_lines(serial: u64, text: &str) -> Result<Self, RegistryError> {
        let lines = (1..).zip(text.lines().map(str::trim));
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let read = |(line, text)| Ok((line, listed(text).ok_or(RegistryError::Line { line })?));
        let mut origins = lines.map(read).collect::<Result<Vec<_>, RegistryError>>()?;
        origins.sort_by(|(_, one), (_, other)| one.origin().cmp(other.origin()));
        Self::of(serial, origins)
    }

    fn of(serial: u64, numbered: Vec<(usize, Listed)>) -> Result<Self, RegistryError> {
        if numbered.is_empty() {
            return Err(RegistryError::Empty);
        }
        let pairs = numbered.iter().zip(numbered.iter().skip(1));
        if let Some((_, (line, _))) = pairs.into_iter().find(|((_, a), (_, b))| a.origin() >= b.origin()) {
            return Err(RegistryError::Order { line: *line });
        }
        let known = |origin: &str| numbered.iter().any(|(_, listed)| listed.origin() == origin);
        let lost =
            |listed: &Listed| listed.after().is_some_and(|after| after == listed.origin() || !known(after));
        if let Some((line, _)) = numbered.iter().find(|(_, listed)| lost(listed)) {
            return Err(RegistryError::After { line: *line });
        }
        Ok(Self { serial, origins: numbered.into_iter().map(|(_, listed)| listed).collect() })
    }

    /// Signs it.
    ///
    /// # Errors
    /// [`SignError::Failed`].
    pub fn sign(&self, key: &SigningKey) -> Result<Note, SignError> {
        key.sign(&self.to_string())
    }

    /// Reads a signed registry and verifies its signature.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn open(bytes: &[u8], key: &VerifierKey) -> Result<Self, RegistryError> {
        let note = Note::parse(bytes)?;
        note.verify(std::slice::from_ref(key))?;
        note.text().parse()
    }

    /// Grows with every issue.
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// The logs, sorted by origin.
    pub fn origins(&self) -> &[Listed] {
        &self.origins
    }

    /// The log of that name.
    pub fn find(&self, origin: &str) -> Option<&Listed> {
        self.origins.iter().find(|listed| listed.origin() == origin)
    }

    /// The logs that are none of these.
    pub fn missing<'a>(&'a self, shown: &[&str]) -> Vec<&'a Listed> {
        self.origins.iter().filter(|listed| !shown.contains(&listed.origin())).collect()
    }
}

/// The note's text.
impl fmt::Display for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}\n{}", self.serial)?;
        self.origins.iter().try_for_each(|listed| writeln!(f, "{listed}"))
    }
}

impl FromStr for Registry {
    type Err = RegistryError;

    fn from_str(text: &str) -> Result<Self, RegistryError> {
        let rest = text.strip_prefix(HEADER).and_then(|rest| rest.strip_prefix('\n'));
        let (serial, lines) = rest.and_then(|rest| rest.split_once('\n')).ok_or(RegistryError::Header)?;
        let serial = parse_size(serial).ok_or(RegistryError::Header)?;
        let read = |(line, text): (usize, &str)| {
            let text = text.strip_suffix('\n').ok_or(RegistryError::Line { line })?;
            Ok((line, listed(text).ok_or(RegistryError::Line { line })?))
        };
        let numbered = (3..).zip(lines.split_inclusive('\n')).map(read);
        Self::of(serial, numbered.collect::<Result<_, RegistryError>>()?)
    }
}
