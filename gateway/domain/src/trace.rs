//! W3C trace context (Trace Context, level 2): the id under which one call is
//! found again, here and with whom it came from and goes to.
//!
//! `tracestate` and baggage are no part of it, on purpose: they are free text
//! of the caller's, and whatever stands in them would travel on to registries
//! and collectors.

use std::sync::Arc;

/// What one call belongs to: its trace, and the span above it. A clone is
/// cheap.
///
/// Kept as the `traceparent` of version 00 that it would be told as:
/// `00-<32 hex digits>-<16 hex digits>-<2 hex digits>`.
#[derive(Clone, PartialEq, Eq)]
pub struct Trace(Arc<str>);

/// The flags that have a meaning: sampled, and random trace id.
const KNOWN_FLAGS: u8 = 0b11;

// === impl Trace ===

impl Trace {
    /// From a `traceparent`; `None` where it is not well formed. A later
    /// version may go on after the parts known today.
    pub fn parse(traceparent: &str) -> Option<Self> {
        let mut parts = traceparent.splitn(5, '-');
        let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let hex = |part: &str, length| {
            part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        let well_formed = hex(version, 2) && hex(trace, 32) && hex(parent, 16) && hex(flags, 2);
        let ends = version != "00" || parts.next().is_none();
        let nil = |part: &str| part.bytes().all(|byte| byte == b'0');
        if !well_formed || !ends || version == "ff" || nil(trace) || nil(parent) {
            return None;
        }
        // A flag that is not known must not be passed on.
        let flags = u8::from_str_radix(flags, 16).ok()? & KNOWN_FLAGS;
        Some(Self(format!("00-{trace}-{parent}-{flags:02x}").into()))
    }

    /// From the ids of a trace and of a span in it; both must be random.
    pub fn new(trace: u128, span: u64, sampled: bool) -> Self {
        // A nil id is none; among random ones it does not occur.
        let (trace, span) = (trace.max(1), span.max(1));
        Self(format!("00-{trace:032x}-{span:016x}-{:02x}", u8::from(sampled)).into())
    }

    /// The trace id: 32 lower-case hex digits.
    pub fn id(&self) -> &str {
        &self.0[3..35]
    }

    /// The id of the span above: 16 lower-case hex digits.
    pub fn span_id(&self) -> &str {
        &self.0[36..52]
    }

    /// Whether whoever is above records it.
    pub fn sampled(&self) -> bool {
        self.0.as_bytes()[54] & 1 == 1
    }

    /// As it is told to others.
    pub fn traceparent(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
