//! The bare echo: tonic over mutual TLS, the gateway's request in, the
//! gateway's answer out, and nothing in between.
//!
//! **Invariant**: it does what no gRPC server can leave out, and no more. The
//! request is decoded and the answer encoded by prost; the answer itself lies
//! ready, so that making or copying it costs nothing.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use anyhow::Context as _;
use futures::future::BoxFuture;
use motlan_proto::business::v1::{GetEnterpriseRequest, GetEnterpriseResponse};
use motlan_server::TlsMaterial;
use prost::Message as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::body::Body;
use tonic::codec::{Codec, EncodeBuf, Encoder};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use tonic_prost::ProstDecoder;

/// The method that is echoed.
pub(crate) const METHOD: &str = "/motlan.business.v1.BusinessService/GetEnterprise";

/// What the gateway's listener has too.
const MAX_STREAMS: u32 = 256;
const MAX_HEADER_BYTES: u32 = 16 * 1024;
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// A running echo.
pub(crate) struct Echo {
    address: SocketAddr,
    stop: CancellationToken,
    accepting: TaskTracker,
    serving: JoinHandle<Result<(), tonic::transport::Error>>,
}

/// Answers by enterprise code.
#[derive(Clone)]
struct Answers(Arc<HashMap<String, Arc<GetEnterpriseResponse>>>);

/// Requests decoded, ready answers encoded.
struct EchoCodec;

struct ReadyEncoder;

// === impl Echo ===

impl Echo {
    /// Serves the answers in a file, under the certificate, key and authority
    /// in a folder.
    pub(crate) async fn start(tls: &Path, answers: &Path) -> anyhow::Result<Self> {
        let path = |name: &str| tls.join(name);
        let material = TlsMaterial::read(&path("server.pem"), &path("server.key"), &path("ca.pem"))?;
        let acceptor = TlsAcceptor::from(material.server_config()?);
        let answers = Answers::read(answers)?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("the echo cannot listen")?;
        let address = listener.local_addr()?;
        let (stop, accepting) = (CancellationToken::new(), TaskTracker::new());
        let (incoming, connections) = mpsc::channel(64);
        // Both end with `stop`; `Echo::stop` waits for them.
        accepting.spawn(accept(listener, acceptor, incoming, stop.clone(), accepting.clone()));
        let serving = Server::builder()
            .max_concurrent_streams(MAX_STREAMS)
            .http2_max_header_list_size(MAX_HEADER_BYTES)
            .http2_keepalive_interval(Some(PING_EVERY))
            .http2_keepalive_timeout(Some(PING_TIMEOUT))
            .add_service(answers)
            .serve_with_incoming_shutdown(ReceiverStream::new(connections), stop.clone().cancelled_owned());
        let serving = accepting.spawn(serving);
        accepting.close();
        Ok(Self { address, stop, accepting, serving })
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.accepting.wait().await;
        Ok(self.serving.await??)
    }
}

/// Takes connections in and hands them on once they are encrypted. One whose
/// handshake fails is its client's to report.
async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    incoming: mpsc::Sender<std::io::Result<TlsStream<TcpStream>>>,
    stop: CancellationToken,
    tasks: TaskTracker,
) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                if incoming.send(Err(error)).await.is_err() {
                    return;
                }
                continue;
            }
        };
        let (acceptor, incoming) = (acceptor.clone(), incoming.clone());
        tasks.spawn(async move {
            let encrypted = match stream.set_nodelay(true) {
                Ok(()) => acceptor.accept(stream).await,
                Err(error) => Err(error),
            };
            // A server that has stopped takes no more.
            drop(incoming.send(encrypted).await);
        });
    }
}

// === impl Answers ===

impl Answers {
    /// Reads answers one after the other, each with its length in front.
    fn read(path: &Path) -> anyhow::Result<Self> {
        let bytes = std::fs::read(path).context("the answers to echo cannot be read")?;
        let (mut rest, mut answers) = (bytes.as_slice(), HashMap::new());
        while !rest.is_empty() {
            let answer = GetEnterpriseResponse::decode_length_delimited(&mut rest)?;
            let code = answer.record.as_ref().and_then(|record| record.code.clone());
            answers.insert(code.context("an answer to echo names no enterprise")?, Arc::new(answer));
        }
        Ok(Self(Arc::new(answers)))
    }
}

impl UnaryService<GetEnterpriseRequest> for Answers {
    type Response = Arc<GetEnterpriseResponse>;
    type Future = std::future::Ready<Result<Response<Self::Response>, Status>>;

    fn call(&mut self, request: Request<GetEnterpriseRequest>) -> Self::Future {
        let answer = self.0.get(&request.get_ref().enterprise_code);
        let answer = answer.ok_or_else(|| Status::not_found("nothing to echo"));
        std::future::ready(answer.map(|answer| Response::new(Arc::clone(answer))))
    }
}

impl tower::Service<http::Request<Body>> for Answers {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let answers = self.clone();
        Box::pin(async move {
            if request.uri().path() != METHOD {
                return Ok(Status::unimplemented("only GetEnterprise is echoed").into_http());
            }
            Ok(Grpc::new(EchoCodec).unary(answers, request).await)
        })
    }
}

impl NamedService for Answers {
    const NAME: &'static str = "motlan.business.v1.BusinessService";
}

// === impl EchoCodec ===

impl Codec for EchoCodec {
    type Encode = Arc<GetEnterpriseResponse>;
    type Decode = GetEnterpriseRequest;
    type Encoder = ReadyEncoder;
    type Decoder = ProstDecoder<GetEnterpriseRequest>;

    fn encoder(&mut self) -> Self::Encoder {
        ReadyEncoder
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstDecoder::default()
    }
}

impl Encoder for ReadyEncoder {
    type Item = Arc<GetEnterpriseResponse>;
    type Error = Status;

    fn encode(&mut self, answer: Self::Item, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        answer.encode(out).map_err(|_| Status::internal("the answer does not fit"))
    }
}
