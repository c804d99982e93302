//! One guarded HTTP client for one registry.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use motlan_api::{Ask, FetchError, MalformedCause};
use motlan_domain::{Clock, Reason};
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::body;
use crate::breaker::Breaker;
use crate::budget::RetryBudget;
use crate::bulkhead::Bulkhead;
use crate::session::Session;
use crate::{ConfigError, HttpConfig};

/// Idle connections are closed after this long.
const IDLE: Duration = Duration::from_secs(30);
/// Longest `Retry-After` believed.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3_600);

/// A registry's endpoint with everything that bounds its use.
pub struct Http {
    client: reqwest::Client,
    config: HttpConfig,
    clock: Arc<dyn Clock>,
    bulkhead: Bulkhead,
    breaker: Breaker,
    budget: RetryBudget,
}

/// What an answer is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `application/json`
    Json,
    /// `application/xml` or `text/xml`
    Xml,
}

/// One HTTP request.
pub struct Call {
    /// Method.
    pub method: Method,
    /// Where, from [`Http::url`].
    pub url: Url,
    /// Headers; may hold credentials.
    pub headers: HeaderMap,
    /// Body, empty for none.
    pub body: Bytes,
    /// What the answer must be written in.
    pub accept: Media,
    /// Whether asking twice does no harm and counts for nothing at the source.
    pub repeatable: bool,
}

/// A whole answer with status 200, or 400 where the registry explains a
/// refusal in its own words.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body, within the limit.
    pub body: Bytes,
}

/// How one attempt ended, before it is an error of the seam.
pub(crate) enum Attempt {
    /// The connection was never made: nothing was sent.
    NotSent,
    /// The connection broke before an answer began.
    Broken,
    /// The answer broke off.
    Truncated,
    /// No whole answer in time.
    TimedOut,
    /// The answer is longer than the limit.
    TooLarge,
    /// A status, with headers; the body only where it is wanted.
    Answered { status: StatusCode, headers: HeaderMap, body: Bytes },
}

// === impl Http ===

impl Http {
    /// Builds the client; opens no connection. Reads the certificates.
    pub fn new(config: HttpConfig, clock: Arc<dyn Clock>) -> Result<Self, ConfigError> {
        config.check()?;
        let client = client(&config)?;
        let wait = Duration::from_millis(config.queue_wait_ms);
        Ok(Self {
            client,
            bulkhead: Bulkhead::new(config.max_concurrent, config.queue, wait),
            breaker: Breaker::new(config.breaker, Arc::clone(&clock)),
            budget: RetryBudget::new(),
            clock,
            config,
        })
    }

    /// The time as this registry's adapter knows it.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// The address of a path below the base.
    pub fn url(&self, path: &str) -> Url {
        let mut url = self.config.base_url.clone();
        let joined = format!("{}/{}", url.path().trim_end_matches('/'), path.trim_start_matches('/'));
        url.set_path(&joined);
        url
    }

    /// Begins what one question takes: at most until the nearer of the two
    /// deadlines.
    pub fn session<'a>(&'a self, ask: &'a Ask) -> Session<'a> {
        let left = ask.deadline.min(self.config.deadline());
        Session::new(self, Instant::now() + left, &ask.request_id, ask.on_behalf.dossier.as_ref())
    }

    /// One call, guarded: a turn in the bulkhead, leave of the breaker, at
    /// most one repeat. The error carries no exchange ids: the session adds them.
    pub(crate) async fn send(&self, call: &Call, deadline: Instant) -> Result<Answer, FetchError> {
        if let Some(wait) = self.breaker.refuses() {
            return Err(unavailable(Reason::SourceSuspended, Some(wait)));
        }
        let Some(_turn) = self.bulkhead.enter(deadline).await else {
            return Err(unavailable(Reason::SourceBusy, Some(Duration::from_secs(1))));
        };
        let pass = self.breaker.enter().map_err(|wait| unavailable(Reason::SourceSuspended, Some(wait)))?;
        // A question that came with little time left cannot accuse the registry.
        let fair = deadline.saturating_duration_since(Instant::now()) * 2 >= self.config.deadline();
        self.budget.earn();
        let mut attempt = self.attempt(call, deadline).await;
        let again = match attempt {
            Attempt::NotSent => true,
            Attempt::Broken => call.repeatable,
            _ => false,
        };
        if again && self.budget.spend() {
            attempt = self.attempt(call, deadline).await;
        }
        match &attempt {
            Attempt::TimedOut if !fair => drop(pass),
            Attempt::NotSent | Attempt::Broken | Attempt::Truncated | Attempt::TimedOut => pass.failed(),
            Attempt::Answered { status, .. } if status.is_server_error() => pass.failed(),
            Attempt::Answered { .. } | Attempt::TooLarge => pass.succeeded(),
        }
        self.judge(call, attempt)
    }

    async fn attempt(&self, call: &Call, deadline: Instant) -> Attempt {
        timeout_at(deadline, self.exchange(call)).await.unwrap_or(Attempt::TimedOut)
    }

    async fn exchange(&self, call: &Call) -> Attempt {
        let request = self
            .client
            .request(call.method.clone(), call.url.clone())
            .headers(call.headers.clone())
            .body(call.body.clone())
            .send();
        let response = match request.await {
            Ok(response) => response,
            // Classified and dropped: its text holds the address.
            Err(error) if error.is_connect() => return Attempt::NotSent,
            Err(error) if error.is_timeout() => return Attempt::TimedOut,
            Err(_) => return Attempt::Broken,
        };
        let status = response.status();
        let headers = response.headers().clone();
        if status != StatusCode::OK && status != StatusCode::BAD_REQUEST {
            // Nothing of an error page is of use, so nothing of it is read.
            return Attempt::Answered { status, headers, body: Bytes::new() };
        }
        match body::read(response, self.config.max_body_bytes).await {
            Ok(body) => Attempt::Answered { status, headers, body },
            Err(body::BodyError::TooLarge) => Attempt::TooLarge,
            Err(body::BodyError::Broken) => Attempt::Truncated,
        }
    }

