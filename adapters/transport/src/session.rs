//! What one question takes: its deadline, and the exchanges made for it.

use std::sync::atomic::{AtomicUsize, Ordering};

use http::HeaderValue;
use motlan_api::FetchError;
use motlan_domain::Reason;
use motlan_domain::id::DossierCode;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::http::{Answer, Call, Http};

/// Message id of an exchange (X-Road REST 1.0.4).
const X_ROAD_ID: &str = "x-road-id";
/// Case or document id: the dossier code.
const X_ROAD_ISSUE: &str = "x-road-issue";

/// One question under way. All its calls share one deadline.
pub struct Session<'a> {
    http: &'a Http,
    deadline: Instant,
    request_id: &'a str,
    dossier: Option<&'a DossierCode>,
    begun: AtomicUsize,
    exchanges: Mutex<Vec<String>>,
}

// === impl Session ===

impl<'a> Session<'a> {
    pub(crate) const fn new(
        http: &'a Http,
        deadline: Instant,
        request_id: &'a str,
        dossier: Option<&'a DossierCode>,
    ) -> Self {
        Self {
            http,
            deadline,
            request_id,
            dossier,
            begun: AtomicUsize::new(0),
            exchanges: Mutex::new(Vec::new()),
        }
    }

    /// When everything has to be done.
    pub const fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The client behind it.
    pub const fn http(&self) -> &'a Http {
        self.http
    }

    /// The ids of the exchanges so far.
    pub fn upstream_ids(&self) -> Vec<String> {
        self.exchanges.lock().clone()
    }

    /// Sends one call: adds the exchange id and the dossier code, and names
    /// the exchanges in an error.
    pub async fn send(&self, mut call: Call) -> Result<Answer, FetchError> {
        let id = self.next_id();
        if let Ok(value) = HeaderValue::from_str(&id) {
            call.headers.insert(X_ROAD_ID, value);
        }
        if let Some(value) = self.dossier.and_then(|code| HeaderValue::from_str(code.as_str()).ok()) {
            call.headers.insert(X_ROAD_ISSUE, value);
        }
        self.http.send(&call, self.deadline).await.map_err(|error| {
            if matches!(error.reason(), Reason::SourceBusy | Reason::SourceSuspended) {
                // It never left: there is no exchange to look up.
                self.exchanges.lock().retain(|sent| *sent != id);
            }
            self.name_exchanges(error)
        })
    }

    /// Puts the exchanges into an error that a decoder made.
    pub fn name_exchanges(&self, error: FetchError) -> FetchError {
        let ids = self.upstream_ids();
        match error {
            FetchError::Unavailable { reason, retry_after, .. } => {
                FetchError::Unavailable { reason, retry_after, upstream_ids: ids }
            }
            FetchError::Refused { code, .. } => FetchError::Refused { code, upstream_ids: ids },
            FetchError::Malformed { cause, .. } => FetchError::Malformed { cause, upstream_ids: ids },
            FetchError::NotOffered => FetchError::NotOffered,
        }
    }

    /// The first exchange carries the question's own id, the later ones it and
    /// a number.
    fn next_id(&self) -> String {
        let id = match self.begun.fetch_add(1, Ordering::Relaxed) {
            0 => self.request_id.to_owned(),
            before => format!("{}-{}", self.request_id, before + 1),
        };
        self.exchanges.lock().push(id.clone());
        id
    }
}
