//! W3C trace context in: the id under which a call is found again in the log.

use std::sync::Arc;

use http::HeaderMap;

/// The trace id of `traceparent`, or a new one.
pub(crate) fn of(headers: &HeaderMap) -> Arc<str> {
    let given = headers.get("traceparent").and_then(|value| value.to_str().ok()).and_then(parse);
    given.map_or_else(|| uuid::Uuid::new_v4().simple().to_string().into(), Arc::from)
}

/// `00-<32 hex>-<16 hex>-<2 hex>`; a later version may go on after that.
fn parse(text: &str) -> Option<&str> {
    let mut parts = text.splitn(5, '-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |part: &str, length| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
    };
    let well_formed = hex(version, 2) && hex(trace, 32) && hex(parent, 16) && hex(flags, 2);
    let ends = version != "00" || parts.next().is_none();
    let nil = |part: &str| part.bytes().all(|byte| byte == b'0');
    (well_formed && ends && version != "ff" && !nil(trace) && !nil(parent)).then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_well_formed_trace_is_taken_over() {
        let trace = "0af7651916cd43dd8448eb211c80319c";
        let cases = [
            (format!("00-{trace}-b7ad6b7169203331-01"), true),
            (format!("01-{trace}-b7ad6b7169203331-01-later"), true),
            (format!("00-{trace}-b7ad6b7169203331-01-extra"), false),
            (format!("ff-{trace}-b7ad6b7169203331-01"), false),
            (format!("00-{trace}-0000000000000000-01"), false),
            (format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)), false),
            (format!("00-{}-b7ad6b7169203331-01", trace.to_uppercase()), false),
            ("056090123456".to_owned(), false),
        ];
        for (text, taken) in cases {
            assert_eq!(parse(&text), taken.then_some(trace), "{text}");
        }
        let made = of(&HeaderMap::new());
        assert!(made.len() == 32 && made.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
