//! OAuth2 client credentials (RFC 6749, 4.4) as NGSP and LGSP ask for them.

mod source;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use motlan_api::{FetchError, MalformedCause};
use motlan_domain::Reason;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;
use zeroize::Zeroizing;

use crate::http::unavailable;
use crate::{Answer, Call, ConfigError, Http, Secret, Session, json};
use source::{Source, Token, Told, Way};

/// The LGSP's own header.
const LGSP_HEADER: HeaderName = HeaderName::from_static("lgspaccesstoken");
/// Longest access token taken.
const LONGEST_TOKEN: usize = 8 * 1024;
/// Longest validity believed, in seconds.
const LONGEST_VALIDITY: u64 = 86_400;

/// Where tokens come from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenConfig {
    /// Path of the token endpoint below the registry's base URL.
    #[serde(default = "default_path")]
    pub path: String,
    /// A token is renewed this long before it expires, in seconds; one that
    /// lives shorter than twice that, after half its life.
    #[serde(default = "default_skew_s")]
    pub skew_s: u64,
    /// How the gateway shows who it is.
    pub form: TokenForm,
}

/// How the gateway shows who it is to the token endpoint.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum TokenForm {
    /// HTTP Basic with client id and secret (NGSP, RFC 6749 2.3.1).
    Basic {
        /// Client id.
        client_id: String,
        /// Client secret.
        client_secret: Secret,
    },
    /// Header `lgspaccesstoken`, base64 of a JSON object; sent with every later
    /// call as well (LGSP).
    Lgsp {
        /// `AccessKey`
        access_key: String,
        /// `SecretKey`
        secret_key: Secret,
        /// `AppName`
        app_name: String,
        /// `PartnerCode`
        partner_code: String,
        /// `PartnerCodeCus`
        partner_code_cus: String,
    },
}

/// A source of tokens, and calls made with them. A token serves until shortly
/// before it expires; only one request for a new one is under way at a time.
pub struct Bearer {
    source: Arc<Source>,
    /// The request under way. Whoever waits for it may give up and it goes on,
    /// for the others and for those to come, to the registry's own deadline;
    /// dropping this ends it.
    under_way: Mutex<JoinSet<()>>,
}

// === impl TokenConfig ===

impl TokenConfig {
    /// The defaults with that form.
    pub fn new(form: TokenForm) -> Self {
        Self { path: default_path(), skew_s: default_skew_s(), form }
    }

    /// Makes relative paths of files ones below `base`.
    pub fn resolve(&mut self, base: &Path) {
        match &mut self.form {
            TokenForm::Basic { client_secret, .. } => client_secret.resolve(base),
            TokenForm::Lgsp { secret_key, .. } => secret_key.resolve(base),
        }
    }
}

fn default_path() -> String {
    "/token".to_owned()
}

const fn default_skew_s() -> u64 {
    30
}

// === impl TokenForm ===

impl TokenForm {
    fn credential(&self) -> Result<(HeaderName, HeaderValue), ConfigError> {
        let (name, value) = match self {
            Self::Basic { client_id, client_secret } => {
                let secret = client_secret.read()?;
                let pair = Zeroizing::new(format!("{client_id}:{}", secret.as_str()));
                (AUTHORIZATION, format!("Basic {}", STANDARD.encode(pair.as_bytes())))
            }
            Self::Lgsp { access_key, secret_key, app_name, partner_code, partner_code_cus } => {
                let secret = secret_key.read()?;
                let object = serde_json::json!({
                    "AccessKey": access_key,
                    "SecretKey": secret.as_str(),
                    "AppName": app_name,
                    "PartnerCode": partner_code,
                    "PartnerCodeCus": partner_code_cus,
                });
                (LGSP_HEADER, STANDARD.encode(Zeroizing::new(object.to_string()).as_bytes()))
            }
        };
        let mut value = HeaderValue::from_str(&Zeroizing::new(value)).map_err(|_| ConfigError::Invalid {
            field: "token.form",
            problem: "cannot be sent as a header",
        })?;
        value.set_sensitive(true);
        Ok((name, value))
    }
}

// === impl Bearer ===

impl Bearer {
    /// Reads the secret; asks for no token yet. `http` is what the calls are made
    /// with as well.
    pub fn new(config: &TokenConfig, http: Arc<Http>) -> Result<Self, ConfigError> {
        let source = Source::new(config, config.form.credential()?, http);
        Ok(Self { source: Arc::new(source), under_way: Mutex::default() })
    }

