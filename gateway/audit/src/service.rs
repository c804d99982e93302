//! Opening the log, its threads, and closing it in order.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use motlan_audit_tree::{Entry, EntryTime};
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
use crate::recover::refuse_superseded;
use crate::retire::{self, Retirement};
use crate::seal::{Sealer, derive};
use crate::search;
use crate::sequencer::Sequencer;
use crate::stats::Stats;
use crate::store::{AuditReader, AuditStore, MemoryStore, StoreError};
use crate::subjects::{Desk, Standing, Subjects};
#[cfg(any(test, feature = "testing"))]
use crate::tree::files::fault::FaultFiles;
use crate::tree::files::{LogFiles, MemoryFiles, RealFiles};
use crate::tree::{self, Integrator, TreeError};
use crate::witnessing::Hold;
use crate::writer::{Progress, Writer};

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
    /// Pause between commits under load; none when idle. At most 700 µs helps.
    pub commit_spacing: Duration,
    /// Entries that may wait for one commit; beyond, appends are pushed back.
    pub queue: usize,
    /// Bytes kept for admitted work once the disk is full.
    pub reserve_bytes: u64,
}

/// The threads of an open log. Dropping it closes the log too, but blocks.
pub struct AuditService {
    log: AuditLog,
    progress: Arc<Progress>,
    subjects: Option<JoinHandle<()>>,
    journal: Option<JoinHandle<()>>,
    index: Option<JoinHandle<()>>,
    search: Option<JoinHandle<()>>,
    tree: Option<JoinHandle<()>>,
    retire: Option<JoinHandle<()>>,
    /// Held so that no second process opens the folder.
    _lock: Option<File>,
}

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
            segment_bytes: 64 << 20,
            commit_spacing: Duration::from_micros(700),
            queue: 16_384,
            reserve_bytes: 4 << 20,
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
        Self::start(&options, keys.as_ref(), clock, Box::<MemoryStore>::default(), places, None)
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
            let lock = File::create(options.dir.join("lock")).map_err(io)?;
            lock.try_lock().map_err(|_| AuditError::InUse)?;
            refuse_superseded(&options.dir)?;
            let files = files(RealFiles::new(&options.log_dir));
            let (begins, published) = older(&options, files.as_ref(), keys.as_ref())?;
            let store =
                JournalStore::open(disk, &options.dir, &options.origin, options.segment_bytes, published)?;
            make_folder(&RealDisk, &options.log_dir).map_err(io)?;
            let places = Places {
                subjects: Some(options.dir.join("subjects.db")),
                index: Some(options.dir.join("index.db")),
                log: Some(options.log_dir.clone()),
                files,
                begins,
                retirer: Some(store.retirer()),
            };
            Self::start(&options, keys.as_ref(), clock, Box::new(store), places, Some(lock))
        });
        opened.await.unwrap_or(Err(AuditError::Closed))
    }

    fn start(
        options: &AuditOptions,
        keys: &dyn KeyProvider,
        clock: Arc<dyn Clock>,
        store: Box<dyn AuditStore>,
        places: Places,
        lock: Option<File>,
    ) -> Result<(Self, AuditService), AuditError> {
        // The first random bytes take tens of milliseconds: now, not at the first request.
        drop(random_key()?);
        let whole = WholeLog::new(store.reader(), Arc::clone(&places.files));
        whole.reaches_back(places.begins)?;
        let reader: Arc<dyn AuditReader> = Arc::new(whole);
        let next = store.next_index();
        let last_time = last_time(reader.as_ref(), next)?;
        let subjects = Arc::new(Subjects::open(places.subjects.as_deref(), keys, next == 0)?);
        subjects.hold_against(reader.as_ref(), next)?;
        let record_key = keys.record_key()?;
        let token_key = derive(record_key.as_ref(), b"page token v1").map_err(|_| KeyError::Malformed)?;
        let record = Sealer::new(&record_key).map_err(|_| KeyError::Malformed)?;
        let origin: Arc<str> = options.origin.as_str().into();
        let progress = Arc::new(Progress::default());
        progress.set(next);

        let indexer =
            Indexer::open(places.index.as_deref(), Arc::clone(&reader), next, Arc::clone(&progress))?;
        let index_handle = indexer.handle();
        let (search_desk, searcher) = search::desk(
            indexer.database(),
            Arc::clone(&reader),
            Arc::clone(&subjects),
            &token_key,
            index_handle.clone(),
        );
        let integrator = Integrator::open(
            (places.log.as_deref(), Arc::clone(&places.files)),
            &origin,
            keys,
            (Arc::clone(&reader), next),
            Arc::clone(&progress),
        )?;
        let retirement = places.retirer.map(|retirer| {
            let (lasting, index) = (integrator.lasting(), index_handle.clone());
            Retirement::new(retirer, places.files, lasting, index, Arc::clone(&progress))
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
            Arc::clone(&progress),
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
                search: search_desk,
                stats,
                hold: Hold::default(),
            }),
        };
        let mut service = AuditService {
            log: log.clone(),
            progress,
            subjects: None,
            journal: None,
            index: None,
            search: None,
            tree: None,
            retire: None,
            _lock: lock,
        };
        service.journal = Some(thread("motlan-journal", move || writer.run())?);
        service.subjects = Some(thread("motlan-subjects", move || worker.run())?);
        service.index = Some(thread("motlan-index", move || index::run(indexer))?);
        service.search = Some(thread("motlan-search", move || searcher.run())?);
        service.tree = Some(thread("motlan-integrate", move || tree::run(integrator))?);
        if let Some(retirement) = retirement {
            service.retire = Some(thread("motlan-retire", move || retire::run(retirement))?);
        }
        Ok((log, service))
    }
}

