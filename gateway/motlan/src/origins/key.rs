//! The registry's key file: one line `registry_key <name> <seed in hex>`,
//! readable by its owner alone. No gateway has it.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::anyhow;
use motlan_audit_tree::{SigningKey, VerifierKey};
use zeroize::Zeroizing;

use crate::exit::{Exit, Failure, OrExit as _};

/// No key file is longer.
const MAX_FILE_BYTES: u64 = 4_096;

/// Makes a file with a new random key of that name; never over another file.
pub(super) fn create(path: &Path, name: &str) -> Result<VerifierKey, Failure> {
    let mut seed = Zeroizing::new([0; 32]);
    aws_lc_rs::rand::fill(seed.as_mut())
        .map_err(|_| anyhow!("no random bytes"))
        .or_exit(Exit::Unavailable)?;
    let key = SigningKey::from_seed(name, &seed).map_err(|_| {
        Failure::new(Exit::Usage, format!("--name: tên không hợp lệ / not a possible name: {name}"))
    })?;
    let hex = Zeroizing::new(hex::encode(*seed));
    let line = Zeroizing::new(format!("registry_key {name} {}\n", hex.as_str()));
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).and_then(|mut file| {
        file.write_all(line.as_bytes())?;
        file.sync_all()
    });
    made.map_err(|error| {
        let exit = if error.kind() == ErrorKind::AlreadyExists { Exit::Usage } else { Exit::Unavailable };
        let told = format!("{0}: không tạo được tệp khóa / the key file cannot be made", path.display());
        Failure { exit, cause: anyhow!(error).context(told) }
    })?;
    Ok(key.verifier_key().clone())
}

/// Reads it.
pub(super) fn read(path: &Path) -> Result<SigningKey, Failure> {
    let wrong = |exit, vi: &str, en: &str| Failure::new(exit, format!("{}: {vi} / {en}", path.display()));
    let cannot = |_| wrong(Exit::Usage, "không đọc được tệp khóa", "the key file cannot be read");
    let file = File::open(path).map_err(cannot)?;
    if file.metadata().map_err(cannot)?.permissions().mode() & 0o077 != 0 {
        return Err(wrong(
            Exit::Data,
            "người khác đọc được tệp khóa: cần mode 0600",
            "readable by others: mode must be 0600",
        ));
    }
    // Never grown, so that no copy of it is left behind.
    let mut text = Zeroizing::new(String::with_capacity(4_096));
    file.take(MAX_FILE_BYTES).read_to_string(&mut text).map_err(cannot)?;
    parse(&text)
        .ok_or_else(|| wrong(Exit::Data, "không phải tệp khóa của sổ đăng ký", "no key file of a registry"))
}

fn parse(text: &str) -> Option<SigningKey> {
    let (name, encoded) = text.strip_suffix('\n')?.strip_prefix("registry_key ")?.split_once(' ')?;
    let mut seed = Zeroizing::new([0; 32]);
    hex::decode_to_slice(encoded, seed.as_mut()).ok()?;
    SigningKey::from_seed(name, &seed).ok()
}
