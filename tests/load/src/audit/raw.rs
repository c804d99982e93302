//! The least that a durable append can cost here: a file written full in
//! advance, one thread that writes all that waits and syncs once for it.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use anyhow::Context as _;
use rustix::fs::fdatasync;
use tokio::sync::oneshot;

/// As long as some segments of the log; then it begins anew.
const FILE_BYTES: u64 = 64 << 20;

/// What waits for its sync.
struct Frame {
    bytes: Vec<u8>,
    durable: oneshot::Sender<()>,
}

/// The file, and its thread.
pub(super) struct RawFile {
    frames: Option<Sender<Frame>>,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

// === impl RawFile ===

impl RawFile {
    /// A new one in that folder.
    pub(super) fn new(folder: &Path) -> anyhow::Result<Self> {
        let mut file = File::create(folder.join("raw")).context("no raw file")?;
        let zeros = vec![0; 1 << 20];
        for _ in 0..FILE_BYTES >> 20 {
            file.write_all(&zeros)?;
        }
        file.sync_all()?;
        let (frames, taken) = channel();
        let thread =
            std::thread::Builder::new().name("raw".to_owned()).spawn(move || write(&file, &taken))?;
        Ok(Self { frames: Some(frames), thread: Some(thread) })
    }

    /// Appends one frame and waits until it is durable.
    pub(super) async fn append(&self, bytes: Vec<u8>) -> anyhow::Result<()> {
        let (durable, told) = oneshot::channel();
        let frames = self.frames.as_ref().context("closed")?;
        frames.send(Frame { bytes, durable }).ok().context("the raw file failed")?;
        told.await.context("the raw file failed")
    }

    pub(super) fn close(mut self) -> anyhow::Result<()> {
        drop(self.frames.take());
        let ended = self.thread.take().map(JoinHandle::join);
        if let Some(Ok(written)) = ended {
            return written.context("the raw file failed");
        }
        anyhow::bail!("the thread of the raw file died")
    }
}

fn write(file: &File, frames: &Receiver<Frame>) -> std::io::Result<()> {
    let (mut at, mut buffer, mut waiting) = (0, Vec::new(), Vec::new());
    while let Ok(first) = frames.recv() {
        for frame in std::iter::once(first).chain(frames.try_iter()) {
            buffer.extend_from_slice(&frame.bytes);
            waiting.push(frame.durable);
        }
        if at + buffer.len() as u64 > FILE_BYTES {
            at = 0;
        }
        file.write_all_at(&buffer, at)?;
        fdatasync(file)?;
        at += buffer.len() as u64;
        buffer.clear();
        for durable in waiting.drain(..) {
            // Whoever has gone waits no more.
            let _ = durable.send(());
        }
    }
    Ok(())
}
