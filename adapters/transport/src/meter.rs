//! What one registry's client counts: every HTTP request, by how it ended.

use std::time::Duration;

use http::{Method, StatusCode};
use motlan_domain::Registry;
use motlan_telemetry::instrument::{HTTP_DURATION, OTHER, REGISTRY_SUSPENDED, key};
use motlan_telemetry::{Attribute, Histogram, Label, Reading};
use url::Url;

/// The methods an adapter uses.
const METHODS: [&str; 2] = ["GET", "POST"];

/// The statuses that are told apart. A stranger chooses the status: any other
/// is told as one.
const STATUSES: [u16; 20] =
    [200, 204, 301, 302, 307, 308, 400, 401, 403, 404, 405, 408, 409, 413, 422, 429, 500, 502, 503, 504];

/// How a request ended that got no whole answer.
const BROKEN: [&str; 5] = ["connect", "connection_broken", "not_http", "timeout", "body_too_large"];

/// How a request ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ended {
    /// No connection.
    NotSent,
    /// The connection broke before the answer was whole.
    Broken,
    /// What came does not follow HTTP.
    NotHttp,
    /// No whole answer in time.
    TimedOut,
    /// The answer is longer than the limit.
    TooLarge,
    /// With that status.
    Status(StatusCode),
}

/// Counters of one registry's client.
pub(crate) struct Meter {
    address: String,
    port: Option<u16>,
    /// By method, then by ending.
    took: [Box<[Histogram]>; METHODS.len()],
}

// === impl Ended ===

impl Ended {
    const ALL: usize = BROKEN.len() + STATUSES.len() + 1;

    fn index(self) -> usize {
        match self {
            Self::NotSent => 0,
            Self::Broken => 1,
            Self::NotHttp => 2,
            Self::TimedOut => 3,
            Self::TooLarge => 4,
            Self::Status(status) => {
                let known = STATUSES.iter().position(|known| *known == status.as_u16());
                BROKEN.len() + known.unwrap_or(STATUSES.len())
            }
        }
    }

    /// Status and type of the error, as the conventions want them told.
    pub(crate) fn told(self) -> (Option<u16>, Option<&'static str>) {
        told(self.index())
    }
}

fn told(index: usize) -> (Option<u16>, Option<&'static str>) {
    if let Some(broken) = BROKEN.get(index) {
        return (None, Some(*broken));
    }
    match STATUSES.get(index - BROKEN.len()) {
        Some(status) => (Some(*status), error_type(*status)),
        None => (None, Some(OTHER)),
    }
}

/// A status of an error is its own type.
const fn error_type(status: u16) -> Option<&'static str> {
    Some(match status {
        400 => "400",
        401 => "401",
        403 => "403",
        404 => "404",
        405 => "405",
        408 => "408",
        409 => "409",
        413 => "413",
        422 => "422",
        429 => "429",
        500 => "500",
        502 => "502",
        503 => "503",
        504 => "504",
        _ => return None,
    })
}

// === impl Meter ===

impl Meter {
    /// For the registry at that address.
    pub(crate) fn new(base: &Url) -> Self {
        let endings = || (0..Ended::ALL).map(|_| Histogram::of(&HTTP_DURATION)).collect();
        Self {
            address: base.host_str().unwrap_or_default().to_owned(),
            port: base.port_or_known_default(),
            took: std::array::from_fn(|_| endings()),
        }
    }

    /// The registry's host and port.
    pub(crate) fn server(&self) -> (&str, Option<u16>) {
        (&self.address, self.port)
    }

    /// A request ended.
    pub(crate) fn ended(&self, method: &Method, ended: Ended, took: Duration) {
        let method = METHODS.iter().position(|known| *known == method.as_str());
        if let Some(histogram) = method.and_then(|method| self.took[method].get(ended.index())) {
            histogram.record_time(took);
        }
    }

    /// Puts what was counted into the reading, as that registry's.
    pub(crate) fn read(&self, registry: Registry, suspended: bool, reading: &mut Reading) {
        for (method, endings) in METHODS.into_iter().zip(&self.took) {
            for (index, took) in endings.iter().enumerate() {
                reading.spread(&HTTP_DURATION, took, || self.attributes(registry, method, index));
            }
        }
        let attributes = vec![(key::REGISTRY, registry.as_str().into())];
        reading.level(&REGISTRY_SUSPENDED, attributes, f64::from(u8::from(suspended)));
    }

    fn attributes(&self, registry: Registry, method: &'static str, index: usize) -> Vec<Attribute> {
        let (status, error) = told(index);
        let mut attributes = vec![
            (key::REGISTRY, registry.as_str().into()),
            (key::HTTP_METHOD, method.into()),
            (key::SERVER_ADDRESS, Label::Name(self.address.clone())),
        ];
        attributes.extend(self.port.map(|port| (key::SERVER_PORT, Label::Number(port))));
        attributes.extend(status.map(|status| (key::HTTP_STATUS, Label::Number(status))));
        attributes.extend(error.map(|error| (key::ERROR_TYPE, error.into())));
        attributes
    }
}

#[cfg(test)]
mod tests;
