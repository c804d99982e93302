//! The token at hand, and the one request for the next: one for all who wait.

use std::sync::Arc;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue, StatusCode};
use motlan_api::{Ask, FetchError};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::{LGSP_HEADER, TokenConfig, read_token};
use crate::http::{malformed, refused};
use crate::session::Taken;
use crate::{Call, Http, Media, Session};

/// What a request for a token came to.
pub(super) type Told = Result<Token, FetchError>;

/// Where tokens come from.
pub(super) struct Source {
    http: Arc<Http>,
    path: String,
    skew: Duration,
    credential: (HeaderName, HeaderValue),
    current: Mutex<Current>,
}

#[derive(Default)]
struct Current {
    generation: u64,
    token: Option<Token>,
    /// What the latest request tells; its other end is gone once it ended.
    coming: Option<watch::Receiver<Option<Told>>>,
}

/// A token, as it is sent.
#[derive(Clone)]
pub(super) struct Token {
    header: HeaderValue,
    /// On the clock's monotonic scale.
    good_until: Duration,
    pub(super) generation: u64,
}

/// How to come by a token.
pub(super) enum Way {
    /// There is one.
    AtHand(Token),
    /// A request is under way that will tell.
    Coming(watch::Receiver<Option<Told>>),
    /// A request has to begin, and to tell those who wait.
    Begin(watch::Sender<Option<Told>>, watch::Receiver<Option<Told>>),
}

// === impl Source ===

impl Source {
    pub(super) fn new(config: &TokenConfig, credential: (HeaderName, HeaderValue), http: Arc<Http>) -> Self {
        let skew = Duration::from_secs(config.skew_s);
        Self { http, path: config.path.clone(), skew, credential, current: Mutex::default() }
    }

    /// Adds the token to a call.
    pub(super) fn dress(&self, mut call: Call, token: &Token) -> Call {
        call.secret_header(AUTHORIZATION, token.header.clone());
        if self.credential.0 == LGSP_HEADER {
            call.secret_header(LGSP_HEADER, self.credential.1.clone());
        }
        call
    }

    /// The way to a token that is not of the `rejected` generation. Who is told
    /// to begin a request has to: from here on others wait for it.
    pub(super) fn way(&self, rejected: Option<u64>) -> Way {
        let mut current = self.current.lock();
        let now = self.http.clock().monotonic();
        let good = |token: &&Token| now < token.good_until && rejected != Some(token.generation);
        if let Some(token) = current.token.as_ref().filter(good) {
            return Way::AtHand(token.clone());
        }
        // Closed once the request ended, however it did.
        if let Some(coming) = current.coming.as_ref().filter(|coming| coming.has_changed().is_ok()) {
            return Way::Coming(coming.clone());
        }
        let (tell, coming) = watch::channel(None);
        current.token = None;
        current.coming = Some(coming.clone());
        Way::Begin(tell, coming)
    }

    /// Asks for a token, with all the time that this registry is given: it is
    /// for more than the question that began it, whose exchange it is.
    pub(super) async fn fetch(&self, ask: &Ask, taken: Arc<Taken>) -> Told {
        let asked_at = self.http.clock().monotonic();
        let session = Session::new(&self.http, ask, self.http.deadline(), taken);
        let form = "application/x-www-form-urlencoded";
        let mut call =
            Call::post(self.http.url(&self.path), form, "grant_type=client_credentials", Media::Json);
        call.secret_header(self.credential.0.clone(), self.credential.1.clone());
        let answer = session.send(call).await.map_err(|error| match error {
            FetchError::Refused { upstream_ids, code } => {
                FetchError::Refused { code: code.replace("HTTP_", "TOKEN_"), upstream_ids }
            }
            other => other,
        })?;
        if answer.status != StatusCode::OK {
            return Err(refused(format!("TOKEN_{}", answer.status.as_u16())));
        }
        let (header, validity) = read_token(&answer.body).map_err(malformed)?;
        // One that lives no longer than the skew would serve only those who
        // wait for it now, and all others would ask for one each.
        let good_for = validity.saturating_sub(self.skew).max(validity / 2);
        let mut current = self.current.lock();
        current.generation += 1;
        let token = Token { header, good_until: asked_at + good_for, generation: current.generation };
        current.token = Some(token.clone());
        Ok(token)
    }
}
