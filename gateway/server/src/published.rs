//! The published log over HTTPS (C2SP tlog-tiles, tlog-checkpoint): checkpoints,
//! the keys and tiles of hashes to anybody; bundles of entries to auditors alone,
//! each fetch an entry of the log that is durable before a byte leaves.
//!
//! A listener of its own, so that nobody without a certificate comes near the
//! connections of callers: few connections, short heads, no bodies, few answers
//! at a time. Files are read on threads of the log's, never here.

mod body;
mod counts;
mod listener;
mod places;
mod wanted;

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use axum::response::IntoResponse as _;
use hyper::body::{Body as _, Incoming};
use motlan_access::{Actor, Identity};
use motlan_audit::{AuditError, PublicFile};
use motlan_audit_tree::Bundle;
use motlan_domain::Reason;
use motlan_pipeline::Pipeline;
use rustls::ServerConfig;

use crate::options::Limits;
use crate::peers::{PeerCertificate, RefusalLog};
use crate::status::{Failure, http as told};
use crate::{refusal, services, trace};
use body::FileBody;
pub(crate) use counts::Requests;
use places::{Held, Places, Reader};
use wanted::Wanted;

const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";

/// Everything the listener needs; shared by its connections.
pub(crate) struct PublishedLog {
    pub(crate) tls: Arc<ArcSwap<ServerConfig>>,
    pipeline: Arc<Pipeline>,
    limits: Limits,
    refusals: Arc<RefusalLog>,
    requests: Arc<Requests>,
    places: Places,
}

/// A file to be sent.
struct Answer {
    bytes: Vec<u8>,
    kind: &'static str,
    keep: &'static str,
}

/// Why there is none.
enum Missing {
    /// There is no such file.
    NoFile,
    /// It is not given.
    Failed(Failure),
}

// === impl PublishedLog ===

impl PublishedLog {
    pub(crate) fn new(
        tls: Arc<ServerConfig>,
        pipeline: Arc<Pipeline>,
        limits: Limits,
        refusals: Arc<RefusalLog>,
    ) -> Self {
        let places = Places::new(&limits);
        let tls = Arc::new(ArcSwap::new(tls));
        Self { tls, pipeline, limits, refusals, requests: Arc::default(), places }
    }

    /// What was asked for so far.
    pub(crate) fn requests(&self) -> Arc<Requests> {
        Arc::clone(&self.requests)
    }

    /// Who reads over a connection from that address, with that certificate or none.
    fn reader(&self, from: IpAddr, peer: Option<&PeerCertificate>) -> Reader {
        let caller = peer.and_then(|certificate| self.pipeline.access().caller(&certificate.0).ok());
        caller.map_or_else(|| Reader::at(from), |caller| Reader::Caller(caller.id().into()))
    }

    /// One request of that reader, whoever showed that certificate, or none.
    async fn answer(
        &self,
        request: Request<Incoming>,
        reader: &Reader,
        peer: Option<&PeerCertificate>,
    ) -> Response<Body> {
        let wanted = match request.uri().query() {
            None => Wanted::of(request.uri().path()),
            Some(_) => None,
        };
        let response = self.respond(wanted, &request, reader, peer).await;
        self.requests.note(wanted, response.status());
        response
    }

    async fn respond(
        &self,
        wanted: Option<Wanted>,
        request: &Request<Incoming>,
        reader: &Reader,
        peer: Option<&PeerCertificate>,
    ) -> Response<Body> {
        let Some(wanted) = wanted else { return no_file() };
        if request.method() != Method::GET && request.method() != Method::HEAD {
            let allowed = [(header::ALLOW, "GET, HEAD")];
            return (StatusCode::METHOD_NOT_ALLOWED, allowed).into_response();
        }
        if !request.body().is_end_stream() {
            return (StatusCode::PAYLOAD_TOO_LARGE, [(header::CONNECTION, "close")]).into_response();
        }
        let file = async {
            let Wanted::Bundle(bundle) = wanted else {
                let place = self.places.answer(reader).ok_or_else(overloaded)?;
                return Ok((self.public(wanted).await?, place));
            };
            let (bytes, place) = self.bundle(bundle, request.headers(), reader, peer).await?;
            Ok((Answer::entries(bytes), place))
        };
        let file = tokio::time::timeout(self.limits.call, file).await;
        match file.unwrap_or(Err(Missing::Failed(Failure::new(Reason::DeadlineExceeded)))) {
            Ok((answer, place)) => answer.into_response(place),
            Err(Missing::NoFile) => no_file(),
            Err(Missing::Failed(failure)) => told::response(&failure),
        }
    }

