//! The log of changes that the fault layer writes (`struct record` in
//! `faults/layer.c`).

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};

/// As in the C source.
const MAGIC: u64 = u64::from_le_bytes(*b"MOTLTFL1");
const HEADER: usize = 56;

/// One change.
pub(super) struct Change {
    pub(super) kind: Kind,
    /// Where it stands in the log.
    pub(super) place: u64,
    pub(super) ino: u64,
    /// An offset or a length; for syncs the place before which all is covered.
    pub(super) at: u64,
    /// Of changes of names, and of folders synced.
    pub(super) path: PathBuf,
}

/// What was done.
pub(super) enum Kind {
    Write(Vec<u8>),
    Truncate,
    Synced,
    SyncFailed,
    Create,
    Rename { to: PathBuf, kept: Option<String> },
    Unlink { kept: Option<String> },
    DirSynced,
    MakeDir,
}

/// Every whole change, and where they end: a kill may tear the last.
pub(super) fn read(log: &Path) -> anyhow::Result<(Vec<Change>, u64)> {
    let bytes = std::fs::read(log).context("there is no log of changes")?;
    let mut changes = Vec::new();
    let mut at = 0;
    while let Some((change, len)) = one(&bytes[at..], at as u64)? {
        changes.push(change);
        at += len;
    }
    Ok((changes, at as u64))
}

fn one(bytes: &[u8], place: u64) -> anyhow::Result<Option<(Change, usize)>> {
    let Some((header, rest)) = bytes.split_at_checked(HEADER) else { return Ok(None) };
    let field = |number: usize| {
        let bytes = &header[8 * number..8 * number + 8];
        bytes.iter().rev().fold(0u64, |value, byte| value << 8 | u64::from(*byte))
    };
    ensure!(field(0) == MAGIC, "the log of changes is damaged at {place}");
    let (kind, ino, at, len) = (field(1), field(2), field(3), field(4));
    let data_len = if kind == 1 { len as usize } else { 0 };
    let (path_len, other_len) = (field(5) as usize, field(6) as usize);
    if rest.len() < path_len + other_len + data_len {
        return Ok(None);
    }
    let (path, rest) = rest.split_at(path_len);
    let (other, rest) = rest.split_at(other_len);
    let path_of = |bytes: &[u8]| PathBuf::from(OsStr::from_bytes(bytes));
    let kept = || at.checked_sub(1).map(|number| number.to_string());
    let kind = match kind {
        1 => Kind::Write(rest[..data_len].to_vec()),
        2 => Kind::Write(vec![0; len as usize]),
        3 => Kind::Truncate,
        4 => Kind::Synced,
        5 => Kind::SyncFailed,
        6 => Kind::Create,
        7 => Kind::Rename { to: path_of(other), kept: kept() },
        8 => Kind::Unlink { kept: kept() },
        9 => Kind::DirSynced,
        10 => Kind::MakeDir,
        other => bail!("the log of changes holds a change of kind {other}"),
    };
    let change = Change { kind, place, ino, at, path: path_of(path) };
    Ok(Some((change, HEADER + path_len + other_len + data_len)))
}
