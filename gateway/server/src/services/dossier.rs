//! `DossierService`: open, resolve, look at, close.

use aws_lc_rs::digest;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _};
use motlan_access::Identity;
use motlan_domain::Reason;
use motlan_domain::id::RequestId;
use motlan_dossier::RequestKey;
use motlan_proto::dossier::v1 as wire;
use motlan_proto::dossier::v1::dossier_service_server::DossierService;
use motlan_resolve::{Results, Summary};
use prost::Message;
use tonic::{Request, Response, Status};

use super::{Entered, Services};
use crate::convert::{answer, dossier, resolve};
use crate::edge::Call;
use crate::refusal;
use crate::status::Failure;

#[tonic::async_trait]
impl DossierService for Services {
    async fn open_dossier(
        &self,
        request: Request<wire::OpenDossierRequest>,
    ) -> Result<Response<wire::OpenDossierResponse>, Status> {
        let Entered { identity, call, message } = self.enter(request).await?;
        let (id, open) = dossier::open(&message, self.rules(), self.pipeline.catalogue())?;
        let key = request_key(&identity, id, "OpenDossier", &message);
        let opened = self.pipeline.open_dossier(&identity, open, key, call.trace.id()).await;
        let (opened, receipt, sealed_key) = opened.map_err(refusal::failure)?.into_parts();
        Ok(Response::new(wire::OpenDossierResponse {
            dossier: Some(dossier::dossier(&opened)),
            receipt: Some(answer::receipt(&receipt, sealed_key.as_ref())),
        }))
    }

    type ResolveDossierStream = BoxStream<'static, Result<wire::ResolveDossierResponse, Status>>;

    async fn resolve_dossier(
        &self,
        request: Request<wire::ResolveDossierRequest>,
    ) -> Result<Response<Self::ResolveDossierStream>, Status> {
        let Entered { identity, call, message } = self.enter(request).await?;
        let request = resolve::request(&message, &call.trace)?;
        let results = self.resolver.resolve(&identity, request).await.map_err(refusal::resolve)?;
        let absent = identity.actor().is_absent();
        Ok(Response::new(told(results, call, message.dossier_code, absent).boxed()))
    }

    async fn get_dossier(
        &self,
        request: Request<wire::GetDossierRequest>,
    ) -> Result<Response<wire::GetDossierResponse>, Status> {
        let Entered { identity, call, message } = self.enter(request).await?;
        let code = dossier::code(&message.dossier_code)?;
        let viewed = self.pipeline.view_dossier(&identity, &code, call.trace.id()).await;
        let (viewed, receipt, key) = viewed.map_err(refusal::failure)?.into_parts();
        Ok(Response::new(wire::GetDossierResponse {
            dossier: Some(dossier::dossier(&viewed)),
            receipt: Some(answer::receipt(&receipt, key.as_ref())),
        }))
    }

    async fn close_dossier(
        &self,
        request: Request<wire::CloseDossierRequest>,
    ) -> Result<Response<wire::CloseDossierResponse>, Status> {
        let Entered { identity, call, message } = self.enter(request).await?;
        let (id, code) = dossier::close(&message)?;
        let key = request_key(&identity, id, "CloseDossier", &message);
        let closed =
            self.pipeline.close_dossier(&identity, &code, &message.reason, key, call.trace.id()).await;
        let (closed, receipt, sealed_key) = closed.map_err(refusal::failure)?.into_parts();
        Ok(Response::new(wire::CloseDossierResponse {
            dossier: Some(dossier::dossier(&closed)),
            receipt: Some(answer::receipt(&receipt, sealed_key.as_ref())),
        }))
    }
}

/// Which request a mutation is. The messages hold no map, so the encoding of
/// one request is always the same bytes.
fn request_key(
    identity: &Identity,
    request_id: RequestId,
    method: &str,
    message: &impl Message,
) -> RequestKey {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(method.as_bytes());
    context.update(&[0]);
    context.update(&message.encode_to_vec());
    let mut body_sha256 = [0; 32];
    body_sha256.copy_from_slice(context.finish().as_ref());
    RequestKey { system: identity.caller().id().to_owned(), request_id, body_sha256 }
}

/// Where a resolve's stream stands.
struct Telling {
    results: Option<Results>,
    summary: Summary,
    dossier_code: String,
    actor_absent: bool,
    /// Keeps the call's places until the stream ends.
    call: Call,
}

/// Each result as it is known, then the summary; past the deadline, or when the
/// log cannot be written, an error and the end.
fn told(
    results: Results,
    call: Call,
    dossier_code: String,
    actor_absent: bool,
) -> impl Stream<Item = Result<wire::ResolveDossierResponse, Status>> + Send + 'static {
    let telling =
        Telling { results: Some(results), summary: Summary::default(), dossier_code, actor_absent, call };
    futures::stream::unfold(telling, |mut telling| async move {
        let results = telling.results.as_mut()?;
        let next = tokio::time::timeout_at(telling.call.deadline.0, results.next()).await;
        let item = match next {
            Ok(Some(Ok(sealed))) => {
                telling.summary.count(sealed.value());
                return Some((Ok(resolve::component(sealed)), telling));
            }
            Ok(Some(Err(unrecorded))) => Err(refusal::unrecorded(unrecorded).into()),
            Ok(None) => Ok(resolve::summary(&telling.dossier_code, &telling.summary, telling.actor_absent)),
            Err(_) => Err(Failure::new(Reason::DeadlineExceeded).into()),
        };
        telling.results = None;
        Some((item, telling))
    })
}
