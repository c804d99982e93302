//! Where the files of a published log come from.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use motlan_audit_tree::verify::{Source, SourceError};
use tokio::runtime::Handle;

/// The most bytes of one file: a bundle of the largest entries.
const MOST_BYTES: usize = 256 * (2 + 65_535);

/// For one file over the network.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder.
pub(super) struct Folder(PathBuf);

/// An HTTP server. Its kept checkpoints cannot be listed; pass them by hand.
pub(super) struct Served {
    client: reqwest::Client,
    address: String,
    runtime: Handle,
}

// === impl Folder ===

impl Folder {
    pub(super) fn at(folder: &Path) -> Self {
        Self(folder.to_owned())
    }
}

impl Source for Folder {
    fn get(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError> {
        let file = self.0.join(path);
        let failed = |error: io::Error| SourceError { path: path.to_owned(), source: error.into() };
        // What is no file is none: a pipe would be waited for.
        match fs::metadata(&file) {
            Ok(meta) if meta.is_file() => fs::read(file).map(Some).map_err(failed),
            Ok(_) => Ok(None),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    fn kept(&self) -> Result<Vec<u64>, SourceError> {
        let failed = |error: io::Error| SourceError { path: "checkpoints".to_owned(), source: error.into() };
        let files = match fs::read_dir(self.0.join("checkpoints")) {
            Ok(files) => files,
            Err(error) if is_missing(&error) => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut sizes = Vec::new();
        for file in files {
            let name = file.map_err(failed)?.file_name();
            let size = name.to_str().and_then(|name| name.parse::<u64>().ok());
            // One spelling: what is written another way is none of the log's.
            sizes.extend(size.filter(|size| name.to_str() == Some(&size.to_string())));
        }
        Ok(sizes)
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

// === impl Served ===

impl Served {
    pub(super) fn at(address: &str) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().timeout(PATIENCE).build().context("no HTTP client")?;
        Ok(Self { client, address: address.trim_end_matches('/').to_owned(), runtime: Handle::current() })
    }

    async fn fetch(&self, path: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let mut response = self.client.get(format!("{}/{path}", self.address)).send().await?;
        if matches!(response.status().as_u16(), 404 | 410) {
            return Ok(None);
        }
        response.error_for_status_ref()?;
        // Nobody asked for it packed: unpacked wrongly it would accuse the log.
        anyhow::ensure!(!response.headers().contains_key("content-encoding"), "the file comes packed");
        let mut bytes = Vec::new();
        while let Some(more) = response.chunk().await? {
            anyhow::ensure!(bytes.len() + more.len() <= MOST_BYTES, "longer than any file of a log");
            bytes.extend_from_slice(&more);
        }
        Ok(Some(bytes))
    }
}

impl Source for Served {
    fn get(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError> {
        let fetched = self.runtime.block_on(self.fetch(path));
        fetched.map_err(|error| SourceError { path: path.to_owned(), source: error.into() })
    }

    fn kept(&self) -> Result<Vec<u64>, SourceError> {
        Ok(Vec::new())
    }
}