    /// The one place where an attempt becomes an answer or an error.
    fn judge(&self, call: &Call, attempt: Attempt) -> Result<Answer, FetchError> {
        let (status, headers, body) = match attempt {
            Attempt::NotSent | Attempt::Broken => return Err(unavailable(Reason::SourceUnreachable, None)),
            Attempt::TimedOut => return Err(unavailable(Reason::SourceTimeout, None)),
            Attempt::Truncated => return Err(malformed(MalformedCause::Truncated)),
            Attempt::TooLarge => return Err(malformed(MalformedCause::TooLarge)),
            Attempt::Answered { status, headers, body } => (status, headers, body),
        };
        let retry_after = || headers.get(RETRY_AFTER).and_then(|value| self.retry_after(value));
        match status {
            StatusCode::OK | StatusCode::BAD_REQUEST if call.accept.allows(headers.get(CONTENT_TYPE)) => {
                Ok(Answer { status, body })
            }
            StatusCode::OK => Err(malformed(MalformedCause::ContentType)),
            StatusCode::TOO_MANY_REQUESTS => Err(unavailable(Reason::SourceThrottled, retry_after())),
            StatusCode::REQUEST_TIMEOUT => Err(unavailable(Reason::SourceTimeout, None)),
            _ if status.is_server_error() => Err(unavailable(Reason::SourceError, retry_after())),
            _ if status.is_client_error() => Err(refused(format!("HTTP_{}", status.as_u16()))),
            // 1xx, other 2xx, and redirects, which are not followed.
            _ => Err(malformed(MalformedCause::Shape)),
        }
    }

    /// `Retry-After`: seconds, or an HTTP date (RFC 9110, 10.2.3).
    fn retry_after(&self, value: &HeaderValue) -> Option<Duration> {
        let text = value.to_str().ok()?.trim();
        let wait = match text.parse::<u64>() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => {
                let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
                Duration::try_from(at.duration_since(self.clock.now())).ok()?
            }
        };
        Some(wait.min(LONGEST_RETRY_AFTER))
    }
}

/// The client: what it must not do stands here, once.
fn client(config: &HttpConfig) -> Result<reqwest::Client, ConfigError> {
    let mut builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .user_agent(concat!("motlan/", env!("CARGO_PKG_VERSION")))
        .tls_backend_rustls()
        .tls_version_min(reqwest::tls::Version::TLS_1_2)
        .connect_timeout(Duration::from_millis(config.connect_timeout_ms))
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(config.max_concurrent);
    if let Some(pem) = &config.ca_pem {
        let pem = pem.read()?;
        let roots = reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(|_| ConfigError::Client)?;
        if roots.is_empty() {
            return Err(ConfigError::Invalid { field: "ca_pem", problem: "holds no certificate" });
        }
        builder = builder.tls_certs_only(roots);
    }
    if let Some(pem) = &config.client_identity {
        let pem = pem.read()?;
        builder =
            builder.identity(reqwest::Identity::from_pem(pem.as_bytes()).map_err(|_| ConfigError::Client)?);
    }
    builder.build().map_err(|_| ConfigError::Client)
}

// === impl Call ===

impl Call {
    /// `GET`.
    pub fn get(url: Url, accept: Media) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            accept,
            repeatable: true,
        }
    }

    /// `POST`.
    pub fn post(url: Url, content_type: &'static str, body: impl Into<Bytes>, accept: Media) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { method: Method::POST, url, headers, body: body.into(), accept, repeatable: true }
    }

    /// Marks a question that the source counts, or refuses a second time.
    #[must_use]
    pub fn only_once(mut self) -> Self {
        self.repeatable = false;
        self
    }

    /// Adds a header that others may see.
    pub fn header(&mut self, name: HeaderName, value: HeaderValue) {
        self.headers.insert(name, value);
    }

    /// Adds a header that holds a credential.
    pub fn secret_header(&mut self, name: HeaderName, mut value: HeaderValue) {
        value.set_sensitive(true);
        self.headers.insert(name, value);
    }
}

// === impl Media ===

impl Media {
    /// Whether a `Content-Type` is this, parameters aside. Only UTF-8.
    fn allows(self, value: Option<&HeaderValue>) -> bool {
        let Some(text) = value.and_then(|value| value.to_str().ok()) else { return false };
        let mut parts = text.split(';');
        let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let charset = parts
            .filter_map(|part| part.split_once('='))
            .find(|(k, _)| k.trim().eq_ignore_ascii_case("charset"));
        let utf8 = charset.is_none_or(|(_, v)| v.trim().trim_matches('"').eq_ignore_ascii_case("utf-8"));
        let known = match self {
            Self::Json => essence == "application/json",
            Self::Xml => essence == "application/xml" || essence == "text/xml",
        };
        known && utf8
    }
}

/// No whole answer; ids are added by the session.
pub(crate) const fn unavailable(reason: Reason, retry_after: Option<Duration>) -> FetchError {
    FetchError::Unavailable { reason, retry_after, upstream_ids: Vec::new() }
}

pub(crate) const fn malformed(cause: MalformedCause) -> FetchError {
    FetchError::Malformed { cause, upstream_ids: Vec::new() }
}

pub(crate) const fn refused(code: String) -> FetchError {
    FetchError::Refused { code, upstream_ids: Vec::new() }
}

#[cfg(test)]
mod tests;
