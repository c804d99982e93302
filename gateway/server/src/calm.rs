//! Frames that ask for work and carry none: PING, SETTINGS, PRIORITY, empty
//! CONTINUATION and the like. A client needs some; one that sends nothing else
//! has the gateway answer them at the expense of the others.

use tokio::time::Instant;

/// The client connection preface (RFC 9113, section 3.4).
pub(crate) const PREFACE: usize = 24;

/// The header of a frame.
const HEADER: usize = 9;

/// The kinds that carry work: DATA, which flow control bounds, and HEADERS,
/// which open a call.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const WINDOW_UPDATE: u8 = 8;
const ACK: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;

/// PING, SETTINGS and the others: what a connection may send at once, what each
/// call adds, and what comes back a second. Libraries measure the line with a
/// PING per answer.
const OTHERS: Rate = Rate { at_once: 256.0, per_call: 8.0, per_second: 20.0 };

/// A call is taken back once at most. The HTTP/2 library bounds those it has
/// not begun; those of calls long over it passes by, and does not count.
const RESETS: Rate = Rate { at_once: 1024.0, per_call: 1.0, per_second: 20.0 };

/// WINDOW_UPDATE takes part in every answer: about as many as there is data,
/// so what is sent adds to it (`SENT`).
const UPDATES: Rate = Rate { at_once: 4096.0, per_call: 8.0, per_second: 1000.0 };

/// For so many bytes sent, one more WINDOW_UPDATE; and one more PING: libraries
/// that measure the line send one per round trip while data comes.
const SENT: f64 = 512.0;
const PINGED: f64 = 8_192.0;

#[derive(Clone, Copy)]
struct Rate {
    at_once: f64,
    per_call: f64,
    per_second: f64,
}

/// What is left of a rate.
struct Left {
    rate: Rate,
    tokens: f64,
    filled: Instant,
}

/// Reads the frames of one connection as they come, in pieces of any size.
pub(crate) struct Calm {
    preface: usize,
    header: [u8; HEADER],
    have: usize,
    payload: usize,
    others: Left,
    resets: Left,
    updates: Left,
}

// === impl Calm ===

impl Calm {
    pub(crate) fn new() -> Self {
        Self {
            preface: PREFACE,
            header: [0; HEADER],
            have: 0,
            payload: 0,
            others: Left::all(OTHERS),
            resets: Left::all(RESETS),
            updates: Left::all(UPDATES),
        }
    }

    /// Whether what was read now is within what a client may ask.
    pub(crate) fn keeps(&mut self, mut bytes: &[u8]) -> bool {
        let skip = self.preface.min(bytes.len());
        self.preface -= skip;
        bytes = &bytes[skip..];
        while !bytes.is_empty() {
            let skip = self.payload.min(bytes.len());
            self.payload -= skip;
            bytes = &bytes[skip..];
            let take = (HEADER - self.have).min(bytes.len());
            self.header[self.have..self.have + take].copy_from_slice(&bytes[..take]);
            self.have += take;
            bytes = &bytes[take..];
            if self.have == HEADER {
                self.have = 0;
                self.payload = usize::from(self.header[0]) << 16
                    | usize::from(self.header[1]) << 8
                    | usize::from(self.header[2]);
                if !self.counts(self.header[3], self.header[4]) {
                    return false;
                }
            }
        }
        true
    }

    /// So much was sent.
    pub(crate) fn sent(&mut self, bytes: usize) {
        #[expect(clippy::cast_precision_loss, reason = "a write is short")]
        let bytes = bytes as f64;
        self.updates.add(bytes / SENT);
        self.others.add(bytes / PINGED);
    }

    fn counts(&mut self, kind: u8, flags: u8) -> bool {
        match kind {
            HEADERS => {
                for left in [&mut self.others, &mut self.resets, &mut self.updates] {
                    left.add(left.rate.per_call);
                }
                true
            }
            DATA => true,
            RST_STREAM => self.resets.take(),
            WINDOW_UPDATE => self.updates.take(),
            // The answer to the gateway's own.
            SETTINGS | PING if flags & ACK != 0 => true,
            _ => self.others.take(),
        }
    }
}

// === impl Left ===

impl Left {
    fn all(rate: Rate) -> Self {
        Self { rate, tokens: rate.at_once, filled: Instant::now() }
    }

    fn add(&mut self, more: f64) {
        self.tokens = (self.tokens + more).min(self.rate.at_once);
    }

    /// Takes one, unless none is left. The clock is asked only then.
    fn take(&mut self) -> bool {
        if self.tokens < 1.0 {
            let now = Instant::now();
            let passed = now.saturating_duration_since(self.filled).as_secs_f64();
            self.filled = now;
            self.add(passed * self.rate.per_second);
        }
        self.tokens -= 1.0;
        self.tokens >= 0.0
    }
}

#[cfg(test)]
mod tests;
