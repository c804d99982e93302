//! The names are the conventions' own or begin with `motlan.`.

use std::collections::BTreeSet;

use opentelemetry_semantic_conventions::{attribute, metric};

use super::{ALL, Kind, SCHEMA_URL, key};

/// Those of the conventions; a deprecated one would not compile.
const STANDARD: &[&str] = &[
    metric::RPC_SERVER_CALL_DURATION,
    metric::HTTP_CLIENT_REQUEST_DURATION,
    metric::OTEL_SDK_PROCESSOR_SPAN_PROCESSED,
    metric::OTEL_SDK_EXPORTER_SPAN_EXPORTED,
    metric::OTEL_SDK_EXPORTER_METRIC_DATA_POINT_EXPORTED,
    metric::PROCESS_MEMORY_USAGE,
    metric::PROCESS_UPTIME,
];

#[test]
fn every_name_is_standard_or_our_own_and_stands_once() {
    let names: BTreeSet<&str> = ALL.iter().map(|instrument| instrument.name).collect();
    assert_eq!(names.len(), ALL.len(), "a name stands twice");
    let standard: BTreeSet<&str> =
        names.iter().copied().filter(|name| !name.starts_with("motlan.")).collect();
    assert_eq!(standard, STANDARD.iter().copied().collect());
}

#[test]
fn every_instrument_says_what_it_is() {
    for instrument in ALL {
        let unit = instrument.unit;
        assert!(
            ["s", "By"].contains(&unit) || unit.starts_with('{') && unit.ends_with('}'),
            "{instrument:?}"
        );
        assert!(!instrument.help.is_empty() && !instrument.help.ends_with('.'), "{instrument:?}");
        if let Kind::Histogram { bounds, .. } = instrument.kind {
            assert!(bounds.is_sorted_by(|a, b| a < b) && bounds[0] > 0, "{instrument:?}");
        }
    }
}

#[test]
fn the_keys_are_the_conventions_own() {
    let standard = [
        (key::RPC_SYSTEM, attribute::RPC_SYSTEM_NAME),
        (key::RPC_METHOD, attribute::RPC_METHOD),
        (key::RPC_STATUS, attribute::RPC_RESPONSE_STATUS_CODE),
        (key::ERROR_TYPE, attribute::ERROR_TYPE),
        (key::HTTP_METHOD, attribute::HTTP_REQUEST_METHOD),
        (key::HTTP_STATUS, attribute::HTTP_RESPONSE_STATUS_CODE),
        (key::SERVER_ADDRESS, attribute::SERVER_ADDRESS),
        (key::SERVER_PORT, attribute::SERVER_PORT),
        (key::SERVICE_VERSION, attribute::SERVICE_VERSION),
    ];
    assert_eq!(SCHEMA_URL, opentelemetry_semantic_conventions::SCHEMA_URL);
    for (ours, theirs) in standard {
        assert_eq!(ours, theirs);
    }
    for ours in
        [key::REASON, key::OUTCOME, key::DATASET, key::REGISTRY, key::CACHE_STATE, key::CAUSE, key::WITNESS]
    {
        assert!(ours.starts_with("motlan."), "{ours}");
    }
}
