//! What a line holds, and that a span costs nothing where nobody records it.

use std::io::Write;

use parking_lot::Mutex;
use tracing::{info, info_span};

use super::*;

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What is written in `said`, with spans recorded or not.
fn written(format: LogFormat, recorded: bool, said: impl FnOnce()) -> Vec<String> {
    let kept = Kept::default();
    let writer = kept.clone();
    let section = LogSection { filter: "trace".to_owned(), format };
    let lines = tracing_subscriber::registry().with(lines(&section, move || writer.clone()));
    if recorded {
        let collector = TelemetrySection::new("http://127.0.0.1:4317".parse().unwrap());
        tracing::subscriber::with_default(lines.with(recorder(&collector).0), said);
    } else {
        tracing::subscriber::with_default(lines, said);
    }
    let text = String::from_utf8(kept.0.lock().clone()).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_line_within_a_span_says_in_which_trace() {
    let mut trace = None;
    let lines = written(LogFormat::Json, true, || {
        info!(step = "before", "no span yet");
        let call = info_span!(target: SPANS, "call", secret = "not for the log");
        trace = span::trace_of(&call);
        call.in_scope(|| info!(step = "within", "{}", "brace } and \"quote\""));
    });
    let trace = trace.expect("spans are recorded");
    assert_eq!(lines.len(), 2, "a span is no line: {lines:#?}");
    let told: Vec<serde_json::Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told[0].get("trace_id"), None);
    assert_eq!(
        (told[1]["trace_id"].as_str(), told[1]["span_id"].as_str()),
        (Some(trace.id()), Some(trace.span_id()))
    );
    assert_eq!(told[1]["fields"]["message"], "brace } and \"quote\"");
    assert_eq!((&told[1]["fields"]["step"], &told[1]["level"]), (&"within".into(), &"INFO".into()));
    assert!(!lines[1].contains("not for the log"));

    let lines = written(LogFormat::Text, true, || {
        info_span!(target: SPANS, "call").in_scope(|| info!("within"));
    });
    assert_eq!(lines.len(), 1);
    let (_, ids) = lines[0].split_once(" trace_id=").expect("a trace id");
    assert_eq!((ids.len(), ids.contains(" span_id=")), (32 + " span_id=".len() + 16, true), "{lines:#?}");
}

#[test]
fn without_a_collector_nobody_listens_to_spans() {
    for format in [LogFormat::Json, LogFormat::Text] {
        let lines = written(format, false, || {
            let call = info_span!(target: SPANS, "call");
            assert!(call.is_disabled(), "a span was made though the filter says trace");
            call.in_scope(|| info!("within"));
            // Other spans are the log's own business.
            assert!(!info_span!("other").is_disabled());
        });
        assert!(lines.len() == 1 && !lines[0].contains("trace_id"), "{lines:#?}");
    }
}
