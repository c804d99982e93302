//! Spans: how they are named, and how a span and a trace belong together.
//!
//! A room makes a span with `tracing`'s macros under the target [`SPANS`], and
//! knows nothing of collectors. While none is configured nobody listens to that
//! target, and a span costs one look at a flag.

use motlan_domain::Trace;
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The target of every span that tells of a call; no log line has it.
pub const SPANS: &str = "motlan_call";

/// Puts a span that was just made below the span a caller told of.
pub fn adopt(span: &Span, above: &Trace) {
    if span.is_disabled() {
        return;
    }
    let flags = if above.sampled() { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let (Ok(trace), Ok(parent)) = (TraceId::from_hex(above.id()), SpanId::from_hex(above.span_id())) else {
        return;
    };
    let remote = SpanContext::new(trace, parent, flags, true, TraceState::NONE);
    // Fails where nobody records spans: there is then nothing to put anywhere.
    let _ = span.set_parent(Context::new().with_remote_span_context(remote));
}

/// The trace of a span, with the span itself as what is above; `None` where
/// nobody records spans.
pub fn trace_of(span: &Span) -> Option<Trace> {
    if span.is_disabled() { None } else { span.in_scope(current) }
}

/// The trace of the span that is entered now.
pub fn current() -> Option<Trace> {
    Context::map_current(|context| {
        let span = context.span();
        let told = span.span_context();
        let (trace, span) = (told.trace_id().to_bytes(), told.span_id().to_bytes());
        told.is_valid()
            .then(|| Trace::new(u128::from_be_bytes(trace), u64::from_be_bytes(span), told.is_sampled()))
    })
}

#[cfg(test)]
mod tests;
