//! A collector inside the test: takes OTLP over gRPC and keeps all of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric, number_data_point};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// A running collector; dropped, it stops.
pub struct Collector {
    /// Where it listens.
    pub endpoint: String,
    kept: Kept,
    tasks: TaskTracker,
    _stop: DropGuard,
}

#[derive(Clone, Default)]
struct Kept {
    traces: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
    metrics: Arc<Mutex<Vec<ExportMetricsServiceRequest>>>,
    headers: Arc<Mutex<Vec<String>>>,
    hangs: Arc<AtomicBool>,
}

/// A span, with its ids in hex.
#[derive(Debug, Clone)]
pub struct Told {
    /// Trace, span and parent ids; the parent's is empty for a root.
    pub ids: [String; 3],
    /// The span.
    pub span: Span,
}

// === impl Collector ===

impl Collector {
    /// On a free loopback port, in the runtime that runs now. One that `hangs` takes calls and never answers.
    pub fn start(hangs: bool) -> Self {
        let kept = Kept::default();
        kept.hangs.store(hangs, Ordering::SeqCst);
        let incoming = TcpIncoming::bind(([127, 0, 0, 1], 0).into()).expect("a free port");
        let endpoint = format!("http://{}", incoming.local_addr().expect("an address"));
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let serving = Server::builder()
            .add_service(TraceServiceServer::new(kept.clone()))
            .add_service(MetricsServiceServer::new(kept.clone()))
            .serve_with_incoming_shutdown(incoming, stop.clone().cancelled_owned());
        tasks.spawn(async move { serving.await.expect("the collector serves") });
        tasks.close();
        Self { endpoint, kept, tasks, _stop: stop.drop_guard() }
    }

    /// Whether it still serves.
    pub fn is_up(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Every span so far.
    pub fn spans(&self) -> Vec<Told> {
        let requests = self.kept.traces.lock().unwrap().clone();
        let scopes = requests.into_iter().flat_map(|request| request.resource_spans);
        let scopes = scopes.flat_map(|resource| resource.scope_spans);
        scopes.flat_map(|scope| scope.spans).map(Told::from).collect()
    }

    /// The attributes of every resource that sent spans or numbers.
    pub fn resources(&self) -> Vec<Vec<(String, String)>> {
        let traces = self.kept.traces.lock().unwrap().clone();
        let metrics = self.kept.metrics.lock().unwrap().clone();
        let spans = traces.into_iter().flat_map(|request| request.resource_spans).map(|told| told.resource);
        let numbers =
            metrics.into_iter().flat_map(|request| request.resource_metrics).map(|told| told.resource);
        spans.chain(numbers).map(|resource| text(&resource.expect("a resource").attributes)).collect()
    }

    /// How many deliveries of numbers there were.
    pub fn deliveries(&self) -> usize {
        self.kept.metrics.lock().unwrap().len()
    }

    /// The metrics of the last delivery.
    pub fn metrics(&self) -> Vec<Metric> {
        let last = self.kept.metrics.lock().unwrap().last().cloned().expect("a delivery");
        let scopes = last.resource_metrics.into_iter().flat_map(|resource| resource.scope_metrics);
        scopes.flat_map(|scope| scope.metrics).collect()
    }

    /// In the last delivery: the counts of a metric (for a histogram, how often)
    /// over all points that have all of these attributes.
    pub fn count(&self, name: &str, with: &[(&str, &str)]) -> u64 {
        let metrics = self.metrics();
        let Some(found) = metrics.into_iter().find(|metric| metric.name == name) else { return 0 };
        let holds = |attributes: &[KeyValue]| {
            let told = text(attributes);
            with.iter().all(|(key, value)| told.iter().any(|(k, v)| k == key && v == value))
        };
        match found.data.expect("data") {
            metric::Data::Sum(sum) => {
                let points = sum.data_points.iter().filter(|point| holds(&point.attributes));
                points
                    .map(|point| match point.value {
                        Some(number_data_point::Value::AsInt(count)) => {
                            u64::try_from(count).expect("a count")
                        }
                        _ => 0,
                    })
                    .sum()
            }
            metric::Data::Histogram(histogram) => {
                let points = histogram.data_points.iter().filter(|point| holds(&point.attributes));
                points.map(|point| point.count).sum()
            }
            _ => panic!("{name} is no count"),
        }
    }

    /// Everything it was sent, byte for byte.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for request in self.kept.traces.lock().unwrap().iter() {
            bytes.extend(request.encode_to_vec());
        }
        for request in self.kept.metrics.lock().unwrap().iter() {
            bytes.extend(request.encode_to_vec());
        }
        for headers in self.kept.headers.lock().unwrap().iter() {
            bytes.extend(headers.as_bytes());
        }
        bytes
    }

    /// The headers of every call.
    pub fn headers(&self) -> Vec<String> {
        self.kept.headers.lock().unwrap().clone()
    }

    /// Polls until it holds.
    pub async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !holds(self) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        assert!(tokio::time::timeout(crate::PATIENCE, waiting).await.is_ok(), "never came true: {what}");
    }
}

impl Kept {
    async fn take<T>(&self, request: Request<T>) -> T {
        self.headers.lock().unwrap().push(format!("{:?}", request.metadata()));
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        request.into_inner()
    }
}

#[tonic::async_trait]
impl TraceService for Kept {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let message = self.take(request).await;
        self.traces.lock().unwrap().push(message);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Kept {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let message = self.take(request).await;
        self.metrics.lock().unwrap().push(message);
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

// === impl Told ===

impl From<Span> for Told {
    fn from(span: Span) -> Self {
        let ids = [&span.trace_id, &span.span_id, &span.parent_span_id].map(hex::encode);
        Self { ids, span }
    }
}

impl Told {
    /// Its attributes.
    pub fn attributes(&self) -> Vec<(String, String)> {
        text(&self.span.attributes)
    }

    /// One of them.
    pub fn attribute(&self, key: &str) -> Option<String> {
        self.attributes().into_iter().find(|(told, _)| told == key).map(|(_, value)| value)
    }
}

/// Attributes as texts.
pub fn text(attributes: &[KeyValue]) -> Vec<(String, String)> {
    let value = |attribute: &KeyValue| match attribute.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(any_value::Value::StringValue(text)) => text.clone(),
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    attributes.iter().map(|attribute| (attribute.key.clone(), value(attribute))).collect()
}
