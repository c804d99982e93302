//! The page, line by line.

use std::time::Duration;

use motlan_telemetry::Histogram;
use motlan_telemetry::instrument::{
    ALL, AUDIT_SYNC, BUILD_INFO, CACHE_LOOKUPS, HTTP_DURATION, PROCESS_MEMORY, key,
};

use super::*;

#[test]
fn each_kind_is_told_in_the_format_of_prometheus() {
    let sync = Histogram::of(&AUDIT_SYNC);
    sync.record_time(Duration::from_micros(300));
    sync.record_time(Duration::from_secs(9));
    let mut reading = Reading::default();
    reading.count(&CACHE_LOOKUPS, vec![(key::CACHE_STATE, "HIT".into())], 3);
    reading.count(&CACHE_LOOKUPS, vec![(key::CACHE_STATE, "MISS".into())], 0);
    reading.level(&PROCESS_MEMORY, Vec::new(), 1024.0);
    reading.level(&BUILD_INFO, vec![(key::SERVICE_VERSION, "0.1.0".into())], 1.0);
    reading.spread(&AUDIT_SYNC, &sync, Vec::new);
    let page = page(reading).unwrap();
    for line in [
        "# TYPE motlan_cache_lookups_total counter",
        "motlan_cache_lookups_total{motlan_cache_state=\"HIT\"} 3",
        "motlan_cache_lookups_total{motlan_cache_state=\"MISS\"} 0",
        "# TYPE process_memory_usage_bytes gauge",
        "process_memory_usage_bytes 1024.0",
        "motlan_build_info{service_version=\"0.1.0\"} 1.0",
        "# TYPE motlan_audit_sync_duration_seconds histogram",
        "motlan_audit_sync_duration_seconds_bucket{le=\"0.00025\"} 0",
        "motlan_audit_sync_duration_seconds_bucket{le=\"0.0005\"} 1",
        "motlan_audit_sync_duration_seconds_bucket{le=\"5\"} 1",
        "motlan_audit_sync_duration_seconds_bucket{le=\"+Inf\"} 2",
        "motlan_audit_sync_duration_seconds_count 2",
        "motlan_audit_sync_duration_seconds_sum 9.0003",
    ] {
        assert!(page.lines().any(|told| told == line), "{line} is not in\n{page}");
    }
    assert!(page.find("motlan_cache_lookups") < page.find("process_memory"), "in the table's order");
}

#[test]
fn every_name_can_be_told() {
    for instrument in ALL {
        let name = instrument.name.replace('.', "_");
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        assert!(name.bytes().all(plain), "{name}");
        assert!(!name.ends_with("_total") && !name.ends_with("_seconds"), "{name}");
    }
}

#[test]
fn numbers_and_names_are_labels_too() {
    let took = Histogram::of(&HTTP_DURATION);
    took.record(1);
    let mut reading = Reading::default();
    reading.spread(&HTTP_DURATION, &took, || {
        vec![
            (key::SERVER_ADDRESS, motlan_telemetry::Label::Name("a\"b".to_owned())),
            (key::HTTP_STATUS, motlan_telemetry::Label::Number(503)),
        ]
    });
    let page = page(reading).unwrap();
    let labels = "{server_address=\"a\\\"b\",http_response_status_code=\"503\"}";
    assert!(page.contains(&format!("http_client_request_duration_seconds_count{labels} 1")), "{page}");
}
