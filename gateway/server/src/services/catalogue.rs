//! `CatalogueService`: any configured caller; denials alone are recorded.

use motlan_access::Identity;
use motlan_proto::catalogue::v1 as wire;
use motlan_proto::catalogue::v1::catalogue_service_server::CatalogueService;
use tonic::{Request, Response, Status};

use super::{Entered, Services};
use crate::convert::catalogue;
use crate::refusal;
use crate::status::Failure;

impl Services {
    /// What every configured caller may have; denials alone are recorded.
    pub(super) async fn may_read_catalogue(&self, identity: &Identity, trace: &str) -> Result<(), Failure> {
        match self.pipeline.access().may_read_catalogue(identity) {
            Ok(_) => Ok(()),
            Err(denial) => self.pipeline.refuse(&denial, trace).await.map_err(refusal::failure),
        }
    }
}

#[tonic::async_trait]
impl CatalogueService for Services {
    async fn get_procedure(
        &self,
        request: Request<wire::GetProcedureRequest>,
    ) -> Result<Response<wire::GetProcedureResponse>, Status> {
        let Entered { identity, call, message } = self.enter(request).await?;
        self.may_read_catalogue(&identity, call.trace.id()).await?;
        let held = self.pipeline.catalogue();
        let procedure = catalogue::find(held, &message.procedure_code)?;
        Ok(Response::new(wire::GetProcedureResponse {
            procedure: Some(catalogue::procedure(procedure)),
            catalogue_digest: held.digest().to_owned(),
        }))
    }

    async fn list_procedures(
        &self,
        request: Request<wire::ListProceduresRequest>,
    ) -> Result<Response<wire::ListProceduresResponse>, Status> {
        let Entered { identity, call, message } = self.enter(request).await?;
        self.may_read_catalogue(&identity, call.trace.id()).await?;
        Ok(Response::new(catalogue::list(self.pipeline.catalogue(), &message)?))
    }
}
