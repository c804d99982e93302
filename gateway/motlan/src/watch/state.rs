//! What a watch keeps between its runs: the last checkpoint it verified, and
//! how far it has come.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use motlan_audit_tree::{Rotation, SignedCheckpoint};
use serde_json::Value;

use crate::exit::{Exit, Failure, OrExit as _};
use crate::prove::KnownKeys;

/// The state.
pub(super) struct State {
    /// The last checkpoint.
    pub(super) checkpoint: Option<SignedCheckpoint>,
    /// The first index not yet shown.
    pub(super) next: Option<u64>,
}

// === impl State ===

impl State {
    /// Reads the file; where there is none, a watch begins.
    pub(super) fn read(path: &Path, keys: &mut KnownKeys, from: Option<u64>) -> Result<Self, Failure> {
        let name = path.display();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { checkpoint: None, next: from });
            }
            Err(error) => {
                let read = Err(error).with_context(|| format!("không đọc được {name} / cannot read {name}"));
                return read.or_exit(Exit::Usage);
            }
        };
        let none = || {
            Failure::new(
                Exit::Data,
                format!("{name}: không phải trạng thái theo dõi / is no state of a watch"),
            )
        };
        let value: Value = serde_json::from_str(&text).map_err(|_| none())?;
        let note = value["checkpoint"].as_str().ok_or_else(none)?;
        // By which the keys given lead to the one that signed it.
        let statements = value["key_rotations"].as_array().into_iter().flatten();
        let statements =
            statements.filter_map(|statement| Rotation::parse(statement.as_str()?.as_bytes()).ok());
        keys.follow(&statements.collect::<Vec<_>>()).map_err(|_| none())?;
        // Whoever could write another log's checkpoint here could hide a fork.
        let checkpoint = keys.open(note.as_bytes());
        let next = value["next"].as_u64().ok_or_else(none)?;
        Ok(Self { checkpoint: Some(checkpoint.map_err(|_| none())?), next: Some(next) })
    }

    /// Writes the file anew: as a whole, or not at all.
    pub(super) fn write(&self, path: &Path, keys: &KnownKeys) -> anyhow::Result<()> {
        let (Some(checkpoint), Some(next)) = (&self.checkpoint, self.next) else { return Ok(()) };
        let (checkpoint, rotations) = (checkpoint.to_string(), keys.followed());
        let text = serde_json::json!({ "checkpoint": checkpoint, "key_rotations": rotations, "next": next });
        let text = text.to_string();
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        let name = path.display();
        let written = std::fs::File::create(&beside).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written
            .and_then(|()| std::fs::rename(&beside, path))
            .with_context(|| format!("không ghi được {name} / cannot write {name}"))
    }
}
