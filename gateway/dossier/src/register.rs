//! The handle others hold.

mod closing;
mod opening;
mod standing;
mod underway;
mod worker;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Date;
use motlan_domain::id::{AgencyCode, DossierCode, Synthetic};
use motlan_domain::{Clock, SubjectKey};
use tokio::sync::{mpsc, oneshot};

use crate::cache::Cache;
use crate::dossier::{Dossier, DossierSubject, MAX_SUBJECTS};
use crate::error::RegisterError;
use crate::guess::GuessTicket;
use crate::request::{RequestKey, RequestState};
use crate::seal::{RegisterKey, Sealer};
use crate::store::{File, Store};
pub use closing::Closed;
pub use opening::{Opened, Opening};
use standing::Standing;
use underway::Underway;
use worker::{Message, Worker, job};

/// The register. A cheap handle over one thread and one file.
#[derive(Clone)]
pub struct Register {
    queue: mpsc::Sender<Message>,
    cache: Arc<Cache>,
    sealer: Arc<Sealer>,
    opening: Underway,
    closing: Underway,
    standing: Arc<Standing>,
}

/// Where the register lies and how it is kept.
#[derive(Debug)]
pub struct RegisterOptions {
    /// The SQLite file; made if it is not there.
    pub path: PathBuf,
    /// Its key.
    pub key: RegisterKey,
    /// Whether a stored sandbox identity may be read: a sandbox file brought
    /// to production does not open its subjects.
    pub synthetic: Synthetic,
    /// How many dossiers are kept in memory.
    pub cached: usize,
    /// How much work may wait for the thread.
    pub queue: usize,
}

/// Who looks a dossier up. Everybody else is told that there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// The viewer's agency: it sees the dossiers it handles.
    pub agency: AgencyCode,
    /// The viewer's system: it sees the dossiers it opened.
    pub system: String,
}

// === impl Register ===

impl Register {
    /// Opens the file and starts the thread. Blocks for the time SQLite needs.
    pub fn open(options: RegisterOptions, clock: Arc<dyn Clock>) -> Result<Self, RegisterError> {
        let sealer = Arc::new(Sealer::new(&options.key, options.synthetic)?);
        let cache = Arc::new(Cache::new(options.cached));
        let file = File::open(&options.path, &sealer, true)?;
        let (queue, waiting) = mpsc::channel(options.queue.max(1));
        let standing = Arc::new(Standing::new(Arc::clone(&clock)));
        let worker = Worker {
            path: options.path,
            file: Some(file),
            sealer: Arc::clone(&sealer),
            cache: Arc::clone(&cache),
            clock,
            last_sweep: i64::MIN,
            standing: Arc::clone(&standing),
            tended: None,
        };
        std::thread::Builder::new()
            .name("dossier-register".to_owned())
            .spawn(move || worker.run(waiting))
            .map_err(|_| RegisterError::Unavailable(None))?;
        let (opening, closing) = (Underway::default(), Underway::default());
        Ok(Self { queue, cache, sealer, opening, closing, standing })
    }

