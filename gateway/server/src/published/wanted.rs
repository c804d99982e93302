//! From a path to what is asked for. A path has one spelling; what is written
//! another way is nothing, and no path goes on to the file system.

use motlan_audit_tree::{Bundle, Tile, rotation};

/// No tree of 64-bit size has a tile above.
const MAX_LEVEL: u8 = 7;

/// A file of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The newest checkpoint.
    Checkpoint,
    /// The key that signs them.
    Key,
    /// The newest with the signatures of witnesses.
    Witnessed,
    /// The checkpoint of that size.
    Kept(u64),
    /// The statement of that number, that one key follows another.
    Statement(u32),
    /// The registry of origins.
    Origins,
    /// Hashes.
    Tile(Tile),
    /// Entries: for auditors.
    Bundle(Bundle),
}

// === impl Wanted ===

impl Wanted {
    /// What the path of a request names, percent signs and all.
    pub(super) fn of(path: &str) -> Option<Self> {
        let path = path.strip_prefix('/')?;
        let wanted = match path {
            "checkpoint" => Self::Checkpoint,
            "log.pub" => Self::Key,
            "witnessed" => Self::Witnessed,
            "origins" => Self::Origins,
            _ => {
                let statement = path.strip_prefix("keys/").and_then(|number| number.parse().ok());
                let kept = path.strip_prefix("checkpoints/").and_then(|size| size.parse().ok());
                let bundle = || path.parse().map(Self::Bundle).ok();
                let tile = || path.parse().map(Self::Tile).ok();
                let small = kept.map(Self::Kept).or(statement.map(Self::Statement));
                small.or_else(bundle).or_else(tile)?
            }
        };
        let within = !matches!(wanted, Self::Tile(tile) if tile.level() > MAX_LEVEL);
        (within && wanted.path() == path).then_some(wanted)
    }

    /// Its one spelling.
    fn path(self) -> String {
        match self {
            Self::Checkpoint => "checkpoint".to_owned(),
            Self::Key => "log.pub".to_owned(),
            Self::Witnessed => "witnessed".to_owned(),
            Self::Kept(size) => format!("checkpoints/{size}"),
            Self::Statement(number) => rotation::path(number),
            Self::Origins => "origins".to_owned(),
            Self::Tile(tile) => tile.to_string(),
            Self::Bundle(bundle) => bundle.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_spelling() {
        let good = [
            ("/checkpoint", Wanted::Checkpoint),
            ("/log.pub", Wanted::Key),
            ("/witnessed", Wanted::Witnessed),
            ("/checkpoints/0", Wanted::Kept(0)),
            ("/checkpoints/18446744073709551615", Wanted::Kept(u64::MAX)),
            ("/keys/1", Wanted::Statement(1)),
            ("/origins", Wanted::Origins),
            ("/tile/0/000", Wanted::Tile(Tile::new(0, 0, 256).unwrap())),
            ("/tile/7/x001/234.p/255", Wanted::Tile(Tile::new(7, 1_234, 255).unwrap())),
            ("/tile/entries/000.p/1", Wanted::Bundle(Bundle::new(0, 1).unwrap())),
            ("/tile/entries/x001/x234/067", Wanted::Bundle(Bundle::new(1_234_067, 256).unwrap())),
        ];
        for (path, wanted) in good {
            assert_eq!(Wanted::of(path), Some(wanted), "{path}");
        }
    }

    #[test]
    fn what_is_written_another_way_is_nothing() {
        let bad = [
            "",
            "/",
            "checkpoint",
            "//checkpoint",
            "/checkpoint/",
            "/Checkpoint",
            "/checkpoint%00",
            "/./checkpoint",
            "/tile/../checkpoint",
            "/%2e%2e/audit/lock",
            "/../state/audit/subjects.db",
            "/lock",
            "/checkpoint.new",
            "/checkpoints/",
            "/checkpoints/01",
            "/checkpoints/+1",
            "/checkpoints/-1",
            "/checkpoints/1.new",
            "/checkpoints/18446744073709551616",
            "/checkpoints/../checkpoint",
            "/keys",
            "/keys/",
            "/keys/01",
            "/keys/-1",
            "/keys/../lock",
            "/origins/",
            "/tile/0/0",
            "/tile/0/0000",
            "/tile/00/000",
            "/tile/+0/000",
            "/tile/8/000",
            "/tile/63/000",
            "/tile/256/000",
            "/tile/0/000.p/0",
            "/tile/0/000.p/01",
            "/tile/0/000.p/256",
            "/tile/0/000.p/257",
            "/tile/0/000.p/",
            "/tile/0/000.p",
            "/tile/0/x000/001",
            "/tile/0/001/000",
            "/tile/0/%30%30%30",
            "/tile/0/000/..",
            "/tile/0/..",
            "/tile/entries/",
            "/tile/entries/..",
            "/tile/entries/0",
            "/tile/entries/000.p/256",
            "/tile/entries/000.p/0",
            "/tile/Entries/000",
            "/tile/entries/000\u{0}",
            "/tile/data/000",
        ];
        for path in bad {
            assert_eq!(Wanted::of(path), None, "{path}");
        }
    }
}
