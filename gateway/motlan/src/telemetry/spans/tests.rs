//! What is recorded, and what becomes of it when nobody takes it.

use motlan_domain::Trace;
use motlan_telemetry::{Value, span};
use tracing::info_span;
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;

fn section(sample_ratio: f64, queue: usize) -> TelemetrySection {
    let endpoint = "http://127.0.0.1:4317".parse().unwrap();
    TelemetrySection { sample_ratio, queue, ..TelemetrySection::new(endpoint) }
}

fn recorded(section: &TelemetrySection, work: impl FnOnce()) -> Arc<SpanQueue> {
    let (layer, queue) = recorder(section);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
    queue
}

fn processed(queue: &SpanQueue) -> Vec<u64> {
    let families = Reading::of([queue as &dyn Source]).families();
    let counts = families[0].points.iter().map(|point| match point.value {
        Value::Count(count) => count,
        _ => panic!("a counter"),
    });
    counts.collect()
}

#[test]
fn only_spans_of_calls_are_recorded_with_what_the_room_said_of_them() {
    let queue = recorded(&section(1.0, 10), || {
        let call = info_span!(target: SPANS, "call", otel.kind = "server", rpc.method = "a/B");
        call.in_scope(|| {
            tracing::error!("a line of the log is no event of a span");
            info_span!("another library's");
            info_span!(target: SPANS, "inner");
        });
    });
    let spans = queue.take();
    let names: Vec<&str> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["inner", "call"]);
    assert_eq!(spans[0].parent_span_id, spans[1].span_context.span_id());
    let attributes: Vec<String> =
        spans[1].attributes.iter().map(|told| format!("{}={}", told.key, told.value)).collect();
    assert_eq!(attributes, ["rpc.method=a/B"], "no file, thread, target or time beside");
    assert!(spans.iter().all(|span| span.events.is_empty()));
    assert_eq!(processed(&queue), [2, 0]);
}

#[test]
fn beyond_the_bound_spans_are_dropped_and_counted() {
    let queue = recorded(&section(1.0, 3), || {
        for _ in 0..5 {
            info_span!(target: SPANS, "call");
        }
    });
    assert_eq!(queue.take().len(), 3);
    assert_eq!(processed(&queue), [3, 2]);
    assert!(queue.take().is_empty());
}

#[test]
fn the_ratio_decides_on_a_trace_that_begins_here_and_the_caller_on_its_own() {
    let told = |flags| Trace::parse(&format!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}"));
    for (ratio, above, expected) in
        [(1.0, None, 1), (0.0, None, 0), (0.0, told("01"), 1), (1.0, told("00"), 0)]
    {
        let queue = recorded(&section(ratio, 10), || {
            let call = info_span!(target: SPANS, "call");
            if let Some(above) = &above {
                span::adopt(&call, above);
            }
            // Recorded or not, the call has a trace, and says so truly.
            let trace = span::trace_of(&call).unwrap();
            assert_eq!(trace.sampled(), expected == 1);
        });
        assert_eq!(queue.take().len(), expected, "{ratio} {above:?}");
    }
}

#[tokio::test]
async fn a_full_batch_is_told_at_once_and_a_lone_span_after_a_while() {
    let queue = recorded(&section(1.0, 1_000), || {
        for _ in 0..SpanQueue::BATCH {
            info_span!(target: SPANS, "call");
        }
    });
    let full = tokio::time::timeout(Duration::from_secs(10), queue.gather(Duration::from_hours(1)));
    full.await.expect("told at once");
    assert_eq!(queue.take().len(), SpanQueue::BATCH);
    queue.gather(Duration::from_millis(1)).await;
    assert!(queue.take().is_empty());
}
