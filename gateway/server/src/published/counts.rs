//! How often what was asked for, and with which answer. Whoever has no
//! certificate leaves no entry in the log, so nobody fills it; here they count.

use axum::http::StatusCode;
use motlan_telemetry::instrument::{LOG_REQUESTS, OTHER, key};
use motlan_telemetry::{Counter, Label, Reading, Source};

use super::wanted::Wanted;

/// What is told apart.
const FILES: [&str; 4] = ["checkpoint", "tile", "bundle", OTHER];

/// The statuses that are given; any other counts as the last.
const STATUSES: [StatusCode; 10] = [
    StatusCode::OK,
    StatusCode::UNAUTHORIZED,
    StatusCode::FORBIDDEN,
    StatusCode::NOT_FOUND,
    StatusCode::METHOD_NOT_ALLOWED,
    StatusCode::PAYLOAD_TOO_LARGE,
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::SERVICE_UNAVAILABLE,
    StatusCode::GATEWAY_TIMEOUT,
    StatusCode::INTERNAL_SERVER_ERROR,
];

/// The requests so far.
#[derive(Default)]
pub(crate) struct Requests([[Counter; STATUSES.len()]; FILES.len()]);

// === impl Requests ===

impl Requests {
    pub(super) fn note(&self, wanted: Option<Wanted>, status: StatusCode) {
        let file = match wanted {
            Some(
                Wanted::Checkpoint
                | Wanted::Key
                | Wanted::Witnessed
                | Wanted::Kept(_)
                | Wanted::Statement(_)
                | Wanted::Origins,
            ) => 0,
            Some(Wanted::Tile(_)) => 1,
            Some(Wanted::Bundle(_)) => 2,
            None => 3,
        };
        let known = STATUSES.iter().position(|known| *known == status);
        self.0[file][known.unwrap_or(STATUSES.len() - 1)].one();
    }
}

impl Source for Requests {
    fn read(&self, reading: &mut Reading) {
        for (file, by_status) in FILES.into_iter().zip(&self.0) {
            for (status, count) in STATUSES.into_iter().zip(by_status).filter(|(_, count)| count.get() > 0) {
                let attributes =
                    vec![(key::LOG_FILE, file.into()), (key::HTTP_STATUS, Label::Number(status.as_u16()))];
                reading.count(&LOG_REQUESTS, attributes, count.get());
            }
        }
    }
}
