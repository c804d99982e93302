//! The services of the contract. Each method reads the same: who asks, is the
//! request sound, ask the pipeline, tell what it released.

mod audit;
mod business;
mod catalogue;
mod dossier;
mod insurance;
mod land;
mod log_streams;
mod population;

use std::sync::Arc;

use jiff::civil::Date;
use motlan_access::Identity;
use motlan_domain::id::IdRules;
use motlan_domain::{Operation, Question, Reason, Record};
use motlan_pipeline::Pipeline;
use motlan_proto::common::v1::Purpose;
use motlan_proto::told::Told;
use motlan_resolve::Resolver;
use motlan_telemetry::Source;
use prost::Message;
use tonic::service::RoutesBuilder;
use tonic::{Request, Response, Status};

use crate::convert::answer::{Judged, judged, told};
use crate::edge::Call;
use crate::refusal;
use crate::status::Failure;

/// What the methods are answered from. A clone is cheap.
#[derive(Clone)]
pub struct Services {
    /// The stages of a question, and with them access, catalogue, register and
    /// log.
    pub pipeline: Arc<Pipeline>,
    /// Components of a dossier.
    pub resolver: Resolver,
    /// Whoever else counts something that `/metrics` is to tell.
    pub beside: Vec<Arc<dyn Source>>,
}

/// A call whose caller and actor are known.
struct Entered<T> {
    identity: Identity,
    call: Call,
    message: T,
}

// === impl Services ===

impl Services {
    /// Who asks: before anything of the request is looked at, so that whoever
    /// is nobody learns nothing. A refused credential is recorded.
    async fn enter<T>(&self, request: Request<T>) -> Result<Entered<T>, Failure> {
        let (metadata, mut extensions, message) = request.into_parts();
        // The edge puts it there for every call.
        let call: Call = extensions.remove().ok_or_else(|| Failure::new(Reason::Internal))?;
        let token = metadata.get("authorization").map(|value| token(value.to_str().ok()));
        let identified = call
            .peer
            .caller(&self.pipeline)
            .and_then(|caller| self.pipeline.access().identity(&caller, token));
        match identified {
            Ok(identity) => Ok(Entered { identity, call, message }),
            Err(denial) => self.pipeline.refuse(&denial, call.trace.id()).await.map_err(refusal::failure),
        }
    }

    /// As [`enter`](Self::enter), for a data question: one without a purpose is
    /// denied and recorded before anything else of it is judged.
    async fn enter_for<T>(
        &self,
        operation: Operation,
        request: Request<T>,
        purpose: impl FnOnce(&T) -> Option<&Purpose>,
    ) -> Result<Entered<T>, Failure> {
        let entered = self.enter(request).await?;
        if purpose(&entered.message).is_some_and(|purpose| purpose.basis.is_some()) {
            return Ok(entered);
        }
        Err(refusal::without_purpose(&self.pipeline, &entered.identity, operation, entered.call.trace.id())
            .await)
    }

    /// Asks one question about a claim.
    async fn judge(&self, identity: &Identity, question: Question) -> Result<Judged, Failure> {
        self.pipeline.ask(identity, question).await.map(judged).map_err(refusal::failure)
    }

    /// Asks one question; `form` finds the records of the method in its answer.
    async fn tell<M: Message>(
        &self,
        identity: &Identity,
        question: Question,
        form: impl FnOnce(&[Record]) -> Vec<M>,
    ) -> Result<Response<Told>, Status> {
        let sealed = self.pipeline.ask(identity, question).await.map_err(refusal::failure)?;
        Ok(Response::new(told(sealed, form)))
    }

    /// The day birth dates are judged by.
    fn today(&self) -> Date {
        self.pipeline.access().today()
    }

    /// The rules identifiers are judged by today.
    fn rules(&self) -> IdRules {
        self.pipeline.access().id_rules()
    }
}

impl std::fmt::Debug for Services {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Services")
    }
}

/// The first of the records that has that form.
fn first<M>(form: impl Fn(&Record) -> Option<M>) -> impl Fn(&[Record]) -> Vec<M> {
    move |records| records.iter().find_map(&form).into_iter().collect()
}

/// The token of an `authorization` header: one that is no bearer token reads as
/// a token that is none.
pub(crate) fn token(header: Option<&str>) -> &str {
    header.and_then(bearer).unwrap_or_default()
}

/// The token of `Bearer <token>`; the scheme's case does not matter (RFC 9110
/// section 11.1).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Health and reflection; who may call them is for the edge to say.
pub(crate) fn add_reflection(routes: &mut RoutesBuilder) -> Result<(), tonic_reflection::server::Error> {
    let builder = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(motlan_proto::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    routes.add_service(builder().build_v1()?);
    routes.add_service(builder().build_v1alpha()?);
    Ok(())
}