    /// What is for anybody.
    async fn public(&self, wanted: Wanted) -> Result<Answer, Missing> {
        let log = self.pipeline.ledger().log();
        match wanted {
            Wanted::Checkpoint => Ok(Answer::now(log.checkpoint().to_string())),
            Wanted::Key => Ok(Answer::now(
                log.log_keys().iter().fold(String::new(), |keys, key| format!("{keys}{key}\n")),
            )),
            Wanted::Witnessed => self.read(PublicFile::Witnessed).await.map(Answer::now),
            // Of one size there is one tree; who cosigned it may grow.
            Wanted::Kept(size) => self.read(PublicFile::Kept(size)).await.map(Answer::now),
            Wanted::Statement(number) => self.read(PublicFile::Statement(number)).await.map(Answer::now),
            Wanted::Origins => self.read(PublicFile::Origins).await.map(Answer::now),
            Wanted::Tile(tile) => {
                let bytes = self.read(PublicFile::Tile(tile)).await?;
                Ok(Answer::hashes(bytes, tile.is_partial()))
            }
            // Not for anybody.
            Wanted::Bundle(_) => Err(Missing::NoFile),
        }
    }

    async fn read(&self, file: PublicFile) -> Result<Vec<u8>, Missing> {
        let read = self.pipeline.ledger().log().public_file(file).await;
        read.map_err(unread)?.ok_or(Missing::NoFile)
    }

    /// The entries of a bundle, for an officer of a configured auditor: decided,
    /// recorded and bounded by the same quotas as any reading of the log. Who
    /// shows no certificate is nobody: told so, and no entry.
    async fn bundle(
        &self,
        bundle: Bundle,
        headers: &HeaderMap,
        reader: &Reader,
        peer: Option<&PeerCertificate>,
    ) -> Result<(Vec<u8>, Held), Failure> {
        let certificate = peer.ok_or_else(|| Failure::new(Reason::CredentialMissing))?;
        let pipeline = &self.pipeline;
        // One that cannot even be named, which the handshake lets nobody show.
        let account =
            pipeline.account(&certificate.0).ok_or_else(|| Failure::new(Reason::CredentialMissing))?;
        let exceeded = |after| Failure::new(Reason::QuotaExceeded).retry_after(Some(after));
        account.admits().map_err(exceeded)?;
        let token = headers.get(header::AUTHORIZATION).map(|value| services::token(value.to_str().ok()));
        let trace = trace::given(headers).unwrap_or_else(trace::begun);
        let access = pipeline.access();
        let identified = access.caller(&certificate.0).and_then(|caller| access.identity(&caller, token));
        // Work beyond the limits is refused, never queued.
        let permit = match identified.and_then(|identity| access.may_read_log(&identity)) {
            Ok(permit) => permit,
            Err(denial) => {
                let _place = self.places.denial(reader).ok_or_else(overloaded)?;
                return pipeline.refuse(&denial, trace.id()).await.map_err(refusal::failure);
            }
        };
        let identity = permit.identity();
        let place = self.places.bundle(identity.caller().id(), officer(identity)).ok_or_else(overloaded)?;
        let sealed = pipeline.read_bundle(&permit, bundle, trace.id()).await.map_err(refusal::read)?;
        let (bytes, _, _) = sealed.into_parts();
        Ok((bytes, place))
    }
}

// === impl Answer ===

impl Answer {
    /// What changes: to be asked for anew each time.
    fn now(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), kind: TEXT, keep: "no-cache" }
    }

    /// A full tile never changes; a partial one does not either, and goes.
    const fn hashes(bytes: Vec<u8>, partial: bool) -> Self {
        let keep = if partial { "public, max-age=60" } else { "public, max-age=31536000, immutable" };
        Self { bytes, kind: BYTES, keep }
    }

    /// Of persons: nobody on the way keeps it.
    const fn entries(bytes: Vec<u8>) -> Self {
        Self { bytes, kind: BYTES, keep: "no-store" }
    }

    fn into_response(self, place: Held) -> Response<Body> {
        let mut response = Response::new(Body::new(FileBody::new(self.bytes, place)));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(self.keep));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}

/// Who acts; of a caller that may read without an officer all are counted together.
fn officer(identity: &Identity) -> &str {
    match identity.actor() {
        Actor::Officer(officer) => officer.account().as_str(),
        Actor::Citizen(_) | Actor::Absent => "",
    }
}

fn overloaded() -> Failure {
    Failure::new(Reason::Overloaded)
}

impl From<Failure> for Missing {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

fn no_file() -> Response<Body> {
    let text = "không có tệp này / there is no such file\n";
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, TEXT)], text).into_response()
}

/// Nothing of why reaches whoever asked.
fn unread(error: AuditError) -> Missing {
    Missing::Failed(match error {
        AuditError::Overloaded { retry_after } => {
            Failure::new(Reason::Overloaded).retry_after(Some(retry_after))
        }
        other => {
            tracing::warn!(error = &other as &dyn std::error::Error, "the published log cannot be read");
            Failure::new(Reason::StoreUnavailable)
        }
    })
}