    /// Finishes what waits, checkpoints and closes the file. Every later call
    /// is answered `Unavailable`.
    pub async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.queue.send(Message::Close(done)).await.is_ok() {
            let _ = closed.await;
        }
    }

    /// Whether the register takes work: its file is in place, could be written
    /// when last it was tried, and does not hang. Cheap; looked after by the
    /// register itself, so it turns good again by itself.
    pub fn is_ready(&self) -> bool {
        self.standing.is_good()
    }

    /// The dossier of that code, for the gateway's own use.
    pub async fn get(&self, code: &DossierCode) -> Result<Option<Arc<Dossier>>, RegisterError> {
        if let Some(found) = self.cache.get(code) {
            return Ok(Some(found));
        }
        Box::pin(self.read(code.clone(), None)).await
    }

    /// The dossier of that code if `viewer` may know of it, else `None`: for a
    /// foreign dossier after the same work as for one that does not exist,
    /// whether or not it lies in memory.
    pub async fn find(
        &self,
        code: &DossierCode,
        viewer: &Viewer,
    ) -> Result<Option<Arc<Dossier>>, RegisterError> {
        if let Some(found) = self.cache.get(code).filter(|dossier| viewer.sees(dossier)) {
            return Ok(Some(found));
        }
        // Boxed: a dossier in use lies in memory.
        Box::pin(self.read(code.clone(), Some(viewer.clone()))).await
    }

    async fn read(
        &self,
        code: DossierCode,
        viewer: Option<Viewer>,
    ) -> Result<Option<Arc<Dossier>>, RegisterError> {
        self.call(move |store| {
            let found = store.find(&code, viewer.as_ref())?.map(Arc::new);
            let kept = found.clone().filter(|dossier| !dossier.is_opening());
            Ok((found, kept))
        })
        .await
    }

    /// Adds subjects that a registry answer ties to the dossier. One already
    /// there in the same role is left as it is; only another record's tie to
    /// the same person is kept beside the first.
    pub async fn link(
        &self,
        code: &DossierCode,
        subjects: Vec<DossierSubject>,
    ) -> Result<Arc<Dossier>, RegisterError> {
        let code = code.clone();
        self.call(move |store| {
            let mut dossier = store.find(&code, None)?.ok_or(RegisterError::Unknown)?;
            if !dossier.is_open() {
                return Err(RegisterError::Closed);
            }
            let before = dossier.subjects.len();
            for subject in subjects {
                let said = |known: &DossierSubject| known.role == subject.role && known.how == subject.how;
                if !dossier.roles_of(&subject.key).any(said) {
                    dossier.subjects.push(subject);
                }
            }
            if dossier.subjects.len() > MAX_SUBJECTS {
                return Err(RegisterError::TooManySubjects);
            }
            store.insert_subjects(&code, before, &dossier.subjects[before..])?;
            let dossier = Arc::new(dossier);
            Ok((Arc::clone(&dossier), Some(dossier)))
        })
        .await
    }

    /// What is known of a request, before anything is done for it.
    pub async fn request(&self, key: &RequestKey) -> Result<RequestState, RegisterError> {
        let key = key.clone();
        self.call(move |store| Ok((store.request_state(&key)?, None))).await
    }

    /// Keeps the answer to a request for seven days. The first answer stays:
    /// it is returned, and is the one to give.
    pub async fn remember(&self, key: &RequestKey, response: Vec<u8>) -> Result<Vec<u8>, RegisterError> {
        let key = key.clone();
        self.call(move |store| Ok((store.remember(&key, response)?, None))).await
    }

    /// Counts one attempt about a subject before anybody is asked; durable when
    /// this returns. Attempts under way count, so no number of concurrent calls
    /// gets past `limit`. `day` is the civil day in Viet Nam.
    pub async fn reserve_guess(
        &self,
        agency: &AgencyCode,
        subject: [u8; 32],
        day: Date,
        limit: u32,
    ) -> Result<GuessTicket, RegisterError> {
        let agency = agency.clone();
        self.call(move |store| {
            store.reserve(agency.as_str(), &subject, day, limit)?;
            Ok((GuessTicket::new(agency, subject, day), None))
        })
        .await
    }

    /// Gives an attempt back: it agreed, or no answer came. A second time is
    /// without effect. Not waited for: what a crash loses stays counted.
    pub async fn refund(&self, ticket: &GuessTicket) {
        if !ticket.take() {
            return;
        }
        let copy = GuessTicket::new(ticket.agency.clone(), ticket.subject, ticket.day);
        let (reply, _) = oneshot::channel();
        let work = job(
            move |store: &Store<'_>| {
                store.refund(&copy)?;
                Ok(((), None))
            },
            reply,
        );
        // A closed register keeps the count: the safe side.
        let _ = self.queue.send(Message::Work(work)).await;
    }

    /// How many attempts about the subject are counted for the day.
    pub async fn guesses(
        &self,
        agency: &AgencyCode,
        subject: [u8; 32],
        day: Date,
    ) -> Result<u32, RegisterError> {
        let agency = agency.clone();
        self.call(move |store| Ok((store.guesses(agency.as_str(), &subject, day)?, None))).await
    }

    /// The keyed digest under which attempts about a subject are counted.
    pub fn subject_digest(&self, key: &SubjectKey) -> [u8; 32] {
        self.sealer.digest(key)
    }

    async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store<'_>) -> Result<(T, Option<Arc<Dossier>>), RegisterError> + Send + 'static,
    ) -> Result<T, RegisterError> {
        if self.standing.hangs() {
            return Err(RegisterError::Unavailable(None));
        }
        let (reply, answer) = oneshot::channel();
        self.queue.try_send(Message::Work(job(work, reply))).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => RegisterError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => RegisterError::Unavailable(None),
        })?;
        answer.await.unwrap_or(Err(RegisterError::Unavailable(None)))
    }
}

impl fmt::Debug for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Register")
    }
}

// === impl RegisterOptions ===

impl RegisterOptions {
    /// With the usual bounds: 65,536 dossiers in memory (some 50 MB at four
    /// subjects each), 4,096 pieces of work waiting.
    pub fn new(path: impl Into<PathBuf>, key: RegisterKey, synthetic: Synthetic) -> Self {
        Self { path: path.into(), key, synthetic, cached: 65_536, queue: 4_096 }
    }
}

// === impl Viewer ===

impl Viewer {
    /// Whether that dossier is known to this viewer.
    pub fn sees(&self, dossier: &Dossier) -> bool {
        dossier.agency == self.agency || dossier.opened_by == self.system
    }
}

#[cfg(test)]
mod tests;
