//! The registry of origins: its key, signing and showing it, and whether a
//! gateway's log stands in it.

mod key;
#[cfg(test)]
mod tests;

use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use motlan_audit_tree::origins::{Listed, Registry, RegistryError};
use motlan_audit_tree::{NoteError, VerifierKey};

use crate::cli::{NewRegistryArgs, SignOriginsArgs, VerifyOriginsArgs};
use crate::config::OriginsSection;
use crate::exit::{Ended, Exit, Failure, OrExit as _};

/// A registry as it is handed round, its signature verified.
pub(crate) struct Origins {
    /// The signed note.
    pub(crate) bytes: Vec<u8>,
    /// What it says.
    pub(crate) registry: Registry,
}

// === impl Origins ===

impl Origins {
    /// SHA-256 of the file, lower-case hex.
    pub(crate) fn digest(&self) -> String {
        hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &self.bytes))
    }
}

/// `motlan keys new-registry`.
pub fn new_key(args: &NewRegistryArgs, out: &mut dyn Write) -> Ended {
    let public = key::create(&args.file, &args.name)?;
    writeln!(out, "{}: khóa riêng của sổ đăng ký / the registry's private key", args.file.display())?;
    writeln!(out, "khóa công khai / public key: {public}")?;
    Ok(Exit::Ok)
}

/// `motlan audit origins sign`: the signed registry on standard output.
pub fn sign(args: &SignOriginsArgs, out: &mut dyn Write) -> Ended {
    let text = std::fs::read_to_string(&args.lines);
    let text = text.with_context(|| args.lines.display().to_string()).or_exit(Exit::Usage)?;
    let registry = Registry::of_lines(args.serial, &text).map_err(|error| wrong(&args.lines, error))?;
    let note = registry.sign(&key::read(&args.key)?).context("không ký được / cannot be signed");
    write!(out, "{}", note.or_exit(Exit::Internal)?)?;
    Ok(Exit::Ok)
}

/// `motlan audit origins verify`: what a signed registry lists.
pub fn verify(args: &VerifyOriginsArgs, out: &mut dyn Write) -> Ended {
    let key = key_of(&args.key).or_exit(Exit::Usage)?;
    let Origins { registry, .. } = open(&args.file, &key)?;
    writeln!(out, "Số thứ tự / serial {}, {} nhật ký / logs", registry.serial(), registry.origins().len())?;
    for listed in registry.origins() {
        write!(out, "  {}", listed.origin())?;
        if let Some(after) = listed.after() {
            write!(out, " (tiếp nối / goes on from {after})")?;
        }
        writeln!(out)?;
    }
    Ok(Exit::Ok)
}

/// A verifier key as it is, or in the file of that name.
pub(crate) fn key_of(given: &str) -> anyhow::Result<VerifierKey> {
    if let Ok(key) = given.parse() {
        return Ok(key);
    }
    let text =
        std::fs::read_to_string(given).with_context(|| format!("no verifier key, and no file: {given}"))?;
    text.trim().parse().with_context(|| format!("{given} holds no verifier key"))
}

/// Reads a signed registry.
pub(crate) fn open(file: &Path, key: &VerifierKey) -> Result<Origins, Failure> {
    let bytes = std::fs::read(file).with_context(|| file.display().to_string()).or_exit(Exit::Usage)?;
    let registry = Registry::open(&bytes, key).map_err(|error| wrong(file, error))?;
    Ok(Origins { bytes, registry })
}

/// Reads a signed registry as evidence: one that cannot be read tells nothing, and
/// one that the key did not sign is a fault.
pub(crate) fn open_as_evidence(file: &Path, key: &VerifierKey) -> Result<Origins, Failure> {
    open(file, key).map_err(|failure| {
        let forged = matches!(
            failure.cause.downcast_ref(),
            Some(RegistryError::Note(NoteError::BadSignature { .. } | NoteError::NotSigned))
        );
        match failure.exit {
            Exit::Data if forged => Failure { exit: Exit::No, ..failure },
            Exit::Data => Failure { exit: Exit::Usage, ..failure },
            _ => failure,
        }
    })
}

fn wrong(file: &Path, error: RegistryError) -> Failure {
    let told =
        format!("{}: không phải sổ đăng ký nhật ký hợp lệ / no valid registry of origins", file.display());
    Failure { exit: Exit::Data, cause: anyhow!(error).context(told) }
}

/// The registry of a configuration, in which that log must stand.
///
/// # Errors
/// [`Exit::Config`]: the registry, or the log's name, is another one.
pub(crate) fn of_gateway(section: &OriginsSection, origin: &str) -> Result<Origins, Failure> {
    let opened =
        open(&section.file, &section.key).map_err(|failure| Failure { exit: Exit::Config, ..failure })?;
    if opened.registry.find(origin).is_none() {
        return Err(Failure::new(
            Exit::Config,
            format!(
                "{0}: không có nhật ký {origin} trong sổ đăng ký / the log {origin} does not stand in the registry",
                section.file.display()
            ),
        ));
    }
    Ok(opened)
}

/// That the registry lists one of these keys, which are all the log had.
///
/// # Errors
/// [`Exit::Config`]: it lists another's.
pub(crate) fn hold_against(origins: &Origins, origin: &str, keys: &[VerifierKey]) -> Result<(), Failure> {
    let listed = origins.registry.find(origin).map(Listed::key);
    if listed.is_some_and(|listed| keys.contains(listed)) {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Config,
        format!(
            "khóa của nhật ký {origin} trong sổ đăng ký không phải khóa của cổng này / the registry lists another key \
             for {origin} than this gateway's"
        ),
    ))
}
