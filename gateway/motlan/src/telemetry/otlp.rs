//! From a reading to what OTLP says it as.

use motlan_telemetry::instrument::{Instrument, Kind, SCHEMA_URL};
use motlan_telemetry::{Attribute, Family, Label, Point, Value};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics,
    ScopeMetrics, Sum, metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;

use super::process::VERSION;

/// From when to when was counted, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) from: u64,
    pub(super) to: u64,
}

/// One delivery of everything that was counted since the start.
pub(super) fn metrics(families: Vec<Family>, resource: Resource, span: Span) -> ExportMetricsServiceRequest {
    let scope = InstrumentationScope {
        name: "motlan".to_owned(),
        version: VERSION.to_owned(),
        ..InstrumentationScope::default()
    };
    let metrics = families.into_iter().map(|family| metric(family, span)).collect();
    let scope_metrics = vec![ScopeMetrics { scope: Some(scope), metrics, schema_url: SCHEMA_URL.to_owned() }];
    let resource_metrics =
        vec![ResourceMetrics { resource: Some(resource), scope_metrics, schema_url: SCHEMA_URL.to_owned() }];
    ExportMetricsServiceRequest { resource_metrics }
}

fn metric(Family { instrument, points }: Family, span: Span) -> Metric {
    let cumulative = AggregationTemporality::Cumulative.into();
    let numbers = |points: Vec<Point>| points.into_iter().filter_map(|point| number(point, span)).collect();
    let sum = |points, is_monotonic| {
        let sum = Sum { data_points: numbers(points), aggregation_temporality: cumulative, is_monotonic };
        metric::Data::Sum(sum)
    };
    let data = match instrument.kind {
        Kind::Counter => sum(points, true),
        Kind::UpDown => sum(points, false),
        Kind::Gauge => metric::Data::Gauge(Gauge { data_points: numbers(points) }),
        Kind::Histogram { .. } => {
            let data_points = points.into_iter().filter_map(|point| histogram(point, span)).collect();
            metric::Data::Histogram(Histogram { data_points, aggregation_temporality: cumulative })
        }
    };
    let Instrument { name, unit, help, .. } = instrument;
    Metric {
        name: (*name).to_owned(),
        description: (*help).to_owned(),
        unit: (*unit).to_owned(),
        metadata: Vec::new(),
        data: Some(data),
    }
}

fn number(Point { attributes, value }: Point, span: Span) -> Option<NumberDataPoint> {
    let value = match value {
        Value::Count(count) => number_data_point::Value::AsInt(i64::try_from(count).unwrap_or(i64::MAX)),
        Value::Level(level) => number_data_point::Value::AsDouble(level),
        Value::Spread { .. } => return None,
    };
    Some(NumberDataPoint {
        attributes: attributes.into_iter().map(attribute).collect(),
        start_time_unix_nano: span.from,
        time_unix_nano: span.to,
        value: Some(value),
        ..NumberDataPoint::default()
    })
}

fn histogram(Point { attributes, value }: Point, span: Span) -> Option<HistogramDataPoint> {
    let Value::Spread { bounds, buckets, sum } = value else { return None };
    Some(HistogramDataPoint {
        attributes: attributes.into_iter().map(attribute).collect(),
        start_time_unix_nano: span.from,
        time_unix_nano: span.to,
        count: buckets.iter().sum(),
        sum: Some(sum),
        bucket_counts: buckets,
        explicit_bounds: bounds,
        ..HistogramDataPoint::default()
    })
}

fn attribute((key, label): Attribute) -> KeyValue {
    let value = match label {
        Label::Word(word) => any_value::Value::StringValue(word.to_owned()),
        Label::Name(name) => any_value::Value::StringValue(name),
        Label::Number(number) => any_value::Value::IntValue(number.into()),
    };
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

#[cfg(test)]
mod tests;
