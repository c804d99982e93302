//! `motlan keys new`: the key files that a configuration names, made once.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::anyhow;
use motlan_audit::{FileKeyProvider, KeyError};

use super::NewKeysArgs;
use crate::exit::{Ended, Exit, Failure, OrExit as _};

/// Runs the command. A file that is there is never touched: whoever loses a
/// key loses what is sealed under it.
pub fn run(args: &NewKeysArgs, out: &mut dyn Write) -> Ended {
    let files = [(&args.audit, Kind::Audit), (&args.register, Kind::Register)];
    let files: Vec<(&Path, Kind)> =
        files.iter().filter_map(|(path, kind)| Some((path.as_deref()?, *kind))).collect();
    // Both or neither: found out before the first is made.
    for (path, _) in &files {
        if path.symlink_metadata().is_ok() {
            return Err(Failure::new(Exit::Usage, there(path)));
        }
    }
    for (path, kind) in &files {
        make(path, *kind)?;
        writeln!(out, "{}: {}", path.display(), kind.text())?;
    }
    writeln!(
        out,
        "\nSao lưu tệp khóa tách riêng với dữ liệu: mất khóa là mất vĩnh viễn những gì được niêm phong bằng khóa đó.\n\
         Back the key files up, apart from the data: what is sealed under a lost key stays sealed for ever."
    )?;
    Ok(Exit::Ok)
}

/// Which key file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Audit,
    Register,
}

// === impl Kind ===

impl Kind {
    const fn text(self) -> &'static str {
        match self {
            Self::Audit => "khóa của nhật ký kiểm toán / keys of the audit log ([audit] keys)",
            Self::Register => "khóa của sổ đăng ký hồ sơ / key of the dossier register ([dossiers] key)",
        }
    }
}

fn there(path: &Path) -> String {
    let path = path.display();
    format!("{path}: tệp đã có, không ghi đè / the file is there already and is not overwritten")
}

/// Makes one file. What was written in part is taken away again: a half key
/// must not be mistaken for one.
fn make(path: &Path, kind: Kind) -> Result<(), Failure> {
    let made = match kind {
        Kind::Audit => FileKeyProvider::create(path).map_err(|error| match error {
            KeyError::Io(error) => error,
            other => std::io::Error::other(other),
        }),
        Kind::Register => register_key(path),
    };
    let Err(error) = made else { return sync_folder(path) };
    if error.kind() == ErrorKind::AlreadyExists {
        return Err(Failure::new(Exit::Usage, there(path)));
    }
    let told = if path.exists() && std::fs::remove_file(path).is_err() {
        format!("{0}: ghi dở, hãy xóa đi / {0} is half written: remove it", path.display())
    } else {
        format!("không ghi được {0} / cannot write {0}", path.display())
    };
    let named_wrong = [ErrorKind::NotFound, ErrorKind::NotADirectory, ErrorKind::PermissionDenied];
    let exit = if named_wrong.contains(&error.kind()) { Exit::Usage } else { Exit::Unavailable };
    Err(anyhow::Error::from(error).context(told)).or_exit(exit)
}

fn register_key(path: &Path) -> std::io::Result<()> {
    let mut key = [0; 32];
    aws_lc_rs::rand::fill(&mut key).map_err(|_| std::io::Error::other("no random bytes from the system"))?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(format!("{}\n", hex::encode(key)).as_bytes())?;
    file.sync_all()
}

/// A file survives a crash once its folder names it durably.
fn sync_folder(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced
        .map_err(|error| anyhow!(error).context(format!("{} cannot be synced", folder.display())))
        .or_exit(Exit::Unavailable)
}

#[cfg(test)]
mod tests;
