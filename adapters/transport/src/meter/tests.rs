//! Whatever a stranger answers, the labels stay a closed set.

use std::collections::BTreeSet;

use super::*;

fn meter() -> Meter {
    Meter::new(&"https://registry.example.vn/base?q=1".parse().unwrap())
}

#[test]
fn every_status_there_can_be_ends_in_a_closed_set_of_labels() {
    let meter = meter();
    for status in 100..1_000 {
        meter.ended(&Method::GET, Ended::Status(status.try_into().unwrap()), Duration::from_millis(1));
    }
    for ended in [Ended::NotSent, Ended::Broken, Ended::NotHttp, Ended::TimedOut, Ended::TooLarge] {
        meter.ended(&Method::POST, ended, Duration::from_millis(1));
    }
    meter.ended(&Method::DELETE, Ended::NotSent, Duration::from_millis(1));
    let mut reading = Reading::default();
    meter.read(Registry::Land, true, &mut reading);
    let families = reading.families();
    let requests = families.iter().find(|family| family.instrument.name == HTTP_DURATION.name).unwrap();
    assert_eq!(requests.points.len(), STATUSES.len() + 1 + BROKEN.len());
    let told: BTreeSet<String> =
        requests.points.iter().map(|point| format!("{:?}", point.attributes)).collect();
    assert_eq!(told.len(), requests.points.len(), "no two points are of the same request");
    assert!(told.iter().all(|told| !told.contains("q=1") && told.contains("registry.example.vn")));
}

#[test]
fn an_error_has_a_type_and_an_answer_has_none() {
    let status = |code: u16| Ended::Status(code.try_into().unwrap()).told();
    assert_eq!(status(200), (Some(200), None));
    assert_eq!(status(302), (Some(302), None));
    assert_eq!(status(503), (Some(503), Some("503")));
    assert_eq!(status(599), (None, Some(OTHER)));
    assert_eq!(Ended::TimedOut.told(), (None, Some("timeout")));
    for code in STATUSES {
        assert_eq!(status(code).1.is_some(), code >= 400, "{code}");
    }
}
