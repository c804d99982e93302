//! Frames that ask for work and carry none: PING, SETTINGS, PRIORITY, empty
//! CONTINUATION and the like. A client needs some; one that sends nothing else
//! has the gateway answer them at the expense of the others.

use tokio::time::Instant;

/// The client connection preface (RFC 9113, section 3.4).
pub(crate) const PREFACE: usize = 24;

/// The header of a frame.
const HEADER: usize = 9;

/// The kinds that carry work: DATA, which flow control bounds, and HEADERS,
/// which open a call. RST_STREAM is bounded by the HTTP/2 library.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
/// Takes part in every answer: as many as there is data.
const WINDOW_UPDATE: u8 = 8;
const ACK: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;

/// What a connection may send of the others at once, what each call adds, and
/// what comes back a second. Libraries measure the line with a PING per answer.
const AT_ONCE: f64 = 256.0;
const PER_CALL: f64 = 8.0;
const PER_SECOND: f64 = 20.0;

/// Reads the frames of one connection as they come, in pieces of any size.
pub(crate) struct Calm {
    preface: usize,
    header: [u8; HEADER],
    have: usize,
    payload: usize,
    left: f64,
    filled: Instant,
}

// === impl Calm ===

impl Calm {
    pub(crate) fn new() -> Self {
        Self {
            preface: PREFACE,
            header: [0; HEADER],
            have: 0,
            payload: 0,
            left: AT_ONCE,
            filled: Instant::now(),
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

    fn counts(&mut self, kind: u8, flags: u8) -> bool {
        match kind {
            HEADERS => self.left = (self.left + PER_CALL).min(AT_ONCE),
            DATA | RST_STREAM | WINDOW_UPDATE => {}
            // The answer to the gateway's own.
            SETTINGS | PING if flags & ACK != 0 => {}
            _ => {
                let now = Instant::now();
                let passed = now.saturating_duration_since(self.filled).as_secs_f64();
                self.filled = now;
                self.left = (self.left + passed * PER_SECOND).min(AT_ONCE) - 1.0;
            }
        }
        self.left >= 0.0
    }
}

#[cfg(test)]
mod tests;
