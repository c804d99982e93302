//! How an exchange broke off.
//!
//! A connection that broke says nothing of what the registry would have
//! answered; bytes that are no HTTP are an answer against the contract. A whole
//! HTTP message whose *content* is cut is neither: the decoder finds that.

use std::error::Error;
use std::io;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// Reset, or ended before the message was whole.
    Connection,
    /// What came does not follow HTTP.
    Protocol,
}

/// Classifies an error of the HTTP library, which is dropped then: its text
/// holds the address.
pub(crate) fn classify(error: &(dyn Error + 'static)) -> Broken {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let unreadable = error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse);
        if unreadable || error.downcast_ref::<io::Error>().is_some_and(is_framing) {
            return Broken::Protocol;
        }
        cause = error.source();
    }
    Broken::Connection
}

/// So hyper names a framing that it cannot follow. TLS gives its alerts and
/// broken records the same kind: they are the connection's end.
fn is_framing(error: &io::Error) -> bool {
    let invalid = matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput);
    let of_tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    invalid && of_tls.is_none()
}
