//! What is taken over, and what it is told as.

use super::Trace;

const ID: &str = "0af7651916cd43dd8448eb211c80319c";

#[test]
fn only_a_well_formed_trace_is_taken_over() {
    let cases = [
        (format!("00-{ID}-b7ad6b7169203331-01"), Some("01")),
        (format!("00-{ID}-b7ad6b7169203331-00"), Some("00")),
        // Bits without a meaning are not passed on, nor what a later version adds.
        (format!("00-{ID}-b7ad6b7169203331-ff"), Some("03")),
        (format!("01-{ID}-b7ad6b7169203331-01-later"), Some("01")),
        (format!("00-{ID}-b7ad6b7169203331-01-extra"), None),
        (format!("ff-{ID}-b7ad6b7169203331-01"), None),
        (format!("00-{ID}-0000000000000000-01"), None),
        (format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)), None),
        (format!("00-{}-b7ad6b7169203331-01", ID.to_uppercase()), None),
        (format!("00-{ID}-b7ad6b7169203331"), None),
        (format!("00-{ID}-b7ad6b716920333-01"), None),
        (format!(" 00-{ID}-b7ad6b7169203331-01"), None),
        (format!("00-{ID}-b7ad6b7169203331-0é"), None),
        ("056090123456".to_owned(), None),
        (String::new(), None),
    ];
    for (text, flags) in cases {
        let expected = flags.map(|flags| format!("00-{ID}-b7ad6b7169203331-{flags}"));
        let taken = Trace::parse(&text);
        assert_eq!(taken.as_ref().map(Trace::traceparent), expected.as_deref(), "{text:?}");
        if let Some(trace) = taken {
            assert_eq!((trace.id(), trace.span_id()), (ID, "b7ad6b7169203331"), "{text:?}");
            assert_eq!(trace.sampled(), flags != Some("00"), "{text:?}");
        }
    }
}

#[test]
fn what_is_made_here_is_well_formed() {
    for (trace, span, sampled) in [(1 << 100, 2 << 40, true), (0, 0, false)] {
        let made = Trace::new(trace, span, sampled);
        assert_eq!(Trace::parse(made.traceparent()).as_ref(), Some(&made));
        assert_eq!(made.sampled(), sampled);
        assert_eq!((made.id().len(), made.span_id().len()), (32, 16));
    }
}
