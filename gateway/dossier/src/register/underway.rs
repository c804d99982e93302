//! Which dossiers a call of this process is opening or closing: of two calls
//! for one dossier, one is at work and the other is told so.

use std::collections::HashMap;
use std::sync::Arc;

use motlan_domain::id::DossierCode;
use parking_lot::Mutex;
use tokio::sync::watch;

/// The dossiers that a call is at work on.
#[derive(Debug, Clone, Default)]
pub(super) struct Underway(Arc<Mutex<HashMap<DossierCode, watch::Receiver<()>>>>);

/// One of them: given up when it goes, however the call ends.
#[derive(Debug)]
pub(super) struct AtWork {
    all: Underway,
    code: DossierCode,
    /// Dropped last, when the place is free.
    _ends: watch::Sender<()>,
}

/// Another call is at work on it.
#[derive(Debug)]
pub(super) struct Busy(watch::Receiver<()>);

// === impl Underway ===

impl Underway {
    pub(super) fn begin(&self, code: &DossierCode) -> Result<AtWork, Busy> {
        let mut all = self.0.lock();
        if let Some(ends) = all.get(code) {
            return Err(Busy(ends.clone()));
        }
        let (sender, ends) = watch::channel(());
        all.insert(code.clone(), ends);
        Ok(AtWork { all: self.clone(), code: code.clone(), _ends: sender })
    }
}

// === impl AtWork ===

impl Drop for AtWork {
    fn drop(&mut self) {
        self.all.0.lock().remove(&self.code);
    }
}

// === impl Busy ===

impl Busy {
    /// Waits until the other call has ended.
    pub(super) async fn ended(mut self) {
        // Nothing is ever sent: an error says that the sender is gone.
        while self.0.changed().await.is_ok() {}
    }
}
