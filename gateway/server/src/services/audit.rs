//! `AuditService`: reading entries is itself an entry; checkpoints and proofs are
//! hashes, for every configured caller.

use motlan_audit::{AuditError, TreeError};
use motlan_domain::Reason;
use motlan_proto::audit::v1 as wire;
use motlan_proto::audit::v1::audit_service_server::AuditService;
use tonic::{Request, Response, Status};

use super::{Entered, Services};
use crate::convert::{answer, audit};
use crate::refusal;
use crate::status::Failure;

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

    async fn get_checkpoint(
        &self,
        request: Request<wire::GetCheckpointRequest>,
    ) -> Result<Response<wire::GetCheckpointResponse>, Status> {
        let Entered { identity, call, .. } = self.enter(request).await?;
        self.may_read_catalogue(&identity, call.trace.id()).await?;
        let log = self.pipeline.ledger().log();
        let (witnessed, checkpoint) = (log.witnessed(), log.checkpoint());
        Ok(Response::new(wire::GetCheckpointResponse {
            checkpoint: checkpoint.to_string(),
            verifier_key: log.verifier_key().to_string(),
            size: checkpoint.head().size,
            witnessed_size: witnessed.as_ref().map_or(0, |witnessed| witnessed.head().size),
            witnessed: witnessed.map(|witnessed| witnessed.to_string()).unwrap_or_default(),
        }))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<wire::GetInclusionProofRequest>,
    ) -> Result<Response<wire::GetInclusionProofResponse>, Status> {
        let Entered { identity, call, message } = self.enter(request).await?;
        self.may_read_catalogue(&identity, call.trace.id()).await?;
        let log = self.pipeline.ledger().log();
        let wanted = message.index.checked_add(1).filter(|_| message.size == 0);
        let newest = log.checkpoint_covering(wanted.unwrap_or(message.size)).await;
        let (size, checkpoint) = audit::against(&newest, message.size);
        let proof = log.prove_inclusion(message.index, size).await.map_err(unproved)?;
        Ok(Response::new(wire::GetInclusionProofResponse { proof: audit::hashes(&proof), size, checkpoint }))
    }

    async fn get_consistency_proof(
        &self,
        request: Request<wire::GetConsistencyProofRequest>,
    ) -> Result<Response<wire::GetConsistencyProofResponse>, Status> {
        let Entered { identity, call, message } = self.enter(request).await?;
        self.may_read_catalogue(&identity, call.trace.id()).await?;
        let log = self.pipeline.ledger().log();
        let newest = log.checkpoint_covering(message.old_size.max(message.new_size)).await;
        let (new_size, checkpoint) = audit::against(&newest, message.new_size);
        let proof = log.prove_consistency(message.old_size, new_size).await.map_err(unproved)?;
        Ok(Response::new(wire::GetConsistencyProofResponse {
            proof: audit::hashes(&proof),
            new_size,
            checkpoint,
        }))
    }
}

fn unproved(error: AuditError) -> Failure {
    match error {
        AuditError::Tree(TreeError::OutOfRange { .. }) => Failure::new(Reason::EntryUnknown),
        AuditError::Overloaded { retry_after } => {
            Failure::new(Reason::Overloaded).retry_after(Some(retry_after))
        }
        other => {
            tracing::warn!(error = &other as &dyn std::error::Error, "a proof could not be made");
            Failure::new(Reason::AuditUnavailable)
        }
    }
}
