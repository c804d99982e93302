//! W3C trace context in: what a call belongs to.

use http::HeaderMap;
use motlan_domain::Trace;

/// What the caller says the call belongs to. Two headers of that name
/// contradict one another: then nothing was said.
pub(crate) fn given(headers: &HeaderMap) -> Option<Trace> {
    let mut told = headers.get_all("traceparent").iter();
    match (told.next(), told.next()) {
        (Some(only), None) => Trace::parse(only.to_str().ok()?),
        _ => None,
    }
}

/// A trace that begins with this call. Nobody records it, so it says so.
pub(crate) fn begun() -> Trace {
    // No secret: the thread's own generator needs no call of the system.
    Trace::new(rand::random_range(1..=u128::MAX), rand::random_range(1..=u64::MAX), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_header_is_taken_over_and_none_or_two_are_not() {
        let told = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let mut headers = HeaderMap::new();
        assert_eq!(given(&headers), None);
        headers.append("traceparent", told.parse().unwrap());
        assert_eq!(given(&headers).unwrap().traceparent(), told);
        headers.append("traceparent", told.parse().unwrap());
        assert_eq!(given(&headers), None);
        headers.insert("traceparent", "00-056090123456".parse().unwrap());
        assert_eq!(given(&headers), None);
    }

    #[test]
    fn what_begins_here_is_new_each_time_and_not_said_to_be_recorded() {
        let (one, other) = (begun(), begun());
        assert_ne!(one.id(), other.id());
        assert!(!one.sampled() && Trace::parse(one.traceparent()) == Some(one.clone()));
    }
}
