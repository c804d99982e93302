//! One guarded HTTP client for one registry.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use motlan_api::{Ask, FetchError, MalformedCause};
use motlan_domain::{Clock, Reason, Registry, Trace};
use motlan_telemetry::Reading;
use motlan_telemetry::span::{self, SPANS};
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, timeout_at};
use tracing::field::Empty;
use tracing::{Instrument as _, info_span};
use url::Url;

use crate::body::{self, BodyError};
use crate::breaker::{Breaker, Pass};
use crate::broken::{self, Broken};
use crate::budget::RetryBudget;
use crate::bulkhead::Bulkhead;
use crate::meter::{Ended, Meter};
use crate::quota::Quota;
use crate::session::{Session, Span};
use crate::{Answer, Call, ConfigError, HttpConfig};

/// Idle connections are closed after this long.
const IDLE: Duration = Duration::from_secs(30);
/// W3C trace context.
const TRACEPARENT: &str = "traceparent";
/// Longest `Retry-After` believed.
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);

/// A registry's endpoint with everything that bounds its use.
pub struct Http {
    client: reqwest::Client,
    config: HttpConfig,
    clock: Arc<dyn Clock>,
    bulkhead: Bulkhead,
    breaker: Breaker,
    quota: Option<Quota>,
    budget: RetryBudget,
    meter: Meter,
}

/// Leave for one call; given back when dropped.
pub(crate) struct Admitted<'a> {
    _turn: SemaphorePermit<'a>,
    pass: Pass<'a>,
    span: Span,
}

