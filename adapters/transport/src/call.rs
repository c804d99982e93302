//! One request and its answer.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use url::Url;

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
    /// Where, from [`crate::Http::url`].
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
    pub(crate) fn allows(self, value: Option<&HeaderValue>) -> bool {
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

#[cfg(test)]
mod tests;
