//! A registry that speaks JSON behind a bearer token.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use motlan_api::{Ask, FetchError};
use motlan_domain::{Clock, Registry};
use motlan_telemetry::Reading;
use serde_json::Value;

use crate::json::Object;
use crate::{Answer, Bearer, Call, ConfigError, Http, HttpConfig, Media, Session, TokenConfig, json};

/// Client and tokens of one registry.
pub struct Rest {
    http: Arc<Http>,
    bearer: Bearer,
}

// === impl Rest ===

impl Rest {
    /// Reads secrets and certificates; opens no connection.
    pub fn new(http: HttpConfig, token: &TokenConfig, clock: Arc<dyn Clock>) -> Result<Self, ConfigError> {
        let http = Arc::new(Http::new(http, clock)?);
        Ok(Self { bearer: Bearer::new(token, Arc::clone(&http))?, http })
    }

    /// Begins what one question takes.
    pub fn session<'a>(&'a self, ask: &'a Ask) -> Session<'a> {
        self.http.session(ask)
    }

    /// Puts what the client counted into the reading.
    pub fn counted(&self, registry: Registry, reading: &mut Reading) {
        self.http.counted(registry, reading);
    }

    /// `GET path?query`; the body of the answer.
    pub async fn get(
        &self,
        session: &Session<'_>,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Bytes, FetchError> {
        let mut url = self.http.url(path);
        url.query_pairs_mut().extend_pairs(query);
        let answer = self.bearer.send(session, || Call::get(url.clone(), Media::Json)).await?;
        body(answer).map_err(|error| session.name_exchanges(error))
    }

    /// `POST path` with a JSON body; the body of the answer.
    pub async fn post(
        &self,
        session: &Session<'_>,
        path: &str,
        question: &Value,
    ) -> Result<Bytes, FetchError> {
        let url = self.http.url(path);
        let question = Bytes::from(question.to_string());
        let build =
            || Call::post(url.clone(), "application/json; charset=utf-8", question.clone(), Media::Json);
        let answer = self.bearer.send(session, build).await?;
        body(answer).map_err(|error| session.name_exchanges(error))
    }
}

/// Status 400 with `{maLoi, moTa}` is the registry's refusal: its code is kept.
fn body(answer: Answer) -> Result<Bytes, FetchError> {
    if answer.status == StatusCode::OK {
        return Ok(answer.body);
    }
    Err(read_refusal(&answer.body))
}

/// The refusal that the body of a status 400 tells. Public for the fuzz targets
/// alone.
pub fn read_refusal(body: &[u8]) -> FetchError {
    let said = json::read(body).ok();
    let code = said.as_ref().and_then(Object::of).and_then(|object| object.code("maLoi").ok().flatten());
    FetchError::refused(code.as_deref().unwrap_or("HTTP_400"))
}
