//! Faults of the published log alone.

use std::io;

use super::{Faults, raise};

impl Faults {
    /// Reading and writing the published log hangs until [`Faults::clear`], at
    /// most some 20 seconds; the journal goes on.
    pub fn hang_published(&self) {
        self.state.lock().published_hangs = true;
    }

    /// A checkpoint takes its place, and that fails with that error number.
    pub fn fail_shown(&self, errno: i32) {
        self.state.lock().shown = Some(errno);
    }

    pub(crate) fn may_show(&self) -> io::Result<()> {
        raise(self.state.lock().shown)
    }
}