/// How one attempt ended, before it is an error of the seam.
enum Attempt {
    /// The connection was never made: nothing was sent.
    NotSent,
    /// The connection broke before the answer was whole: what came of it is
    /// no answer, and not the registry's word.
    Broken,
    /// What came does not follow HTTP.
    NotHttp,
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
            breaker: Breaker::new(
                config.base_url.host_str().unwrap_or_default(),
                config.breaker,
                Arc::clone(&clock),
            ),
            quota: config.quota_per_minute.map(|most| Quota::new(most, Arc::clone(&clock))),
            budget: RetryBudget::new(),
            meter: Meter::new(&config.base_url),
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
        Session::new(self, ask, ask.deadline.min(self.config.deadline()), Arc::default())
    }

    /// All the time that this registry is given for one question.
    pub(crate) const fn deadline(&self) -> Duration {
        self.config.deadline()
    }

    /// Puts what was counted into the reading, as that registry's.
    pub fn counted(&self, registry: Registry, reading: &mut Reading) {
        self.meter.read(registry, self.breaker.refuses().is_some(), reading);
    }

    /// Leave for one call: time left, a turn in the bulkhead, room in the
    /// quota, leave of the breaker. Nothing has been sent when it is refused.
    /// `probing` is the question's note that one of its calls is the breaker's
    /// probe.
    pub(crate) async fn admit(&self, span: Span, probing: &AtomicBool) -> Result<Admitted<'_>, FetchError> {
        let suspended = |wait| unavailable(Reason::SourceSuspended, Some(wait));
        if let Some(wait) = self.breaker.refuses() {
            return Err(suspended(wait));
        }
        let Some(turn) = self.bulkhead.enter(span.until).await else {
            return Err(unavailable(Reason::SourceBusy, Some(Duration::from_secs(1))));
        };
        if Instant::now() >= span.until {
            return Err(unavailable(Reason::SourceTimeout, None));
        }
        self.within_quota()?;
        let pass = self.breaker.enter(probing.load(Ordering::Acquire)).map_err(suspended)?;
        probing.fetch_or(pass.is_probe(), Ordering::AcqRel);
        Ok(Admitted { _turn: turn, pass, span })
    }

    /// One admitted call, with at most one repeat. The error carries no
    /// exchange ids: the session adds them.
    pub(crate) async fn send(
        &self,
        admitted: Admitted<'_>,
        call: &Call,
        trace: &Trace,
    ) -> Result<Answer, FetchError> {
        let Admitted { _turn, pass, span: Span { whole, until: deadline } } = admitted;
        // A call for which its question left little time cannot accuse the
        // registry. Measured by the time that the question had, which may be
        // less than this registry is given elsewhere: else none ever could.
        let fair = deadline.saturating_duration_since(Instant::now()) * 2 >= whole;
        self.budget.earn();
        let mut attempt = self.attempt(call, deadline, trace, 0).await;
        let again = match attempt {
            Attempt::NotSent => true,
            Attempt::Broken => call.repeatable,
            _ => false,
        };
        if again && self.budget.spend() && self.within_quota().is_ok() {
            attempt = self.attempt(call, deadline, trace, 1).await;
        }
        match &attempt {
            Attempt::TimedOut if !fair => drop(pass),
            Attempt::NotSent | Attempt::Broken | Attempt::NotHttp | Attempt::TimedOut => pass.failed(),
            Attempt::Answered { status, .. } if status.is_server_error() => pass.failed(),
            Attempt::Answered { .. } | Attempt::TooLarge => pass.succeeded(),
        }
        self.judge(call, attempt)
    }

    fn within_quota(&self) -> Result<(), FetchError> {
        let Some(quota) = &self.quota else { return Ok(()) };
        quota.take().map_err(|wait| unavailable(Reason::SourceThrottled, Some(wait)))
    }

    /// One HTTP request: timed, counted, a span of its own. The conventions
    /// want the address in it; path and query can name somebody, so it has the
    /// host alone.
    async fn attempt(&self, call: &Call, deadline: Instant, trace: &Trace, resend: u8) -> Attempt {
        let (address, port) = self.meter.server();
        let span = info_span!(
            target: SPANS,
            "request",
            otel.name = call.method.as_str(),
            otel.kind = "client",
            otel.status_code = Empty,
            http.request.method = call.method.as_str(),
            http.request.resend_count = (resend > 0).then_some(resend),
            server.address = address,
            server.port = port,
            http.response.status_code = Empty,
            error.type = Empty,
        );
        let began = Instant::now();
        let exchange = timeout_at(deadline, self.exchange(call, trace)).instrument(span.clone());
        let attempt = exchange.await.unwrap_or(Attempt::TimedOut);
        let ended = attempt.ended();
        self.meter.ended(&call.method, ended, began.elapsed());
        let (status, error) = ended.told();
        span.record("http.response.status_code", status);
        if error.is_some() {
            span.record("error.type", error);
            span.record("otel.status_code", "ERROR");
        }
        attempt
    }

    async fn exchange(&self, call: &Call, trace: &Trace) -> Attempt {
        let mut headers = call.headers.clone();
        if self.config.trace_context {
            // The span of this request, or what the caller told us where
            // nobody records spans.
            let current = span::current();
            let told = current.as_ref().unwrap_or(trace).traceparent();
            headers.extend(
                HeaderValue::from_str(told).map(|value| (HeaderName::from_static(TRACEPARENT), value)),
            );
        }
        let request = self
            .client
            .request(call.method.clone(), call.url.clone())
            .headers(headers)
            .body(call.body.clone())
            .send();
        let response = match request.await {
            Ok(response) => response,
            // Classified and dropped: its text holds the address.
            Err(error) if error.is_connect() => return Attempt::NotSent,
            Err(error) if error.is_timeout() => return Attempt::TimedOut,
            Err(error) => return broken::classify(&error).into(),
        };
        let status = response.status();
        let headers = response.headers().clone();
        if status != StatusCode::OK && status != StatusCode::BAD_REQUEST {
            // Nothing of an error page is of use, so nothing of it is read.
            return Attempt::Answered { status, headers, body: Bytes::new() };
        }
        match body::read(response, self.config.max_body_bytes).await {
            Ok(body) => Attempt::Answered { status, headers, body },
            Err(BodyError::TooLarge) => Attempt::TooLarge,
            Err(BodyError::Broken(how)) => how.into(),
        }
    }

    /// The one place where an attempt becomes an answer or an error.
    fn judge(&self, call: &Call, attempt: Attempt) -> Result<Answer, FetchError> {
        let (status, headers, body) = match attempt {
            Attempt::NotSent | Attempt::Broken => return Err(unavailable(Reason::SourceUnreachable, None)),
            Attempt::TimedOut => return Err(unavailable(Reason::SourceTimeout, None)),
            Attempt::NotHttp => return Err(malformed(MalformedCause::Protocol)),
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
        let wait = if let Ok(seconds) = text.parse() {
            Duration::from_secs(seconds)
        } else {
            let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
            Duration::try_from(at.duration_since(self.clock.now())).ok()?
        };
        Some(wait.min(LONGEST_RETRY_AFTER))
    }
}

// === impl Attempt ===

impl From<Broken> for Attempt {
    fn from(how: Broken) -> Self {
        match how {
            Broken::Connection => Self::Broken,
            Broken::Protocol => Self::NotHttp,
        }
    }
}

impl Attempt {
    const fn ended(&self) -> Ended {
        match self {
            Self::NotSent => Ended::NotSent,
            Self::Broken => Ended::Broken,
            Self::NotHttp => Ended::NotHttp,
            Self::TimedOut => Ended::TimedOut,
            Self::TooLarge => Ended::TooLarge,
            Self::Answered { status, .. } => Ended::Status(*status),
        }
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
