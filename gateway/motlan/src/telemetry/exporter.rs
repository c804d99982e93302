//! What is sent to the collector: spans as they come, numbers now and then,
//! both once more at the end.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use motlan_domain::Clock;
use motlan_telemetry::instrument::{POINTS_EXPORTED, SCHEMA_URL, SPANS_EXPORTED, key};
use motlan_telemetry::{Counter, Instrument, Reading, Source};
use motlan_transport::ConfigError;
use opentelemetry::KeyValue;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::resource::v1::Resource as ProtoResource;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::TelemetryResourceDetector;
use opentelemetry_sdk::trace::SpanData;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Response, Status};

use super::otlp;
use super::process::VERSION;
use super::spans::SpanQueue;
use crate::config::TelemetrySection;

/// How long a span waits for others at most.
const GATHER: Duration = Duration::from_secs(1);

/// An exporter that is ready to start.
pub struct Exporter {
    collector: Collector,
    spans: Option<Arc<SpanQueue>>,
    delivered: Arc<Delivered>,
    clock: Arc<dyn Clock>,
    interval: Duration,
    timeout: Duration,
    /// When counting began, in nanoseconds since 1970.
    from: u64,
}

/// An exporter at work. Whoever has it stops it.
pub struct Exporting {
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// The settings name no collector that can be spoken to.
#[derive(Debug, thiserror::Error)]
pub enum ExporterError {
    /// A secret cannot be read.
    #[error("a secret of [telemetry] cannot be used")]
    Secret(#[from] ConfigError),
    /// The value of the header is not one.
    #[error("telemetry.authorization is no header value")]
    Authorization,
    /// Address or certificates.
    #[error("the collector's address or certificates cannot be used")]
    Endpoint(#[from] tonic::transport::Error),
}

/// The far end.
#[derive(Clone)]
struct Collector {
    channel: Channel,
    authorization: Option<MetadataValue<Ascii>>,
    resource: Arc<ResourceAttributesWithSchema>,
    timeout: Duration,
}

/// What the collector took and what it did not.
#[derive(Default)]
struct Delivered {
    spans: Tally,
    points: Tally,
}

/// The same of one kind.
#[derive(Default)]
struct Tally {
    taken: Counter,
    lost: Counter,
    /// So that it is said once and not with every attempt.
    failing: AtomicBool,
}

// === impl Exporter ===

impl Exporter {
    /// Reads secrets; opens no connection. `instance` is who this is among
    /// several gateways, unless the section says that.
    ///
    /// # Errors
    /// See [`ExporterError`].
    pub fn new(
        section: &TelemetrySection,
        instance: &str,
        spans: Option<Arc<SpanQueue>>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ExporterError> {
        Ok(Self {
            collector: Collector::new(section, instance)?,
            spans,
            delivered: Arc::default(),
            from: nanoseconds(&*clock),
            clock,
            interval: section.interval,
            timeout: section.timeout,
        })
    }

    /// What the exporter counts of itself.
    pub fn counted(&self) -> Vec<Arc<dyn Source>> {
        let spans = self.spans.iter().map(|queue| Arc::clone(queue) as Arc<dyn Source>);
        spans.chain([Arc::clone(&self.delivered) as Arc<dyn Source>]).collect()
    }

    /// Begins to send.
    pub fn start(self, numbers: Arc<dyn Source>) -> Exporting {
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(self.run(numbers, stop.clone()));
        tasks.close();
        Exporting { stop, tasks }
    }

    /// Cancellation: by `stop`, after which what is left is sent within one
    /// time limit. Failure: what could not be delivered is counted, said once,
    /// and not sent again.
    async fn run(self, numbers: Arc<dyn Source>, stop: CancellationToken) {
        let both = async { tokio::join!(self.send_spans(&stop), self.send_numbers(&*numbers, &stop)) };
        let late = async {
            stop.cancelled().await;
            tokio::time::sleep(self.timeout).await;
        };
        tokio::select! {
            ((), ()) = both => {}
            () = late => tracing::warn!("telemetry was cut off at shutdown"),
        }
    }

    async fn send_spans(&self, stop: &CancellationToken) {
        let Some(queue) = &self.spans else { return };
        loop {
            let stopped = tokio::select! {
                () = stop.cancelled() => true,
                () = queue.gather(GATHER) => false,
            };
            loop {
                let spans = queue.take();
                if spans.is_empty() {
                    break;
                }
                let (count, sent) = (spans.len() as u64, self.collector.spans(spans).await);
                self.delivered.spans.note("spans", count, sent);
            }
            if stopped {
                return;
            }
        }
    }

    async fn send_numbers(&self, numbers: &dyn Source, stop: &CancellationToken) {
        loop {
            let stopped = tokio::select! {
                () = stop.cancelled() => true,
                () = tokio::time::sleep(self.interval) => false,
            };
            let families = Reading::of([numbers]).families();
            let count = families.iter().map(|family| family.points.len() as u64).sum();
            let span = otlp::Span { from: self.from, to: nanoseconds(&*self.clock) };
            let sent = self.collector.numbers(families, span).await;
            self.delivered.points.note("metrics", count, sent);
            if stopped {
                return;
            }
        }
    }
}

fn nanoseconds(clock: &dyn Clock) -> u64 {
    u64::try_from(clock.now().as_nanosecond()).unwrap_or(0)
}

// === impl Exporting ===

impl Exporting {
    /// Sends what is left, within the time limit.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

// === impl Collector ===

impl Collector {
    fn new(section: &TelemetrySection, instance: &str) -> Result<Self, ExporterError> {
        let endpoint = Endpoint::from_shared(section.endpoint.as_str().to_owned())?;
        let mut endpoint = endpoint.connect_timeout(section.timeout);
        if let Some(pem) = &section.ca_pem {
            let authorities = Certificate::from_pem(pem.read()?.as_bytes());
            endpoint = endpoint.tls_config(ClientTlsConfig::new().ca_certificate(authorities))?;
        }
        let authorization = section.authorization.as_ref().map(|secret| {
            let mut value =
                MetadataValue::try_from(secret.read()?.as_str()).map_err(|_| ExporterError::Authorization)?;
            value.set_sensitive(true);
            Ok::<_, ExporterError>(value)
        });
        let instance = section.instance_id.as_deref().unwrap_or(instance).to_owned();
        let resource = Resource::builder_empty()
            .with_detector(Box::new(TelemetryResourceDetector))
            .with_service_name(section.service_name.clone())
            .with_schema_url(
                [KeyValue::new("service.version", VERSION), KeyValue::new("service.instance.id", instance)],
                SCHEMA_URL,
            )
            .build();
        Ok(Self {
            channel: endpoint.connect_lazy(),
            authorization: authorization.transpose()?,
            resource: Arc::new((&resource).into()),
            timeout: section.timeout,
        })
    }

    /// How many of them were not taken.
    async fn spans(&self, spans: Vec<SpanData>) -> Result<u64, Code> {
        let resource_spans = group_spans_by_resource_and_scope(spans, &self.resource);
        let mut client = TraceServiceClient::new(self.channel.clone());
        let request = self.request(ExportTraceServiceRequest { resource_spans });
        let response = self.within_time(client.export(request)).await?;
        Ok(rejected(response.partial_success.map_or(0, |partial| partial.rejected_spans)))
    }

    /// How many of their points were not taken.
    async fn numbers(&self, families: Vec<motlan_telemetry::Family>, span: otlp::Span) -> Result<u64, Code> {
        let resource =
            ProtoResource { attributes: self.resource.attributes.0.clone(), ..ProtoResource::default() };
        let mut client = MetricsServiceClient::new(self.channel.clone());
        let request = self.request(otlp::metrics(families, resource, span));
        let response = self.within_time(client.export(request)).await?;
        Ok(rejected(response.partial_success.map_or(0, |partial| partial.rejected_data_points)))
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(value) = &self.authorization {
            request.metadata_mut().insert("authorization", value.clone());
        }
        request
    }

    /// A status' text is the far end's: only its code goes on.
    async fn within_time<T>(
        &self,
        answer: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, Code> {
        match tokio::time::timeout(self.timeout, answer).await {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) => Err(status.code()),
            Err(_) => Err(Code::DeadlineExceeded),
        }
    }
}

fn rejected(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

// === impl Tally ===

impl Tally {
    /// `count` of them were sent: how many were not taken, or why none.
    fn note(&self, what: &'static str, count: u64, sent: Result<u64, Code>) {
        let failed = sent.err();
        let rejected = sent.map_or(count, |rejected| rejected.min(count));
        self.taken.more(count - rejected);
        self.lost.more(rejected);
        match (failed, self.failing.swap(failed.is_some(), Ordering::Relaxed)) {
            (Some(code), false) => tracing::warn!(what, ?code, "the collector does not take telemetry"),
            (None, true) => tracing::info!(what, "the collector takes telemetry again"),
            _ => {}
        }
    }
}

// === impl Delivered ===

impl Source for Delivered {
    fn read(&self, reading: &mut Reading) {
        let told: [(&'static Instrument, &Tally); 2] =
            [(&SPANS_EXPORTED, &self.spans), (&POINTS_EXPORTED, &self.points)];
        for (instrument, tally) in told {
            reading.count(instrument, Vec::new(), tally.taken.get());
            reading.count(instrument, vec![(key::ERROR_TYPE, "not_taken".into())], tally.lost.get());
        }
    }
}
