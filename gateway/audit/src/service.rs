//! Opening the log, its threads, and closing it in order.

mod folders;

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use motlan_domain::Clock;
use tokio_util::sync::CancellationToken;

use crate::assemble::Assembler;
use crate::bundles::WholeLog;
use crate::error::AuditError;
use crate::index::{self, Indexer};
use crate::journal::disk::{Disk, RealDisk};
use crate::journal::{JournalStore, Retirer};
use crate::keys::{KeyError, KeyProvider, random_key};
use crate::log::{AuditLog, Inner};
use crate::reading::{self, ReadingDesk};
use crate::recover::refuse_superseded;
use crate::retire::{self, Retirement, Waiting};
use crate::seal::{Sealer, derive};
use crate::search::{SearchDesk, Searcher, token_key};
use crate::sequencer::Sequencer;
use crate::stats::Stats;
use crate::store::{AuditReader, AuditStore, MemoryStore, StoreError};
use crate::subjects::{Desk, Standing, Subjects};
use crate::threads::Worker;
#[cfg(any(test, feature = "testing"))]
use crate::tree::files::fault::FaultFiles;
use crate::tree::files::{LogFiles, MemoryFiles, RealFiles};
use crate::tree::{self, Integrator};
use crate::witnessing::Hold;
use crate::writer::{Progress, Writer};
pub(crate) use folders::older;
use folders::{Locks, last_time, lock, make_folder};

/// How the log is kept.
#[derive(Debug, Clone)]
pub struct AuditOptions {
    /// The folder: journal segments, subject table, index.
    pub dir: PathBuf,
    /// The folder of the published log: checkpoint, tiles, bundles. The verifier
    /// key lies beside it, as its name with `.pub`.
    pub log_dir: PathBuf,
    /// The name of this log, e.g. `motlan.khanhhoa.gov.vn/gw1`.
    pub origin: String,
    /// Bytes of a journal segment, written in advance.
    pub segment_bytes: u64,
    /// Pause between commits under load, so that more share one; none when idle.
    pub commit_spacing: Duration,
    /// Entries that may wait for one commit; beyond, appends are pushed back.
    pub queue: usize,
    /// Bytes kept for admitted work once the disk is full.
    pub reserve_bytes: u64,
    /// Entries that one page of a search looks at, at most.
    pub page_looks: usize,
    /// How long a search waits for entries that only the published log holds.
    pub older_patience: Duration,
}

/// The threads of an open log. Dropping it closes the log too, but blocks.
pub struct AuditService {
    log: AuditLog,
    progress: Arc<Progress>,
    subjects: Option<Worker>,
    journal: Option<Worker>,
    index: Option<Worker>,
    tree: Option<Worker>,
    retire: Option<Worker>,
    /// Held so that no second process opens the folder.
    _lock: Option<File>,
}

/// At closing, for the last checkpoint: so long without one that covers more, and
/// so many times in all.
const PUBLISHING: (Duration, u32) = (Duration::from_secs(5), 4);

/// At closing, for what is being read.
const READING: Duration = Duration::from_secs(1);

/// The places of the databases; none in memory.
struct Places {
    subjects: Option<PathBuf>,
    index: Option<PathBuf>,
    log: Option<PathBuf>,
    files: Arc<dyn LogFiles>,
    /// The first entry of the journal: what is older lies in the files alone.
    begins: u64,
    /// Of the journal; in memory there is nothing to remove.
    retirer: Option<Retirer>,
}

// === impl AuditOptions ===

impl AuditOptions {
    /// The defaults for a folder and an origin.
    pub fn new(dir: impl Into<PathBuf>, origin: impl Into<String>) -> Self {
        let dir = dir.into();
        Self {
            log_dir: dir.join("log"),
            dir,
            origin: origin.into(),
            segment_bytes: 12 << 20,
            commit_spacing: Duration::from_micros(1_500),
            queue: 16_384,
            reserve_bytes: 4 << 20,
            page_looks: 50_000,
            older_patience: Duration::from_secs(5),
        }
    }
}

// === impl AuditLog ===

impl AuditLog {
    /// Opens the log in a folder, making it if it is new.
    ///
    /// # Errors
    /// [`AuditError::InUse`], [`AuditError::Superseded`], [`AuditError::Store`], [`AuditError::Subjects`],
    /// [`AuditError::SubjectsMissing`], [`AuditError::SubjectsBehind`],
    /// [`AuditError::Keys`], [`AuditError::Index`] or [`AuditError::Tree`]: do
    /// not start.
    pub async fn open(
        options: AuditOptions,
        keys: Arc<dyn KeyProvider>,
        clock: Arc<dyn Clock>,
    ) -> Result<(Self, AuditService), AuditError> {
        Self::open_on(options, keys, clock, Arc::new(RealDisk), |files| Arc::new(files)).await
    }

