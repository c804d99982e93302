//! OAuth2 client credentials (RFC 6749, 4.4) as NGSP and LGSP ask for them.

use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue, StatusCode};
use motlan_api::{FetchError, MalformedCause};
use motlan_domain::Reason;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::timeout_at;
use zeroize::Zeroizing;

use crate::http::{malformed, refused, unavailable};
use crate::{Answer, Call, ConfigError, Media, Secret, Session, json};

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
    /// A token is renewed this long before it expires, in seconds.
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
    path: String,
    skew: Duration,
    credential: (HeaderName, HeaderValue),
    current: Mutex<Current>,
}

#[derive(Default)]
struct Current {
    generation: u64,
    token: Option<Token>,
}

#[derive(Clone)]
struct Token {
    header: HeaderValue,
    /// On the clock's monotonic scale.
    good_until: Duration,
    generation: u64,
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
    /// Reads the secret; asks for no token yet.
    pub fn new(config: &TokenConfig) -> Result<Self, ConfigError> {
        Ok(Self {
            path: config.path.clone(),
            skew: Duration::from_secs(config.skew_s),
            credential: config.form.credential()?,
            current: Mutex::new(Current::default()),
        })
    }

    /// Sends a call with a token; on 401 once more with a fresh one. `build`
    /// makes the call, for each attempt anew.
    pub async fn send(&self, session: &Session<'_>, build: impl Fn() -> Call) -> Result<Answer, FetchError> {
        let token = self.token(session, None).await?;
        match session.send(self.dress(build(), &token)).await {
            Err(FetchError::Refused { code, .. }) if code == "HTTP_401" => {
                let token = self.token(session, Some(token.generation)).await?;
                session.send(self.dress(build(), &token)).await
            }
            other => other,
        }
    }

    fn dress(&self, mut call: Call, token: &Token) -> Call {
        call.secret_header(AUTHORIZATION, token.header.clone());
        if self.credential.0 == LGSP_HEADER {
            call.secret_header(LGSP_HEADER, self.credential.1.clone());
        }
        call
    }

    /// A good token that is not of the `rejected` generation. Whoever comes
    /// while one is being fetched waits for that one.
    async fn token(&self, session: &Session<'_>, rejected: Option<u64>) -> Result<Token, FetchError> {
        let waited = timeout_at(session.deadline(), self.current.lock()).await;
        let mut current =
            waited.map_err(|_| session.name_exchanges(unavailable(Reason::SourceTimeout, None)))?;
        let now = session.http().clock().monotonic();
        if let Some(token) = &current.token
            && now < token.good_until
            && rejected != Some(token.generation)
        {
            return Ok(token.clone());
        }
        current.token = None;
        let (header, validity) = self.fetch(session).await?;
        current.generation += 1;
        let good_for = validity.saturating_sub(self.skew);
        let token = Token { header, good_until: now + good_for, generation: current.generation };
        current.token = Some(token.clone());
        Ok(token)
    }

    async fn fetch(&self, session: &Session<'_>) -> Result<(HeaderValue, Duration), FetchError> {
        let form = "application/x-www-form-urlencoded";
        let mut call =
            Call::post(session.http().url(&self.path), form, "grant_type=client_credentials", Media::Json);
        call.secret_header(self.credential.0.clone(), self.credential.1.clone());
        let answer = session.send(call).await.map_err(|error| match error {
            FetchError::Refused { upstream_ids, code } => {
                FetchError::Refused { code: code.replace("HTTP_", "TOKEN_"), upstream_ids }
            }
            other => other,
        })?;
        if answer.status != StatusCode::OK {
            return Err(session.name_exchanges(refused(format!("TOKEN_{}", answer.status.as_u16()))));
        }
        read_token(&answer.body).map_err(|cause| session.name_exchanges(malformed(cause)))
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