/// The first entry of the journal, and how many a published log covers that holds
/// older ones. A journal that is gone altogether is not begun anew under one.
fn older(
    options: &AuditOptions,
    files: &dyn LogFiles,
    keys: &dyn KeyProvider,
) -> Result<(u64, u64), AuditError> {
    let begins = JournalStore::begins(&options.dir)?;
    let published = if begins == Some(0) { 0 } else { tree::covered(files, &options.origin, keys)? };
    if begins.is_none() && published > 0 {
        return Err(TreeError::Shorter { held: 0, published }.into());
    }
    Ok((begins.unwrap_or(0), published))
}

/// Makes a folder where there is none, by durable names: a log in a folder that
/// a power cut takes away is none.
fn make_folder(disk: &dyn Disk, dir: &Path) -> std::io::Result<()> {
    let named = |folder: &&Path| !folder.as_os_str().is_empty();
    let made: Vec<&Path> = dir.ancestors().take_while(named).take_while(|folder| !folder.exists()).collect();
    fs::create_dir_all(dir)?;
    for folder in made {
        let above = folder.parent().filter(named).unwrap_or(Path::new("."));
        disk.sync_dir(above)?;
    }
    Ok(())
}

fn thread(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, AuditError> {
    let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(body);
    spawned.map_err(|error| AuditError::Store(StoreError::Read(error)))
}

/// The time of the last entry: the clock may have been set back since.
fn last_time(reader: &dyn AuditReader, next: u64) -> Result<EntryTime, AuditError> {
    let Some(last) = next.checked_sub(1) else { return Ok(EntryTime::new(Timestamp::UNIX_EPOCH)) };
    let damaged = StoreError::Corrupt { index: last, what: "last entry is not of the entry format" };
    let stored = reader.read(last, None)?;
    match stored.map(|stored| Entry::parse(&stored.bytes)) {
        Some(Ok(entry)) => Ok(entry.time),
        _ => Err(damaged.into()),
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
        let join = |thread: Option<JoinHandle<()>>| {
            if thread.is_some_and(|thread| thread.join().is_err()) {
                tracing::error!("an audit thread ended in a panic");
            }
        };
        self.log.inner.desk.close();
        join(self.subjects.take());
        self.log.inner.sequencer.close();
        join(self.journal.take());
        self.progress.close();
        join(self.index.take());
        join(self.tree.take());
        join(self.retire.take());
        self.log.inner.search.close();
        join(self.search.take());
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
