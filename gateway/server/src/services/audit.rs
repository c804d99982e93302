//! `AuditService`: reading the log is itself an entry.

use motlan_proto::audit::v1 as wire;
use motlan_proto::audit::v1::audit_service_server::AuditService;
use tonic::{Request, Response, Status};

use super::{Entered, Services};
use crate::convert::{answer, audit};
use crate::refusal;

#[tonic::async_trait]
impl AuditService for Services {
    async fn search_entries(
        &self,
        request: Request<wire::SearchEntriesRequest>,
    ) -> Result<Response<wire::SearchEntriesResponse>, Status> {
        let Entered { identity, call, message } = self.enter(request).await?;
        let query = audit::query(&message, self.rules())?;
        let sealed =
            self.pipeline.search_log(&identity, query, call.trace.id()).await.map_err(refusal::read)?;
        let (page, receipt, key) = sealed.into_parts();
        Ok(Response::new(audit::page(page, answer::receipt(&receipt, key.as_ref()))))
    }

    async fn get_entry(
        &self,
        request: Request<wire::GetEntryRequest>,
    ) -> Result<Response<wire::GetEntryResponse>, Status> {
        let Entered { identity, call, message } = self.enter(request).await?;
        let sealed = self
            .pipeline
            .read_entry(&identity, message.index, call.trace.id())
            .await
            .map_err(refusal::read)?;
        let (found, receipt, key) = sealed.into_parts();
        Ok(Response::new(wire::GetEntryResponse {
            entry: Some(audit::entry(found)),
            receipt: Some(answer::receipt(&receipt, key.as_ref())),
        }))
    }
}
