//! `/metrics`: what was counted, in the text format of Prometheus (0.0.4).
//!
//! Names follow the compatibility rules of OpenTelemetry and Prometheus: dots
//! become underscores, the unit is appended, counters end in `_total`.

use std::fmt;

use motlan_telemetry::instrument::{Instrument, Kind};
use motlan_telemetry::{Family, Point, Reading, Value};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, prometheus_text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

/// Of the answer.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Families on their way to the page.
#[derive(Debug)]
struct Page(Vec<Family>);

/// The page.
pub(crate) fn page(reading: Reading) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Page(reading.families())));
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry)?;
    Ok(text)
}

impl Collector for Page {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for Family { instrument, points } in &self.0 {
            let unit = unit(instrument);
            let name = instrument.name.replace('.', "_");
            let metrics =
                encoder.encode_descriptor(&name, instrument.help, unit.as_ref(), kind(instrument))?;
            told(metrics, points)?;
        }
        Ok(())
    }
}

fn told(mut metrics: MetricEncoder<'_>, points: &[Point]) -> fmt::Result {
    for Point { attributes, value } in points {
        let labels: Vec<(String, String)> =
            attributes.iter().map(|(key, label)| (key.replace('.', "_"), label.to_string())).collect();
        let labels = labels.as_slice();
        let mut metric = metrics.encode_family(&labels)?;
        match value {
            Value::Count(count) => metric.encode_counter::<NoLabelSet, _, u64>(count, None)?,
            Value::Level(level) => metric.encode_gauge(level)?,
            Value::Spread { bounds, buckets, sum } => {
                let bounds = bounds.iter().copied().chain([f64::INFINITY]);
                let buckets: Vec<_> = bounds.zip(buckets.iter().copied()).collect();
                let count = buckets.iter().map(|(_, count)| count).sum();
                metric.encode_histogram::<NoLabelSet>(*sum, count, &buckets, None)?;
            }
        }
    }
    Ok(())
}

fn kind(instrument: &Instrument) -> MetricType {
    match instrument.kind {
        Kind::Counter => MetricType::Counter,
        Kind::Gauge | Kind::UpDown => MetricType::Gauge,
        Kind::Histogram { .. } => MetricType::Histogram,
    }
}

/// A word in braces is no unit of Prometheus'.
fn unit(instrument: &Instrument) -> Option<Unit> {
    match instrument.unit {
        "s" => Some(Unit::Seconds),
        "By" => Some(Unit::Bytes),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