    /// Sends a call with a token; on 401 once more with a fresh one. `build`
    /// makes the call, for each attempt anew.
    pub async fn send(&self, session: &Session<'_>, build: impl Fn() -> Call) -> Result<Answer, FetchError> {
        let token = self.token(session, None).await?;
        match session.send(self.source.dress(build(), &token)).await {
            Err(FetchError::Refused { code, .. }) if code == "HTTP_401" => {
                let token = self.token(session, Some(token.generation)).await?;
                session.send(self.source.dress(build(), &token)).await
            }
            other => other,
        }
    }

    /// A good token that is not of the `rejected` generation.
    async fn token(&self, session: &Session<'_>, rejected: Option<u64>) -> Result<Token, FetchError> {
        let (mut told, begun_by_us) = self.told(session, rejected).await?;
        let ran_out = told.as_ref().is_err_and(|error| error.reason() == Reason::SourceTimeout);
        if ran_out && !begun_by_us {
            // It began before this question came: by now the endpoint may
            // answer again.
            told = self.told(session, rejected).await?.0;
        }
        told.map_err(|error| session.name_exchanges(error))
    }

    /// The token at hand, or what comes of the request for one, and whether that
    /// was begun for this question. The wait ends with the question's own time.
    async fn told(&self, session: &Session<'_>, rejected: Option<u64>) -> Result<(Told, bool), FetchError> {
        let failed = |reason| session.name_exchanges(unavailable(reason, None));
        if Instant::now() >= session.deadline() {
            return Err(failed(Reason::SourceTimeout));
        }
        let (mut coming, begun_by_us) = match self.source.way(rejected) {
            Way::AtHand(token) => return Ok((Ok(token), false)),
            Way::Coming(coming) => (coming, false),
            Way::Begin(tell, coming) => {
                self.begin(session, tell);
                (coming, true)
            }
        };
        let waited = timeout_at(session.deadline(), coming.wait_for(Option::is_some)).await;
        let told = waited.map_err(|_| failed(Reason::SourceTimeout))?;
        // Closed without a word where the request broke: nothing was learnt.
        let told = told.ok().and_then(|told| told.clone());
        Ok((told.ok_or_else(|| failed(Reason::SourceUnreachable))?, begun_by_us))
    }

    /// Begins the request that all wait for.
    fn begin(&self, session: &Session<'_>, tell: watch::Sender<Option<Told>>) {
        let (source, (ask, taken)) = (Arc::clone(&self.source), session.parts());
        let fetch = async move {
            tell.send_replace(Some(source.fetch(&ask, taken).await));
        };
        let mut under_way = self.under_way.lock();
        while let Some(ended) = under_way.try_join_next() {
            if let Err(error) = ended {
                tracing::error!(%error, "a request for a token broke");
            }
        }
        under_way.spawn(fetch.instrument(tracing::Span::current()));
    }
}

/// `{access_token, token_type, expires_in}`: the `Authorization` to send, and
/// how long it serves; without `expires_in` a minute. Public for the fuzz
/// targets alone.
pub fn read_token(body: &[u8]) -> Result<(HeaderValue, Duration), MalformedCause> {
    let answer = json::read(body)?;
    let bearer = answer
        .get("token_type")
        .is_none_or(|kind| kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")));
    let token = answer.get("access_token").and_then(Value::as_str).unwrap_or_default();
    let visible = token.bytes().all(|byte| byte.is_ascii_graphic());
    if !bearer || token.is_empty() || token.len() > LONGEST_TOKEN || !visible {
        return Err(MalformedCause::Shape);
    }
    let seconds = match answer.get("expires_in") {
        None | Some(Value::Null) => 60,
        Some(Value::Number(number)) => number.as_u64().ok_or(MalformedCause::Shape)?,
        Some(Value::String(text)) => text.parse().map_err(|_| MalformedCause::Shape)?,
        Some(_) => return Err(MalformedCause::Shape),
    };
    let header = HeaderValue::from_str(&Zeroizing::new(format!("Bearer {token}")));
    let mut header = header.map_err(|_| MalformedCause::Shape)?;
    header.set_sensitive(true);
    Ok((header, Duration::from_secs(seconds.min(LONGEST_VALIDITY))))
}

#[cfg(test)]
mod tests;
