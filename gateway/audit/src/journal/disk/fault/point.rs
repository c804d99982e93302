//! Where a process can be made to die.

/// A labelled point of append, sync, integration and publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Point {
    /// Before bytes are written.
    BeforeWrite,
    /// When half of them are.
    MidWrite,
    /// When all are.
    AfterWrite,
    /// Before a sync.
    BeforeSync,
    /// After it, before anybody is told.
    AfterSync,
    /// Before a segment gets its name.
    BeforeRename,
    /// After it.
    AfterRename,
    /// Before a full segment is removed.
    BeforeRemove,
    /// After it, before the folder is synced.
    AfterRemove,
    /// When that is done.
    AfterRemoveSync,
    /// Before a tile or bundle of the published log is written.
    BeforeTile,
    /// When half of it is.
    MidTile,
    /// When all is.
    AfterTile,
    /// Before a checkpoint takes the place of the one before.
    BeforePublish,
    /// After it, before it is shown to anybody.
    AfterPublish,
}

impl Point {
    /// Every point.
    pub const ALL: [Self; 15] = [
        Self::BeforeWrite,
        Self::MidWrite,
        Self::AfterWrite,
        Self::BeforeSync,
        Self::AfterSync,
        Self::BeforeRename,
        Self::AfterRename,
        Self::BeforeRemove,
        Self::AfterRemove,
        Self::AfterRemoveSync,
        Self::BeforeTile,
        Self::MidTile,
        Self::AfterTile,
        Self::BeforePublish,
        Self::AfterPublish,
    ];
}
