//! `AuditService`: reading entries is itself an entry; checkpoints and proofs are
//! hashes, for every configured caller.

use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use motlan_audit::{AuditError, TreeError};
use motlan_domain::Reason;
use motlan_proto::audit::v1 as wire;
use motlan_proto::audit::v1::audit_service_server::AuditService;
use tonic::{Request, Response, Status};

use super::{Entered, Services, log_streams};
use crate::convert::{answer, audit, range};
use crate::refusal;
use crate::status::Failure;

/// The most statements of keys that are told with a checkpoint: all are published.
const ROTATIONS: usize = 64;

#[tonic::async_trait]
impl AuditService for Services {
    async fn search_entries(
        &self,
        request: Request<wire::SearchEntriesRequest>,
    ) -> Result<Response<wire::SearchEntriesResponse>, Status> {
        let Entered { identity, call, message } = self.enter(request).await?;
        let query = audit::query(&message, self.rules())?;
        if message.prove_range {
            let part = range::part(&message);
            let read = self.pipeline.read_range(&identity, query, part, call.trace.id()).await;
            let (page, receipt, key) = read.map_err(refusal::read)?.into_parts();
            return Ok(Response::new(range::page(page, answer::receipt(&receipt, key.as_ref()))));
        }
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

    type OpenSubjectsStream = BoxStream<'static, Result<wire::OpenSubjectsResponse, Status>>;

    async fn open_subjects(
        &self,
        request: Request<wire::OpenSubjectsRequest>,
    ) -> Result<Response<Self::OpenSubjectsStream>, Status> {
        let Entered { identity, call, message } = self.enter(request).await?;
        let (wanted, part) = range::openings(&message)?;
        let opener = self.pipeline.begin_openings(&identity, wanted, part, call.trace.id()).await;
        let opener = opener.map_err(refusal::read)?;
        Ok(Response::new(log_streams::openings(Arc::clone(&self.pipeline), opener, call).boxed()))
    }

    type WatchEntriesStream = BoxStream<'static, Result<wire::WatchEntriesResponse, Status>>;

    async fn watch_entries(
        &self,
        request: Request<wire::WatchEntriesRequest>,
    ) -> Result<Response<Self::WatchEntriesStream>, Status> {
        let Entered { identity, call, message } = self.enter(request).await?;
        let from = (message.index_from > 0).then_some(message.index_from);
        let query = audit::query(&range::watched(message), self.rules())?;
        let watching = self.pipeline.begin_watch(&identity, query, from, call.trace.id()).await;
        let watching = watching.map_err(refusal::read)?;
        Ok(Response::new(log_streams::watch(Arc::clone(&self.pipeline), watching, call).boxed()))
    }

    async fn get_checkpoint(
        &self,
        request: Request<wire::GetCheckpointRequest>,
    ) -> Result<Response<wire::GetCheckpointResponse>, Status> {
        let Entered { identity, call, .. } = self.enter(request).await?;
        self.may_read_catalogue(&identity, call.trace.id()).await?;
        let log = self.pipeline.ledger().log();
        let (witnessed, checkpoint, chain) = (log.witnessed(), log.checkpoint(), log.key_chain());
        let told = chain.rotations().len().saturating_sub(ROTATIONS);
        Ok(Response::new(wire::GetCheckpointResponse {
            checkpoint: checkpoint.to_string(),
            verifier_key: log.verifier_key().to_string(),
            size: checkpoint.head().size,
            witnessed_size: witnessed.as_ref().map_or(0, |witnessed| witnessed.head().size),
            witnessed: witnessed.map(|witnessed| witnessed.to_string()).unwrap_or_default(),
            key_rotations: chain.rotations().iter().skip(told).map(ToString::to_string).collect(),
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
