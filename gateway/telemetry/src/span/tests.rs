//! A span below a caller's, one without, and none at all.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::info_span;
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;

const GIVEN: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn recording(sampler: Sampler) -> impl tracing::Subscriber + Send + Sync {
    let provider = SdkTracerProvider::builder().with_sampler(sampler).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    tracing_subscriber::registry().with(layer)
}

#[test]
fn a_span_below_a_callers_is_of_its_trace_and_is_told_as_what_is_above() {
    let given = Trace::parse(GIVEN).unwrap();
    for (sampler, sampled) in [(Sampler::AlwaysOn, true), (Sampler::AlwaysOff, false)] {
        tracing::subscriber::with_default(recording(sampler), || {
            let span = info_span!(target: SPANS, "call");
            adopt(&span, &given);
            let told = trace_of(&span).unwrap();
            assert_eq!((told.id(), told.sampled()), (given.id(), sampled));
            assert_ne!(told.span_id(), given.span_id());
            let inner = span.in_scope(|| info_span!(target: SPANS, "inner"));
            let below = trace_of(&inner).unwrap();
            assert_eq!(below.id(), given.id());
            assert_ne!(below.span_id(), told.span_id());
            assert_eq!(current(), None, "nothing is left entered");
        });
    }
}

#[test]
fn a_span_of_its_own_begins_a_trace() {
    tracing::subscriber::with_default(recording(Sampler::AlwaysOn), || {
        let told = trace_of(&info_span!(target: SPANS, "call")).unwrap();
        assert_eq!(Trace::parse(told.traceparent()), Some(told));
    });
}

#[test]
fn where_nobody_records_there_is_no_trace_of_a_span() {
    let span = info_span!(target: SPANS, "call");
    adopt(&span, &Trace::parse(GIVEN).unwrap());
    assert!(span.is_disabled() && trace_of(&span).is_none() && current().is_none());
    // Somebody listens who is no recorder, a log of everything for one.
    tracing::subscriber::with_default(tracing_subscriber::registry(), || {
        let span = info_span!(target: SPANS, "call");
        adopt(&span, &Trace::parse(GIVEN).unwrap());
        assert!(!span.is_disabled() && trace_of(&span).is_none());
    });
}