    /// Opens the log on a disk that fails when told to.
    ///
    /// # Errors
    /// As [`AuditLog::open`].
    #[cfg(any(test, feature = "testing"))]
    pub async fn open_faulty(
        options: AuditOptions,
        keys: Arc<dyn KeyProvider>,
        clock: Arc<dyn Clock>,
        faults: Arc<crate::testing::Faults>,
    ) -> Result<(Self, AuditService), AuditError> {
        let disk = Arc::new(crate::testing::FaultDisk::new(Arc::clone(&faults)));
        let files = |files| Arc::new(FaultFiles::new(files, faults)) as Arc<dyn LogFiles>;
        Self::open_on(options, keys, clock, disk, files).await
    }

    /// A log in memory: nothing survives it.
    ///
    /// # Errors
    /// [`AuditError::Keys`], [`AuditError::Subjects`] or [`AuditError::Index`].
    pub fn in_memory(
        origin: &str,
        keys: Arc<dyn KeyProvider>,
        clock: Arc<dyn Clock>,
    ) -> Result<(Self, AuditService), AuditError> {
        let options = AuditOptions::new("", origin);
        let files = Arc::<MemoryFiles>::default();
        let places = Places { subjects: None, index: None, log: None, files, begins: 0, retirer: None };
        Self::start(&options, keys.as_ref(), clock, Box::<MemoryStore>::default(), places, Locks::default())
    }

    async fn open_on(
        options: AuditOptions,
        keys: Arc<dyn KeyProvider>,
        clock: Arc<dyn Clock>,
        disk: Arc<dyn Disk>,
        files: impl FnOnce(RealFiles) -> Arc<dyn LogFiles> + Send + 'static,
    ) -> Result<(Self, AuditService), AuditError> {
        let opened = tokio::task::spawn_blocking(move || {
            let io = |error| AuditError::Store(StoreError::Read(error));
            make_folder(disk.as_ref(), &options.dir).map_err(io)?;
            let journal = lock(&options.dir.join("lock"))?;
            refuse_superseded(&options.dir)?;
            let new = !options.log_dir.exists();
            let files = files(RealFiles::new(&options.log_dir));
            let (begins, published) = older(&options, files.as_ref(), keys.as_ref())?;
            let store =
                JournalStore::open(disk, &options.dir, &options.origin, options.segment_bytes, published)?;
            make_folder(&RealDisk, &options.log_dir).map_err(io)?;
            let locks = Locks { journal, published: lock(&options.log_dir.join("lock"))? };
            tree::files::settle(&options.log_dir, new).map_err(io)?;
            let places = Places {
                subjects: Some(options.dir.join("subjects.db")),
                index: Some(options.dir.join("index.db")),
                log: Some(options.log_dir.clone()),
                files,
                begins,
                retirer: Some(store.retirer()),
            };
            Self::start(&options, keys.as_ref(), clock, Box::new(store), places, locks)
        });
        opened.await.unwrap_or(Err(AuditError::Closed))
    }

