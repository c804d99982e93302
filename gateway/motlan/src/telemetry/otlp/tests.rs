//! Each kind of number as OTLP says it.

use motlan_telemetry::instrument::{AUDIT_SYNC, BUILD_INFO, DENIALS, PROCESS_MEMORY, key};
use motlan_telemetry::{Histogram as Spread, Reading};

use super::*;

#[test]
fn each_kind_is_told_in_the_words_of_otlp() {
    let sync = Spread::of(&AUDIT_SYNC);
    sync.record(60_000);
    let mut reading = Reading::default();
    reading.count(&DENIALS, vec![(key::REASON, "DOSSIER_UNKNOWN".into())], 3);
    reading.level(&PROCESS_MEMORY, Vec::new(), 1024.0);
    reading.level(&BUILD_INFO, vec![(key::SERVER_PORT, Label::Number(443))], 1.0);
    reading.spread(&AUDIT_SYNC, &sync, Vec::new);
    let told = metrics(reading.families(), Resource::default(), Span { from: 5, to: 9 });
    let scope = &told.resource_metrics[0].scope_metrics[0];
    let data = |name: &str| {
        let metric = scope.metrics.iter().find(|metric| metric.name == name).expect("told");
        assert!(!metric.description.is_empty() && !metric.unit.is_empty());
        metric.data.clone().expect("data")
    };
    let metric::Data::Sum(denials) = data("motlan.permit.denials") else { panic!("a sum") };
    assert!(denials.is_monotonic && denials.aggregation_temporality() == AggregationTemporality::Cumulative);
    let point = &denials.data_points[0];
    assert_eq!((point.start_time_unix_nano, point.time_unix_nano), (5, 9));
    assert_eq!(point.value, Some(number_data_point::Value::AsInt(3)));
    assert_eq!(point.attributes[0].key, "motlan.reason");
    let metric::Data::Sum(memory) = data("process.memory.usage") else { panic!("a sum") };
    assert!(!memory.is_monotonic);
    let metric::Data::Gauge(build) = data("motlan.build.info") else { panic!("a gauge") };
    let port = build.data_points[0].attributes[0].value.clone().and_then(|value| value.value);
    assert_eq!(port, Some(any_value::Value::IntValue(443)));
    let metric::Data::Histogram(sync) = data("motlan.audit.sync.duration") else { panic!("a histogram") };
    let point = &sync.data_points[0];
    assert_eq!((point.count, point.bucket_counts.len()), (1, point.explicit_bounds.len() + 1));
    assert_eq!((point.bucket_counts[1], point.sum), (1, Some(0.000_06)));
}
