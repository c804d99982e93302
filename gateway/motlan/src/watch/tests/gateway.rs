//! A gateway that says what a test has it say.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use motlan_proto::audit::v1::audit_service_server::{AuditService, AuditServiceServer};
use parking_lot::Mutex;
use tonic::codegen::BoxStream;
use tonic::codegen::tokio_stream;
use tonic::{Request, Response, Status};

use super::wire;

/// What it says, each in order; the last one again and again.
#[derive(Default)]
pub(super) struct Said {
    pub(super) checkpoints: VecDeque<String>,
    pub(super) rotations: Vec<String>,
    pub(super) consistency: VecDeque<Result<Vec<Vec<u8>>, Status>>,
    pub(super) inclusion: VecDeque<Result<Vec<Vec<u8>>, Status>>,
    pub(super) stream: VecDeque<Result<Vec<Result<wire::WatchEntriesResponse, Status>>, Status>>,
    /// How often each was asked: a checkpoint, a proof, a stream.
    pub(super) asked: [usize; 3],
    /// The tokens that came with streams.
    pub(super) tokens: Vec<String>,
    /// Those that came with the proofs of entries, each once.
    pub(super) proof_tokens: Vec<String>,
    /// The header of a token that proves no entry, and how that is refused.
    pub(super) over: Option<(&'static str, Status)>,
    /// With what a checkpoint is refused once a proof was asked for.
    pub(super) shut: Option<Status>,
}

pub(super) struct Gateway(pub(super) Arc<Mutex<Said>>);

/// Serves it at an address of its own.
pub(super) async fn serve(said: Said) -> (Arc<Mutex<Said>>, String) {
    let said = Arc::new(Mutex::new(said));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let incoming = tonic::transport::server::TcpIncoming::from(listener);
    let service = AuditServiceServer::new(Gateway(Arc::clone(&said)));
    let serving = tonic::transport::Server::builder().add_service(service).serve_with_incoming(incoming);
    #[expect(clippy::disallowed_methods, reason = "it ends with the runtime of its test")]
    tokio::spawn(serving);
    (said, address)
}

/// What a caller's folder holds.
pub(super) fn credentials(folder: &Path) {
    let made = rcgen::generate_simple_self_signed(["caller.test".to_owned()]).unwrap();
    for (name, text) in [
        ("cert.pem", made.cert.pem()),
        ("ca.pem", made.cert.pem()),
        ("key.pem", made.signing_key.serialize_pem()),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    std::fs::write(folder.join("officer.jwt"), "first").unwrap();
}

fn next<T: Clone>(said: &mut VecDeque<T>) -> T {
    if said.len() > 1 { said.pop_front().unwrap() } else { said.front().unwrap().clone() }
}

fn token<T>(request: &Request<T>) -> String {
    let token = request.metadata().get("authorization").and_then(|token| token.to_str().ok());
    token.unwrap_or_default().to_owned()
}

fn unasked<T>() -> Result<Response<T>, Status> {
    Err(Status::unimplemented("no test asks for it"))
}

#[tonic::async_trait]
impl AuditService for Gateway {
    type OpenSubjectsStream = BoxStream<wire::OpenSubjectsResponse>;
    type WatchEntriesStream = BoxStream<wire::WatchEntriesResponse>;

    async fn search_entries(
        &self,
        _: Request<wire::SearchEntriesRequest>,
    ) -> Result<Response<wire::SearchEntriesResponse>, Status> {
        unasked()
    }

    async fn get_entry(
        &self,
        _: Request<wire::GetEntryRequest>,
    ) -> Result<Response<wire::GetEntryResponse>, Status> {
        unasked()
    }

    async fn open_subjects(
        &self,
        _: Request<wire::OpenSubjectsRequest>,
    ) -> Result<Response<Self::OpenSubjectsStream>, Status> {
        unasked()
    }

    async fn watch_entries(
        &self,
        request: Request<wire::WatchEntriesRequest>,
    ) -> Result<Response<Self::WatchEntriesStream>, Status> {
        let mut said = self.0.lock();
        said.asked[2] += 1;
        said.tokens.push(token(&request));
        let stream: BoxStream<_> = Box::pin(tokio_stream::iter(next(&mut said.stream)?));
        Ok(Response::new(stream))
    }

    async fn get_checkpoint(
        &self,
        _: Request<wire::GetCheckpointRequest>,
    ) -> Result<Response<wire::GetCheckpointResponse>, Status> {
        let mut said = self.0.lock();
        said.asked[0] += 1;
        if let Some(refused) = said.shut.clone().filter(|_| said.asked[1] > 0) {
            return Err(refused);
        }
        let (checkpoint, key_rotations) = (next(&mut said.checkpoints), said.rotations.clone());
        Ok(Response::new(wire::GetCheckpointResponse { checkpoint, key_rotations, ..Default::default() }))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<wire::GetInclusionProofRequest>,
    ) -> Result<Response<wire::GetInclusionProofResponse>, Status> {
        let mut said = self.0.lock();
        said.asked[1] += 1;
        let token = token(&request);
        let over = said.over.clone().filter(|(over, _)| *over == token);
        said.proof_tokens.push(token);
        said.proof_tokens.dedup();
        if let Some((_, refused)) = over {
            return Err(refused);
        }
        let proof = next(&mut said.inclusion)?;
        Ok(Response::new(wire::GetInclusionProofResponse { proof, ..Default::default() }))
    }

    async fn get_consistency_proof(
        &self,
        _: Request<wire::GetConsistencyProofRequest>,
    ) -> Result<Response<wire::GetConsistencyProofResponse>, Status> {
        let mut said = self.0.lock();
        said.asked[1] += 1;
        let proof = next(&mut said.consistency)?;
        Ok(Response::new(wire::GetConsistencyProofResponse { proof, ..Default::default() }))
    }
}