    fn start(
        options: &AuditOptions,
        keys: &dyn KeyProvider,
        clock: Arc<dyn Clock>,
        store: Box<dyn AuditStore>,
        places: Places,
        locks: Locks,
    ) -> Result<(Self, AuditService), AuditError> {
        // The first random bytes take tens of milliseconds: now, not at the first request.
        drop(random_key()?);
        let journal = store.reader();
        let whole = WholeLog::new(Arc::clone(&journal), Arc::clone(&places.files));
        whole.reaches_back(places.begins)?;
        let tail = whole.tail();
        let reader: Arc<dyn AuditReader> = Arc::new(whole);
        let next = store.next_index();
        let last_time = last_time(reader.as_ref(), next)?;
        let subjects = Arc::new(Subjects::open(places.subjects.as_deref(), keys, next == 0)?);
        subjects.hold_against(reader.as_ref(), next)?;
        let record_key = keys.record_key()?;
        let page_token_key =
            derive(record_key.as_ref(), b"page token v1").map_err(|_| KeyError::Malformed)?;
        let record = Sealer::new(&record_key).map_err(|_| KeyError::Malformed)?;
        let origin: Arc<str> = options.origin.as_str().into();
        let progress = Arc::new(Progress::default());
        progress.set(next);

        let indexer =
            Indexer::open(places.index.as_deref(), Arc::clone(&reader), next, Arc::clone(&progress))?;
        let index_handle = indexer.handle();
        let searcher = Searcher {
            database: indexer.database(),
            journal,
            whole: Arc::clone(&reader),
            subjects: Arc::clone(&subjects),
            token_key: token_key(&page_token_key),
            index: index_handle.clone(),
            looked_at: options.page_looks,
        };
        let integrator = Integrator::open(
            (places.log.as_deref(), Arc::clone(&places.files), locks.published),
            &origin,
            keys,
            (Arc::clone(&reader), next),
            (Arc::clone(&progress), Arc::clone(&clock)),
        )?;
        let waiting = Arc::new(Waiting::new(Arc::clone(&clock)));
        let retirement = places.retirer.map(|retirer| {
            let (lasting, index) = (integrator.lasting(), index_handle.clone());
            let waiting = Arc::clone(&waiting);
            Retirement::new(retirer, places.files, lasting, index, Arc::clone(&progress), waiting)
        });
        let standing = Arc::new(Standing::new(Arc::clone(&clock)));
        let sequencer = Arc::new(Sequencer::new(
            Arc::clone(&origin),
            clock,
            (next, last_time),
            options.queue,
            options.reserve_bytes,
        ));
        let assembler = Arc::new(Assembler { origin, record });
        let (desk, worker) = Desk::new(
            Arc::clone(&subjects),
            Arc::clone(&assembler),
            Arc::clone(&sequencer),
            Arc::clone(&standing),
        );
        let stats = Arc::new(Stats::default());
        let writer = Writer::new(
            store,
            Arc::clone(&sequencer),
            (Arc::clone(&progress), tail),
            Arc::clone(&stats),
            options.commit_spacing,
        );

        let log = Self {
            inner: Arc::new(Inner {
                sequencer,
                assembler,
                subjects,
                standing,
                desk,
                reader,
                index: index_handle,
                published: integrator.handle(),
                search: SearchDesk::new(searcher, options.older_patience),
                proofs: ReadingDesk::new("motlan-prove", reading::QUEUE),
                ranges: ReadingDesk::new("motlan-range", reading::QUEUE),
                shown: ReadingDesk::new("motlan-show", reading::QUEUE),
                stats,
                waiting,
                hold: Hold::default(),
            }),
        };
        let mut service = AuditService {
            log: log.clone(),
            progress,
            subjects: None,
            journal: None,
            index: None,
            tree: None,
            retire: None,
            _lock: locks.journal,
        };
        service.journal = Some(Worker::spawn("motlan-journal", move || writer.run())?);
        service.subjects = Some(Worker::spawn("motlan-subjects", move || worker.run())?);
        service.index = Some(Worker::spawn("motlan-index", move || index::run(indexer))?);
        service.tree = Some(Worker::spawn("motlan-integrate", move || tree::run(integrator))?);
        if let Some(retirement) = retirement {
            service.retire = Some(Worker::spawn_behind("motlan-retire", move || retire::run(retirement))?);
        }
        Ok((log, service))
    }
}

// === impl AuditService ===

impl AuditService {
    /// The log it serves.
    pub const fn log(&self) -> &AuditLog {
        &self.log
    }

    /// Runs until `drain` is cancelled, then closes the log.
    pub async fn run(self, drain: CancellationToken) {
        drain.cancelled().await;
        self.shutdown().await;
    }

    /// Closes the log in order: no new subjects, no new entries, what was
    /// taken in is written, the index catches up, then the threads are joined.
    pub async fn shutdown(mut self) {
        // A panic while closing has been logged by the thread's own hook.
        let _ = tokio::task::spawn_blocking(move || self.close()).await;
    }

    fn close(&mut self) {
        let join = |worker: Option<Worker>| worker.map_or((), Worker::join);
        self.log.inner.desk.close();
        join(self.subjects.take());
        self.log.inner.sequencer.close();
        join(self.journal.take());
        self.progress.close();
        // Both read older entries from the published log.
        let indexed = || self.log.inner.index.indexed();
        if let Some(index) = self.index.take() {
            index.join_within(PUBLISHING.0, PUBLISHING.1, indexed);
        }
        let [search, older] = self.log.inner.search.desks().map(ReadingDesk::close);
        if let Some(search) = search {
            search.join_within(READING, 1, || ());
        }
        // The published disk may hang: what is not published yet is durable all
        // the same, and the next start publishes it.
        let published = || self.log.inner.published.newest().head().size;
        if let Some(tree) = self.tree.take() {
            tree.join_within(PUBLISHING.0, PUBLISHING.1, published);
        }
        let desks = [&self.log.inner.proofs, &self.log.inner.ranges, &self.log.inner.shown];
        let desks = desks.map(ReadingDesk::close);
        for reader in [self.retire.take(), older].into_iter().chain(desks).flatten() {
            reader.join_within(READING, 1, || ());
        }
    }
}

impl Drop for AuditService {
    fn drop(&mut self) {
        self.close();
    }
}

impl std::fmt::Debug for AuditService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuditService(..)")
    }
}
