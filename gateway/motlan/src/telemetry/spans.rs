//! From a finished span to the queue: what is recorded, and what waits.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use motlan_telemetry::instrument::{SCHEMA_URL, SPANS_PROCESSED, key};
use motlan_telemetry::span::SPANS;
use motlan_telemetry::{Counter, Reading, Source};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{Context, InstrumentationScope};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, Span, SpanData, SpanLimits, SpanProcessor};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use super::process::VERSION;
use crate::config::TelemetrySection;

/// Finished spans that wait to be sent: a bounded number, the rest is dropped
/// and counted. Whoever finishes a span never waits.
#[derive(Debug)]
pub struct SpanQueue {
    waiting: Mutex<VecDeque<SpanData>>,
    most: usize,
    /// Told once a batch is waiting.
    batch: Notify,
    taken: Counter,
    dropped: Counter,
}

#[derive(Debug)]
struct IntoQueue(Arc<SpanQueue>);

/// A layer that records the spans of calls, and the queue it fills.
pub fn recorder<S>(section: &TelemetrySection) -> (impl Layer<S> + Send + Sync + use<S>, Arc<SpanQueue>)
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    let queue = Arc::new(SpanQueue::new(section.queue));
    let provider = SdkTracerProvider::builder()
        // Said in full, so that nothing is taken from the environment. The
        // resource goes with each delivery.
        .with_resource(Resource::builder_empty().build())
        .with_span_limits(SpanLimits::default())
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(section.sample_ratio))))
        .with_span_processor(IntoQueue(Arc::clone(&queue)))
        .build();
    let scope =
        InstrumentationScope::builder("motlan").with_version(VERSION).with_schema_url(SCHEMA_URL).build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer_with_scope(scope))
        // What a room says of a span is all that is told of it.
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_filter(filter_fn(|metadata| metadata.is_span() && metadata.target() == SPANS));
    (layer, queue)
}

// === impl SpanQueue ===

impl SpanQueue {
    /// Spans of one delivery.
    pub(super) const BATCH: usize = 512;

    fn new(most: usize) -> Self {
        Self {
            waiting: Mutex::default(),
            most,
            batch: Notify::new(),
            taken: Counter::default(),
            dropped: Counter::default(),
        }
    }

    fn push(&self, span: SpanData) {
        let mut waiting = self.waiting.lock();
        if waiting.len() >= self.most {
            drop(waiting);
            return self.dropped.one();
        }
        waiting.push_back(span);
        let full = waiting.len() >= Self::BATCH.min(self.most);
        drop(waiting);
        if full {
            self.batch.notify_one();
        }
    }

    /// The oldest, at most a batch; none where none wait.
    pub(super) fn take(&self) -> Vec<SpanData> {
        let mut waiting = self.waiting.lock();
        let count = waiting.len().min(Self::BATCH);
        let spans: Vec<_> = waiting.drain(..count).collect();
        drop(waiting);
        self.taken.more(spans.len() as u64);
        spans
    }

    /// Waits until a batch is full, or for so long.
    pub(super) async fn gather(&self, most: Duration) {
        // Late is as good as full.
        let _ = tokio::time::timeout(most, self.batch.notified()).await;
    }
}

impl Source for SpanQueue {
    fn read(&self, reading: &mut Reading) {
        reading.count(&SPANS_PROCESSED, Vec::new(), self.taken.get());
        reading.count(&SPANS_PROCESSED, vec![(key::ERROR_TYPE, "queue_full".into())], self.dropped.get());
    }
}

// === impl IntoQueue ===

impl SpanProcessor for IntoQueue {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        self.0.push(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    /// The queue is the exporter's to empty.
    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
