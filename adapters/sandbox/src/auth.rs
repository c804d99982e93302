//! How the registries check their callers: the signature of the population
//! registry, and the OAuth2 tokens of the others.

use std::collections::HashMap;

use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use motlan_domain::Registry;
use parking_lot::Mutex;
use serde_json::json;

use crate::SandboxError;
use crate::credentials::{OAuthClient, PopulationCredentials, random_hex};
use crate::decided::{TOKEN_LIFETIME_S, population as decided};
use crate::wire::{Refusal, Reply};

/// Checks the headers of a population request over its absolute `url`.
pub(crate) fn check_signature(
    headers: &HeaderMap,
    url: &str,
    now: Timestamp,
    credentials: &PopulationCredentials,
) -> Result<(), Refusal> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let timestamp = text("timestamp").ok_or(Refusal(decided::REFUSED_TIMESTAMP, "Thiếu Timestamp"))?;
    let sent: i64 = timestamp
        .parse()
        .map_err(|_| Refusal(decided::REFUSED_TIMESTAMP, "Timestamp không đúng định dạng"))?;
    if now.as_millisecond().abs_diff(sent) > decided::TIMESTAMP_WINDOW_MS.unsigned_abs() {
        return Err(Refusal(decided::REFUSED_TIMESTAMP, "Timestamp ngoài khoảng cho phép"));
    }
    let denied = Refusal(decided::REFUSED_SIGNATURE, "Chữ ký hoặc thông tin xác thực không hợp lệ");
    let given = text("authorization").and_then(|value| value.strip_prefix("Basic ")).ok_or(denied)?;
    if given != sign(credentials, url, timestamp) {
        return Err(denied);
    }
    if text("x-road-client") != Some(&credentials.x_road_client)
        || text("apikey") != Some(&credentials.api_key)
    {
        return Err(denied);
    }
    // The header must be there; its value is two quotation marks, or nothing.
    match text("soapaction") {
        Some("" | "\"\"") => Ok(()),
        _ => Err(Refusal(decided::REFUSED_SCHEMA, "Thiếu SOAPAction")),
    }
}

/// The value after `Basic ` for a request to `url` at `timestamp` (milliseconds):
/// `base64(user:sha256hex(url+user+timestamp+secret))`.
pub fn sign(credentials: &PopulationCredentials, url: &str, timestamp: &str) -> String {
    let user = &credentials.user;
    let text = format!("{url}{user}{timestamp}{}", credentials.secret);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    STANDARD.encode(format!("{user}:{}", hex::encode(digest)))
}

/// Access tokens of the three OAuth2 registries.
#[derive(Debug, Default)]
pub(crate) struct TokenStore {
    tokens: Mutex<HashMap<String, (Registry, Timestamp)>>,
    lifetimes: Mutex<HashMap<Registry, i64>>,
}

// === impl TokenStore ===

impl TokenStore {
    /// Answers `POST /token`.
    pub(crate) fn grant(
        &self,
        registry: Registry,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
        client: &OAuthClient,
    ) -> Result<Reply, SandboxError> {
        let form: HashMap<String, String> = url::form_urlencoded::parse(body).into_owned().collect();
        if form.get("grant_type").map(String::as_str) != Some("client_credentials") {
            return Ok(Reply::json(StatusCode::BAD_REQUEST, &json!({"error": "unsupported_grant_type"})));
        }
        let basic = bearer_or_basic(headers, "Basic ")
            .and_then(|value| STANDARD.decode(value).ok())
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .and_then(|pair| pair.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned())));
        let posted = form.get("client_id").cloned().zip(form.get("client_secret").cloned());
        if basic.or(posted) != Some((client.id.clone(), client.secret.clone())) {
            let reply = Reply::json(StatusCode::UNAUTHORIZED, &json!({"error": "invalid_client"}));
            return Ok(reply.header(header::WWW_AUTHENTICATE, "Basic realm=\"sandbox\""));
        }
        let token = random_hex(24)?;
        let lifetime = self.lifetimes.lock().get(&registry).copied().unwrap_or(TOKEN_LIFETIME_S);
        let expires = now.saturating_add(SignedDuration::from_secs(lifetime)).unwrap_or(now);
        let mut tokens = self.tokens.lock();
        tokens.retain(|_, (_, expires)| *expires > now);
        tokens.insert(token.clone(), (registry, expires));
        let answer = json!({"access_token": token, "token_type": "Bearer", "expires_in": lifetime});
        Ok(Reply::json(StatusCode::OK, &answer).header(header::CACHE_CONTROL, "no-store"))
    }

    /// Whether the request carries a token of that registry in force.
    pub(crate) fn check(&self, registry: Registry, headers: &HeaderMap, now: Timestamp) -> Result<(), Reply> {
        let known =
            bearer_or_basic(headers, "Bearer ").and_then(|token| self.tokens.lock().get(token).copied());
        match known {
            Some((of, expires)) if of == registry && expires > now => Ok(()),
            _ => Err(unauthorized()),
        }
    }

    /// Forgets the token a request carries, as if its time had run out.
    pub(crate) fn expire(&self, headers: &HeaderMap) {
        if let Some(token) = bearer_or_basic(headers, "Bearer ") {
            self.tokens.lock().remove(token);
        }
    }

    /// Forgets every token.
    pub(crate) fn expire_all(&self) {
        self.tokens.lock().clear();
    }

    /// Sets the lifetime of tokens granted from now on, in seconds.
    pub(crate) fn set_lifetime(&self, registry: Registry, seconds: i64) {
        self.lifetimes.lock().insert(registry, seconds);
    }
}

/// HTTP 401 as RFC 6750 writes it.
pub(crate) fn unauthorized() -> Reply {
    let body = json!({"maLoi": "TOKEN_KHONG_HOP_LE", "moTa": "Token không hợp lệ hoặc đã hết hạn"});
    Reply::json(StatusCode::UNAUTHORIZED, &body)
        .header(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")
}

fn bearer_or_basic<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix(scheme)
}
