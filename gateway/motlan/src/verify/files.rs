//! Where the files of a published log come from.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use motlan_audit_tree::verify::{Source, SourceError};
use tokio::runtime::Handle;

/// The most bytes of one file: a bundle of the largest entries.
const MOST_BYTES: usize = 256 * (2 + 65_535);

/// The most bytes that are read of a refusal.
const MOST_OF_A_REFUSAL: usize = 16 << 10;

/// For one file over the network.
const PATIENCE: Duration = Duration::from_secs(30);

/// What to show a server.
#[derive(Debug, Clone, Default)]
pub(super) struct Access {
    /// The folder with cert.pem, key.pem and ca.pem.
    pub(super) client: Option<PathBuf>,
    /// The authority of the server's certificate, where there is no such folder.
    pub(super) ca: Option<PathBuf>,
    /// The officer's token, where it lies elsewhere than in the folder.
    pub(super) token: Option<PathBuf>,
}

/// A folder.
pub(super) struct Folder(PathBuf);

/// How often a server that has no time is asked again.
const AGAIN: u32 = 5;

/// The longest wait between, whatever the server says.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// An HTTP server. Its kept checkpoints cannot be listed; pass them by hand.
pub(super) struct Served {
    client: reqwest::Client,
    address: String,
    /// For bundles, which are for auditors: the file of the officer's token. Read
    /// each time, for a token lives shorter than a verification may take.
    token: Option<PathBuf>,
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
    pub(super) fn at(address: &str, args: &Access) -> anyhow::Result<Self> {
        let read = |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
        let mut client = reqwest::Client::builder().timeout(PATIENCE);
        let within = |name: &str| args.client.as_ref().map(|folder| folder.join(name));
        if let Some(authority) = within("ca.pem").or_else(|| args.ca.clone()) {
            let found = reqwest::Certificate::from_pem_bundle(&read(&authority)?);
            let found = found.with_context(|| format!("no certificate: {}", authority.display()))?;
            client = client.tls_certs_only(found);
        }
        if let (Some(certificate), Some(key)) = (within("cert.pem"), within("key.pem")) {
            let identity = [read(&certificate)?, read(&key)?].concat();
            let identity = reqwest::Identity::from_pem(&identity);
            client = client.identity(identity.context("the certificate or key cannot be used")?);
        }
        let token = args.token.clone().or_else(|| within("officer.jwt").filter(|file| file.exists()));
        // A token goes to nobody who can read along, nor wherever somebody sends it on to.
        let private = address.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"));
        anyhow::ensure!(
            private || token.is_none(),
            "--client, --token: chỉ dùng với https / only over https: {address}"
        );
        client = client.redirect(reqwest::redirect::Policy::none());
        Ok(Self {
            client: client.build().context("no HTTP client")?,
            address: address.trim_end_matches('/').to_owned(),
            token,
            runtime: Handle::current(),
        })
    }

    async fn fetch(&self, path: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let mut response = self.ask(path).await?;
        if matches!(response.status().as_u16(), 404 | 410) {
            return Ok(None);
        }
        if matches!(response.status().as_u16(), 401 | 403) {
            bail!("{}", Self::refused(path, response).await);
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

impl Served {
    /// Asks, and again where the server says to come back.
    async fn ask(&self, path: &str) -> anyhow::Result<reqwest::Response> {
        let mut asked = 0;
        loop {
            let mut request = self.client.get(format!("{}/{path}", self.address));
            if let Some(token) = self.token.as_ref().filter(|_| is_bundle(path)) {
                let text = fs::read_to_string(token);
                let text = text.with_context(|| format!("cannot read {}", token.display()))?;
                request = request.bearer_auth(text.trim());
            }
            let response = request.send().await?;
            asked += 1;
            if asked > AGAIN || !matches!(response.status().as_u16(), 429 | 503) {
                return Ok(response);
            }
            let after =
                response.headers().get("retry-after").and_then(|after| after.to_str().ok()?.parse().ok());
            tokio::time::sleep(Duration::from_secs(after.unwrap_or(1)).min(LONGEST_WAIT)).await;
        }
    }

    /// Why a file is not given, in the words of the server where it has any.
    async fn refused(path: &str, mut response: reqwest::Response) -> String {
        let status = response.status();
        let mut bytes = Vec::new();
        while let Ok(Some(more)) = response.chunk().await
            && bytes.len() < MOST_OF_A_REFUSAL
        {
            bytes.extend_from_slice(&more);
        }
        let told: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let told =
            |key: &str| told[key].as_str().map(|text| text.chars().filter(|c| !c.is_control()).collect());
        let words: Vec<String> = ["reason", "vi", "en"].into_iter().filter_map(told).collect();
        let hint = if is_bundle(path) {
            "; các bản ghi chỉ dành cho người kiểm tra: dùng --client DIR, hoặc --hashes-only để chỉ kiểm tra phần \
             công khai / entries are for auditors: give --client DIR, or --hashes-only for what is public alone"
        } else {
            ""
        };
        format!("{status} {}{hint}", words.join(" / "))
    }
}

fn is_bundle(path: &str) -> bool {
    path.starts_with("tile/entries/")
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
