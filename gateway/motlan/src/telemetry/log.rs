//! The technical log on standard error. A line that is written within a span
//! says in which trace.

use std::fmt;
use std::sync::Arc;

use motlan_telemetry::span::{self, SPANS};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer};

use super::spans::{SpanQueue, recorder};
use crate::config::{LogFormat, LogSection, TelemetrySection};

/// Begins the log, and the recording of spans where a collector is configured:
/// they wait in the queue for the [`super::Exporter`]. Once per process.
pub fn begin(log: &LogSection, telemetry: Option<&TelemetrySection>) -> Option<Arc<SpanQueue>> {
    let lines = lines(log, std::io::stderr);
    // Two ways, not an optional layer: one that is absent would count as one
    // that wants every span. A second call, in tests, changes nothing.
    let Some(telemetry) = telemetry else {
        let _ = tracing_subscriber::registry().with(lines).try_init();
        return None;
    };
    let (layer, queue) = recorder(telemetry);
    let _ = tracing_subscriber::registry().with(lines).with(layer).try_init();
    Some(queue)
}

/// The log alone.
pub fn log_to_stderr(section: &LogSection) {
    begin(section, None);
}

/// The lines of the log. Spans of calls are for the collector, not for the log:
/// without a collector nobody listens to them.
fn lines<S, W>(section: &LogSection, writer: W) -> impl Layer<S> + Send + Sync + use<S, W>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    W: for<'w> tracing_subscriber::fmt::MakeWriter<'w> + Send + Sync + 'static,
{
    // The HTTP/2 library warns once per connection that it ends for an attack: a
    // flood of them must not flood this log. Whoever names `h2` has it back.
    let filter = EnvFilter::new(format!("h2=error,{}", section.filter));
    let wanted = filter.and(filter_fn(|metadata| metadata.target() != SPANS));
    // A line that cannot be written is lost: to complain of that on the same
    // closed standard error would be a panic, wherever the line came from.
    let lines =
        tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false).log_internal_errors(false);
    match section.format {
        LogFormat::Text => {
            let format = tracing_subscriber::fmt::format().with_ansi(false);
            lines.event_format(Traced { format, json: false }).boxed()
        }
        LogFormat::Json => {
            let format =
                tracing_subscriber::fmt::format().json().with_current_span(false).with_span_list(false);
            let fields = tracing_subscriber::fmt::format::JsonFields::new();
            lines.fmt_fields(fields).event_format(Traced { format, json: true }).boxed()
        }
    }
    .with_filter(wanted)
}

/// A format that adds trace and span to what is written within one.
struct Traced<F> {
    format: F,
    json: bool,
}

// === impl Traced ===

impl<S, N, F> FormatEvent<S, N> for Traced<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(trace) = span::current() else {
            return self.format.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.format.format_event(context, Writer::new(&mut line), event)?;
        let (line, id, span) = (line.trim_end(), trace.id(), trace.span_id());
        match line.strip_suffix('}').filter(|_| self.json) {
            Some(open) => writeln!(writer, "{open},\"trace_id\":\"{id}\",\"span_id\":\"{span}\"}}"),
            None => writeln!(writer, "{line} trace_id={id} span_id={span}"),
        }
    }
}

#[cfg(test)]
mod tests;
